"""What a listing cannot show and somebody must look at: quality, labels, papers, stock."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from pipeline.law.tables import FULL_TEXT, LawTables, in_force, split


class CheckItem(NamedTuple):
    """One thing to verify, and why the listing does not show it."""

    text_vi: str
    why_vi: str
    verified: bool


class Checklists:
    """Items by taxonomy code and goods group."""

    def __init__(self, tables: LawTables) -> None:
        self._rows = [(split(row.codes), split(row.goods_groups), row) for row in tables.frames["checklists"].itertuples(index=False)]

    def of(self, codes: Sequence[str], *, goods_group: str | None, as_of: date) -> list[CheckItem]:
        """Return the items, each once, those of the leading code first."""
        found = [
            CheckItem(row.item_vi, row.why_vi or "", row.verified == FULL_TEXT)
            for code in codes
            for row_codes, groups, row in self._rows
            if code in row_codes and (not groups or goods_group in groups) and in_force(row.valid_from, row.valid_to, as_of)
        ]
        return list({item.text_vi: item for item in reversed(found)}.values())[::-1]
