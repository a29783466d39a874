"""A night's work: score a crawl into a folder of its own under RUNS, tell the log, tell a hook, and only then call it the latest.

``RUNS/2026-11-25/`` is one night, its ``monitor.json`` the night in figures, ``RUNS/latest`` names the last that ended well, ``RUNS/night.log``
has a line for each. Training is
never part of it. The same command again after a stop resumes; a night that is done is done again to the same bytes.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import date
from pathlib import Path

from features.errors import ConfigError, SoiHangError
from pipeline.crawl_changes import CrawlChanges, crawl_changes
from pipeline.monitor.figures import take_figures
from pipeline.night_log import log_night
from pipeline.stages.run import RunReport
from pipeline.store import CannotWrite

LATEST, LOG = "latest", "night.log"


class HookFailed(SoiHangError):
    """The night's results stand; what should have been told of them was not."""

    exit_code = 3


class NotPublished(SoiHangError):
    """The night's results stand, here and nowhere else."""

    exit_code = 3


def latest(runs: Path) -> Path | None:
    """Return the last night that ended well, or ``None``."""
    try:
        found = runs / (runs / LATEST).read_text(encoding="utf-8").strip()
    except OSError:
        return None
    return found if (found / "run.json").is_file() else None


def night_before(runs: Path, day: date) -> Path | None:
    """Return the last finished night before ``day``, also where a night long past is done again."""
    done = [path for path in _finished(runs) if path.name < day.isoformat()]
    return done[-1] if done else None


def refuse_moved_clock(runs: Path, today: date) -> None:
    """Raise `ConfigError` where the clock's ``today`` lies before a night that is done: into which night the crawl belongs would be a guess."""
    later = [path.name for path in _finished(runs) if path.name > today.isoformat()]
    if later:
        raise ConfigError(
            f"the clock says {today}, and {runs} has the night of {later[-1]}: set the clock, or name the night (--night YYYY-MM-DD); "
            "a night that was made while the clock was wrong has to be taken away by hand"
        )


def _finished(runs: Path) -> list[Path]:
    return sorted(path.parent for path in runs.glob("????-??-??/run.json"))


def night(
    day: date,
    runs: Path,
    work: Callable[[Path, Path | None], RunReport],
    *,
    on_finish: str | None = None,
    review_slots: int | None = None,
    give: Callable[[Path], object] | None = None,
) -> tuple[RunReport, str]:
    """Let ``work(out, previous)`` do the run; returns its report and the log's line. Raises `HookFailed` or `NotPublished` after all is written.

    ``give(out)`` is what publishes the results, before the hook is told; where it fails nobody is told that they are there.
    ``review_slots`` is the number of desk reviews that ``work`` drew by, for the figures.
    """
    begun, out = time.monotonic(), runs / day.isoformat()
    before = night_before(runs, day)
    try:
        done = work(out, before)
    except SoiHangError as error:
        # A full disk may be what stopped it; then there is no room for the line either, and the first reason counts.
        with suppress(OSError):
            log_night(runs / LOG, {"night": day, "ended": f"exit_{error.exit_code}", "minutes": _minutes(begun)})
        raise
    changes = crawl_changes(out / "work" / "listings", before / "work" / "listings" if before else None)
    take_figures(out, day=day, before=before, changes=changes, review_slots=review_slots)
    try:
        line = log_night(runs / LOG, _facts(day, done, changes, runs, _minutes(begun)))
    except OSError as error:
        raise CannotWrite(f"results are written, but not the line in {runs / LOG}: {error.strerror}; the same command again adds it") from error
    newest = latest(runs)
    # A night long past that is done again is not what people should open in the morning.
    if newest is None or newest.name <= day.isoformat():
        _point(runs / LATEST, day.isoformat())
    if give is not None:
        _give(give, out)
    if on_finish:
        tell_hook(on_finish, out / "run.json")
    return done, line


def _give(give: Callable[[Path], object], out: Path) -> None:
    try:
        give(out)
    except SoiHangError as error:
        raise NotPublished(f"results are written, but not published: {error} (later: soihang publish {out} URL)") from error


def tell_hook(command: str, run_json: Path) -> None:
    """Run ``command`` with the path of ``run.json`` as its last argument, without a shell; raises `HookFailed` naming what went wrong."""
    try:
        ended = subprocess.run([*shlex.split(command), str(run_json)], check=False).returncode
    except (OSError, ValueError) as error:
        raise HookFailed(f"results are written, but on_finish could not be started: {error}") from error
    if ended:
        raise HookFailed(f"results are written, but on_finish ended with {ended}: {command}")


def _facts(day: date, done: RunReport, changes: CrawlChanges, runs: Path, minutes: str) -> dict[str, object]:
    return {
        "night": day,
        "ended": f"exit_{done.exit_code}",
        "run": done.summary["run_id"],
        "in": done.ingest.n_read,
        "scored": done.score.n_scored,
        "quarantined": done.ingest.n_quarantined,
        "new": changes.new,
        "changed": changes.changed,
        "gone": changes.gone,
        "red": done.score.bands.get("red", 0),
        "disk_left_gb": f"{shutil.disk_usage(runs).free / 1e9:.1f}",
        "minutes": minutes,
    }


def _minutes(begun: float) -> str:
    # A monotonic clock: a night must not last minus an hour because the clock was put back.
    return f"{(time.monotonic() - begun) / 60:.1f}"


def _point(pointer: Path, name: str) -> None:
    """A file with the folder's name, since links need rights on Windows; renamed into place, so that there is always one or the other."""
    partial = pointer.with_name(pointer.name + ".partial")
    try:
        partial.write_text(name + "\n", encoding="utf-8")
        os.replace(partial, pointer)
    except OSError as error:
        raise CannotWrite(f"cannot write {pointer}: {error.strerror}") from error
