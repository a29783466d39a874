"""A workbook's sheets as plain cells: what stands in merged cells stands in each row of them, hidden rows too, and a formula that holds no
result is told from an empty cell. Nothing is interpreted here."""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from typing import Any, NamedTuple

import openpyxl
from openpyxl.worksheet.worksheet import Worksheet

from features.errors import DataError
from pipeline.returns.figures import Cell

#: Unpacked bytes that a returned list may have; more is no list but a bomb.
MOST_BYTES = 200_000_000
_FORMULA = re.compile(rb"<f[ >/]")
_HINT = "open it in Excel or LibreOffice and save it as .xlsx without a password"


class Uncalculated(str):
    """A formula whose result was not saved with it."""


class Sheet(NamedTuple):
    """``rows``: the rows that hold anything, in order, as ``(number, {column: value})``, both counted from 1."""

    name: str
    rows: list[tuple[int, dict[int, Cell]]]


def read_sheets(content: bytes, name: str) -> list[Sheet]:
    """Return the sheets of a workbook; raises `DataError` where ``name`` cannot be read as one."""
    has_formulas = _look_inside(content, name)
    try:
        book = openpyxl.load_workbook(io.BytesIO(content), data_only=True)
        formulas = openpyxl.load_workbook(io.BytesIO(content)) if has_formulas else None
    except Exception as error:
        # openpyxl raises what the damage happens to break: zip, XML, key and value errors alike.
        raise DataError(f"cannot read {name} as a workbook ({type(error).__name__}: {error}); {_HINT}") from error
    return [Sheet(sheet.title, _rows(sheet, formulas[sheet.title] if formulas else None)) for sheet in book.worksheets]


def _look_inside(content: bytes, name: str) -> bool:
    """True where a sheet holds formulas; refuses what unpacks to more than a list can be."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            infos = archive.infolist()
            if sum(info.file_size for info in infos) > MOST_BYTES:
                raise DataError(f"{name} unpacks to more than {MOST_BYTES:,} bytes: no returned list is that large")
            sheets = [info for info in infos if info.filename.startswith("xl/worksheets/")]
            return any(_FORMULA.search(archive.read(info)) for info in sheets)
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, OSError) as error:
        raise DataError(f"cannot read {name} as a workbook ({error}); {_HINT}") from error


def _rows(sheet: Worksheet, formulas: Worksheet | None) -> list[tuple[int, dict[int, Cell]]]:
    cells: dict[int, dict[int, Cell]] = {}
    # Only cells that are there: formatting down to row 1,048,576 must not make a million of them.
    for (row, column), cell in sheet._cells.items():
        value = _value(cell.value)
        if value is not None:
            cells.setdefault(row, {})[column] = value
    if formulas is not None:
        for (row, column), cell in formulas._cells.items():
            if cell.data_type == "f" and column not in cells.get(row, {}):
                cells.setdefault(row, {})[column] = Uncalculated(cell.value)
    for area in sheet.merged_cells.ranges:
        _spread(cells, area)
    return [(number, cells[number]) for number in sorted(cells)]


def _value(value: Any) -> Cell | None:
    if isinstance(value, str):
        return value if value.strip() else None
    return value if isinstance(value, Cell) else None if value is None else str(value)


def _spread(cells: dict[int, dict[int, Cell]], area: Any) -> None:
    """Copy a merged cell down its rows (never sideways: beside it stand other questions)."""
    value = cells.get(area.min_row, {}).get(area.min_col)
    if value is None:
        return
    for row in range(area.min_row + 1, area.max_row + 1):
        # A merge far below the last row is decoration.
        if row in cells:
            cells[row].setdefault(area.min_col, value)
