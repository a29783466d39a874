"""A night's run: its own folder, one line in the log, a hook told at the end, and `latest` only when all went well."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from features.errors import DataError
from pipeline.night_log import log_night
from pipeline.stages.night import HookFailed, latest, night, night_before, tell_hook
from pipeline.stages.run import RunReport
from pipeline.status import status, status_lines

FIRST, SECOND = date(2026, 11, 24), date(2026, 11, 25)
SAME, DEARER, GONE, NEW = (
    {"mã tin": name, "tiêu đề": f"Giày thể thao {name}", "giá bán": "250.000đ"} for name in ("giữ", "đổi giá", "biến mất", "mới")
)


@pytest.fixture
def nights(crawl: Callable[..., Path], finished: Callable[..., RunReport], tmp_path: Path) -> Callable[..., tuple[RunReport, str]]:
    """A function that does one night on rows."""

    def go(day: date, rows: list[dict[str, Any]], **options: Any) -> tuple[RunReport, str]:
        file = crawl(rows, f"{day}.csv")
        return night(day, tmp_path / "runs", lambda out, previous: finished(file, out=f"runs/{out.name}", previous=previous), **options)

    return go


def test_the_second_night_counts_what_is_new_changed_and_gone(nights: Callable[..., tuple[RunReport, str]], tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    _, first = nights(FIRST, [SAME, DEARER, GONE])
    assert " in=3 " in first and " new=3 changed=0 gone=0 " in first
    done, second = nights(SECOND, [SAME, DEARER | {"giá bán": "300.000đ"}, NEW])
    assert " new=1 changed=1 gone=1 " in second
    # Another price is no other text.
    assert done.score.read_anew == 1
    assert latest(runs) == runs / "2026-11-25" and night_before(runs, SECOND) == runs / "2026-11-24"
    assert [line.split(" ", 1)[1] for line in (runs / "night.log").read_text(encoding="utf-8").splitlines()] == [first, second]
    assert not any("Giày" in line for line in (runs / "night.log").read_text(encoding="utf-8").splitlines())
    said = "\n".join(status_lines(status(runs)))
    assert "2026-11-25" in said and "in use: no" in said and "read 3" in said and "not done" not in said


def test_a_night_that_fails_leaves_latest_where_it_was_and_says_so(tmp_path: Path) -> None:
    def fails(out: Path, previous: Path | None) -> RunReport:
        raise DataError("no listing in it")

    with pytest.raises(DataError):
        night(FIRST, tmp_path, fails)
    assert latest(tmp_path) is None
    assert "night=2026-11-24 ended=exit_2 " in (tmp_path / "night.log").read_text(encoding="utf-8")


def test_the_hook_gets_the_path_of_run_json_and_no_shell(tmp_path: Path) -> None:
    hook = tmp_path / "hook.py"
    hook.write_text("import sys, pathlib; pathlib.Path(sys.argv[0]).with_suffix('.got').write_text(' '.join(sys.argv[1:]))", encoding="utf-8")
    tell_hook(shlex.join([sys.executable, str(hook), "$HOME; ls"]), tmp_path / "run.json")
    assert (tmp_path / "hook.got").read_text(encoding="utf-8") == f"$HOME; ls {tmp_path / 'run.json'}"


@pytest.mark.parametrize("command", [f"{sys.executable} -c raise(SystemExit(7))", "no-such-program-at-all", "an 'unclosed quote"])
def test_a_hook_that_fails_is_said_with_exit_code_3(command: str, tmp_path: Path) -> None:
    with pytest.raises(HookFailed, match="results are written") as failed:
        tell_hook(command, tmp_path / "run.json")
    assert failed.value.exit_code == 3


def test_the_log_rotates_and_a_value_cannot_break_its_line(tmp_path: Path) -> None:
    log = tmp_path / "night.log"
    for number in range(3000):
        log_night(log, {"night": number, "folder": "two\nlines and more " * 5})
    assert log.stat().st_size <= 200_000 and (tmp_path / "night.log.1").exists()
    assert all(" night=" in line for line in log.read_text(encoding="utf-8").splitlines())


def test_a_status_names_what_is_missing_or_older_than_what_it_rests_on(tmp_path: Path) -> None:
    import os

    work = tmp_path / "work"
    work.mkdir()
    for number, name in enumerate(("inputs.json", "run_id.json", "summary.json")):
        (work / name).write_text(json.dumps({}), encoding="utf-8")
        os.utime(work / name, (1_800_000_000 - 1000 * number,) * 2)
    lines = status_lines(status(tmp_path))
    assert [("earlier run" in line, "not done" in line) for line in lines[1:5]] == [(False, False), (True, False), (True, False), (False, True)]
