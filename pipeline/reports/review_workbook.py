"""``review.xlsx``: the same listings as the review page, for whoever prefers a spreadsheet; the reasons appear once a judgement stands there."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd
import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from pipeline.reports.review_words import BEHAVIOURS, INTRO, JUDGEMENTS, TITLE, address, description, facts
from pipeline.reports.safe_text import for_cell
from pipeline.reports.wording import FOOTER, SYNTHETIC, format_price

SHEET, HIDDEN, GUIDE = "Soi tin", "Lý do", "Hướng dẫn"
#: Longest description in a cell; rows can be no higher than a screen, and the page shows more.
_MAX_SHOWN = 1_500
#: The header's row, from 0; import looks for its first name.
HEADER_ROW = 3
CODE, JUDGEMENT, BEHAVIOUR, READER = "Mã", "Ý kiến", "Dấu hiệu rõ nhất (không bắt buộc)", "Người soi:"
COLUMNS: tuple[tuple[str, float], ...] = (
    (CODE, 15), ("Tiêu đề", 34), ("Giá", 13), ("Thông tin khác", 44), ("Mô tả", 58), (JUDGEMENT, 14), (BEHAVIOUR, 19),
    ("Máy thấy gì (hiện sau khi ghi ý kiến)", 46),
)  # fmt: skip
_FONT = "Times New Roman"
_CREATED = datetime(2026, 1, 1)


def write_review_workbook(path: Path, listings: pd.DataFrame, *, name: str, synthetic: bool) -> None:
    """Write the sheets for the sample ``name``; ``listings``: ``code``, the listing as crawled, ``reasons``, in reading order."""
    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False, "in_memory": True}
    with xlsxwriter.Workbook(str(path), options) as book:
        book.set_properties({"title": f"{TITLE} {name}", "created": _CREATED})
        book.formats[0].set_font_name(_FONT)
        styles = _styles(book)
        sheet = book.add_worksheet(SHEET)
        guide = book.add_worksheet(GUIDE)
        hidden = book.add_worksheet(HIDDEN)
        hidden.very_hidden()
        _heading(sheet, styles, name, synthetic)
        for at, row in enumerate(listings.itertuples(), start=HEADER_ROW + 1):
            hidden.write_string(at, 0, for_cell("\n".join(f"• {text}" for text in row.reasons) or "Máy không thấy dấu hiệu nào."))
            _row(sheet, at, row, styles)
        _finish(sheet, HEADER_ROW + len(listings))
        _guide(guide, styles)


def _styles(book: xlsxwriter.Workbook) -> dict[str, Format]:
    base = {"font_name": _FONT, "font_size": 10, "valign": "top", "text_wrap": True}
    cell = {**base, "border": 1, "border_color": "#B8BFC6"}
    return {
        "title": book.add_format({**base, "font_size": 14, "bold": True, "text_wrap": False}),
        "note": book.add_format({**base, "italic": True, "text_wrap": False, "font_color": "#333333"}),
        "warn": book.add_format({**base, "bold": True, "text_wrap": False, "font_color": "#FFFFFF", "bg_color": "#9C2A1B"}),
        "head": book.add_format({**cell, "bold": True, "bg_color": "#DCE6EE", "align": "center", "valign": "vcenter"}),
        "cell": book.add_format(cell),
        "bold": book.add_format({**cell, "bold": True}),
        "price": book.add_format({**cell, "align": "right", "indent": 1, "bold": True}),
        "answer": book.add_format({**cell, "bg_color": "#FFFDEB", "locked": False, "bold": True, "align": "center"}),
        "later": book.add_format({**cell, "font_color": "#1F3B57"}),
        "link": book.add_format({**cell, "font_color": "#0B5394", "underline": 1}),
        "text": book.add_format(base),
    }


def _heading(sheet: Worksheet, styles: dict[str, Format], name: str, synthetic: bool) -> None:
    sheet.write_string(0, 0, f"{TITLE} · mẫu {name}", styles["title"])
    sheet.write_string(0, 4, SYNTHETIC if synthetic else "", styles["warn"] if synthetic else styles["note"])
    sheet.write_string(1, 0, READER, styles["note"])
    sheet.write_blank(1, 1, None, styles["answer"])
    sheet.write_string(1, 4, "Ghi ý kiến trước; lý do của máy hiện ra ở cột cuối sau đó.", styles["note"])
    for column, (text, width) in enumerate(COLUMNS):
        sheet.set_column(column, column, width)
        sheet.write_string(HEADER_ROW, column, text, styles["head"])
    sheet.set_row(HEADER_ROW, 32)


def _row(sheet: Worksheet, at: int, row: Any, styles: dict[str, Format]) -> None:
    link, ident = address(row)
    told = [f"{key}: {value}" for key, value in facts(row)]
    if link:
        sheet.write_url(at, 0, link, styles["link"], string=row.code)
    else:
        sheet.write_string(at, 0, row.code, styles["cell"])
        told.append(ident)
    words = description(row)
    words = words if len(words) <= _MAX_SHOWN else words[:_MAX_SHOWN] + " … (còn nữa)"
    other = for_cell(" · ".join(told))
    sheet.write_string(at, 1, for_cell(row.title), styles["bold"])
    sheet.write_string(at, 2, format_price(row.price_vnd), styles["price"])
    sheet.write_string(at, 3, other, styles["cell"])
    sheet.write_string(at, 4, for_cell(words), styles["cell"])
    sheet.write_blank(at, 5, None, styles["answer"])
    sheet.write_blank(at, 6, None, styles["answer"])
    # The only formulas of the book: they hold no word of a listing, they point at one.
    sheet.write_formula(at, 7, f"=IF(F{at + 1}=\"\",\"\",'{HIDDEN}'!A{at + 1})", styles["later"], "")
    # Never by the reasons' length: a tall row would tell the reader beforehand that there are some.
    sheet.set_row(at, _height((row.title, other, words), (34, 44, 58)))


def _finish(sheet: Worksheet, last: int) -> None:
    first = HEADER_ROW + 1
    for column, words in ((5, [text for text, _ in JUDGEMENTS.values()]), (6, list(BEHAVIOURS.values()))):
        sheet.data_validation(first, column, last, column, {"validate": "list", "ignore_blank": True, "error_type": "stop", "source": words})
    sheet.freeze_panes(first, 2)
    sheet.autofilter(HEADER_ROW, 0, last, len(COLUMNS) - 1)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(HEADER_ROW)
    sheet.set_footer(f'&L&"{_FONT},Regular"&8{FOOTER[: FOOTER.index("Không cung cấp")].strip()}&R&"{_FONT},Regular"&8Trang &P/&N')


def _guide(sheet: Worksheet, styles: dict[str, Format]) -> None:
    sheet.set_column(0, 0, 92)
    lines = [INTRO, *(f"{text}: {why}." for text, why in JUDGEMENTS.values()), FOOTER]
    for at, text in enumerate(lines):
        sheet.write_string(at, 0, text, styles["text"])
        sheet.set_row(at, _height((text,), (90,)))


def _height(texts: Sequence[str], widths: Sequence[float]) -> float:
    """Points a row needs so that no wrapped text is cut, at 10 points Times."""
    lines = max(sum(max(1, math.ceil(len(line) / (width * 1.18))) for line in text.split("\n")) for text, width in zip(texts, widths, strict=True))
    return min(400.0, 6.0 + 12.9 * max(1, lines))
