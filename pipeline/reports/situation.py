"""``thuc-trang.xlsx``: the situation report and the leaders' summary; the only place where expected finds are told. Central role only."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from pipeline.reports.safe_text import for_cell
from pipeline.reports.sheet_styles import FONT, Styles, add_styles, mark_synthetic, row_height, set_landscape
from pipeline.reports.wording import (
    DRAFT,
    OLD_DATA,
    SIGN_NAMES,
    SYNTHETIC,
    format_count,
    format_date,
    format_share,
    order_note,
    platform_name,
)
from pipeline.tables.targets import CHOSEN, REFERRED, RESERVE, REVIEW

FILE = "thuc-trang.xlsx"
MIN_LISTINGS, MIN_SELLERS = 30, 5
"""Fewer in a cell say nothing of a rate, and point at somebody."""
ANY = "any"
"""Any sign at all, beside the behaviours."""
TOO_FEW = "quá ít để nói"
_CREATED = datetime(2026, 1, 1)
_BEHAVIOURS = {ANY: "Bất kỳ dấu hiệu nào", **SIGN_NAMES}
_DIMENSIONS = {"goods": "Nhóm hàng", "platform": "Sàn", "authority": "Đơn vị (theo nơi gửi hàng hiển thị)", "month": "Tháng thu thập"}
_RATE = (("Số tin", 10), ("Tin có dấu hiệu", 10), ("Số người bán", 10), ("Tỷ lệ", 10), ("Khoảng tin cậy 95 %", 18))


@dataclass(frozen=True)
class Situation:
    """``margins``: by one dimension (``dimension, name``); ``cells``: by all four at once; both with ``behaviour, n, hits, sellers, value, low,
    high``, the last three missing where there is too little. ``agreement``: by authority, listings with signs counted here and in the targets;
    ``n_below``: listings with signs that are no target's.
    """

    margins: pd.DataFrame
    cells: pd.DataFrame
    agreement: pd.DataFrame
    n_listings: int
    n_below: int


def write_situation(path: Path, made: Situation, targets: pd.DataFrame, summary: dict[str, Any]) -> None:
    """Write the summary for leaders, the rates by one dimension and by all, and the reconciliation with ``targets``."""
    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False, "in_memory": True}
    with xlsxwriter.Workbook(str(path), options) as book:
        title = "Thực trạng dấu hiệu trên tin đăng"
        book.set_properties({"title": f"{SYNTHETIC} – {title}" if summary["synthetic"] else title, "created": _CREATED})
        book.formats[0].set_font_name(FONT)
        styles = add_styles(book)
        _leaders(book.add_worksheet("Tóm tắt cho lãnh đạo"), styles, made, targets, summary)
        for dimension, title in _DIMENSIONS.items():
            rows = made.margins[made.margins["dimension"].eq(dimension)]
            names = [[_named(dimension, row.name)] for row in rows.itertuples()]
            _rates(book.add_worksheet(title.split(" (")[0]), styles, [(title, 46)], names, rows)
        columns = [(title.split(" (")[0], 24.0 if name != "month" else 12.0) for name, title in _DIMENSIONS.items()]
        names = [[_named(name, getattr(row, name)) for name in _DIMENSIONS] for row in made.cells.itertuples()]
        _rates(book.add_worksheet("Chi tiết"), styles, columns, names, made.cells)
        _agreement(book.add_worksheet("Đối chiếu"), styles, made)
        if summary["synthetic"]:
            for sheet in book.worksheets():
                mark_synthetic(sheet)


def _named(dimension: str, value: Any) -> str:
    if dimension == "platform":
        return platform_name(str(value))
    return f"{str(value)[5:]}/{str(value)[:4]}" if dimension == "month" else str(value)


def _leaders(sheet: Worksheet, styles: Styles, made: Situation, targets: pd.DataFrame, summary: dict[str, Any]) -> None:
    day = date.fromisoformat(summary["as_of"])
    sheet.write_string(0, 0, f"TÓM TẮT CHO LÃNH ĐẠO – Tuần {day.isocalendar().week}/{day.isocalendar().year}", styles["title"])
    sheet.write_string(1, 0, DRAFT, styles["draft"])
    banners = [text for wanted, text in ((summary["is_old"], OLD_DATA), (summary["synthetic"], SYNTHETIC)) if wanted]
    lines = [
        *banners,
        f"Ngày dữ liệu: {format_date(date.fromisoformat(summary['data_date']))}. {order_note(summary['score_kind'])}",
        f"{format_count(made.n_listings)} tin; {format_count(int(targets['n_flagged'].sum()))} tin có dấu hiệu thuộc "
        f"{format_count(len(targets))} đối tượng, "
        f"{format_count(made.n_below)} tin có dấu hiệu nhẹ, chưa đủ để lập đối tượng.",
        "Tỷ lệ tính trên tin đã thu thập, không phải trên toàn thị trường: thu thập ở đâu thì thấy ở đó.",
    ]
    for at, text in enumerate(lines, start=2):
        sheet.write_string(at, 0, text, styles["note"])
    header = len(lines) + 3
    columns = [("Đơn vị", 46), ("Chính thức", 12), ("Dự bị", 12), ("Rà soát ngẫu nhiên", 12), ("Chuyển cơ quan khác", 12),
               ("Dự kiến phát hiện (chính thức)", 34)]  # fmt: skip
    _header(sheet, styles, header, columns)
    counts = targets.groupby(["authority", "standing"]).size().unstack(fill_value=0) if len(targets) else pd.DataFrame()
    expected = summary.get("expected_finds", {})
    for at, name in enumerate(counts.index, start=header + 1):
        sheet.write_string(at, 0, for_cell(str(name)), styles["cell"])
        for column, standing in enumerate((CHOSEN, RESERVE, REVIEW, REFERRED), start=1):
            sheet.write_number(at, column, int(counts.at[name, standing]) if standing in counts else 0, styles["number"])
        sheet.write_string(at, 5, _expected(expected.get(name)), styles["cell"])
    set_landscape(sheet, header=header, last=header + max(1, len(counts)), columns=len(columns))


def _expected(known: dict[str, Any] | None) -> str:
    """Finds to expect, only where a calibrated model speaks."""
    if not known or not known["with_probability"]:
        return "chưa có mô hình đã hiệu chỉnh"
    low, middle, high = (f"{known[key]:.1f}".replace(".", ",") for key in ("low", "expected", "high"))
    # A range without width says that the bounds of listings vanish in a shop's total, not that the number is certain.
    between = "" if low == high else f" (từ {low} đến {high})"
    return f"{middle}{between} trong {known['with_probability']}/{known['of']} đối tượng"


def _rates(sheet: Worksheet, styles: Styles, columns: Sequence[tuple[str, float]], names: list[list[str]], rows: pd.DataFrame) -> None:
    every = [*columns, ("Dấu hiệu", 38), *_RATE]
    sheet.write_string(0, 0, f"Ô dưới {MIN_LISTINGS} tin hoặc dưới {MIN_SELLERS} người bán không tính tỷ lệ.", styles["note"])
    _header(sheet, styles, 1, every)
    first = len(columns)
    for at, (name, row) in enumerate(zip(names, rows.itertuples(), strict=True), start=2):
        said = [*zip(name, (width for _, width in columns), strict=True), (_BEHAVIOURS[row.behaviour], 38.0)]
        sheet.set_row(at, row_height(said))
        for column, text in enumerate(name):
            sheet.write_string(at, column, for_cell(text), styles["cell"])
        sheet.write_string(at, first, _BEHAVIOURS[row.behaviour], styles["cell"])
        for column, value in enumerate((row.n, row.hits, row.sellers), start=first + 1):
            sheet.write_number(at, column, int(value), styles["number"])
        if math.isnan(row.value):
            sheet.write_string(at, first + 4, TOO_FEW, styles["centre"])
            sheet.write_string(at, first + 5, "", styles["cell"])
        else:
            sheet.write_number(at, first + 4, row.value, styles["share"])
            sheet.write_string(at, first + 5, f"{format_share(row.low)} – {format_share(row.high)}", styles["centre"])
    last = max(2, len(rows) + 1)
    sheet.autofilter(1, 0, last, len(every) - 1)
    sheet.freeze_panes(2, 1)
    set_landscape(sheet, header=1, last=last, columns=len(every))


def _agreement(sheet: Worksheet, styles: Styles, made: Situation) -> None:
    columns = [("Đơn vị", 46), ("Đếm từ tin đăng", 18), ("Cộng từ danh sách", 18), ("Khớp", 10)]
    said = "Tin có dấu hiệu của các đối tượng, đếm theo hai cách."
    said += f" Ngoài ra {format_count(made.n_below)} tin có dấu hiệu nhẹ không thuộc đối tượng nào."
    sheet.write_string(0, 0, said, styles["note"])
    _header(sheet, styles, 1, columns)
    for at, row in enumerate(made.agreement.itertuples(), start=2):
        sheet.write_string(at, 0, for_cell(str(row.authority)), styles["cell"])
        sheet.write_number(at, 1, int(row.counted), styles["number"])
        sheet.write_number(at, 2, int(row.in_targets), styles["number"])
        sheet.write_string(at, 3, "khớp" if row.counted == row.in_targets else "LỆCH", styles["centre"])
    set_landscape(sheet, header=1, last=max(2, len(made.agreement) + 1), columns=len(columns))


def _header(sheet: Worksheet, styles: Styles, at: int, columns: Sequence[tuple[str, float]]) -> None:
    for column, (name, width) in enumerate(columns):
        sheet.set_column(column, column, width)
        sheet.write_string(at, column, name, styles["head"])
    sheet.set_row(at, row_height([(name, width - 1.5) for name, width in columns]))
