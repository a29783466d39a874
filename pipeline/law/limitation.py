"""Until when a fine may be decided, by field. Counted from the last day an offer was seen, so that nobody is late."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import NamedTuple

from features.errors import DataError
from pipeline.law.citation import NO_BASIS, Instruments
from pipeline.law.tables import FULL_TEXT, UNVERIFIED, LawTables, in_force, split


class Limitation(NamedTuple):
    """``ends_on`` is the last day (missing where the table has no rule); ``still_shown`` means the offer stood when last collected."""

    years: int | None
    ends_on: date | None
    still_shown: bool
    passed: bool
    text_vi: str
    verified: bool


class LimitationTable:
    """Years by taxonomy code, and the law that says so."""

    def __init__(self, tables: LawTables, instruments: Instruments) -> None:
        self._instruments = instruments
        self._rows = [(split(row.codes), row) for row in tables.frames["limitation"].itertuples(index=False)]

    def of(self, codes: Sequence[str], act_date: date, as_of: date, *, still_shown: bool) -> Limitation:
        """Return the term under the law that stands on ``as_of``, the shortest where ``codes`` fall under several fields.

        ``act_date`` is the day the offer was last collected. While it stands the act goes on, and the term runs from its discovery at the
        earliest; the day of collection is taken for it.
        """
        if as_of < act_date:
            raise DataError(f"the list's date {as_of} lies before the act {act_date}; give the later day as as_of")
        shown = f"Còn hiển thị tại lần thu thập {act_date:%d/%m/%Y}" if still_shown else ""
        rows = [row for row_codes, row in self._rows if set(codes) & set(row_codes) and in_force(row.valid_from, row.valid_to, as_of)]
        if not rows:
            text = f"Thời hiệu: {NO_BASIS}"
            return Limitation(None, None, still_shown, False, f"{shown}; {text}" if shown else text, False)
        row = min(rows, key=lambda row: row.years)
        ends_on = _last_day(act_date, int(row.years))
        verified, passed = row.verified == FULL_TEXT, as_of > ends_on
        basis = self._instruments.name(row.article, row.instrument, as_of)
        state = "Có thể đã hết thời hiệu từ sau ngày" if passed else "Thời hiệu đến"
        term = f"{state} {ends_on:%d/%m/%Y} ({int(row.years):02d} năm: {row.field_vi}; {basis})" + ("" if verified else f" {UNVERIFIED}")
        return Limitation(int(row.years), ends_on, still_shown, passed, f"{shown}; {term}" if shown else term, verified)


def _last_day(start: date, years: int) -> date:
    """The same day ``years`` later; 29 February ends on the 28th where there is none, never a day late."""
    try:
        return start.replace(year=start.year + years)
    except ValueError:
        return start.replace(year=start.year + years, month=3, day=1) - timedelta(days=1)
