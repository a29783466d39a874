"""What old nights leave behind, and taking it away: never what a list, a case or a champion rests on.

Age is read off a clock, and a clock can be wrong by years; so the newest nights stay whatever it says (`KEPT_NIGHTS`).
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import NamedTuple

from pipeline.lock import Locked, lock
from pipeline.stages.night import latest

_NIGHT = re.compile(r"\d{4}-\d{2}-\d{2}")
#: Lists as issued, their sealed evidence and people's answers: kept as long as the law of their case says, which this does not know. And the
#: night's few kilobytes of figures, without which `soihang monitor` would have no history.
PINNED = ("issued", "evidence", "review", "monitor.json")
_LOCKS = (".lock", ".holder")
#: So many of the newest nights stay, or as many as days were asked for where that is less.
KEPT_NIGHTS = 7


class Old(NamedTuple):
    """Something to take away: its path, its size in bytes, and why it may go."""

    path: Path
    size: int
    why: str


def old_nights(runs: Path, *, keep_days: int, today: date) -> list[Old]:
    """Return what nights before ``today - keep_days`` hold beside `PINNED`, and halves that stopped writers left; the latest night and the newest
    `KEPT_NIGHTS` stay whole.
    """
    nights = sorted(path for path in runs.iterdir() if path.is_dir() and _NIGHT.fullmatch(path.name))
    stay = {latest(runs), *nights[max(0, len(nights) - min(keep_days, KEPT_NIGHTS)) :]}
    found: list[Old] = []
    for night in nights:
        if night in stay or date.fromisoformat(night.name) >= today - timedelta(days=keep_days):
            continue
        if any((night / name).exists() for name in PINNED):
            loose = [one for one in sorted(night.iterdir()) if one.name not in {*PINNED, *_LOCKS}]
            found += [old_entry(one, "an old night, whose issued lists and figures stay") for one in loose]
        else:
            found.append(old_entry(night, "an old night"))
    gone = {one.path for one in found}
    halves = (half for half in runs.rglob("*.partial") if not gone & {half, *half.parents})
    return found + [old_entry(half, "half a file that a stopped run left") for half in sorted(halves) if not _young(half, today)]


def take_away(found: list[Old], runs: Path) -> Iterator[tuple[Old, str]]:
    """Remove each and yield it with what hindered it, empty where nothing did; a night that is being written is left alone."""
    for one in found:
        night = runs / one.path.relative_to(runs).parts[0]
        try:
            with lock(night):
                _remove(one.path)
        except Locked:
            yield one, "in use"
        except OSError as error:
            yield one, str(error.strerror)
        else:
            # The lock's own file is all that is left of a night that went whole.
            if one.path == night:
                shutil.rmtree(night, ignore_errors=True)
            yield one, ""


def drop(found: list[Old]) -> Iterator[tuple[Old, str]]:
    """Remove each of what no lock guards, such as caches, and yield it with what hindered it, empty where nothing did."""
    for one in found:
        try:
            _remove(one.path)
        except OSError as error:
            yield one, str(error.strerror)
        else:
            yield one, ""


def _remove(path: Path) -> None:
    if path.is_symlink() or path.is_file():
        path.unlink()
        return
    for inner in path.iterdir():
        if inner.name not in _LOCKS:
            shutil.rmtree(inner) if inner.is_dir() and not inner.is_symlink() else inner.unlink()
    if not any(path.iterdir()):
        path.rmdir()


def old_entry(path: Path, why: str) -> Old:
    """Return ``path`` with the size of all that lies in it; links are not followed."""
    inner = [path] if path.is_symlink() or not path.is_dir() else path.rglob("*")
    return Old(path, sum(one.lstat().st_size for one in inner if one.is_symlink() or one.is_file()), why)


def _young(path: Path, today: date) -> bool:
    # A run that is going on writes such files; yesterday's are nobody's.
    return date.fromtimestamp(path.lstat().st_mtime) >= today - timedelta(days=1)
