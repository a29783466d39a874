"""The form for links collected by hand: an empty table with drop-downs, one example and a short guide, for Excel 2013 and later.

The headings and the example are those that ``configs/sources/link_form.yaml`` reads back. Cells are text, because Excel reads "1.200" and
"03/11/2026" by the machine's region, and half of the offices' machines are set to English.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

SHEET, GUIDE, LISTS = "Tin đăng", "Hướng dẫn", "Danh mục"
EXAMPLE_MARK = "VÍ DỤ"
PRACTICE_SITE = "Sàn mô phỏng (bài tập)"
SITES = ("Shopee", "TikTok Shop", "Lazada", "Tiki", "Sendo", "Chợ Tốt", "Facebook", PRACTICE_SITE)
YES_NO = ("Có", "Không")
N_ROWS = 300
"""Rows with drop-downs; more can be written below, then without them."""

_FONT = "Times New Roman"
_CREATED = datetime(2026, 1, 1)


class Column(NamedTuple):
    """A column: heading, width in characters, what stands in the example, and what Excel says when the cell is chosen (at most 255)."""

    heading: str
    width: float
    example: str
    prompt: str = ""


COLUMNS: tuple[Column, ...] = (
    Column("STT", 8, EXAMPLE_MARK),
    Column("Đường dẫn tin", 48, "https://shopee.vn/Nuoc-hoa-nam-vi-du-100ml-i.900000001.700000001",
           "Bắt buộc. Chép cả đường dẫn trên thanh địa chỉ của trình duyệt, không dùng đường dẫn rút gọn."),
    Column("Tiêu đề", 44, "Nước hoa nam ví dụ 100ml", "Chép nguyên văn, kể cả biểu tượng và lỗi chính tả. Đường dẫn rút gọn thì phải có tiêu đề."),
    Column("Giá bán", 13, "350k", "Ghi như trên tin: 350k, 350.000đ, 1,2 triệu. Không thấy giá thì để trống."),
    Column("Tên gian hàng", 26, "Gian hàng ví dụ", "Chép nguyên văn tên hiển thị."),
    Column("Đường dẫn gian hàng", 32, "https://shopee.vn/shop/900000001", "Nên có: nhờ nó các tin của cùng một gian hàng được xếp chung."),
    Column("Nhãn hiệu", 16, "", "Nhãn hiệu sàn ghi trên tin, nếu có."),
    Column("Ngành hàng", 20, "nước hoa", "Chọn trong danh sách, hoặc ghi như trên sàn."),
    Column("Mô tả", 50, "Hàng ví dụ, không có thật", "Chép nguyên văn phần mô tả; nhiều dấu hiệu chỉ có ở đây."),
    Column("Giá gốc", 13, "", "Giá gạch ngang, nếu có."),
    Column("Nơi gửi", 16, "Hà Nội", "Nơi gửi hàng hiển thị trên tin. Đây không phải địa chỉ kinh doanh."),
    Column("Đã bán", 10, "1,2k", "Ghi như trên tin: 1,2k; 350."),
    Column("Gian hàng chính hãng", 12, "Không", "Sàn có gắn nhãn Mall, chính hãng cho gian hàng này không?"),
    Column("Số điện thoại, Zalo", 18, "",
           "Số hiện trên tin. Máy chỉ giữ mã băm để so trùng, không giữ số; tệp này vẫn còn số: bảo quản theo quy định."),
    Column("Ngày xem", 13, "24/11/2026",
           "Ngày bạn xem tin: ngày/tháng/năm, ví dụ 24/11/2026. Để trống thì lấy ngày lưu tệp. Không kéo ô xuống: số sẽ tăng dần."),
    Column("Sàn", 20, "", "Để trống khi đường dẫn thuộc sàn lớn; chọn hoặc ghi tên khi là trang khác."),
    Column("Ghi chú", 30, "Dòng này là ví dụ, máy bỏ qua", "Cho riêng bạn, máy không đọc."),
)  # fmt: skip

GUIDE_TEXT: tuple[tuple[str, str], ...] = (
    ("title", "MẪU GHI TIN ĐĂNG THU THẬP THỦ CÔNG"),
    ("text", "Dùng khi chưa có dữ liệu thu thập tự động: 20 đến 200 tin do người xem và chép lại. Máy chỉ đọc trang “Tin đăng”."),
    ("section", "Điền thế nào"),
    ("text", "1. Mỗi tin một dòng. Chỉ bắt buộc cột “Đường dẫn tin”; càng nhiều cột được điền thì lý do máy nêu càng chắc."),
    ("text", "2. Đường dẫn đầy đủ của Shopee, Tiki, Lazada, Sendo cho biết sàn, mã tin và cả tiêu đề. Đường dẫn của Chợ Tốt, Facebook, TikTok, "
             "đường dẫn rút gọn và trang khác không có tiêu đề: phải chép tiêu đề."),
    ("text", "3. Chép nguyên văn như trên tin, không sửa chính tả, không bỏ biểu tượng: cách viết lệch cũng là dấu hiệu."),
    ("text", "4. Không biết thì để trống. Không đoán, không ghi “không có”."),
    ("text", "5. Không đổi tên cột. Được thêm cột, đổi thứ tự cột, sắp xếp và lọc. Dòng “VÍ DỤ” để nguyên cũng được: máy bỏ qua."),
    ("text", "6. Muốn so giá với người bán khác thì ghi cả tin bình thường cùng mặt hàng: dưới ba người bán khác thì máy không nói gì về giá."),
    ("section", "Lưu và gửi"),
    ("text", "Lưu dạng Excel (.xlsx). Nếu phải lưu CSV, chọn “CSV UTF-8”; dạng “CSV” thường trên máy tiếng Anh làm mất dấu tiếng Việt."),
    ("text", "Người vận hành chạy: soihang run TEN_TEP.xlsx --out THU_MUC. Dòng nào không đọc được, máy ghi lại số dòng và lý do."),
    ("section", "Cần nhớ"),
    ("text", "Chỉ ghi thông tin ai mở trang cũng thấy. Không ghi số căn cước, không đăng nhập hộ, không mua thử khi chưa được giao."),
    ("text", "Tin trong bảng là tin cần xem xét, không phải tin vi phạm."),
    ("text", f"Khi làm bài tập, chọn sàn “{PRACTICE_SITE}”: mọi kết quả sẽ mang dòng DỮ LIỆU MÔ PHỎNG."),
)  # fmt: skip


def write_template(path: Path, *, goods_groups: Sequence[str]) -> None:
    """Write the empty form; ``goods_groups`` fill the drop-down of "Ngành hàng". The same call gives the same bytes."""
    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False, "in_memory": True}
    with xlsxwriter.Workbook(str(path), options) as book:
        book.set_properties({"title": "Mẫu ghi tin đăng", "created": _CREATED})
        book.formats[0].set_font_name(_FONT)
        styles = _styles(book)
        sheet, guide, lists = (book.add_worksheet(name) for name in (SHEET, GUIDE, LISTS))
        choices = {"Sàn": SITES, "Ngành hàng": tuple(goods_groups), "Gian hàng chính hãng": YES_NO}
        ranges = _lists(lists, choices)
        _table(sheet, styles, ranges)
        _guide(guide, styles)


def _styles(book: xlsxwriter.Workbook) -> dict[str, Format]:
    base = {"font_name": _FONT, "font_size": 11, "valign": "top", "text_wrap": True}
    cell = {**base, "border": 1, "border_color": "#B8BFC6", "num_format": "@", "text_wrap": False}
    head = {**base, "bold": True, "border": 1, "border_color": "#B8BFC6", "bg_color": "#DCE6EE", "align": "center", "valign": "vcenter"}
    return {
        "head": book.add_format(head),
        "must": book.add_format({**head, "bg_color": "#F6D9A8"}),
        "cell": book.add_format(cell),
        "example": book.add_format({**cell, "italic": True, "font_color": "#595959", "bg_color": "#EFEFEF"}),
        "title": book.add_format({**base, "font_size": 14, "bold": True}),
        "section": book.add_format({**base, "bold": True}),
        "text": book.add_format(base),
    }


def _lists(sheet: Worksheet, choices: dict[str, tuple[str, ...]]) -> dict[str, str]:
    """Write what the drop-downs offer onto a hidden sheet; returns its range per heading."""
    sheet.hide()
    ranges = {}
    for column, (heading, values) in enumerate(choices.items()):
        for at, value in enumerate([heading, *values]):
            sheet.write_string(at, column, value)
        letter = "ABC"[column]
        ranges[heading] = f"='{LISTS}'!${letter}$2:${letter}${len(values) + 1}"
    return ranges


def _table(sheet: Worksheet, styles: dict[str, Format], ranges: dict[str, str]) -> None:
    for at, column in enumerate(COLUMNS):
        sheet.set_column(at, at, column.width, styles["cell"])
        sheet.write_string(0, at, column.heading, styles["must"] if column.heading == "Đường dẫn tin" else styles["head"])
        sheet.write_string(1, at, column.example, styles["example"])
        for row in range(2, N_ROWS + 2):
            sheet.write_blank(row, at, None, styles["cell"])
        # The example is left alone; a value outside the list is allowed: the list helps, it does not forbid.
        rule = {"validate": "list", "source": ranges[column.heading]} if column.heading in ranges else {"validate": "any"}
        if column.prompt:
            shown = {"input_title": column.heading[:32], "input_message": column.prompt, "show_error": False}
            sheet.data_validation(2, at, N_ROWS + 1, at, {**rule, **shown})
    sheet.set_row(0, 32)
    sheet.ignore_errors({"number_stored_as_text": f"A2:{chr(ord('A') + len(COLUMNS) - 1)}{N_ROWS + 2}"})
    sheet.freeze_panes(1, 2)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)


def _guide(sheet: Worksheet, styles: dict[str, Format]) -> None:
    sheet.set_column(0, 0, 100)
    for at, (kind, text) in enumerate(GUIDE_TEXT):
        sheet.write_string(at, 0, text, styles[kind])
    sheet.set_portrait()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
