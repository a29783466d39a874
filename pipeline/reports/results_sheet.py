"""The sheet "Kết quả" that comes back, and the words of its drop-downs: written and read by these names alone.

`pipeline.reports.workbook` writes the columns, the import of returned workbooks finds them again by their headings, wherever a person has
moved them. A heading or a choice is changed here and nowhere else.
"""

from __future__ import annotations

from typing import NamedTuple


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
USEFULNESS: tuple[str, ...] = ("1", "2", "3", "4", "5")

#: Columns of "Danh sách": nine are printed; those after them are for sorting and filtering on the screen.
LIST_COLUMNS: tuple[Column, ...] = (
    Column("number_and_code", "STT và mã dòng", 16),
    Column("shop", "Gian hàng, sàn", 19),
    Column("goods", "Mặt hàng, nhãn hiệu", 16),
    Column("signs", "Dấu hiệu cần xác minh", 18),
    Column("reasons", "Lý do chính (trích nguyên văn)", 52),
    Column("location", "Nơi gửi hàng hiển thị (độ tin cậy)", 13),
    Column("counts", "Số tin có dấu hiệu/đã thu thập", 9),
    Column("action", "Đề xuất", 19),
    Column("opinion", "Ý kiến người rà soát", 12, True),
    Column("opinion_reason", "Lý do (khi Không hoặc Hoãn)", 24, True),
    Column("level", "Mức ưu tiên", 12),
    Column("standing", "Diện", 11),
    Column("queue", "Hàng chờ", 24),
    Column("change", "Thay đổi so với danh sách trước", 30),
    Column("authority", "Đơn vị", 22),
    Column("to_verify", "Nội dung cần xác minh", 40),
    Column("warnings", "Lưu ý", 34),
)
N_PRINTED = 9
"""The first nine columns of "Danh sách" are printed."""

#: Columns of "Kết quả": one row per target, in the list's order. The code is the key; shop and level only help the eye.
RESULT_COLUMNS: tuple[Column, ...] = (
    Column("code", "Mã dòng", 17),
    Column("shop", "Gian hàng, sàn", 26),
    Column("result", "Kết quả", 25, True),
    Column("happened_at", "Ngày kiểm tra, xác minh", 13, True),
    Column("behaviours", "Nội dung ghi nhận (nếu khác dấu hiệu)", 28, True),
    Column("decision_number", "Số QĐ xử phạt", 16, True),
    Column("decision_date", "Ngày QĐ xử phạt", 13, True),
    Column("fine_vnd", "Tiền phạt (đồng)", 15, True),
    Column("goods_value_vnd", "Trị giá hàng tạm giữ/tịch thu (đồng)", 17, True),
    Column("to_investigation", "Chuyển CQĐT", 10, True),
    Column("usefulness", "Mức hữu ích (1–5)", 9, True),
    Column("note", "Ghi chú", 28, True),
)
