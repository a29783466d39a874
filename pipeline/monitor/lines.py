"""The monitor's findings as lines of a terminal, as plain values and as lines of a log; each names the night's run."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from pipeline.monitor.checks import Check, Figures
from pipeline.monitor.watching import Watched
from pipeline.night_log import log_night
from pipeline.reports.safe_text import one_line
from pipeline.stages.night import LOG as NIGHT_LOG
from pipeline.store import CannotWrite

LOG = "monitor.log"
_SHOWN = ("read", "listings", "quarantined", "scored", "new", "changed", "gone", "red", "targets", "chosen")
_MOST_SILENT = 10
_PAIR = re.compile(r"(\w+)=(\S+)")


def watched_json(watched: Watched) -> dict[str, Any]:
    """Return everything `soihang monitor` found, the newest night's checks in full."""
    last = watched.nights[-1] if watched.nights else None
    return {
        "night": last and last["night"],
        "run_id": last and last["run_id"],
        "alerts": [one._asdict() for one in watched.alerts],
        "late": watched.late,
        "checks": [one._asdict() for one in watched.tonight],
        "calibration": [one._asdict() for one in watched.promises],
        "review_slots": {"in_force": watched.in_force, "proposed": watched.proposed, "accepted": watched.accepted},
        "unread": watched.unread,
        "history": [history_row(night, found) for night, found in zip(watched.nights, watched.found, strict=True)],
    }


def history_row(night: Figures, found: list[Check]) -> dict[str, Any]:
    """Return one night with its run, its counts and the number of its alerts."""
    counts = {name: night["counts"][name] for name in _SHOWN}
    return {"night": night["night"], "run_id": night["run_id"], **counts, "alerts": sum(one.state == "alert" for one in found)}


def watched_lines(watched: Watched, page: Path | None) -> list[str]:
    """Return the summary for a terminal."""
    lines = [f"LATE: {watched.late}"] if watched.late is not None else []
    lines += [f"unreadable, left out: {one}" for one in watched.unread]
    if watched.nights:
        last, states = watched.nights[-1], [one.state for one in watched.tonight]
        lines.append(
            f"night {last['night']}, run {last['run_id']}: {states.count('alert')} alerts, {states.count('quiet')} quiet, "
            f"{states.count('silent')} silent for want of data; {len(watched.nights)} nights"
        )
    lines += [one_line(f"  ALERT {_told(one)}") for one in watched.alerts]
    silent = [one for one in watched.tonight if one.state == "silent" and one.rule != "calibration"]
    lines += [one_line(f"  silent {_told(one)}: {one.why.replace('_', ' ')}") for one in silent[:_MOST_SILENT]]
    lines += [f"  ({len(silent) - _MOST_SILENT} more: --json)"] if len(silent) > _MOST_SILENT else []
    lines.append("expected against found: " + _promised(watched))
    lines.append(f"desk reviews by lot, an authority and week: {watched.in_force}")
    if watched.proposed is not None:
        lines.append(f"  drift proposes {watched.proposed}; a person decides: soihang monitor accept RUNS --by NAME --slots {watched.proposed}")
    return lines + ([f"open {page}"] if page else [])


def log_alerts(runs: Path, watched: Watched) -> None:
    """Add a line for each alert and for a late night to ``RUNS/monitor.log``, each with the run it speaks of; raises `CannotWrite`."""
    last = watched.nights[-1] if watched.nights else {"night": None, "run_id": None}
    told: list[dict[str, object]] = [
        {"alert": one.rule, "about": one_line(one.subject).replace("=", "_"), "value": one.value, "threshold": one.threshold, "n": one.n}
        for one in watched.alerts
    ]
    told += [{"alert": "late"}] if watched.late is not None else []
    try:
        for facts in told:
            log_night(runs / LOG, {"night": last["night"], "run": last["run_id"], **facts})
    except OSError as error:
        raise CannotWrite(f"cannot write {runs / LOG}: {error.strerror}") from error


def log_entries(runs: Path) -> list[dict[str, str]]:
    """Return the lines of ``night.log`` and ``monitor.log`` by time, each with ``at`` and the names it holds, all as text.

    Lines of one file stay in the order they were written in, also where the clock was put back between them.
    """
    entries: list[tuple[str, dict[str, str]]] = []
    for name in (NIGHT_LOG, LOG):
        path, latest_yet = runs / name, ""
        for line in path.read_text(encoding="utf-8", errors="replace").splitlines() if path.is_file() else []:
            at, _, rest = line.partition(" ")
            latest_yet = max(latest_yet, at)
            entries.append((latest_yet, {"at": at, "log": name, **dict(_PAIR.findall(rest))}))
    return [entry for _, entry in sorted(entries, key=lambda one: one[0])]


def _told(one: Check) -> str:
    about = f" [{one.subject}]" if one.subject else ""
    chance = "" if one.chance is None else f", chance reaches {one.chance:g}"
    return f"{one.rule}{about} {'-' if one.value is None else format(one.value, 'g')} (threshold {one.threshold:g}{chance}, n {one.n:,})"


def _promised(watched: Watched) -> str:
    if not watched.promises:
        return "chưa có (no decided row had a calibrated model behind it)"
    one = watched.promises[0]
    return f"{one.expected:g} finds expected of {one.decided:,} decided rows, {one.found:,} found, 95 % interval {one.low:g} to {one.high:g}"
