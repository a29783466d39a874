"""``plan.xlsx``: the list an inspector opens, prints and sends back. Same content, same bytes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from pipeline.reports import guide
from pipeline.reports.safe_text import for_cell, live_link
from pipeline.reports.wording import (
    DRAFT,
    FOOTER,
    LEVEL_ONE,
    OLD_DATA,
    SYNTHETIC,
    format_date,
    format_price,
    format_time,
    in_a_row,
    list_title,
    order_note,
    platform_name,
)

FONT = "Times New Roman"
COLUMNS: tuple[tuple[str, float], ...] = (
    ("STT và mã dòng", 19),
    ("Gian hàng, sàn", 22),
    ("Mặt hàng, nhãn hiệu", 17),
    ("Dấu hiệu cần xác minh", 20),
    ("Lý do chính (trích nguyên văn)", 58),
    ("Nơi gửi hàng hiển thị (độ tin cậy)", 14),
    ("Số tin có dấu hiệu/đã thu thập", 11),
    ("Đề xuất", 27),
    ("Ý kiến người rà soát", 14),
    ("Mức ưu tiên", 11),
    ("Đơn vị", 24),
    ("Diện", 11),
)
_PRINTED = 9
_ANSWERS = ("Đồng ý", "Không", "Hoãn – ghi lý do")
_SHEET_ROWS = 3_000
_CREATED = datetime(2026, 1, 1)


def write_workbook(path: Path, targets: pd.DataFrame, listings: pd.DataFrame, summary: dict[str, Any]) -> None:
    """Write the three sheets; targets beyond the capacity follow below as reserve, at most 3,000 rows in all."""
    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False, "in_memory": True}
    with xlsxwriter.Workbook(str(path), options) as book:
        book.set_properties({"title": "Danh sách đối tượng đề xuất rà soát, xác minh", "created": _CREATED})
        book.formats[0].set_font_name(FONT)
        styles = _styles(book)
        shown = targets.head(_SHEET_ROWS)
        _list_sheet(book.add_worksheet("Danh sách"), styles, shown, summary, len(targets))
        _listing_sheet(book.add_worksheet("Tin đăng"), styles, listings[listings["code"].isin(set(shown["code"]))])
        _guide_sheet(book.add_worksheet("Hướng dẫn"), styles, summary)


def _styles(book: xlsxwriter.Workbook) -> dict[str, Format]:
    base = {"font_name": FONT, "font_size": 10, "valign": "top", "text_wrap": True}
    cell = {**base, "border": 1, "border_color": "#B8BFC6"}
    blue = {"font_color": "#0B5394", "underline": 1}
    return {
        "title": book.add_format({**base, "font_size": 14, "bold": True, "text_wrap": False}),
        "note": book.add_format({**base, "italic": True, "text_wrap": False, "font_color": "#333333"}),
        "draft": book.add_format({**base, "bold": True, "text_wrap": False, "font_color": "#7A4B00"}),
        "warn": book.add_format({**base, "bold": True, "text_wrap": False, "font_color": "#FFFFFF", "bg_color": "#9C2A1B"}),
        "head": book.add_format({**cell, "bold": True, "bg_color": "#DCE6EE", "align": "center", "valign": "vcenter"}),
        "cell": book.add_format(cell),
        "centre": book.add_format({**cell, "align": "center"}),
        "first": book.add_format({**cell, "bold": True, "bg_color": "#FBE9E0", "align": "center"}),
        "first_link": book.add_format({**cell, "bold": True, "bg_color": "#FBE9E0", "align": "center", **blue}),
        "centre_link": book.add_format({**cell, "align": "center", **blue}),
        "answer": book.add_format({**cell, "bg_color": "#FFFDEB", "locked": False}),
        "link": book.add_format({**cell, **blue}),
        "price": book.add_format({**cell, "align": "right"}),
        "mark": book.add_format({"font_name": FONT, "font_size": 10, "bold": True, "font_color": "#9C2A1B"}),
        "run": book.add_format({"font_name": FONT, "font_size": 10}),
        "text": book.add_format(base),
        "section": book.add_format({**base, "bold": True, "font_size": 12, "font_color": "#1F3B57"}),
    }


def _list_sheet(
    sheet: Worksheet, styles: dict[str, Format], targets: pd.DataFrame, summary: dict[str, Any], n_all: int
) -> None:
    top = _heading(sheet, styles, summary)
    for column, (name, width) in enumerate(COLUMNS):
        sheet.set_column(column, column, width)
        sheet.write_string(top, column, name, styles["head"])
    sheet.set_row(top, 44)
    for place, row in enumerate(targets.itertuples(), start=1):
        _target_row(sheet, top + place, row, styles)
    last = top + max(1, len(targets))
    if not len(targets):
        sheet.write_string(top + 1, 0, "Không có đối tượng nào đủ dấu hiệu.", styles["text"])
    elif n_all > len(targets):
        sheet.write_string(last + 1, 0, f"Còn {n_all - len(targets)} đối tượng trong targets.csv.", styles["note"])
    sheet.autofilter(top, 0, last, len(COLUMNS) - 1)
    sheet.freeze_panes(top + 1, 2)
    sheet.data_validation(
        top + 1, 8, last, 8, {"validate": "list", "source": list(_ANSWERS), "error_type": "information", "ignore_blank": True}
    )
    _print_setup(sheet, top, last, _PRINTED)


def _heading(sheet: Worksheet, styles: dict[str, Format], summary: dict[str, Any]) -> int:
    """Write the lines above the table; returns the header's row."""
    sheet.write_string(0, 0, list_title(date.fromisoformat(summary["as_of"])), styles["title"])
    sheet.set_row(0, 22)
    sheet.write_string(1, 0, DRAFT, styles["draft"])
    data_date = format_date(date.fromisoformat(summary["data_date"]))
    sheet.write_string(2, 0, f"Ngày dữ liệu: {data_date}. {order_note(summary['score_kind'])}", styles["note"])
    row = 3
    for wanted, text in ((summary["is_old"], OLD_DATA), (summary["synthetic"], SYNTHETIC)):
        if wanted:
            sheet.merge_range(row, 0, row, 4, text, styles["warn"])
            row += 1
    return row


def _target_row(sheet: Worksheet, at: int, row: Any, styles: dict[str, Format]) -> None:
    shop = row.seller_name if isinstance(row.seller_name, str) else ("(chưa rõ người bán)" if row.subject_kind == "listing" else row.seller_id)
    shop = f"{for_cell(str(shop))}\n{platform_name(row.platform)}"
    place = row.location if isinstance(row.location, str) else "không hiển thị"
    if isinstance(row.location_confidence, str):
        place = f"{place}\n({row.location_confidence.split(':')[0]})"
    goods = "\n".join(part for part in (_words(row.goods), _words(row.brands)) if part) or "chưa xác định"
    reasons = for_cell("\n".join(f"• {reason}" for reason in row.reasons))
    verify = for_cell(f"{row.action}\nCần xác minh: " + in_a_row(row.to_verify[:2]))
    first = "first" if row.level == LEVEL_ONE else "centre"
    # The link sits on the code: LibreOffice never wraps a linked cell, and shop names are long.
    _link_or_text(sheet, at, 0, row.subject_url, f"{row.rank} · {row.code}", styles[f"{first}_link"], styles[first])
    sheet.write_string(at, 1, shop, styles["cell"])
    sheet.write_string(at, 2, for_cell(goods), styles["cell"])
    sheet.write_string(at, 3, for_cell(row.signs.replace("; ", "\n")), styles["cell"])
    sheet.write_string(at, 4, reasons, styles["cell"])
    sheet.write_string(at, 5, for_cell(place), styles["cell"])
    sheet.write_string(at, 6, f"{row.n_flagged}/{row.n_collected}", styles["centre"])
    sheet.write_string(at, 7, verify, styles["cell"])
    sheet.write_blank(at, 8, None, styles["answer"])
    sheet.write_string(at, 9, row.level, styles["centre"])
    sheet.write_string(at, 10, row.authority, styles["cell"])
    sheet.write_string(at, 11, row.standing, styles["centre"])
    texts = (shop, goods, row.signs.replace("; ", "\n"), reasons, place, verify)
    widths = (22, 17, 20, 58, 14, 27)
    sheet.set_row(at, _height(texts, widths))


def _link_or_text(sheet: Worksheet, at: int, column: int, url: Any, text: str, linked: Format, plain: Format) -> None:
    link = live_link(url)
    if link is None:
        sheet.write_string(at, column, text, plain)
    else:
        sheet.write_url(at, column, link, linked, string=text)


def _words(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _height(texts: Sequence[str], widths: Sequence[float], *, least: int = 2) -> float:
    """Points a row needs so that no wrapped text is cut, at 10 points Times (about 1.29 characters a width unit; words break earlier)."""
    lines = max(
        sum(max(1, math.ceil(len(line) / (width * 1.22))) for line in text.split("\n"))
        for text, width in zip(texts, widths, strict=True)
    )
    return min(400.0, 4.0 + 12.7 * max(least, lines))


def _listing_sheet(sheet: Worksheet, styles: dict[str, Format], listings: pd.DataFrame) -> None:
    columns = (
        ("Mã dòng", 14), ("Tiêu đề tin", 52), ("Giá", 14), ("Vì sao (so với thị trường)", 62), ("Sàn, mã tin", 22),
        ("Thu thập lúc (giờ Việt Nam)", 15), ("Tệp, dòng", 24), ("Mã bằng chứng", 18),
    )  # fmt: skip
    for column, (name, width) in enumerate(columns):
        sheet.set_column(column, column, width)
        sheet.write_string(0, column, name, styles["head"])
    for at, row in enumerate(listings.itertuples(), start=1):
        sheet.write_string(at, 0, row.code, styles["centre"])
        _marked(sheet, at, 1, row, styles)
        sheet.write_string(at, 2, format_price(row.price_vnd), styles["price"])
        reasons = for_cell("\n".join(f"• {reason}" for reason in row.reasons))
        sheet.write_string(at, 3, reasons, styles["cell"])
        ident = f"{platform_name(row.platform)} · {for_cell(row.listing_id)}"
        _link_or_text(sheet, at, 4, row.url, ident, styles["link"], styles["cell"])
        sheet.write_string(at, 5, format_time(row.captured_at), styles["centre"])
        sheet.write_string(at, 6, for_cell(f"{row.source_file}\ndòng {int(row.source_line)}"), styles["cell"])
        sheet.write_string(at, 7, row.row_hash, styles["cell"])
        sheet.set_row(at, _height((row.title, reasons), (52, 62)))
    last = max(1, len(listings))
    sheet.autofilter(0, 0, last, len(columns) - 1)
    sheet.freeze_panes(1, 1)
    _print_setup(sheet, 0, last, len(columns))


def _marked(sheet: Worksheet, at: int, column: int, row: Any, styles: dict[str, Format]) -> None:
    """Write the title with the words that are signs in bold."""
    pieces: list[Any] = []
    reached = 0
    title = row.title
    spans = sorted((mark["start"], mark["end"]) for mark in row.highlights if mark["field"] == "title")
    for start, end in spans:
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


def _guide_sheet(sheet: Worksheet, styles: dict[str, Format], summary: dict[str, Any]) -> None:
    sheet.set_column(0, 0, 92)
    for at, (kind, text) in enumerate(guide.paragraphs(summary)):
        sheet.write_string(at, 0, for_cell(text), styles[kind])
        sheet.set_row(at, 20.0 if kind == "section" else _height((text,), (90,), least=1))
    sheet.set_portrait()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)


def _print_setup(sheet: Worksheet, header: int, last: int, columns: int) -> None:
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(header)
    sheet.print_area(0, 0, last, columns - 1)
    sheet.set_margins(left=0.3, right=0.3, top=0.4, bottom=0.7)
    # Excel counts 255 characters of a footer at most, codes included.
    short = FOOTER if len(FOOTER) < 210 else FOOTER[: FOOTER.index("Không cung cấp")].strip()
    sheet.set_footer(f'&L&"{FONT},Regular"&8{short}&R&"{FONT},Regular"&8Trang &P/&N')


