"""Workbooks: one sheet, the first that holds a table, below the first row that looks like a header.

A table has a row of three filled cells and something below it; where no sheet has one, the first that holds anything is read. Further tables are not:
they are named (`unread_sheets`), because two tables in one workbook mostly say the same.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from itertools import chain, islice
from pathlib import Path
from typing import IO, Any

import openpyxl

from features.errors import DataError
from pipeline.sources.batch import Entry, named_cells, rejected
from pipeline.sources.spool import open_seekable

MAX_UNPACKED = 400_000_000
"""Bytes a workbook may unpack to; a zip bomb is refused before it is opened. Its reader needs twice that, a sheet of a million rows a fifth."""

_LOOK_FOR_HEADER = 20
Cells = tuple[Any, ...]


def read_xlsx(path: Path) -> Iterator[Entry]:
    """Yield a workbook's rows; formulas count with the value last computed. Raises `DataError` where it is no workbook."""
    with open_seekable(path) as stream:
        try:
            book = open_workbook(stream, path)
            sheet = _table_sheet(book)
            if sheet is not None:
                rows = sheet.iter_rows(values_only=True)
                yield from _entries(list(islice(rows, _LOOK_FOR_HEADER)), rows)
        except (DataError, MemoryError):
            raise
        except Exception as error:  # a damaged workbook fails in openpyxl, zipfile or the XML reader, with whatever error comes first
            raise DataError(f"cannot read {path.name}: no readable workbook ({type(error).__name__}: {str(error)[:200]})") from error


def unread_sheets(path: Path) -> list[str]:
    """Say which further visible sheets of a workbook hold a table that `read_xlsx` does not read; raises `DataError` as it does."""
    with open_seekable(path) as stream:
        try:
            book = open_workbook(stream, path)
            if len(book.worksheets) < 2:
                return []
            taken = _table_sheet(book)
            others = [sheet.title for sheet in book.worksheets if taken is not None and sheet is not taken and _visible_table(sheet)]
        except (DataError, MemoryError):
            raise
        except Exception as error:  # as in `read_xlsx`
            raise DataError(f"cannot read {path.name}: no readable workbook ({type(error).__name__}: {str(error)[:200]})") from error
    if not others:
        return []
    return [f"only the sheet {taken.title!r} was read, NOT {', '.join(map(repr, others))}: save each sheet as a file of its own"]


def open_workbook(stream: IO[bytes], path: Path) -> Any:
    """Open a workbook for reading row by row, formulas as last computed; raises `DataError` for a bomb, and whatever openpyxl raises."""
    with zipfile.ZipFile(stream) as archive:
        unpacked = sum(member.file_size for member in archive.infolist())
    if unpacked > MAX_UNPACKED:
        raise DataError(f"{path.name} unpacks to {unpacked:,} bytes, more than {MAX_UNPACKED:,}; save it as CSV")
    return openpyxl.load_workbook(stream, read_only=True, data_only=True)


def _table_sheet(book: Any) -> Any:
    tables = (sheet for sheet in book.worksheets if _visible_table(sheet))
    filled = (sheet for sheet in book.worksheets if any(_n_filled(row) for row in _head(sheet)))
    return next(tables, None) or next(filled, None)


def _visible_table(sheet: Any) -> bool:
    counts = [_n_filled(row) for row in _head(sheet)]
    header = next((at for at, count in enumerate(counts) if count >= 3), None)
    return sheet.sheet_state == "visible" and header is not None and any(counts[header + 1 :])


def _head(sheet: Any) -> list[Cells]:
    return list(islice(sheet.iter_rows(values_only=True), _LOOK_FOR_HEADER))


def _n_filled(row: Cells) -> int:
    return sum(cell is not None and str(cell).strip() != "" for cell in row)


def _entries(head: list[Cells], rows: Iterator[Cells]) -> Iterator[Entry]:
    # A title merged over the table fills one cell; the header is the first row that fills three, or else the first that fills any.
    at = next((i for i, row in enumerate(head) if _n_filled(row) >= 3), next(i for i, row in enumerate(head) if _n_filled(row)))
    names = [str(name).strip() if name is not None else "" for name in head[at]]
    while names and not names[-1]:
        names.pop()
    for number, row in enumerate(chain(head[at + 1 :], rows), start=at + 2):
        if not _n_filled(row):
            continue
        if any(cell is not None for cell in row[len(names) :]):
            yield rejected(number, "bad_row", f"{len(row)} cells where the header names {len(names)}", repr(row))
        else:
            yield Entry(number, named_cells(names, list(row)))
