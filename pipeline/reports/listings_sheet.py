"""The sheet "Tin đăng": the listings under each target, the words that are signs in bold."""

from __future__ import annotations

from typing import Any

import pandas as pd
from xlsxwriter.worksheet import Worksheet

from pipeline.reports.safe_text import dead_link, for_cell, live_link, without_email
from pipeline.reports.sheet_styles import Styles, row_height, set_landscape, write_link
from pipeline.reports.text_width import cut_list
from pipeline.reports.wording import format_captured, format_price, platform_name

MAX_A_TARGET = 20
_COLUMNS = (
    ("Mã dòng", 16), ("Tiêu đề tin (trích nguyên văn)", 36), ("Giá đăng", 11), ("Vì sao (so với thị trường)", 38),
    ("Sàn, mã tin", 15), ("Thu thập lúc (giờ Việt Nam)", 10), ("Mã bằng chứng", 14), ("Tệp, dòng", 26), ("Địa chỉ tin", 30),
)  # fmt: skip
_PRINTED = 7
_LINES = 9
"""Lines of a row at most; the page and the form show the rest."""


def write_listings(sheet: Worksheet, styles: Styles, listings: pd.DataFrame) -> None:
    """Write at most 20 listings a target, in the order given."""
    shown = listings[listings.groupby("code", sort=False).cumcount() < MAX_A_TARGET]
    for column, (name, width) in enumerate(_COLUMNS):
        sheet.set_column(column, column, width)
        sheet.write_string(0, column, name, styles["head"])
    sheet.set_row(0, row_height([(name, width - 1.5) for name, width in _COLUMNS]))
    for at, row in enumerate(shown.itertuples(), start=1):
        _listing(sheet, at, row, styles)
    last = max(1, len(shown))
    if not len(shown):
        sheet.write_string(1, 0, "Không có tin đăng kèm theo.", styles["note"])
    sheet.autofilter(0, 0, last, len(_COLUMNS) - 1)
    sheet.freeze_panes(1, 1)
    set_landscape(sheet, header=0, last=last, columns=_PRINTED)


def _listing(sheet: Worksheet, at: int, row: Any, styles: Styles) -> None:
    title = without_email(row.title[:400])
    reasons = for_cell(cut_list(row.reasons, _COLUMNS[3][1], _LINES))
    ident = f"{platform_name(row.platform)}\n{for_cell(row.listing_id)[:60]}"
    sheet.write_string(at, 0, row.code, styles["code"])
    _marked(sheet, at, 1, title, row.highlights, styles)
    sheet.write_string(at, 2, format_price(row.price_vnd), styles["price"])
    sheet.write_string(at, 3, reasons, styles["cell"])
    sheet.write_string(at, 4, ident, styles["cell"])
    sheet.write_string(at, 5, format_captured(row.captured_at, getattr(row, "captured_precision", "second")), styles["centre"])
    sheet.write_string(at, 6, row.row_hash, styles["cell"])
    sheet.write_string(at, 7, for_cell(f"{row.source_file}\ndòng {int(row.source_line)}"), styles["cell"])
    if live_link(row.url):
        write_link(sheet, at, 8, row.url, "Mở tin trên sàn", styles)
    else:
        sheet.write_string(at, 8, for_cell(dead_link(row.url)), styles["cell"])
    sheet.set_row(at, row_height([(title, 36), (reasons, 38), (ident, 15), ("\n", 1)], most=_LINES))


def _marked(sheet: Worksheet, at: int, column: int, title: str, highlights: Any, styles: Styles) -> None:
    """Write the title with the words that are signs in bold."""
    pieces: list[Any] = []
    reached = 0
    for start, end in sorted((mark["start"], mark["end"]) for mark in highlights if mark["field"] == "title"):
        if start < reached or end > len(title):
            continue
        before, marked = for_cell(title[reached:start]), for_cell(title[start:end])
        pieces += ([styles["run"], before] if before else []) + ([styles["mark"], marked] if marked else [])
        reached = end
    tail = for_cell(title[reached:])
    pieces += [styles["run"], tail] if tail else []
    if len(pieces) > 2:
        sheet.write_rich_string(at, column, *pieces, styles["cell"])
    else:
        sheet.write_string(at, column, for_cell(title), styles["cell"])
