"""The workbook of rows that go back: why, and the answers as written under the same headings, so that it can be corrected and sent again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from itertools import count
from math import ceil
from pathlib import Path
from typing import Any

import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from pipeline.register.schema import RETURNED, TAKEN, UNTOUCHED
from pipeline.reports.results_sheet import LIST_COLUMNS, PLANNER_CHOICES, RESULT_CHOICES, RESULT_COLUMNS, YES_NO
from pipeline.reports.safe_text import for_cell
from pipeline.returns.codes import codes_in
from pipeline.returns.files import ReturnedFile, ReturnedRow
from pipeline.returns.sheets import Uncalculated
from pipeline.store import write_atomically

ROWS_SHEET, MISSING_SHEET, COUNTS_SHEET = "Dòng trả lại", "Cần bổ sung", "Đối chiếu"
_TAKEN = "Các dòng này đã được nhận; có thêm thông tin thì ghi tiếp vào danh sách và gửi lại."
_HOW = "Sửa các ô màu vàng theo cột “Lý do trả lại”, giữ nguyên mã dòng, rồi gửi lại cả tệp này."
_KNOWN, _UNREADABLE = "tệp này đã nhận trước đây, không ghi lại", "không đọc được: mở bằng Excel, lưu lại dạng .xlsx"
_WHERE = (("Tệp", 28), ("Trang", 14), ("Dòng", 7))
_ANSWERS = [column for column in (*LIST_COLUMNS, *RESULT_COLUMNS) if column.filled_by_person]
_CHOICES = {"opinion": [*PLANNER_CHOICES], "result": [*RESULT_CHOICES], "to_investigation": [*YES_NO]}
#: Letters of Times New Roman 10 in a line of the reason's column.
_LETTERS = 62
_CODE = next(column for column in RESULT_COLUMNS if column.key == "code")
_FONT, _CREATED = "Times New Roman", datetime(2026, 1, 1)


def write_returned(path: Path, files: Sequence[ReturnedFile]) -> None:
    """Write what goes back, what taken rows still lack, and the counts of each file. Same content, same bytes."""
    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False, "in_memory": True}
    with xlsxwriter.Workbook(str(path), options) as book:
        book.set_properties({"title": "Kết quả trả lại để bổ sung", "created": _CREATED})
        styles = _styles(book)
        back = [(file, one) for file in files for one in file.rows if one.fate == RETURNED]
        _rows_sheet(book.add_worksheet(ROWS_SHEET), styles, back, "Lý do trả lại", with_answers=True)
        lacking = [(file, one) for file in files for one in file.rows if one.fate == TAKEN and one.reason]
        _rows_sheet(book.add_worksheet(MISSING_SHEET), styles, lacking, "Đã nhận; lưu ý", with_answers=False)
        _counts_sheet(book.add_worksheet(COUNTS_SHEET), styles, files)


def write_back(path: Path, files: Sequence[ReturnedFile]) -> list[Path]:
    """Write what goes back to ``path`` (.xlsx), or into the folder ``path`` one workbook for each file with rows that go back, and return what was
    written: an office then gets its own rows alone. No name is written over.
    """
    if path.suffix.lower() == ".xlsx":
        write_atomically(path, lambda partial: write_returned(partial, files))
        return [path]
    done = []
    for file in files:
        if file.count(RETURNED):
            target = free_name(path / f"tra-lai-{file.path.stem}.xlsx")
            write_atomically(target, lambda partial, only=file: write_returned(partial, [only]))  # type: ignore[misc]
            done.append(target)
    return done


def free_name(path: Path) -> Path:
    """Return ``path``, or the first of NAME-2, NAME-3 … that does not exist: earlier returned rows may still be waiting there."""
    names = (path.with_stem(f"{path.stem}-{number}") for number in count(2))
    return path if not path.exists() else next(name for name in names if not name.exists())


def _styles(book: xlsxwriter.Workbook) -> dict[str, Any]:
    base = {"font_name": _FONT, "font_size": 10, "valign": "top", "text_wrap": True, "border": 1, "border_color": "#B8BFC6"}
    return {
        "title": book.add_format({"font_name": _FONT, "font_size": 12, "bold": True}),
        "head": book.add_format({**base, "bold": True, "bg_color": "#DCE6EE", "align": "center"}),
        "cell": book.add_format(base),
        "answer": book.add_format({**base, "bg_color": "#FFFDEB"}),
        "day": book.add_format({**base, "bg_color": "#FFFDEB", "num_format": "dd/mm/yyyy"}),
    }


def _rows_sheet(
    sheet: Worksheet, styles: dict[str, Any], rows: Sequence[tuple[ReturnedFile, ReturnedRow]], why: str, *, with_answers: bool
) -> None:
    answers = _ANSWERS if with_answers else []
    sheet.write_string(0, 0, _HOW if with_answers else _TAKEN, styles["title"])
    # Without answers the code's heading would ask to be read back.
    code = _CODE.heading if with_answers else "Mã"
    for column, (heading, width) in enumerate([*_WHERE, (code, _CODE.width), (why, 60), *((one.heading, one.width) for one in answers)]):
        sheet.set_column(column, column, width)
        sheet.write_string(1, column, heading, styles["head"])
    sheet.set_row(1, 27)
    for at, (file, one) in enumerate(rows, start=2):
        sheet.write_string(at, 0, for_cell(file.path.name), styles["cell"])
        sheet.write_string(at, 1, for_cell(one.row.sheet), styles["cell"])
        sheet.write_number(at, 2, one.row.number, styles["cell"])
        sheet.write_string(at, 3, _code(one), styles["answer" if with_answers else "cell"])
        sheet.write_string(at, 4, for_cell(one.reason or ""), styles["cell"])
        for place, asked in enumerate(answers, start=5):
            _answer(sheet, at, place, one.row.answers.get(asked.key, ()), styles)
        # Not every program fits rows to wrapped words when it opens a file.
        sheet.set_row(at, 13.5 * max(2, ceil(len(one.reason or "") / _LETTERS)))
    for place, asked in enumerate(answers, start=5):
        if asked.key in _CHOICES and rows:
            sheet.data_validation(2, place, len(rows) + 1, place, {"validate": "list", "source": _CHOICES[asked.key], "ignore_blank": True})
    sheet.freeze_panes(2, 5)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)


def _code(one: ReturnedRow) -> str:
    """As written, so that nothing is hidden; a good code in its plain form."""
    written = one.row.written or ""
    codes = codes_in(written)
    return codes[0] if len(codes) == 1 else for_cell(written[:200])


def _answer(sheet: Worksheet, at: int, place: int, values: Sequence[Any], styles: dict[str, Any]) -> None:
    if not values:
        sheet.write_blank(at, place, None, styles["answer"])
    elif len(values) == 1 and isinstance(values[0], int | float) and not isinstance(values[0], bool):
        sheet.write_number(at, place, values[0], styles["answer"])
    elif len(values) == 1 and isinstance(values[0], date):
        sheet.write_datetime(at, place, values[0], styles["day"])
    else:
        told = [value.strftime("%d/%m/%Y") if isinstance(value, date) else "" if isinstance(value, Uncalculated) else str(value) for value in values]
        sheet.write_string(at, place, for_cell(" | ".join(part for part in told if part)), styles["answer"])


def _counts_sheet(sheet: Worksheet, styles: dict[str, Any], files: Sequence[ReturnedFile]) -> None:
    heads = [("Tệp", 40), ("Dòng đọc được", 14), ("Đã nhận", 12), ("Trả lại", 12), ("Chưa ghi gì", 12), ("Ghi chú", 70)]
    for column, (heading, width) in enumerate(heads):
        sheet.set_column(column, column, width)
        sheet.write_string(0, column, heading, styles["head"])
    for at, file in enumerate(files, start=1):
        sheet.write_string(at, 0, for_cell(file.path.name), styles["cell"])
        for column, fate in enumerate((None, TAKEN, RETURNED, UNTOUCHED), start=1):
            sheet.write_number(at, column, file.count(fate), styles["cell"])
        sheet.write_string(at, 5, _KNOWN if file.known else _UNREADABLE if file.problem else "", styles["cell"])
