"""The list that goes with the letter: which shops, and empty columns that the platform fills in and `soihang sellers import` reads back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import xlsxwriter

from pipeline.reports.safe_text import dead_link, for_cell
from pipeline.reports.wording import format_time
from pipeline.sources.times import VIETNAM
from pipeline.store import write_atomically

SHEET = "Danh sách"
#: Filled in by us: key of a row, heading, width.
GIVEN = (
    ("number", "STT", 5), ("code", "Mã dòng", 17), ("platform", "Sàn", 10), ("seller_id", "Mã gian hàng", 17), ("seller_name", "Tên gian hàng", 24),
    ("listing_id", "Mã tin", 15), ("url", "Địa chỉ trang (dạng chữ)", 32), ("last_seen", "Thu thập lần cuối", 16),
)  # fmt: skip
#: Filled in by the platform; `pipeline.platforms.answers` knows these headings.
ASKED = (
    ("Tên người bán / cơ sở", 24), ("Mã số thuế", 15), ("Số đăng ký kinh doanh", 18), ("Địa chỉ", 36), ("Điện thoại", 14),
    ("Tình trạng gian hàng", 14), ("Ghi chú", 16),
)  # fmt: skip


def write_request_list(rows: Sequence[Mapping[str, Any]], path: Path, *, title: str, made: datetime) -> None:
    """Write the workbook; ``made`` is the only time in it, so that the same list gives the same bytes."""
    write_atomically(path, lambda partial: _write(rows, partial, title, made))


def _write(rows: Sequence[Mapping[str, Any]], path: Path, title: str, made: datetime) -> None:
    # Texts stay texts: nothing that a seller called his shop becomes a formula or a link.
    with xlsxwriter.Workbook(str(path), {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}) as book:
        book.set_properties({"title": title, "author": "SoiHàng", "created": made.astimezone(VIETNAM).replace(tzinfo=None)})
        base = {"font_name": "Times New Roman", "font_size": 11, "valign": "top", "text_wrap": True, "border": 1}
        head = book.add_format({**base, "bold": True, "bg_color": "#DDE6EE", "align": "center"})
        cell, empty = book.add_format(base), book.add_format({**base, "bg_color": "#FFFBE6"})
        sheet = book.add_worksheet(SHEET)
        sheet.write_string(0, 0, title, book.add_format({"font_name": "Times New Roman", "font_size": 13, "bold": True}))
        sheet.set_row(1, 32)
        headings = [heading for _, heading, _ in GIVEN] + [heading for heading, _ in ASKED]
        for column, (heading, width) in enumerate(zip(headings, [width for _, _, width in GIVEN] + [width for _, width in ASKED], strict=True)):
            sheet.set_column(column, column, width)
            sheet.write_string(1, column, heading, head)
        for at, row in enumerate(rows, start=2):
            for column, (key, _, _) in enumerate(GIVEN):
                sheet.write_string(at, column, for_cell(_shown(key, row.get(key))), cell)
            for column in range(len(GIVEN), len(headings)):
                sheet.write_blank(at, column, None, empty)
        sheet.freeze_panes(2, 5)
        sheet.set_landscape()
        sheet.set_paper(9)
        # What is given on one page, what is asked for on the next; number and code stand on both.
        sheet.set_print_scale(62)
        sheet.set_v_pagebreaks([len(GIVEN)])
        sheet.repeat_columns(0, 1)
        sheet.repeat_rows(1)


def _shown(key: str, value: Any) -> str:
    if value is None or value != value:
        return ""
    if key == "url":
        return dead_link(value)
    return format_time(value) if isinstance(value, datetime) else str(value)
