"""What leaves the checkout: the site with its generated reference, and the container file."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT

CONTAINER = (ROOT / "Containerfile").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return folder


def test_the_site_has_every_page_in_its_menu_and_no_dead_link(site: Path) -> None:
    pages = [path.relative_to(ROOT / "docs").with_suffix("") for path in (ROOT / "docs").rglob("*.md")]
    assert len(pages) > 20 and all((site / page / "index.html").is_file() for page in pages)


def test_the_reference_names_every_command_and_table_with_what_they_take(site: Path) -> None:
    commands = (site / "reference" / "commands" / "index.html").read_text(encoding="utf-8")
    assert all(name in commands for name in ("soihang run", "soihang law check", "--dry-run", "soihang evaluate-list"))
    tables = (site / "reference" / "tables" / "index.html").read_text(encoding="utf-8")
    assert all(name in tables for name in ("captured_precision", "target_listings", "price_vnd"))


def test_the_site_fetches_nothing_from_elsewhere(site: Path) -> None:
    for page in site.rglob("*.html"):
        fetched = re.findall(r"<(?:script|img|link)[^>]+(?:src|href)=\"(https?:[^\"]+)\"", page.read_text(encoding="utf-8"))
        assert [one for one in fetched if "canonical" not in one] == [], page


def test_commands_in_the_tutorials_exist_with_their_options() -> None:
    from typer.main import get_command

    from pipeline.cli import app

    root = get_command(app)
    seen = 0
    for page in (ROOT / "docs" / "tutorials").glob("*.md"):
        for line in re.findall(r"^soihang (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE):
            words = line.split(" #")[0].split()
            found = root.commands[words[0]] if not words[0].startswith("--") else root  # type: ignore[attr-defined]
            known = {option for one in found.params for option in (*one.opts, *one.secondary_opts)}
            known |= {"--install-completion"} if found is root else set()
            wrong = [word for word in words if word.startswith("--") and word not in known]
            assert wrong == [], f"{page.name}: {line}"
            seen += 1
    assert seen > 10


def test_the_container_copies_what_exists_and_runs_without_root_or_compiler() -> None:
    stages = CONTAINER.split("\nFROM ")
    last = stages[-1]
    for sources in re.findall(r"^COPY (?!--from)(.+) \S+$", CONTAINER, re.MULTILINE):
        assert all((ROOT / source).exists() for source in sources.split())
    assert re.findall(r"^USER (\S+)", last, re.MULTILINE) == ["soihang"]
    assert "HEALTHCHECK" in last and not re.search(r"gcc|build-essential|pip install", last)


def test_the_container_gets_what_the_wheel_needs_and_nothing_private() -> None:
    allowed = {line[1:] for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines() if line.startswith("!")}
    assert {"pyproject.toml", "features", "models", "pipeline", "configs"} <= allowed
    assert not allowed & {"out", "state", "mlruns", ".venv", ".git", "tests"}
