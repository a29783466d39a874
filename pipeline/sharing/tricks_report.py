"""The catalogue of tricks as Markdown or a workbook, for training."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from pathlib import Path

import pandas as pd
import xlsxwriter

from pipeline.reports.safe_text import for_cell, one_line
from pipeline.reports.sheet_styles import add_styles, row_height, set_landscape
from pipeline.reports.wording import SIGN_NAMES
from pipeline.store import write_atomically

TITLE = "Danh mục thủ đoạn (ví dụ đã ẩn danh, dùng để tập huấn)"
NOTE = (
    "Lấy từ tin đăng đã có kết quả “có vi phạm”. Tên gian hàng, số và địa chỉ đã che; mỗi thủ đoạn có ở ít nhất {least} người bán. "
    "Có cùng từ ngữ chưa phải là vi phạm."
)
_HEADINGS = (("Dấu hiệu", 30), ("Thủ đoạn", 46), ("Số người bán", 10), ("Số tin", 9), ("Ví dụ đã ẩn danh", 64))
_CREATED = datetime(2026, 1, 1)


def write_tricks(table: pd.DataFrame, path: Path, *, least_sellers: int) -> None:
    """Write ``table`` (`pipeline.sharing.tricks.COLUMNS`) to ``path``: .xlsx makes a workbook, anything else Markdown."""
    write = _workbook if path.suffix.lower() == ".xlsx" else _markdown
    write_atomically(path, partial(write, table=table, note=NOTE.format(least=least_sellers)))


def _markdown(path: Path, table: pd.DataFrame, note: str) -> None:
    lines = [f"# {TITLE}", "", note, ""]
    for behaviour, group in table.groupby("behaviour", sort=False):
        lines += [f"## {SIGN_NAMES.get(str(behaviour), str(behaviour))}", ""]
        for row in group.itertuples():
            lines += [f"### {_escaped(str(row.meaning))}", "", f"{row.n_sellers} người bán, {row.n_listings} tin (`{row.sign_id}`).", ""]
            lines += [*(f"- {_escaped(one)}" for one in row.examples), ""]
    if not len(table):
        lines += ["Chưa đủ kết quả để nêu thủ đoạn nào.", ""]
    path.write_text("\n".join(lines), encoding="utf-8")


def _workbook(path: Path, table: pd.DataFrame, note: str) -> None:
    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False, "in_memory": True}
    with xlsxwriter.Workbook(str(path), options) as book:
        book.set_properties({"title": TITLE, "created": _CREATED})
        styles = add_styles(book)
        sheet = book.add_worksheet("Thủ đoạn")
        sheet.write_string(0, 0, TITLE, styles["title"])
        sheet.write_string(1, 0, note, styles["note"])
        for column, (heading, width) in enumerate(_HEADINGS):
            sheet.set_column(column, column, width)
            sheet.write_string(2, column, heading, styles["head"])
        for at, row in enumerate(table.itertuples(), start=3):
            shown = "\n".join(f"• {one}" for one in row.examples)
            texts = [SIGN_NAMES.get(str(row.behaviour), str(row.behaviour)), str(row.meaning), "", "", shown]
            for column, text in enumerate(texts):
                if text:
                    sheet.write_string(at, column, for_cell(text), styles["cell"])
            sheet.write_number(at, 2, row.n_sellers, styles["number"])
            sheet.write_number(at, 3, row.n_listings, styles["number"])
            sheet.set_row(at, row_height([(text, width) for text, (_, width) in zip(texts, _HEADINGS, strict=True)]))
        sheet.freeze_panes(3, 0)
        set_landscape(sheet, header=2, last=2 + max(1, len(table)), columns=len(_HEADINGS))


def _escaped(text: str) -> str:
    """Text that Markdown shows as it stands."""
    return "".join("\\" + character if character in "\\`*_{}[]<>#|" else character for character in one_line(text))
