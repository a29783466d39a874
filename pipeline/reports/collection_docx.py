"""Phiếu thu thập thông tin: one listing used, as it stood when it was captured, with what shows that nothing was changed since."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docx.document import Document

from pipeline.reports.docx_page import address, as_dict, banner, bullets, facts, grid, heading, line, new_page, save, shortened, signatures, text_or
from pipeline.reports.wording import SYNTHETIC, format_price, platform_name
from pipeline.sources.times import VIETNAM

if TYPE_CHECKING:
    from pipeline.trail.sealed import Sealed

_PRECISION = {
    "second": "đến giây, theo dữ liệu thu thập",
    "day": "chỉ đến ngày; giờ phút không có trong dữ liệu",
    "month": "chỉ đến tháng; ngày giờ không có trong dữ liệu",
    "year": "chỉ đến năm; ngày giờ không có trong dữ liệu",
    "file": "dữ liệu không ghi; lấy theo ngày của tệp thu thập",
}
_FORMS = {
    "line": "dòng gốc, đúng từng byte",
    "object": "bản ghi gốc trong tệp JSON, đúng từng byte",
    "record": "bản ghi đọc từ tệp (loại tệp này không có dòng), viết lại ở dạng JSON",
}
_MAX_FIELDS = 80
_LONGEST_FIELD = 20_000
_CONTENT = 60_000
"""Characters of content that are printed; the whole of it is in the sealed evidence."""


def write_collection(listing: Any, summary: Mapping[str, Any], path: Path, *, raw: Sealed | None = None) -> None:
    """Write the form of ``listing`` (a row of ``target_listings``) to ``path``.

    ``summary`` is what ``work/summary.json`` holds; ``raw`` is what `pipeline.trail.sealed.seal` returned for this listing: without it the
    form says that no raw data are sealed. Phone numbers are masked; control characters are not printed.
    """
    values = as_dict(listing)
    document = new_page(f"Phiếu thu thập thông tin {values['code']} {values['row_hash']}", made_on=date.fromisoformat(summary["as_of"]))
    document.add_paragraph("PHIẾU THU THẬP THÔNG TIN", style="Title")
    line(document, f"Mã dòng: {values['code']} – Mã bằng chứng: {values['row_hash']}", bold=True, centred=True)
    if summary["synthetic"]:
        banner(document, SYNTHETIC)
    heading(document, "1. Tin đăng")
    facts(
        document,
        [
            ("Sàn", platform_name(values["platform"])),
            ("Mã tin", shortened(values["listing_id"], 600)),
            ("Địa chỉ (không bấm)", address(values["url"])),
            ("Tiêu đề", shortened(values["title"], 2_000)),
            ("Giá đăng", format_price(values["price_vnd"])),
        ],
    )
    _when(document, values)
    heading(document, "3. Dấu hiệu ghi nhận trên tin (trích nguyên văn trong dấu “ ”)")
    bullets(document, [shortened(reason, 600) for reason in values["reasons"]] or ["Không có câu giải thích riêng cho tin này."])
    _integrity(document, values, summary, raw)
    _content(document, raw)
    line(document, "")
    signatures(document, ("NGƯỜI LẬP PHIẾU", "NGƯỜI KIỂM TRA LẠI"))
    save(document, path)


def _when(document: Document, values: Mapping[str, Any]) -> None:
    captured: datetime = values["captured_at"]
    heading(document, "2. Thời điểm thu thập")
    precision = _PRECISION.get(str(values.get("captured_precision")), "theo dữ liệu thu thập")
    facts(
        document,
        [
            ("Giờ UTC", f"{captured.astimezone(UTC):%d/%m/%Y %H:%M:%S}"),
            ("Giờ Việt Nam (UTC+7)", f"{captured.astimezone(VIETNAM):%d/%m/%Y %H:%M:%S}"),
            ("Độ chính xác", precision),
        ],
    )


def _integrity(document: Document, values: Mapping[str, Any], summary: Mapping[str, Any], raw: Sealed | None) -> None:
    heading(document, "4. Nguồn và mã băm")
    model = text_or(summary.get("model_version"), "chấm theo dấu hiệu" if summary["score_kind"] == "evidence" else "xem biên bản chạy")
    rows = [
        ("Tệp thu thập, dòng", f"{shortened(values['source_file'], 300)}, dòng (bản ghi) {int(values['source_line'])}"),
        ("Mã băm nội dung dòng", values["row_hash"]),
    ]
    if raw is None:
        rows.append(("Dữ liệu gốc", "chưa niêm phong"))
    else:
        sealed = raw.listing
        rows += [
            ("Dữ liệu gốc niêm phong", f"{sealed.bytes} byte, {_FORMS[sealed.form]}"),
            ("SHA-256 dữ liệu gốc", sealed.raw_sha256),
            *([("SHA-256 dòng tiêu đề cột", sealed.header_sha256)] if sealed.header_sha256 else []),
            ("SHA-256 cả tệp", sealed.file_sha256),
        ]
    rows += [("Công cụ", f"SoiHàng {summary['version']}, mã lần chạy {summary['run_id']}"), ("Phiên bản mô hình", model)]
    facts(document, rows, names=4.4, size=10.5)


def _content(document: Document, raw: Sealed | None) -> None:
    heading(document, "5. Nội dung như đã thu thập (số điện thoại được che)")
    if raw is None:
        line(document, "Chỉ có các mục ở phần 1; dữ liệu gốc chưa niêm phong.")
        return
    rows, left, unseen = [], _CONTENT, 0
    for name, text in raw.fields[:_MAX_FIELDS]:
        shown = shortened(text, min(left, _LONGEST_FIELD))
        unseen += shown != text
        left = max(0, left - len(shown))
        rows.append([((shortened(name, 200), True),), ((shown, False),)])
    grid(document, ("Trường", "Giá trị"), rows, widths=(4.0, 12.5), size=10, torn_rows=True)
    notes = []
    if len(raw.fields) > _MAX_FIELDS:
        notes.append(f"Còn {len(raw.fields) - _MAX_FIELDS} trường khác trong dữ liệu gốc niêm phong.")
    if unseen:
        notes.append(f"{unseen} trường được lược bớt hoặc bỏ ký tự không nhìn thấy khi in; dữ liệu gốc niêm phong giữ nguyên.")
    for note in notes:
        line(document, note, italic=True, size=10.5)
