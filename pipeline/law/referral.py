"""What another authority should look at: listed apart, and taking up no visit."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from pipeline.law.tables import FULL_TEXT, UNVERIFIED, LawTables, in_force, split

REFER = "Xem xét chuyển cơ quan khác"


class Referral(NamedTuple):
    """To whom, and why."""

    agency_vi: str
    reason_vi: str
    verified: bool

    def __str__(self) -> str:
        return f"{REFER}: {self.agency_vi} ({self.reason_vi})" + ("" if self.verified else f" {UNVERIFIED}")


class ReferralTable:
    """Rules by behaviour, foreign domain and social page."""

    def __init__(self, tables: LawTables) -> None:
        self._rows = list(tables.frames["referral"].itertuples(index=False))

    def of(
        self, codes: Sequence[str], *, as_of: date, goods_group: str | None, cross_border: bool, social_page: bool
    ) -> list[Referral]:
        """Return whom to refer to, each authority and reason once, in the table's order."""
        raised = {"behaviour": True, "cross_border": cross_border, "social_page": social_page}
        rows = [
            row
            for row in self._rows
            if raised[row.trigger]
            and in_force(row.valid_from, row.valid_to, as_of)
            and (row.codes is None or set(codes) & set(split(row.codes)))
            and (row.goods_groups is None or goods_group in split(row.goods_groups))
        ]
        return list(dict.fromkeys(Referral(row.agency_vi, row.reason_vi, row.verified == FULL_TEXT) for row in rows))
