"""How lists fell on groups of sellers in a period: who was listed, what was found, who was cleared; with intervals, and silent where few."""

from __future__ import annotations

import math
import re
from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
from sqlalchemy import Connection

from features.errors import DataError
from pipeline.fairness.groups import GROUPS, UNKNOWN, sellers_of
from pipeline.fairness.settings import FairnessRule
from pipeline.register.facts import standing
from pipeline.register.lists import issued_rows
from pipeline.register.schema import OUTCOMES
from pipeline.reports.wording import platform_name
from pipeline.sources.times import VIETNAM
from pipeline.tables.targets import CHOSEN

_FOUND, _CLEARED = "confirmed", "cleared"
_Z = 1.959963984540054


class Rate(NamedTuple):
    """``hits`` of ``n`` with Wilson's 95 % interval (1927, JASA 22), 0 to 1; all missing where ``n`` is under the least that may be told."""

    hits: int | None
    n: int | None
    share: float | None
    low: float | None
    high: float | None

    @property
    def is_told(self) -> bool:
        """True where there are enough to say anything."""
        return self.share is not None


class Line(NamedTuple):
    """A group of one kind: exposure = listed of collected, found and cleared = of those listed whose case ended in either."""

    kind: str
    group: str
    exposure: Rate
    found: Rate
    cleared: Rate
    note: str


@dataclass(frozen=True)
class Audit:
    """``whole``: over everybody; ``lines``: group by group; ``appealed``: listed sellers that an appeal cleared."""

    first: date
    last: date
    least: int
    whole: Line
    lines: list[Line]
    listed: int
    open_cases: int
    appealed: int
    has_runs: bool


def period(text: str) -> tuple[date, date]:
    """Return the first and last day of "2026-11", "2026-Q4", "2026" or "2026-11-01..2026-11-30".

    >>> [str(day) for day in period("2026-Q4")], [str(day) for day in period("2024-02")]
    (['2026-10-01', '2026-12-31'], ['2024-02-01', '2024-02-29'])
    """
    try:
        if ".." in text:
            first, last = (date.fromisoformat(part) for part in text.split("..", 1))
            if first <= last:
                return first, last
        elif found := re.fullmatch(r"(\d{4})(?:-(?:Q([1-4])|(\d{2})))?", text):
            year, quarter, month = int(found[1]), found[2], found[3]
            begin, end = (int(month), int(month)) if month else (3 * int(quarter) - 2, 3 * int(quarter)) if quarter else (1, 12)
            return date(year, begin, 1), date(year, end, monthrange(year, end)[1])
    except ValueError:
        pass
    raise DataError(f"{text!r} is no period; write 2026-11, 2026-Q4, 2026 or 2026-11-01..2026-11-30")


def wilson(hits: int, n: int) -> tuple[float, float]:
    """Return Wilson's interval; 0 to 1 where there is nothing.

    >>> [round(bound, 4) for bound in wilson(0, 10)], [round(bound, 4) for bound in wilson(5, 10)]
    ([0.0, 0.2775], [0.2366, 0.7634])
    """
    if n == 0:
        return 0.0, 1.0
    p, z = hits / n, _Z
    centre = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return max(0.0, centre - half), min(1.0, centre + half)


def audit(connection: Connection, outs: Sequence[Path], *, first: date, last: date, today: date, rule: FairnessRule) -> Audit:
    """Return how lists dated ``first`` to ``last`` (inclusive) fell on the sellers that ``outs`` collected, by what was known on ``today``.

    A seller counts once a period, however often it was listed. Without runs there is no exposure, only what was found.
    """
    listed = listed_sellers(connection, first=first, last=last, today=today)
    collected = sellers_of(outs, rule)
    key = ["platform_id", "seller_id"]
    both = collected.merge(listed, on=key, how="outer", suffixes=("", "_listed"), indicator="seen")
    both["is_collected"] = both.pop("seen").ne("right_only")
    both[list(GROUPS)] = both[list(GROUPS)].astype("object")
    # Whose place the crawl does not show is where its list says; a shop outside the runs has no other facts.
    both["authority"] = both["authority_listed"].astype("object").fillna(both["authority"])
    both["platform"] = both["platform"].fillna(both["platform_id"].map(platform_name))
    both[list(GROUPS)] = both[list(GROUPS)].fillna(UNKNOWN)
    both["is_listed"] = both["status"].notna()
    whole = _line("", "Tất cả", both, rule, None)
    lines = [
        _line(name, str(group), rows, rule, whole)
        for name in GROUPS
        for group, rows in both.groupby(name, sort=True)
    ]  # fmt: skip
    status = listed["status"]
    return Audit(
        first, last, rule.least, whole, lines, listed=len(listed), open_cases=int((~status.isin([_FOUND, _CLEARED])).sum()),
        appealed=int(listed["appealed"].sum()), has_runs=len(collected) > 0,
    )  # fmt: skip


def listed_sellers(connection: Connection, *, first: date, last: date, today: date) -> pd.DataFrame:
    """Return the sellers to be visited or checked by lists of the period: ``platform_id, seller_id, authority, status, appealed``.

    ``status``: of its latest finding, ``open`` where there is none; an appeal that cleared goes before everything else.
    """
    rows = issued_rows(connection)
    rows = rows[rows["stands"] & rows["standing"].eq(CHOSEN) & rows["seller_id"].notna()]
    rows = rows[pd.Series([first <= day <= last for day in rows["list_date"]], index=rows.index, dtype=bool)]
    known = standing(connection, OUTCOMES, known_until=datetime.combine(today, time(23, 59, 59), VIETNAM))
    known = known[known["source"].isin(["inspection", "appeal", "test_purchase"])].assign(is_appeal=lambda table: table["source"].eq("appeal"))
    known = known.sort_values(["is_appeal", "known_at"], kind="stable")
    by_row = known.dropna(subset=["issued_row_id"]).drop_duplicates("issued_row_id", keep="last").set_index("issued_row_id")
    status = rows["first_id"].map(by_row["status"]).astype("object").fillna("open")
    appealed = rows["first_id"].map(by_row["is_appeal"]).astype("object").eq(True) & status.eq(_CLEARED)
    table = rows[["platform", "seller_id", "authority", "list_date"]].assign(status=status, appealed=appealed, ended=status.isin([_FOUND, _CLEARED]))
    # Listed twice: what ended goes before what is open, then the later list.
    table = table.sort_values(["ended", "list_date"], kind="stable").drop_duplicates(["platform", "seller_id"], keep="last")
    return table.rename(columns={"platform": "platform_id"})[["platform_id", "seller_id", "authority", "status", "appealed"]].reset_index(drop=True)


def _line(kind: str, group: str, rows: pd.DataFrame, rule: FairnessRule, whole: Line | None) -> Line:
    collected = rows[rows["is_collected"]]
    ended = rows[rows["status"].isin([_FOUND, _CLEARED])]
    exposure = _rate(int(collected["is_listed"].sum()), len(collected), rule)
    found = _rate(int(ended["status"].eq(_FOUND).sum()), len(ended), rule)
    cleared = _rate(int(ended["status"].eq(_CLEARED).sum()), len(ended), rule)
    return Line(kind, group, exposure, found, cleared, _note(exposure, cleared, whole))


def _rate(hits: int, n: int, rule: FairnessRule) -> Rate:
    # A share of few is one seller's story, and tells who it is.
    return Rate(hits, n, hits / n, *wilson(hits, n)) if n >= rule.least else Rate(None, None, None, None, None)


def _note(exposure: Rate, cleared: Rate, whole: Line | None) -> str:
    if whole is None:
        return ""
    told = (("được đưa vào danh sách", exposure, whole.exposure), ("báo nhầm", cleared, whole.cleared))
    notes = [f"{what} {_side(one, other)} mức chung" for what, one, other in told if _side(one, other)]
    return "; ".join(notes)


def _side(one: Rate, whole: Rate) -> str:
    if one.low is None or one.high is None or whole.share is None:
        return ""
    return "cao hơn" if one.low > whole.share else "thấp hơn" if one.high < whole.share else ""


def to_json(made: Audit) -> dict[str, Any]:
    """Return plain values."""
    rates = ("exposure", "found", "cleared")
    lines = [line._asdict() | {name: getattr(line, name)._asdict() for name in rates} for line in [made.whole, *made.lines]]
    return {
        "first": made.first.isoformat(), "last": made.last.isoformat(), "least": made.least, "listed": made.listed, "open": made.open_cases,
        "appealed": made.appealed, "has_runs": made.has_runs, "lines": lines,
    }  # fmt: skip
