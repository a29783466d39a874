"""Several answers about one target: which add to one another, which one is an old copy, and which contradict each other.

Nothing is decided by the order in which files are read. Of two answers the further one counts (checked before not checked, decided before
pending), else the later day's; two that differ and give no such order are both returned. What was recorded before stands, unless the
new answer is further or later, or a person says that it corrects.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import date
from typing import NamedTuple

from pipeline.register.schema import POSTPONE
from pipeline.reports.results_sheet import RESULT_CHOICES
from pipeline.returns.answers import Opinion, Result

#: How far a status is on its way; the last ones are findings.
_FAR = {"not_inspected": 0, "not_found": 1, "pending": 2, "referred": 2, "cleared": 3, "confirmed": 3}
_SOFT = {"usefulness", "note"}
_HARD = [one.name for one in fields(Result) if one.name not in _SOFT]
_SANCTIONED = ("confirmed", "pending", "referred")
_SANCTION = ("decision_number", "decided_on", "fine_vnd", "goods_value_vnd", "passed")

_OPINIONS = {"agree": "Đồng ý", "refuse": "Không", POSTPONE: "Hoãn"}
_STATUSES = {status: choice for choice, status in reversed(RESULT_CHOICES.items())} | {"confirmed": "Có vi phạm"}

SAME, OLDER, NEWER, CONFLICT = "same", "older", "newer", "conflict"
Part = Opinion | Result


class Step(NamedTuple):
    """What row ``at`` adds: ``part`` in full, after the one that stood before."""

    at: int
    part: Part


@dataclass(frozen=True)
class Settled:
    """``steps``: what is added, in order. ``refused``: position of a row to the position it contradicts, ``None`` for what was recorded.

    ``old``: positions of rows that repeat or lag behind what is known.
    """

    steps: tuple[Step, ...]
    refused: Mapping[int, int | None]
    old: frozenset[int]


def settle(parts: Mapping[int, Part], recorded: Part | None, *, out: frozenset[int] = frozenset(), correcting: bool = False) -> Settled:
    """Settle the answers of one kind about one target; ``parts`` by position of their row, those in ``out`` are already returned."""
    refused: dict[int, int | None] = {}
    places = sorted(parts)
    for one in places:
        for other in places:
            if one < other and _relation(parts[one], parts[other]) == CONFLICT:
                refused.setdefault(one, other)
                refused.setdefault(other, one)
    steps, old, now = [], set(), recorded
    for at in sorted(set(places) - set(refused) - out, key=lambda at: (_order(parts[at]), at)):
        relation = NEWER if now is None else _relation(now, parts[at])
        if relation == CONFLICT and not (correcting and now is recorded):
            refused[at] = None
        elif relation in (SAME, OLDER) and not (correcting and now is recorded and relation == OLDER):
            old.add(at)
        else:
            now = parts[at] if now is None or relation != NEWER else joined(now, parts[at])
            steps.append(Step(at, now))
    return Settled(tuple(steps), refused, frozenset(old))


def joined(old: Part, new: Part) -> Part:
    """Return ``new`` with what it leaves blank taken from ``old``, which it continues; a case that was cleared keeps no sanction."""
    if isinstance(old, Result) and isinstance(new, Result):
        return _joined_results(old, new)
    return new


def _joined_results(old: Result, new: Result) -> Result:
    if _FAR[old.status] == _FAR[new.status] and _clashes(old, new):
        return new
    kept = [name for name in ("happened_on", "usefulness", "note") if getattr(new, name) is None]
    if new.status in _SANCTIONED:
        kept += [name for name in _SANCTION if getattr(new, name) is None]
    behaviours = ",".join(dict.fromkeys([*_names(old), *_names(new)])) if new.status == old.status else new.behaviours
    return replace(new, **{name: getattr(old, name) for name in kept}, behaviours=behaviours or None)


def _names(result: Result) -> list[str]:
    return result.behaviours.split(",") if result.behaviours else []


def _relation(old: Part, new: Part) -> str:
    if isinstance(old, Opinion) and isinstance(new, Opinion):
        return _opinions(old, new)
    if isinstance(old, Result) and isinstance(new, Result):
        return _results(old, new)
    raise TypeError(f"{type(old).__name__} and {type(new).__name__} answer different questions")


def _opinions(old: Opinion, new: Opinion) -> str:
    if old.opinion != new.opinion:
        return NEWER if old.opinion == POSTPONE else OLDER if new.opinion == POSTPONE else CONFLICT
    return SAME if new.why is None or new.why == old.why else NEWER


def _results(old: Result, new: Result) -> str:
    further = _FAR[new.status] - _FAR[old.status]
    if further:
        return NEWER if further > 0 else OLDER
    if _clashes(old, new):
        return _by_day(old, new)
    return NEWER if joined(old, new) != old else SAME


def _clashes(old: Result, new: Result) -> list[str]:
    """Facts on which both speak and differ; of behaviours one may name more than the other."""
    pairs = {name: (getattr(old, name), getattr(new, name)) for name in _HARD}
    nested = {*_names(old)} <= {*_names(new)} or {*_names(new)} <= {*_names(old)}
    pairs["behaviours"] = (True, nested)
    return [name for name, (one, other) in pairs.items() if None not in (one, other) and one != other]


def _by_day(old: Result, new: Result) -> str:
    for name in ("happened_on", "decided_on"):
        before, after = getattr(old, name), getattr(new, name)
        if before is not None and after is not None and before != after:
            return NEWER if after > before else OLDER
    return CONFLICT


def _order(part: Part) -> tuple[int, date, date]:
    if isinstance(part, Opinion):
        return (0 if part.opinion == POSTPONE else 1, date.min, date.min)
    return (_FAR[part.status], part.happened_on or date.min, part.decided_on or date.min)


def settle_rows(
    opinions: Mapping[int, Opinion], results: Mapping[int, Result], recorded: tuple[Opinion | None, Result | None], *, correcting: bool = False
) -> tuple[Settled, Settled]:
    """Settle both kinds of answers about one target; a row returned for one of them is returned whole."""
    out: frozenset[int] = frozenset()
    against: tuple[dict[int, int | None], dict[int, int | None]] = ({}, {})
    while True:
        pair = (
            settle(opinions, recorded[0], out=out, correcting=correcting),
            settle(results, recorded[1], out=out, correcting=correcting),
        )
        # Without a returned row another may stand where it would have been an old copy: settle again, and keep what was said of the first.
        for one, found in zip(pair, against, strict=True):
            found.update({at: other for at, other in one.refused.items() if at not in found})
        grown = out | set(against[0]) | set(against[1])
        if grown == out:
            return replace(pair[0], refused=against[0]), replace(pair[1], refused=against[1])
        out = frozenset(grown)


def told(part: Part) -> str:
    """Return an answer in short Vietnamese words, to name it in a reason."""
    if isinstance(part, Opinion):
        return _OPINIONS[part.opinion]
    day = f", ngày {part.happened_on:%d/%m/%Y}" if part.happened_on else ""
    fine = f"{part.fine_vnd:,}".replace(",", ".") if part.fine_vnd else ""
    return _STATUSES[part.status] + day + (f", phạt {fine} đ" if fine else "")
