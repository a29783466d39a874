"""The sheet "Kết quả" that comes back, and the words of its drop-downs: written and read by these names alone.

`pipeline.reports.workbook` writes the columns, the import of returned workbooks finds them again by their headings, wherever a person has
moved them. A heading or a choice is changed here and nowhere else.
"""

from __future__ import annotations

from datetime import date
from typing import Any, NamedTuple

import pandas as pd
from xlsxwriter.worksheet import Worksheet

from pipeline.reports import target_row
from pipeline.reports.safe_text import for_cell
from pipeline.reports.sheet_styles import Styles, row_height, set_landscape
from pipeline.tables.targets import CHOSEN, REFERRED, RESERVE, REVIEW


class Column(NamedTuple):
    """A column: its ``key`` in tables, its Vietnamese ``heading``, its width in characters and whether a person fills it in."""

    key: str
    heading: str
    width: float
    filled_by_person: bool = False


LIST_SHEET = "Danh sách"
RESULTS_SHEET = "Kết quả"

#: What a visit or a check ended with, and the status it has in the table of outcomes.
RESULT_CHOICES: dict[str, str] = {
    "Chưa kiểm tra": "not_inspected",
    "Không tìm thấy cơ sở": "not_found",
    "Không phát hiện vi phạm": "cleared",
    "Có vi phạm đúng dấu hiệu": "confirmed",
    "Có vi phạm khác": "confirmed",
    "Chờ giám định/kiểm nghiệm": "pending",
    "Chuyển cơ quan khác": "referred",
}
#: Found something, but not what the list named: the behaviours on the list are not confirmed by it.
OTHER_FINDING = "Có vi phạm khác"

#: What the reviewer thinks of a row before anybody goes anywhere: a desk review. "Không" and "Hoãn" want a reason beside them.
PLANNER_CHOICES: tuple[str, ...] = ("Đồng ý", "Không", "Hoãn")
YES_NO: tuple[str, ...] = ("Có", "Không")
USEFULNESS: tuple[int, ...] = (1, 2, 3, 4, 5)
#: Who is given a row to work on; the others wait.
GIVEN = (CHOSEN, RESERVE, REVIEW, REFERRED)

#: Named ranges of the sheet "Hướng dẫn" that the drop-downs take their words from.
RESULT_RANGE, OPINION_RANGE, YES_NO_RANGE = "KET_QUA", "Y_KIEN", "CO_KHONG"

#: Columns of "Danh sách": nine are printed; those after them are for sorting, filtering and reading on the screen.
LIST_COLUMNS: tuple[Column, ...] = (
    Column("number_and_code", "STT và mã dòng", 16),
    Column("shop", "Gian hàng, sàn", 16),
    Column("goods", "Mặt hàng, nhãn hiệu", 13),
    Column("signs", "Dấu hiệu cần xác minh", 16),
    Column("reasons", "Lý do chính (trích nguyên văn)", 33),
    Column("location", "Nơi gửi hàng hiển thị (độ tin cậy)", 13),
    Column("counts", "Số tin có dấu hiệu/đã thu thập", 10),
    Column("action", "Đề xuất", 13),
    Column("opinion", "Ý kiến người rà soát", 9, True),
    Column("opinion_reason", "Lý do (khi Không hoặc Hoãn)", 24, True),
    Column("level", "Mức ưu tiên", 13),
    Column("standing", "Diện", 13),
    Column("queue", "Hàng chờ", 22),
    Column("change", "Thay đổi so với danh sách trước", 28),
    Column("authority", "Đơn vị", 24),
    Column("all_signs", "Các dấu hiệu (đầy đủ)", 28),
    Column("all_reasons", "Các lý do (đầy đủ)", 60),
    Column("to_verify", "Nội dung cần xác minh", 40),
    Column("notes", "Lưu ý, căn cứ pháp lý (tham khảo)", 50),
    Column("network", "Các gian hàng liên kết", 30),
    Column("link", "Trang gian hàng", 26),
)
N_PRINTED = 9
"""The first nine columns of "Danh sách" are printed."""

#: Columns of "Kết quả": one row per target, in the list's order. The code is the key; the shop only helps the eye.
RESULT_COLUMNS: tuple[Column, ...] = (
    Column("code", "Mã dòng", 16),
    Column("shop", "Gian hàng, sàn", 18),
    Column("result", "Kết quả", 17, True),
    Column("happened_at", "Ngày kiểm tra, xác minh", 11, True),
    Column("behaviours", "Nội dung ghi nhận (nếu khác dấu hiệu)", 14, True),
    Column("decision_number", "Số QĐ xử phạt", 9, True),
    Column("decision_date", "Ngày QĐ xử phạt", 10, True),
    Column("fine_vnd", "Tiền phạt (đồng)", 10, True),
    Column("goods_value_vnd", "Trị giá hàng tạm giữ/tịch thu (đồng)", 11, True),
    Column("to_investigation", "Chuyển CQĐT", 7, True),
    Column("usefulness", "Mức hữu ích (1–5)", 6, True),
    Column("note", "Ghi chú", 8, True),
)

_HEADER = 1
_DATES, _MONEY = ("happened_at", "decision_date"), ("fine_vnd", "goods_value_vnd")


def write_results(sheet: Worksheet, styles: Styles, targets: pd.DataFrame) -> None:
    """Write a row for every target that was given to somebody, to be filled in and sent back."""
    sheet.set_row(0, 20)
    sheet.write_string(0, 0, "KẾT QUẢ KIỂM TRA, XÁC MINH – ghi xong gửi lại cả tệp; không sửa mã dòng", styles["title"])
    for column, one in enumerate(RESULT_COLUMNS):
        sheet.set_column(column, column, one.width)
        sheet.write_string(_HEADER, column, one.heading, styles["head_answer" if one.filled_by_person else "head"])
    sheet.set_row(_HEADER, row_height([(one.heading, one.width - 1) for one in RESULT_COLUMNS]))
    given = targets[targets["standing"].isin(GIVEN)]
    for at, row in enumerate(given.itertuples(), start=_HEADER + 1):
        _row(sheet, at, row, styles)
    last = _HEADER + max(1, len(given))
    _validate(sheet, last)
    sheet.autofilter(_HEADER, 0, last, len(RESULT_COLUMNS) - 1)
    sheet.freeze_panes(_HEADER + 1, 1)
    set_landscape(sheet, header=_HEADER, last=last, columns=len(RESULT_COLUMNS))


def _row(sheet: Worksheet, at: int, row: Any, styles: Styles) -> None:
    for column, one in enumerate(RESULT_COLUMNS):
        if one.key == "code":
            sheet.write_string(at, column, row.code, styles["code"])
        elif one.key == "shop":
            sheet.write_string(at, column, for_cell(target_row.shop_in(row, one.width, 3)), styles["cell"])
        else:
            sheet.write_blank(at, column, None, styles[_answer_style(one.key)])
    sheet.set_row(at, row_height([("", 1.0)], least=3))


def _answer_style(key: str) -> str:
    return "answer_date" if key in _DATES else "answer_money" if key in _MONEY else "answer"


def _validate(sheet: Worksheet, last: int) -> None:
    at = {one.key: column for column, one in enumerate(RESULT_COLUMNS)}
    refuse_typing_over(sheet, _HEADER + 1, at["code"], last)
    for key, source in (("result", f"={RESULT_RANGE}"), ("to_investigation", f"={YES_NO_RANGE}")):
        choose_from(sheet, _HEADER + 1, at[key], last, source)
    for key in _DATES:
        sheet.data_validation(
            _HEADER + 1, at[key], last, at[key],
            {"validate": "date", "criteria": ">", "value": date(2020, 1, 1), "error_type": "warning",
             "error_title": "Ngày", "error_message": "Ghi ngày dạng dd/mm/yyyy."},
        )  # fmt: skip
    for key in _MONEY:
        sheet.data_validation(
            _HEADER + 1, at[key], last, at[key],
            {"validate": "decimal", "criteria": ">=", "value": 0, "error_type": "warning",
             "error_title": "Số tiền", "error_message": "Ghi số đồng, không kèm chữ."},
        )  # fmt: skip
    sheet.data_validation(
        _HEADER + 1, at["usefulness"], last, at["usefulness"],
        {"validate": "integer", "criteria": "between", "minimum": USEFULNESS[0], "maximum": USEFULNESS[-1],
         "error_title": "Mức hữu ích", "error_message": "Ghi từ 1 (không giúp gì) đến 5 (rất hữu ích)."},
    )  # fmt: skip


def choose_from(sheet: Worksheet, first: int, column: int, last: int, source: str) -> None:
    """Offer the words of a named range; others are refused."""
    sheet.data_validation(
        first, column, last, column,
        {"validate": "list", "source": source, "ignore_blank": True, "error_type": "stop",
         "error_title": "Chọn trong danh sách", "error_message": "Chọn một trong các từ ở trang “Hướng dẫn”."},
    )  # fmt: skip


def refuse_typing_over(sheet: Worksheet, first: int, column: int, last: int) -> None:
    """Refuse whatever is typed into a code.

    Excel cannot sort a protected sheet that holds a locked cell, so the sheet stays unprotected: typing is refused here, and pasting over a
    code is caught by its check letter when the workbook comes back.
    """
    sheet.data_validation(
        first, column, last, column,
        {"validate": "custom", "value": "=FALSE", "ignore_blank": False, "error_type": "stop",
         "error_title": "Mã dòng", "error_message": "Không sửa mã dòng: mã dùng để ghép kết quả gửi lại."},
    )  # fmt: skip
