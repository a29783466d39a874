"""The sheet "Thay đổi so với tuần trước": what came, moved and left since the last list, and why."""

from __future__ import annotations

from typing import Any

import pandas as pd
from xlsxwriter.worksheet import Worksheet

from pipeline.reports import target_row
from pipeline.reports.safe_text import for_cell
from pipeline.reports.sheet_styles import Styles, row_height, set_landscape

_COLUMNS = (
    ("Mã dòng tuần này", 17), ("Mã dòng danh sách trước", 17), ("Gian hàng, sàn", 25), ("Hạng trước", 9), ("Hạng này", 9),
    ("Thay đổi", 22), ("Vì sao", 41),
)  # fmt: skip
NOTHING_BEFORE = "Chưa có danh sách trước để so sánh."
_STILL, _OUT = "–", "ra khỏi danh sách"


def write_changes(sheet: Worksheet, styles: Styles, targets: pd.DataFrame, left: pd.DataFrame | None = None) -> None:
    """Write a row for each target given to somebody, then those of ``left`` (``code, change, change_why``) that stand on no list now."""
    for column, (name, width) in enumerate(_COLUMNS):
        sheet.set_column(column, column, width)
        sheet.write_string(0, column, name, styles["head"])
    sheet.set_row(0, row_height([(name, width - 1.5) for name, width in _COLUMNS]))
    rows = [_moved(row) for row in targets.itertuples() if target_row.change(row)]
    if left is not None:
        rows += [_gone(row) for row in left.itertuples()]
    for at, cells in enumerate(rows, start=1):
        for column, text in enumerate(cells):
            sheet.write_string(at, column, for_cell(text), styles["code" if column == 0 else "centre" if column in (1, 3, 4) else "cell"])
        sheet.set_row(at, row_height([(text, width) for text, (_, width) in zip(cells, _COLUMNS, strict=True)], most=5))
    if not rows:
        sheet.write_string(1, 0, NOTHING_BEFORE, styles["note"])
    last = max(1, len(rows))
    sheet.autofilter(0, 0, last, len(_COLUMNS) - 1)
    sheet.freeze_panes(1, 1)
    set_landscape(sheet, header=0, last=last, columns=len(_COLUMNS))


def _moved(row: Any) -> list[str]:
    before = target_row.value_of(row, "previous_rank", None)
    return [
        row.code,
        str(target_row.value_of(row, "previous_code", _STILL)),
        target_row.shop_in(row, 25, 3),
        _STILL if before is None else f"{before:.0f}",
        str(row.rank),
        str(target_row.value_of(row, "change")),
        str(target_row.value_of(row, "change_why")),
    ]


def _gone(row: Any) -> list[str]:
    before = target_row.value_of(row, "previous_rank", None)
    code = str(target_row.value_of(row, "previous_code", "") or target_row.value_of(row, "code"))
    name = str(target_row.value_of(row, "seller_name", "") or target_row.value_of(row, "shop", _STILL))
    return [
        _OUT, code, name[:120], _STILL if before is None else f"{before:.0f}", _STILL,
        str(target_row.value_of(row, "change")), str(target_row.value_of(row, "change_why")),
    ]  # fmt: skip
