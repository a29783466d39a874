"""How high a fine each rank of market surveillance may decide, by the law of the day the list is made."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from pipeline.law.citation import Instruments
from pipeline.law.tables import FULL_TEXT, UNVERIFIED, LawTables, in_force


class Competence(NamedTuple):
    """A rank and the highest fine it may decide, in dong, for a person and for an organisation (twice that)."""

    title_vi: str
    limit_individual: float
    limit_organisation: float
    basis_vi: str
    verified: bool

    def __str__(self) -> str:
        amount = f"{self.limit_individual:,.0f}".replace(",", ".")
        return f"{self.title_vi}: đến {amount} đ đối với cá nhân ({self.basis_vi})" + ("" if self.verified else f" {UNVERIFIED}")


class CompetenceTable:
    """Ranks by field: fakes and banned goods, other trade, industrial property."""

    def __init__(self, tables: LawTables, instruments: Instruments) -> None:
        self._instruments = instruments
        self._rows = sorted(tables.frames["competence"].itertuples(index=False), key=lambda row: row.rank)

    def of(self, code: str, *, as_of: date) -> list[Competence]:
        """Return the ranks, lowest first, that may fine for the taxonomy ``code`` on ``as_of``; none where the table has none."""
        field = field_of(code)
        return [
            Competence(
                row.title_vi,
                row.limit_individual,
                2 * row.limit_individual,
                self._instruments.name(row.article, row.instrument, as_of),
                row.verified == FULL_TEXT,
            )
            for row in self._rows
            if row.field == field and in_force(row.valid_from, row.valid_to, as_of)
        ]


def field_of(code: str) -> str:
    """Return the field whose ceiling counts: IP.* industrial property, CF.* and BAN fakes and banned goods, all else trade."""
    if code.startswith("IP."):
        return "industrial_property"
    return "fakes" if code.startswith("CF.") or code == "BAN" else "trade"
