"""The wheel holds everything it needs and works far from any checkout."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(out), str(ROOT)]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    return next(out.glob("soihang-*.whl"))


def test_the_wheel_holds_the_three_packages_their_settings_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    tops = {name.split("/")[0] for name in names if ".dist-info" not in name}
    assert tops == {"features", "models", "pipeline"}
    for needed in ("run.yaml", "evidence.yaml", "reference/cues.csv", "sources/generic_csv.yaml", "demo/san_mau_a.csv"):
        assert f"pipeline/_configs/{needed}" in names
    assert "pipeline/reports/templates/page.html.j2" in names


def test_an_unpacked_wheel_runs_the_demo_outside_the_checkout(wheel: Path, tmp_path: Path) -> None:
    home = tmp_path / "installed"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(home)
    (tmp_path / "elsewhere").mkdir()
    code = (
        f"import sys; sys.path = [p for p in sys.path if {str(ROOT)!r} != p]; sys.path.insert(0, {str(home)!r});"
        f"import pipeline; assert pipeline.__file__.startswith({str(home)!r}), pipeline.__file__;"
        "from pipeline.cli import main; main(['demo', '--listings', '1000', '--out', 'o', '--json'])"
    )
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"} | {"PYTHONPATH": str(home)}
    done = subprocess.run(
        [sys.executable, "-P", "-c", code], cwd=tmp_path / "elsewhere", env=environment, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["counts"]["listings"] == 1000 and (tmp_path / "elsewhere" / "o" / "plan.xlsx").exists()


def test_settings_are_the_same_in_a_checkout_and_in_a_wheel(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        for path in sorted((ROOT / "configs").rglob("*")):
            if path.is_file():
                inside = f"pipeline/_configs/{path.relative_to(ROOT / 'configs').as_posix()}"
                assert archive.read(inside) == path.read_bytes(), inside
