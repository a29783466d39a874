"""What readers send back, CSV of the page or the workbook, as one table: code, reader, judgement, behaviours, judged_at, changed."""

from __future__ import annotations

import csv
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd

from features.errors import DataError
from pipeline.reports.review_words import BEHAVIOURS, JUDGEMENTS
from pipeline.reports.review_workbook import CODE, READER, SHEET
from pipeline.sources.times import moment
from pipeline.sources.xlsx_rows import open_workbook

ANSWER_COLUMNS = ["code", "reader", "judgement", "behaviours", "judged_at", "changed"]
_PAGE = {"code", "reader", "judgement"}
_JUDGEMENTS = {name: name for name in JUDGEMENTS} | {text.casefold(): name for name, (text, _) in JUDGEMENTS.items()}
_BEHAVIOURS = {name: name for name in BEHAVIOURS} | {text.casefold(): name for name, text in BEHAVIOURS.items()}
#: Column of the workbook's table, from 0.
_AT_JUDGEMENT, _AT_BEHAVIOUR = 5, 6


def read_answers(path: Path, *, today: datetime) -> pd.DataFrame:
    """Return the answers of one file (``ANSWER_COLUMNS``); a row without a judgement is not yet read and left out.

    A file that names no reader is taken for one of its own name. ``today`` stands in where the file does not say when (a workbook does not).
    Raises `DataError` naming file, row and value.
    """
    rows = _workbook(path) if path.suffix.lower() == ".xlsx" else _csv(path)
    answers = [_answer(row, number, path, today) for number, row in rows if str(row.get("judgement") or "").strip()]
    table = pd.DataFrame(answers, columns=ANSWER_COLUMNS)
    return table.drop_duplicates(["code", "reader"], keep="last").reset_index(drop=True)


def _answer(row: dict[str, Any], number: int, path: Path, today: datetime) -> tuple[Any, ...]:
    judgement = _one_of(row.get("judgement"), _JUDGEMENTS, "judgement", number, path)
    behaviour = str(row.get("behaviours") or "").strip()
    first = str(row.get("first_judgement") or "").strip()
    when = moment(row.get("judged_at")) if row.get("judged_at") else None
    if row.get("judged_at") and when is None:
        raise DataError(f"{path}, row {number}: judged_at {row['judged_at']!r} is no time; keep what the page wrote there")
    return (
        str(row.get("code") or "").strip(),
        str(row.get("reader") or "").strip() or path.stem,
        judgement,
        _one_of(behaviour, _BEHAVIOURS, "kind of sign", number, path) if behaviour and judgement == "worth_a_look" else None,
        when[0] if when else today,
        bool(first) and first != judgement,
    )


def _one_of(value: Any, known: dict[str, str], what: str, number: int, path: Path) -> str:
    found = known.get(str(value).strip().casefold())
    if found is None:
        raise DataError(f"{path}, row {number}: {value!r} is no {what}; known: {', '.join(sorted(set(known.values())))}")
    return found


def _csv(path: Path) -> list[tuple[int, dict[str, Any]]]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"cannot read {path}: {error}; send the file as the page saved it (UTF-8)") from error
    # Excel in Vietnamese saves with semicolons.
    head = text.partition("\n")[0]
    reader = csv.DictReader(text.splitlines(), delimiter=";" if head.count(";") > head.count(",") else ",")
    missing = sorted(_PAGE - set(reader.fieldnames or []))
    if missing:
        raise DataError(f"{path} is no result of the review page: the columns {missing} are missing")
    return list(enumerate(reader, start=2))


def _workbook(path: Path) -> list[tuple[int, dict[str, Any]]]:
    try:
        with path.open("rb") as stream:
            book = open_workbook(stream, path)
            rows = list(book[SHEET].iter_rows(values_only=True)) if SHEET in book.sheetnames else []
    except Exception as error:
        # openpyxl raises what the damage happens to break: zip, XML, key and value errors alike.
        raise DataError(f"cannot read {path}: {error}; send the workbook as an .xlsx file") from error
    head = next((at for at, row in enumerate(rows) if row and row[0] == CODE), None)
    if head is None:
        raise DataError(f"{path} is no review workbook: no row starting with {CODE!r} on a sheet {SHEET!r}")
    reader = next((row[1] for row in rows[:head] if row[0] == READER), None)
    names = {_AT_JUDGEMENT: "judgement", _AT_BEHAVIOUR: "behaviours"}
    return [
        (number, {"code": row[0], "reader": reader, **{name: row[at] for at, name in names.items() if at < len(row)}})
        for number, row in enumerate(rows[head + 1 :], start=head + 2)
        if row and row[0]
    ]
