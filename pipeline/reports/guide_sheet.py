"""The sheet "Hướng dẫn": how to read the list, and the words of the drop-downs, which take them from here."""

from __future__ import annotations

from typing import Any

import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from pipeline.reports import guide
from pipeline.reports.results_sheet import OPINION_RANGE, PLANNER_CHOICES, RESULT_CHOICES, RESULT_RANGE, YES_NO, YES_NO_RANGE
from pipeline.reports.safe_text import for_cell
from pipeline.reports.sheet_styles import PORTRAIT_WIDTH, Styles, row_height, set_portrait

_WORD, _MEANING = 28, PORTRAIT_WIDTH - 30


def write_guide(book: xlsxwriter.Workbook, sheet: Worksheet, styles: Styles, summary: dict[str, Any], *, name: str) -> None:
    """Write the text and the words, and name the words' ranges in ``book``."""
    sheet.set_column(0, 0, _WORD)
    sheet.set_column(1, 1, _MEANING)
    at = 0
    for kind, text in guide.how_to_read(summary):
        at = _paragraph(sheet, at, kind, text, styles)
    for title, range_name, words in _choices():
        at = _paragraph(sheet, at, "section", title, styles)
        first = at
        for word, meaning in words:
            sheet.write_string(at, 0, word, styles["code"])
            sheet.write_string(at, 1, meaning, styles["cell"])
            sheet.set_row(at, row_height([(word, _WORD), (meaning, _MEANING)]))
            at += 1
        book.define_name(range_name, f"='{name}'!$A${first + 1}:$A${at}")
    for kind, text in guide.about_this_run(summary):
        at = _paragraph(sheet, at, kind, text, styles)
    set_portrait(sheet)


def _choices() -> list[tuple[str, str, list[tuple[str, str]]]]:
    return [
        ("Ý kiến người rà soát (trang “Danh sách”)", OPINION_RANGE, [(word, guide.CHOICES[word]) for word in PLANNER_CHOICES]),
        ("Kết quả (trang “Kết quả”)", RESULT_RANGE, [(word, guide.CHOICES[word]) for word in RESULT_CHOICES]),
        ("Chuyển cơ quan điều tra (trang “Kết quả”)", YES_NO_RANGE, list(zip(YES_NO, guide.TO_INVESTIGATION, strict=True))),
    ]


def _paragraph(sheet: Worksheet, at: int, kind: str, text: str, styles: Styles) -> int:
    sheet.merge_range(at, 0, at, 1, for_cell(text), styles[kind])
    sheet.set_row(at, 20.0 if kind == "section" else row_height([(text, PORTRAIT_WIDTH - 2)]))
    return at + 1
