"""A returned workbook as rows, each with what it says or why it goes back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from features.errors import DataError
from pipeline.register.schema import RETURNED, TAKEN, UNTOUCHED
from pipeline.returns.answers import Answer, Refusal, read_row
from pipeline.returns.layout import SheetRow, sheet_rows
from pipeline.returns.sheets import read_sheets


@dataclass
class ReturnedRow:
    """A row and what became of it; ``reason`` Vietnamese: why it goes back, or what a taken row still lacks."""

    row: SheetRow
    read: Answer | Refusal | None
    fate: str = UNTOUCHED
    reason: str | None = None


@dataclass
class ReturnedFile:
    """A workbook: ``rows`` of its sheets; ``problem`` where it could not be read, ``known`` where the same bytes were taken before."""

    path: Path
    sha256: str = ""
    rows: list[ReturnedRow] = field(default_factory=list)
    problem: str | None = None
    known: bool = False

    def count(self, fate: str | None = None) -> int:
        """Rows, of one fate or of all."""
        return sum(1 for one in self.rows if fate in (None, one.fate))


def read_file(
    file: ReturnedFile, content: bytes, known: Mapping[str, Mapping[str, Any]], *, received: date, found_words: Mapping[str, str]
) -> None:
    """Fill in the rows of ``file`` from its ``content``, or its ``problem``; for the other arguments see `read_row`."""
    try:
        sheets = read_sheets(content, file.path.name)
    except DataError as error:
        file.problem = str(error)
        return
    for sheet in sheets:
        for row in sheet_rows(sheet):
            one = ReturnedRow(row, read_row(row, known, received=received, found_words=found_words))
            if isinstance(one.read, Refusal):
                one.fate, one.reason = RETURNED, one.read.reason
            elif one.read is not None:
                one.fate, one.reason = TAKEN, "; ".join(one.read.missing) or None
            file.rows.append(one)
