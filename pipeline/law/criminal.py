"""Whether what is known comes near a threshold of the criminal code: a question for the police, never an answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import NamedTuple

from pipeline.law.citation import Instruments
from pipeline.law.fines import Amount, check_basis, span
from pipeline.law.tables import BASES, FULL_TEXT, UNVERIFIED, LawTables, in_force, split

CONSIDER = "Cần xem xét dấu hiệu hình sự"
GAIN = "illicit_gain"


class CriminalNote(NamedTuple):
    """``text_vi`` begins with "Cần xem xét dấu hiệu hình sự" and names article and threshold."""

    text_vi: str
    articles: tuple[str, ...]
    verified: bool


class CriminalTable:
    """Thresholds by taxonomy code."""

    def __init__(self, tables: LawTables, instruments: Instruments) -> None:
        self._instruments = instruments
        self._rows = [(split(row.codes), row) for row in tables.frames["criminal_thresholds"].itertuples(index=False)]

    def note(
        self, codes: Sequence[str], *, act_date: date, basis_values: Mapping[str, Amount], goods_group: str | None
    ) -> CriminalNote | None:
        """Return the note where the highest known amount reaches a threshold, or the goods have none; else ``None``."""
        check_basis(basis_values, (*BASES, GAIN))
        reached = [
            row
            for row_codes, row in self._rows
            if set(codes) & set(row_codes)
            and in_force(row.valid_from, row.valid_to, act_date)
            and _concerns(row.goods_groups, goods_group)
            and _reached(row.basis, row.threshold, basis_values)
        ]
        if not reached:
            return None
        verified = all(row.verified == FULL_TEXT for row in reached)
        said = "; ".join(f"{self._instruments.name(row.article, row.instrument, act_date)}: {row.condition_vi}" for row in reached)
        text = f"{CONSIDER} ({said})" + ("" if verified else f" {UNVERIFIED}")
        return CriminalNote(text, tuple(row.article for row in reached), verified)


def _concerns(groups: str | None, goods_group: str | None) -> bool:
    """"!a|b" means all goods but those; no groups means all goods."""
    if groups is None:
        return True
    if groups.startswith("!"):
        return goods_group not in split(groups[1:])
    return goods_group in split(groups)


def _reached(basis: str, threshold: float | None, values: Mapping[str, Amount]) -> bool:
    if basis == "any":
        return True
    return threshold is not None and basis in values and span(values[basis])[1] >= threshold
