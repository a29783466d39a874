"""How far a folder's run is, who is at it, and what the last one brought."""

from __future__ import annotations

import shutil
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from pipeline.lock import Locked, lock
from pipeline.sources.times import VIETNAM
from pipeline.stages.night import LOG, latest
from pipeline.store import read_json

#: What each stage writes last.
_STAGES = {
    "ingest": "work/inputs.json",
    "score": "work/run_id.json",
    "plan": "work/summary.json",
    "report": "run.json",
}


class Status(NamedTuple):
    """``stages`` maps a stage to when it was last done (Vietnamese time), in order; ``in_use`` names who holds the folder."""

    folder: Path
    stages: dict[str, datetime]
    in_use: str
    counts: dict[str, Any]
    disk_left_gb: float
    nights: list[str]


def status(folder: Path) -> Status:
    """Look at a run's folder, or at the latest night of a folder of nights; nothing is changed."""
    out = latest(folder) or folder
    done = {stage: _when(out / mark) for stage, mark in _STAGES.items() if (out / mark).is_file()}
    counts = read_json(out / "run.json")["counts"] if "report" in done else {}
    return Status(out, done, _holder(folder) or _holder(out), counts, shutil.disk_usage(folder).free / 1e9, _last_lines(folder / LOG))


def status_lines(found: Status) -> list[str]:
    """Return what a terminal says; a stage that is older than the one before it is of an earlier run."""
    lines = [str(found.folder)]
    newest: datetime | None = None
    for stage in _STAGES:
        when = found.stages.get(stage)
        if when is None:
            lines.append(f"  {stage:<7} not done")
            continue
        stale = newest is not None and when < newest
        lines.append(f"  {stage:<7} {when:%d/%m/%Y %H:%M}" + (" – of an earlier run" if stale else ""))
        newest = when if newest is None or when > newest else newest
    if found.counts:
        lines.append("  " + ", ".join(f"{name} {found.counts[name]:,}" for name in ("read", "listings", "quarantined", "targets", "chosen")))
    lines.append(f"  in use: {found.in_use or 'no'}; {found.disk_left_gb:.1f} GB free")
    return lines + [f"  {line}" for line in found.nights]


def _when(path: Path) -> datetime:
    return datetime.fromtimestamp(path.stat().st_mtime, VIETNAM)


def _holder(folder: Path) -> str:
    if not (folder / ".lock").exists():
        return ""
    try:
        with lock(folder):
            return ""
    except Locked as error:
        return str(error).split("; ")[0]


def _last_lines(log: Path) -> list[str]:
    return log.read_text(encoding="utf-8").splitlines()[-3:] if log.is_file() else []
