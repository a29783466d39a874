"""Which article an act falls under, on the day of the act, and what has become of that article since.

Nothing is made up: where no row of the table stands on the day, there is no citation, and `cite` says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any, NamedTuple

from pipeline.law.tables import FULL_TEXT, UNVERIFIED, LawTables, in_force, split

NO_BASIS = "chưa có căn cứ trong bảng"

_SINCE = {
    "repealed": "đã bị bãi bỏ",
    "lighter": "có quy định nhẹ hơn",
    "same": "được viết lại, mức phạt không đổi",
    "heavier": "có quy định nặng hơn",
    "not_compared": "được thay thế, chưa so sánh nặng nhẹ",
}
#: Endings after which whoever decides must weigh the later law in the person's favour.
_FAVOURABLE = ("repealed", "lighter", "not_compared")


class Citation(NamedTuple):
    """One article as it stood on the day that counts.

    ``text_vi`` names article and instrument with its amendments in force that day; ``verified`` is false for all that was not read in full;
    ``note_vi`` is empty, or says what later law did; ``favourable`` is true where that later law may be the milder one.
    """

    code: str
    kind: str
    text_vi: str
    says_vi: str
    instrument: str
    article: str
    verified: bool
    note_vi: str
    favourable: bool

    def __str__(self) -> str:
        marks = [self.text_vi] if self.verified else [self.text_vi, UNVERIFIED]
        return " ".join(marks) + (f" – {self.note_vi}" if self.note_vi else "")


def cite(citations: Iterable[Citation]) -> str:
    """Return the citations as one line for a reader, or that the table has none."""
    return "; ".join(str(citation) for citation in citations) or NO_BASIS


class Instruments:
    """Titles of decrees and laws, each with the amendments that stood on a day."""

    def __init__(self, tables: LawTables) -> None:
        self._rows = rows = list(tables.frames["legal_status"].itertuples(index=False))
        self._titles = {row.instrument: row.title_vi for row in rows}
        self._amending = [(split(row.amends), row) for row in sorted(rows, key=lambda row: row.valid_from) if row.amends]

    def standing(self, day: date) -> list[str]:
        """Return the instruments that stand on ``day``, amending ones within the title of what they amend, unverified ones marked."""
        rows = [row for row in self._rows if not row.amends and in_force(row.valid_from, row.valid_to, day)]
        return [self.title(row.instrument, day) + ("" if row.verified == FULL_TEXT else f" {UNVERIFIED}") for row in rows]

    def title(self, instrument: str, day: date) -> str:
        """Return "Nghị định 99/2013/NĐ-CP (sửa đổi, bổ sung bởi …)" as of ``day``."""
        title = self._titles.get(instrument, instrument)
        amended = [row.title_vi for bases, row in self._amending if instrument in bases and in_force(row.valid_from, row.valid_to, day)]
        return f"{title} (sửa đổi, bổ sung bởi {', '.join(amended)})" if amended else str(title)

    def name(self, article: str | None, instrument: str, day: date) -> str:
        """Return article and title, or the title and that the article was not extracted."""
        title = self.title(instrument, day)
        return f"{article} {title}" if article else f"{title} (chưa trích điều, khoản)"


class CitationTable:
    """Citations by taxonomy code, or by topic for procedure."""

    def __init__(self, tables: LawTables, instruments: Instruments) -> None:
        self._instruments = instruments
        self._by_code: dict[str, list] = {}
        for row in tables.frames["citations"].itertuples(index=False):
            self._by_code.setdefault(row.code, []).append(row)

    def of(self, codes: Sequence[str], *, act_date: date, as_of: date, goods_group: str | None = None) -> list[Citation]:
        """Substantive articles and definitions that stood on ``act_date``, in the order of ``codes`` and the table."""
        rows = [row for code in codes for row in self._by_code.get(code, ()) if row.kind != "procedure"]
        fitting = [row for row in rows if row.goods_group in (None, goods_group) and in_force(row.valid_from, row.valid_to, act_date)]
        return [self._citation(row, day=act_date, as_of=as_of) for row in fitting]

    def procedure(self, topic: str, *, as_of: date) -> list[Citation]:
        """Procedural articles of ``topic`` that stand on ``as_of``."""
        rows = [row for row in self._by_code.get(topic, ()) if row.kind == "procedure" and in_force(row.valid_from, row.valid_to, as_of)]
        return [self._citation(row, day=as_of, as_of=as_of) for row in rows]

    def _citation(self, row: Any, *, day: date, as_of: date) -> Citation:
        ended = row.valid_to is not None and row.valid_to < as_of
        return Citation(
            code=row.code,
            kind=row.kind,
            text_vi=self._instruments.name(row.article, row.instrument, day),
            says_vi=row.text_vi,
            instrument=row.instrument,
            article=row.article or "",
            verified=row.verified == FULL_TEXT,
            note_vi=self._later(row, as_of) if ended else "",
            favourable=ended and (row.ended_how or "not_compared") in _FAVOURABLE,
        )

    def _later(self, row: Any, as_of: date) -> str:
        how = row.ended_how or "not_compared"
        by = f" ({self._instruments.title(row.ended_by, as_of)})" if row.ended_by else ""
        weigh = ": xem xét áp dụng quy định có lợi cho người thực hiện hành vi" if how in _FAVOURABLE else ""
        return f"từ sau ngày {row.valid_to:%d/%m/%Y} {_SINCE[how]}{by}{weigh}"
