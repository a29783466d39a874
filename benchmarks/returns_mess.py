"""Workbooks as people send them back, invented: every way of going wrong that `benchmarks/returns.py` counts, and what their writers meant.

A generator draws each row's answer and how it is written down; `Written` keeps what stands where, so that nothing that was written can be
missing from the account afterwards.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import openpyxl
from openpyxl.worksheet.worksheet import Worksheet

from pipeline.reports.results_sheet import LIST_COLUMNS, LIST_SHEET, RESULT_COLUMNS, RESULTS_SHEET
from pipeline.returns.choices import bare

FOUND, OTHER, CLEAN, PENDING = "Có vi phạm đúng dấu hiệu", "Có vi phạm khác", "Không phát hiện vi phạm", "Chờ giám định/kiểm nghiệm"
REFERRED, NOT_THERE, NOT_YET = "Chuyển cơ quan khác", "Không tìm thấy cơ sở", "Chưa kiểm tra"
_RESULT_KEYS = [column.key for column in RESULT_COLUMNS]
_HEADINGS = {column.key: column.heading for column in (*LIST_COLUMNS, *RESULT_COLUMNS)}


@dataclass
class Row:
    """A row as its writer meant it: ``code``, ``choice`` (``None``: nothing said), ``cells`` by key as written; ``mess`` names what is odd in it.

    ``hopeless``: nobody could take it as it stands.
    """

    code: str
    choice: str | None
    cells: dict[str, Any]
    mess: str = "plain"
    hopeless: bool = False


@dataclass
class Written:
    """A workbook: ``rows`` on its result sheets with the sheet's name and row number, ``n_list_rows`` on the list sheet."""

    path: Path
    rows: list[tuple[str, int, Row]] = field(default_factory=list)
    n_list_rows: int = 0
    mess: str = "plain"

    @property
    def n_rows(self) -> int:
        """Rows that the import must account for."""
        return len(self.rows) + self.n_list_rows


def answered(code: str, choice: str | None, listed_on: date, draw: random.Random) -> Row:
    """Return the row in which somebody writes ``choice`` down."""
    row = Row(code, choice, {"code": code})
    if choice is None:
        row.mess = "nothing filled in"
        return row
    row.cells["result"] = choice
    looked = listed_on + timedelta(days=draw.randint(1, 9))
    if choice != NOT_YET and draw.random() < 0.9:
        row.cells["happened_at"] = _day(looked, draw)
        row.cells["usefulness"] = draw.choice([1, 2, 3, 4, 5, "4", "3/5", None])
    if choice in (FOUND, OTHER) and draw.random() < 0.6:
        row.cells |= {"decision_number": f"{draw.randint(1, 400)}/QĐ-XPHC", "decision_date": _day(looked + timedelta(days=2), draw)}
        row.cells["fine_vnd"] = _sum(draw.randint(2, 300) * 250_000, draw)
    if choice == OTHER:
        row.cells["behaviours"] = draw.choice(["hàng không rõ nguồn gốc", "không niêm yết giá", "lỗi ghi nhãn", "phòng cháy chữa cháy"])
    _ODD[draw.choices(range(len(_ODD)), _WEIGHTS)[0]](row, draw)
    return row


def _day(day: date, draw: random.Random) -> Any:
    forms: list[Any] = [
        datetime(day.year, day.month, day.day), f"{day:%d/%m/%Y}", f"{day.day}/{day.month}/{day:%y}", f"{day:%d-%m-%Y}",
        f"ngày {day.day} tháng {day.month} năm {day.year}", f"{day.day}/{day.month}", (day - date(1899, 12, 30)).days,
    ]  # fmt: skip
    return draw.choices(forms, [50, 25, 8, 4, 4, 5, 4])[0]


def _sum(amount: int, draw: random.Random) -> Any:
    dots = f"{amount:,}".replace(",", ".")
    millions = f"{amount / 1e6:g}".replace(".", ",")
    short = f"{millions} triệu" if len(millions.partition(",")[2]) <= 2 else dots
    return draw.choices([amount, dots, f"{dots} đ", short, f"{amount:,}"], [50, 20, 15, 10, 5])[0]


def _plain(row: Row, draw: random.Random) -> None:
    pass


def _no_accents(row: Row, draw: random.Random) -> None:
    row.mess, row.cells["result"] = "drop-down without accents", bare(str(row.choice))


def _slip(row: Row, draw: random.Random) -> None:
    text = str(row.choice)
    at = draw.randrange(len(text))
    row.mess, row.cells["result"] = "drop-down mistyped by a letter", text[:at] + draw.choice(["", "x", text[at] * 2]) + text[at + 1 :]


def _beginning(row: Row, draw: random.Random) -> None:
    row.mess, row.cells["result"] = "drop-down cut short", " ".join(str(row.choice).split("/")[0].split()[:4])


def _own_words(row: Row, draw: random.Random) -> None:
    row.mess, row.hopeless = "drop-down in own words", True
    row.cells["result"] = draw.choice(["đã xử lý xong", "Có vi phạm", "Phát hiện vi phạm", "ok", "không", "xem biên bản"])


def _code_style(row: Row, draw: random.Random) -> None:
    code = row.code
    row.mess = "code in other letters"
    row.cells["code"] = draw.choice([code.lower(), code.replace("-", "–"), f" {code} ", f"{draw.randint(1, 12)} · {code}", code.replace("-", "")])


def _code_wrong(row: Row, draw: random.Random) -> None:
    at = draw.randrange(len(row.code))
    other = draw.choice([letter for letter in "0123456789ABCDEFGH" if letter != row.code[at]])
    row.mess, row.hopeless, row.cells["code"] = "code mistyped", True, row.code[:at] + other + row.code[at + 1 :]


def _code_lost(row: Row, draw: random.Random) -> None:
    row.mess, row.hopeless, row.cells["code"] = "code deleted", True, None


def _half(row: Row, draw: random.Random) -> None:
    row.mess, row.hopeless = "half filled, no result", True
    row.cells = {"code": row.code, draw.choice(["fine_vnd", "note", "usefulness"]): draw.choice([3, 4, 5])}


def _bad_day(row: Row, draw: random.Random) -> None:
    row.mess, row.hopeless = "day unreadable or impossible", True
    row.cells["happened_at"] = draw.choice(["tuần trước", "31/02/2026", "25/11/2016", "sáng thứ 3"])


def _bad_sum(row: Row, draw: random.Random) -> None:
    row.mess, row.hopeless = "sum unreadable", True
    row.cells["fine_vnd"] = draw.choice(["5", "theo QĐ", "5 triệu + 2 triệu", "năm triệu"])


def _contradiction(row: Row, draw: random.Random) -> None:
    row.mess, row.hopeless = "a fine where nothing was found", True
    row.cells |= {"result": CLEAN, "fine_vnd": 5_000_000}


_ODD: Sequence[Callable[[Row, random.Random], None]] = (
    _plain, _no_accents, _slip, _beginning, _own_words, _code_style, _code_wrong, _code_lost, _half, _bad_day, _bad_sum, _contradiction,
)  # fmt: skip
_WEIGHTS = (70, 6, 5, 3, 2, 4, 2, 0.7, 2, 1.5, 1.5, 1)


def write_list(path: Path, rows: Sequence[Row], opinions: Sequence[str | None], draw: random.Random) -> Written:
    """Write what one office sends back: the list with opinions, the results, and the listings, treated as offices treat workbooks."""
    book = openpyxl.Workbook()
    written = Written(path)
    first = book.worksheets[0]
    first.title = LIST_SHEET
    first.append(["DANH SÁCH ĐỐI TƯỢNG ĐỀ XUẤT RÀ SOÁT, XÁC MINH"])
    first.append([column.heading for column in LIST_COLUMNS])
    for number, (row, opinion) in enumerate(zip(rows, opinions, strict=True), start=1):
        told = {"number_and_code": f"{number} · {row.code}", "shop": "Shop thử", "location": "Không hiển thị", "opinion": opinion}
        told["opinion_reason"] = "đã kiểm tra trong năm" if opinion and opinion.startswith(("Không", "Hoãn")) else None
        first.append([told.get(column.key) for column in LIST_COLUMNS])
    written.n_list_rows = len(rows)
    _TREATMENTS[draw.choices(range(len(_TREATMENTS)), _TREATMENT_WEIGHTS)[0]](book, written, list(rows), draw)
    listings = book.create_sheet("Tin đăng")
    listings.append(["Mã dòng", "Tiêu đề tin", "Giá"])
    for row in rows:
        listings.append([row.code, "Giày thể thao", "250.000 đ"])
    book.save(path)
    return written


def write_results(path: Path, rows: Sequence[Row], mess: str) -> Written:
    """Write a workbook with results alone."""
    book = openpyxl.Workbook()
    book.worksheets[0].title = RESULTS_SHEET
    written = Written(path, mess=mess)
    _results(book.worksheets[0], written, rows, _RESULT_KEYS)
    book.save(path)
    return written


def _results(sheet: Worksheet, written: Written, rows: Sequence[Row], keys: Sequence[str], *, headings: Callable[[str], str] = str) -> None:
    sheet.append(["KẾT QUẢ KIỂM TRA, XÁC MINH"])
    sheet.append([headings(_HEADINGS.get(key, key)) for key in keys])
    for row in rows:
        sheet.append([row.cells.get(key) for key in keys])
        written.rows.append((sheet.title, sheet.max_row, row))


def _as_it_was(book: openpyxl.Workbook, written: Written, rows: list[Row], draw: random.Random) -> None:
    _results(book.create_sheet(RESULTS_SHEET), written, rows, _RESULT_KEYS)


def _sorted(book: openpyxl.Workbook, written: Written, rows: list[Row], draw: random.Random) -> None:
    written.mess = "sorted"
    _results(book.create_sheet(RESULTS_SHEET), written, sorted(rows, key=lambda row: str(row.cells.get("result"))), _RESULT_KEYS)


def _columns_moved(book: openpyxl.Workbook, written: Written, rows: list[Row], draw: random.Random) -> None:
    written.mess = "columns added and moved"
    keys = [*_RESULT_KEYS, "Tổ phụ trách", "Người ghi"]
    draw.shuffle(keys)
    for row in rows:
        row.cells |= {"Tổ phụ trách": f"Tổ {draw.randint(1, 9)}", "Người ghi": "cán bộ"} if row.choice else {}
    _results(book.create_sheet("Tổng hợp"), written, rows, keys)


def _bare_headings(book: openpyxl.Workbook, written: Written, rows: list[Row], draw: random.Random) -> None:
    written.mess = "headings without accents"
    _results(book.create_sheet("ket qua"), written, rows, _RESULT_KEYS, headings=lambda text: bare(text).upper())


def _copied(book: openpyxl.Workbook, written: Written, rows: list[Row], draw: random.Random) -> None:
    """Half of the rows were answered on a sheet of one's own; on the original sheet they are empty."""
    written.mess = "rows copied to another sheet"
    there = rows[: len(rows) // 2]
    left = [Row(row.code, None, {"code": row.code}, "nothing filled in") if row in there else row for row in rows]
    _results(book.create_sheet(RESULTS_SHEET), written, left, _RESULT_KEYS)
    _results(book.create_sheet("Tổ 1"), written, there, _RESULT_KEYS)


def _merged(book: openpyxl.Workbook, written: Written, rows: list[Row], draw: random.Random) -> None:
    """Two neighbours share one merged result."""
    written.mess = "merged cells"
    sheet = book.create_sheet(RESULTS_SHEET)
    for one, other in pairwise(rows):
        if one.mess == other.mess == "plain" and one.choice == other.choice == CLEAN:
            other.cells["result"] = None
            _results(sheet, written, rows, _RESULT_KEYS)
            top = next(number for _, number, row in written.rows if row is one)
            sheet.merge_cells(start_row=top, end_row=top + 1, start_column=3, end_column=3)
            return
    _results(sheet, written, rows, _RESULT_KEYS)


def _hidden(book: openpyxl.Workbook, written: Written, rows: list[Row], draw: random.Random) -> None:
    written.mess = "hidden rows"
    sheet = book.create_sheet(RESULTS_SHEET)
    _results(sheet, written, rows, _RESULT_KEYS)
    for _, number, _ in draw.sample(written.rows, 3):
        sheet.row_dimensions[number].hidden = True


_TREATMENTS = (_as_it_was, _sorted, _columns_moved, _bare_headings, _copied, _merged, _hidden)
_TREATMENT_WEIGHTS = (50, 15, 10, 5, 8, 6, 6)
