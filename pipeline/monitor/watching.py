"""All that `soihang monitor` says, from the nights' figures alone: no table of a night is opened, so years are read in seconds."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from features.errors import DataError
from pipeline.monitor.calibration import Promise, check_promises
from pipeline.monitor.checks import Check, Figures, checks
from pipeline.monitor.exploration import acceptances, proposal
from pipeline.monitor.figures import FILE, VERSION
from pipeline.monitor.settings import MonitorRules
from pipeline.stages.night import latest
from pipeline.store import read_json

_AGE = re.compile(r"(\d+(?:\.\d+)?)([mhd])")
_UNITS = {"m": "minutes", "h": "hours", "d": "days"}
#: Clocks of two machines may differ by so much; a night that ended later than that from now tells of a clock that was moved.
_CLOCKS_DIFFER = timedelta(minutes=10)


@dataclass(frozen=True)
class Watched:
    """``nights`` oldest first with the checks of each in ``found``; ``late`` is how long ago something ran, where that is too long.

    ``in_force`` desk reviews are drawn now; ``proposed`` is what drift proposes instead. ``unread`` names figures that could not be read.
    """

    nights: list[Figures]
    found: list[list[Check]]
    promises: list[Promise]
    accepted: list[dict[str, Any]]
    in_force: int
    proposed: int | None
    late: str | None
    unread: list[str]

    @property
    def tonight(self) -> list[Check]:
        """The last night's checks, with that of the promises."""
        return self.found[-1] if self.found else []

    @property
    def alerts(self) -> list[Check]:
        """What of the last night must be looked at."""
        return [one for one in self.tonight if one.state == "alert"]

    @property
    def exit_code(self) -> int:
        """3 where there is an alert or nothing ran, else 0."""
        return 3 if self.alerts or self.late is not None else 0


def watch(
    runs: Path, rules: MonitorRules, *, usual: int, now: datetime, promises: Sequence[Promise] = (), max_age: timedelta | None = None
) -> Watched:
    """Read the nights of ``runs`` and hold each against those before it. ``usual`` is ``plan.review_slots`` of the settings.

    Raises `DataError` where there is no night's figures at all, unless ``max_age`` is asked, which then is what failed.
    """
    late = _late(runs, now, max_age) if max_age is not None else None
    nights, unread = _read_nights(runs)
    if not nights and max_age is None:
        raise DataError(f"no night's {FILE} in {runs}; `soihang night` leaves one each night" + (f" (unreadable: {unread[0]})" if unread else ""))
    shown = nights[-rules.history_nights :]
    skipped = len(nights) - len(shown)
    found = [checks(night, nights[: skipped + place][-rules.baseline.nights :], rules) for place, night in enumerate(shown)]
    if found:
        found[-1].append(check_promises(list(promises), rules.calibration))
    accepted = acceptances(runs)
    in_force = accepted[-1]["slots"] if accepted else usual
    proposed = proposal(found[-1], usual=usual, in_force=in_force, rule=rules.exploration) if found else None
    return Watched(shown, found, list(promises), accepted, in_force, proposed, late, unread)


def age(text: str) -> timedelta:
    """Return a span as people write it; raises `DataError` on anything else.

    >>> age("26h"), age("2d"), age("90m")
    (datetime.timedelta(days=1, seconds=7200), datetime.timedelta(days=2), datetime.timedelta(seconds=5400))
    """
    found = _AGE.fullmatch(text.strip())
    if found is None:
        raise DataError(f"--max-age {text[:20]!r} is no span; write 26h, 90m or 2d")
    return timedelta(**{_UNITS[found[2]]: float(found[1])})


def _late(runs: Path, now: datetime, most: timedelta) -> str | None:
    """How long ago the last night ended well, where that is more than ``most`` or cannot be known."""
    last = latest(runs)
    if last is None:
        return "no night ended well yet"
    ended = _ended(last)
    if ended - now > _CLOCKS_DIFFER:
        # Taken as it stands it would count as young until the clock has caught up, for years perhaps.
        return f"last night that ended well: {last.name}, by its clock {ended:%Y-%m-%d %H:%M} UTC, which is still to come: a clock was moved, set it"
    return f"last night that ended well: {last.name}, {(now - ended) / timedelta(hours=1):.1f} hours ago" if now - ended > most else None


def _ended(night: Path) -> datetime:
    try:
        return datetime.fromisoformat(str(read_json(night / FILE)["ended_at"])).astimezone(UTC)
    except (DataError, ValueError, KeyError, TypeError):
        # A night of before there were figures.
        return datetime.fromtimestamp((night / "run.json").stat().st_mtime, UTC)


def _read_nights(runs: Path) -> tuple[list[Figures], list[str]]:
    nights: list[Figures] = []
    unread: list[str] = []
    for path in sorted(runs.glob(f"????-??-??/{FILE}")):
        try:
            figures = read_json(path)
        except DataError:
            figures = None
        if not isinstance(figures, dict) or figures.get("version") != VERSION:
            unread.append(f"{path.parent.name}/{FILE}")
            continue
        nights.append(figures)
    return nights, unread
