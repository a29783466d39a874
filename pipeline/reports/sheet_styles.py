"""How every sheet looks and prints: Times New Roman 10, A4, the footer and "Trang 1/2" on every page."""

from __future__ import annotations

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from pipeline.reports.safe_text import dead_link, for_cell, live_link
from pipeline.reports.text_width import n_lines
from pipeline.reports.wording import FOOTER, SYNTHETIC

FONT = "Times New Roman"
LINE_POINTS = 12.7
"""Height of a line of 10 points."""

PORTRAIT_WIDTH = 98
"""A4 less the margins, in Excel's column units."""
PAGE_POINTS = 841.9 - 2 * 0.3 * 72
"""What an A4 landscape page is wide between the margins; printed columns stay within it, so that nothing is shrunk below 10 points."""

Styles = dict[str, Format]


def add_styles(book: xlsxwriter.Workbook) -> Styles:
    """Return the formats by name; only codes are locked."""
    base = {"font_name": FONT, "font_size": 10, "valign": "top", "text_wrap": True, "locked": False}
    line = {**base, "text_wrap": False}
    cell = {**base, "border": 1, "border_color": "#8C959D"}
    centre = {**cell, "align": "center"}
    answer = {**cell, "bg_color": "#FFFDEB"}
    looks: dict[str, dict[str, object]] = {
        "title": {**line, "font_size": 14, "bold": True},
        "note": {**line, "italic": True, "font_color": "#333333"},
        "label": {**line, "align": "right"},
        "draft": {**line, "bold": True, "font_color": "#7A4B00"},
        "approved": {**line, "bold": True, "font_color": "#1F3B57"},
        "warn": {**line, "bold": True, "font_color": "#FFFFFF", "bg_color": "#9C2A1B", "align": "center"},
        "head": {**cell, "bold": True, "bg_color": "#DCE6EE", "align": "center", "valign": "vcenter"},
        "head_answer": {**cell, "bold": True, "bg_color": "#FFF3C4", "align": "center", "valign": "vcenter"},
        "cell": cell,
        "centre": centre,
        "code": {**centre, "locked": True},
        "code_first": {**centre, "locked": True, "bold": True, "bg_color": "#FBE9E0"},
        "answer": answer,
        "answer_date": {**answer, "num_format": "dd/mm/yyyy", "align": "center"},
        "answer_money": {**answer, "num_format": "#,##0"},
        "link": {**cell, "font_color": "#0B5394", "underline": 1, "text_wrap": False},
        "price": {**cell, "align": "right"},
        "number": {**cell, "align": "right", "num_format": "#,##0"},
        "share": {**cell, "align": "right", "num_format": "0.00%"},
        "mark": {"font_name": FONT, "font_size": 10, "bold": True, "font_color": "#9C2A1B"},
        "run": {"font_name": FONT, "font_size": 10},
        "text": base,
        "section": {**base, "bold": True, "font_size": 12, "font_color": "#1F3B57"},
        "faded": {"font_color": "#FFFFFF"},
    }
    return {name: book.add_format(look) for name, look in looks.items()}


def set_landscape(sheet: Worksheet, *, header: int, last: int, columns: int) -> None:
    """Print rows 0 to ``last`` of the first ``columns`` on A4 landscape, with row ``header`` on every page."""
    sheet.set_landscape()
    sheet.repeat_rows(header)
    sheet.print_area(0, 0, last, columns - 1)
    _page(sheet)


def set_portrait(sheet: Worksheet) -> None:
    """Print on A4 portrait."""
    sheet.set_portrait()
    _page(sheet)


def mark_synthetic(sheet: Worksheet) -> None:
    """Print "DỮ LIỆU MÔ PHỎNG" above every page of the sheet and colour its tab."""
    sheet.set_header(f'&C&"{FONT},Bold"&10{SYNTHETIC}', {"margin": 0.12})
    sheet.set_tab_color("#9C2A1B")


def _page(sheet: Worksheet) -> None:
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.set_margins(left=0.3, right=0.3, top=0.35, bottom=0.62)
    type_ = f'&"{FONT},Regular"&10'
    # A footer does not wrap, and Excel counts 255 characters of it at most, codes included.
    first = FOOTER.index("Không cung cấp")
    sheet.set_footer(f"&L{type_}{FOOTER[:first].strip()}\n{FOOTER[first:]}&R{type_}Trang &P/&N", {"margin": 0.22})


def printed_points(widths: list[float]) -> float:
    """Return how wide columns print in LibreOffice, which takes a digit of 11 points for 5.5; Excel takes a little less."""
    return sum(width * 5.5 + 5 * 0.75 for width in widths)


def row_height(texts: list[tuple[str, float]], *, least: int = 1, most: int = 30) -> float:
    """Return the points a row needs; ``texts`` are cells with their column's width. Excel allows 409."""
    lines = max((n_lines(text, width) for text, width in texts), default=1)
    return 2.4 + LINE_POINTS * min(most, max(least, lines))


def write_link(sheet: Worksheet, at: int, column: int, url: object, shown: str, styles: Styles) -> None:
    """Write a live link where the site is registered, else ``shown`` and the address as text that nothing follows."""
    link = live_link(url)
    if link is not None:
        sheet.write_url(at, column, link, styles["link"], string=for_cell(shown)[:255])
    else:
        sheet.write_string(at, column, for_cell("\n".join(part for part in (shown, dead_link(url)) if part)), styles["cell"])
