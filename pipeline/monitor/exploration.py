"""How many desk reviews are drawn by lot: drift proposes more, a person accepts, and from then on nights and plans use that number.

``RUNS/exploration.jsonl`` has a line for each acceptance, the last of which holds; it is only added to.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from features.errors import DataError
from pipeline.config import RunConfig
from pipeline.monitor.checks import CRAWL, DRIFT, Check
from pipeline.monitor.settings import ExplorationRule
from pipeline.privacy.access import note_access
from pipeline.store import CannotWrite

FILE = "exploration.jsonl"
_NIGHT = re.compile(r"\d{4}-\d{2}-\d{2}")


def proposal(found: Sequence[Check], *, usual: int, in_force: int, rule: ExplorationRule) -> int | None:
    """Return how many desk reviews the alerts propose, ``None`` where none. ``usual`` is the settings' number, ``in_force`` tonight's.

    A night whose crawl is ill proposes nothing: what moved there is the crawl, and reading more of it would not tell.
    """
    alerts = {one.rule for one in found if one.state == "alert"}
    slots = min(rule.at_most, rule.factor * max(1, usual))
    return slots if alerts & set(DRIFT) and not alerts & set(CRAWL) and slots > in_force else None


def acceptances(runs: Path) -> list[dict[str, Any]]:
    """Return what was accepted, oldest first; raises `DataError` naming a damaged line. Half a line of a stopped writer counts as none."""
    path = runs / FILE
    try:
        lines = path.read_text(encoding="utf-8").split("\n")[:-1]
    except FileNotFoundError:
        return []
    except (OSError, ValueError) as error:
        raise DataError(f"cannot read {path}: {error}; put it back from a backup, or take it away to use plan.review_slots") from error
    return [_read(line, number, path) for number, line in enumerate(lines, 1)]


def accept(runs: Path, *, slots: int, by: str, at: datetime, log: Path | None, proposed: int | None, night: str, run_id: str) -> dict[str, Any]:
    """Note in the installation's log and then in ``RUNS`` that ``by`` wants ``slots`` desk reviews an authority and week; returns the line.

    ``night``, ``run_id`` and ``proposed`` are what lay before the person. Raises as `pipeline.trail.log.append` does, and `CannotWrite`.
    """
    line = {
        "slots": slots, "by": by.strip(), "at": at.astimezone(UTC).isoformat(timespec="seconds"), "night": night, "run_id": run_id,
        "proposed": proposed,
    }  # fmt: skip
    note_access(log, "exploration_accepted", by=by, facts={"slots": slots, "night": night, "run": run_id, "proposed": proposed})
    path = runs / FILE
    text = json.dumps(line, ensure_ascii=False) + "\n"
    try:
        half = path.is_file() and path.stat().st_size > 0 and not path.read_bytes().endswith(b"\n")
        with path.open("a", encoding="utf-8") as stream:
            if half:
                # A stopped writer's half line must not swallow this one.
                stream.truncate(path.read_bytes().rfind(b"\n") + 1)
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
    except OSError as error:
        raise CannotWrite(f"cannot write {path}: {error.strerror}; the log has the acceptance, run the command again") from error
    return line


def with_accepted(settings: RunConfig, runs: Path | None) -> RunConfig:
    """Return ``settings`` with the last accepted number of desk reviews; as they are where nobody accepted one or there is no such folder."""
    last = acceptances(runs)[-1:] if runs else []
    if not last:
        return settings
    return settings.model_copy(update={"plan": settings.plan.model_copy(update={"review_slots": last[0]["slots"]})})


def runs_of(night: Path) -> Path | None:
    """Return the folder of nights that a night's folder lies in; ``None`` where it is no night."""
    where = night.resolve()
    return where.parent if _NIGHT.fullmatch(where.name) else None


def _read(line: str, number: int, path: Path) -> dict[str, Any]:
    try:
        said = json.loads(line)
        if type(said["slots"]) is int and said["slots"] >= 0:
            return dict(said)
    except (ValueError, KeyError, TypeError):
        pass
    raise DataError(f"{path}, line {number}: no acceptance that can be read; put the file back from a backup, or accept again without that line")
