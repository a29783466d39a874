"""A small issued list, and workbooks as people send them back: built from the headings that the real ones have."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
from sqlalchemy import Connection

from pipeline.codes import row_code
from pipeline.config import load_table
from pipeline.register.connect import connected
from pipeline.register.lists import IssuedList, record_list
from pipeline.register.upgrade import ready
from pipeline.reports.results_sheet import LIST_COLUMNS, LIST_SHEET, RESULT_COLUMNS, RESULTS_SHEET
from pipeline.stages.outcomes_import import Imported, import_workbooks

MONDAY, DUE, BACK = date(2026, 11, 23), date(2026, 12, 7), date(2026, 12, 1)
CODES = [row_code("AG", MONDAY, number) for number in range(1, 9)]
HEADINGS = {column.key: column.heading for column in (*LIST_COLUMNS, *RESULT_COLUMNS)}
FOUND_WORDS = load_table("found_words").set_index("words")["behaviour"].to_dict()


def issued(*, version: int = 1, codes: Sequence[str] = CODES, **changed: Any) -> IssuedList:
    """Row n is seller S(n) of An Giang with the sign counterfeit, expected 0.5, shown by the listings L(n) and M(n)."""
    rows = [
        {
            "code": code, "authority": "An Giang", "platform": "shopee", "seller_id": f"S{CODES.index(code) + 1}", "listing_id": None,
            "seller_name": f"Shop thử {CODES.index(code) + 1}", "standing": "Chính thức", "behaviours": "counterfeit", "expected": 0.5,
            "selection_kind": "Theo mức ưu tiên", "selection_probability": 1.0,
            "listing_ids": json.dumps([f"L{CODES.index(code) + 1}", f"M{CODES.index(code) + 1}"]), **changed,
        }
        for code in codes
    ]  # fmt: skip
    return IssuedList("48/2026", version, "weekly", MONDAY, DUE, pd.DataFrame(rows, dtype="object"))


@contextmanager
def register(url: Path | str, *lists: IssuedList) -> Iterator[Connection]:
    """The register at ``url`` with ``lists`` recorded (by default `issued`)."""
    with connected(str(url)) as connection:
        ready(connection)
        for one in lists or (issued(),):
            record_list(connection, one)
        yield connection


def results(path: Path, *rows: Mapping[str, Any], sheet: str = RESULTS_SHEET, keys: Iterable[str] | None = None) -> Path:
    """Write a workbook with the sheet "Kết quả"; ``keys`` are its columns in order, a strange one is a heading of its own."""
    columns = list(keys or (column.key for column in RESULT_COLUMNS))
    table = [[row.get(key) for key in columns] for row in rows]
    return written(path, {sheet: [["KẾT QUẢ KIỂM TRA"], [HEADINGS.get(key, key) for key in columns], *table]})


def opinions(path: Path, *rows: Mapping[str, Any]) -> Path:
    """Write a workbook with the sheet "Danh sách"; ``code`` stands behind its number as on the printed list."""
    columns = [column.key for column in LIST_COLUMNS]
    table = [[f"{n} · {row['code']}" if key == "number_and_code" else row.get(key) for key in columns] for n, row in enumerate(rows, start=1)]
    return written(path, {LIST_SHEET: [["DANH SÁCH"], ["DỰ THẢO"], [column.heading for column in LIST_COLUMNS], *table]})


def written(path: Path, sheets: Mapping[str, Sequence[Sequence[Any]]]) -> Path:
    """Write sheets of plain rows."""
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(list(row))
    book.save(path)
    return path


def take(connection: Connection, *files: Path, received: date = BACK, correcting: bool = False) -> Imported:
    """Import workbooks as if they came in on ``received``."""
    return import_workbooks(connection, list(files), received=received, found_words=FOUND_WORDS, correcting=correcting)


def fates(done: Imported) -> dict[str, list[tuple[str, str | None]]]:
    """Fate and reason of each row by the code written in it."""
    found: dict[str, list[tuple[str, str | None]]] = {}
    for file in done.files:
        for one in file.rows:
            found.setdefault(str(one.row.written), []).append((one.fate, one.reason))
    return found
