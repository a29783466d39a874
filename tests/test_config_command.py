"""What is set, by which line of which file, and what `soihang config validate` says of a broken one."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipeline.cli import app
from pipeline.config import configs_dir, load_run_config
from pipeline.settings_origin import checked, settings_of


def test_every_setting_names_the_line_that_gave_it() -> None:
    text = (configs_dir() / "run.yaml").read_text(encoding="utf-8").splitlines()
    for one in settings_of():
        assert one.origin != "default"
        name, line = one.origin.split(":")
        assert name == "run.yaml"
        assert text[int(line) - 1].lstrip().startswith(one.key.rsplit(".", 1)[-1] + ":")


def test_a_key_left_out_comes_from_our_default(tmp_path: Path) -> None:
    own = tmp_path / "own.yaml"
    kept = [line for line in (configs_dir() / "run.yaml").read_text(encoding="utf-8").splitlines() if "reach_full" not in line]
    own.write_text("\n".join(kept).replace("seed: 20261124", "seed: 7"), encoding="utf-8")
    found = {one.key: one for one in settings_of(own)}
    assert found["plan.reach_full"].origin == "default"
    assert found["plan.reach_full"].value == load_run_config().plan.reach_full
    assert found["seed"].value == 7 and found["seed"].origin.startswith(f"{own}:")


def test_our_own_settings_and_tables_are_sound() -> None:
    done = CliRunner().invoke(app, ["config", "validate"])
    assert done.exit_code == 0, done.stdout
    assert "fail" not in done.stdout


def test_a_misspelt_key_is_named_and_the_rest_is_still_checked(tmp_path: Path) -> None:
    own = tmp_path / "own.yaml"
    own.write_text((configs_dir() / "run.yaml").read_text(encoding="utf-8") + "sed: 1\n", encoding="utf-8")
    found = checked(own)
    assert "sed" in found[0].error
    assert len(found) > 5 and not any(one.error for one in found[1:])
    assert CliRunner().invoke(app, ["config", "validate", "--config", str(own)]).exit_code == 2


@pytest.mark.parametrize(
    "shell, asked",
    [
        ("bash", {"COMP_WORDS": "soihang verif", "COMP_CWORD": "1"}),
        ("zsh", {"_TYPER_COMPLETE_ARGS": "soihang verif"}),
        ("fish", {"_TYPER_COMPLETE_ARGS": "soihang verif", "_TYPER_COMPLETE_FISH_ACTION": "get-args"}),
    ],
)
def test_the_shell_completes_commands(shell: str, asked: dict[str, str]) -> None:
    command = [sys.executable, "-c", "from pipeline.cli import main; main([])"]
    wanted = {**os.environ, **asked, "_SOIHANG_COMPLETE": f"complete_{shell}"}
    done = subprocess.run(command, env=wanted, capture_output=True, text=True, timeout=60, check=False)
    assert "verify" in done.stdout
