"""Phiếu thông tin đối tượng: one target on paper for the case file. What the listings show, and empty fields for what only a person can find."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
from docx.document import Document

from pipeline.reports.docx_page import (
    Approval,
    Pieces,
    address,
    as_dict,
    banner,
    blanks,
    bullets,
    facts,
    grid,
    heading,
    line,
    new_page,
    save,
    shortened,
    signatures,
    text_or,
)
from pipeline.reports.wording import (
    DRAFT,
    OLD_DATA,
    SYNTHETIC,
    format_count,
    format_date,
    format_price,
    format_time,
    order_note,
    platform_name,
)
from pipeline.sources.times import VIETNAM

MAX_LISTINGS = 20
_LONGEST = 600
"""Characters of a title or sentence that are printed; the whole of it is in the evidence."""

_TO_FILL = (
    "Địa chỉ kinh doanh đã xác minh",
    "Tên cơ sở, người đại diện",
    "Mã số thuế, giấy đăng ký kinh doanh",
    "Kết quả xác minh trực tuyến",
    "Thông tin sàn cung cấp (số, ngày văn bản)",
    "Ý kiến của người rà soát",
    "Ý kiến của người phê duyệt",
)


def write_profile(target: Any, listings: pd.DataFrame, summary: Mapping[str, Any], path: Path, *, approval: Approval | None = None) -> None:
    """Write the form of ``target`` (a row of ``targets``) to ``path``.

    ``listings`` are rows of ``target_listings``, of which those with the target's code are shown, at most 20; ``summary`` is what
    ``work/summary.json`` holds. Without ``approval`` the form says that it is a draft.
    """
    values = as_dict(target)
    own = listings[listings["code"].eq(values["code"])]
    document = new_page(f"Phiếu thông tin đối tượng {values['code']}", made_on=date.fromisoformat(summary["as_of"]))
    _top(document, values, summary, approval)
    _subject(document, values)
    heading(document, "2. Dấu hiệu cần xác minh")
    bullets(document, values["signs"].split("; "))
    heading(document, "3. Lý do (trích nguyên văn trong dấu “ ”)")
    bullets(document, [shortened(reason, _LONGEST) for reason in values["reasons"]] or ["Chưa có câu giải thích; không dùng làm căn cứ."])
    _listings(document, own)
    _to_verify(document, list(values["to_verify"]))
    heading(document, "6. Bước tiếp theo do công cụ đề xuất")
    line(document, f"{values['action']}. Người có thẩm quyền quyết định.")
    heading(document, "7. Phần cán bộ ghi")
    blanks(document, _TO_FILL)
    line(document, "")
    signatures(document, ("NGƯỜI RÀ SOÁT", "NGƯỜI PHÊ DUYỆT"))
    save(document, path)


def _top(document: Document, values: Mapping[str, Any], summary: Mapping[str, Any], approval: Approval | None) -> None:
    document.add_paragraph("PHIẾU THÔNG TIN ĐỐI TƯỢNG", style="Title")
    line(document, f"Mã dòng: {values['code']} – {values['level']} – Diện: {values['standing']}", bold=True, centred=True)
    if approval is None:
        line(document, DRAFT, bold=True, centred=True)
    else:
        line(document, f"Người duyệt: {approval.approver} – Ngày duyệt: {format_date(approval.approved_on)}", bold=True, centred=True)
    for wanted, text in ((summary["is_old"], OLD_DATA), (summary["synthetic"], SYNTHETIC)):
        if wanted:
            banner(document, text)
    note = f"Ngày dữ liệu: {format_date(date.fromisoformat(summary['data_date']))}. {order_note(summary['score_kind'])}"
    line(document, note, italic=True, size=10.5, centred=True)


def _subject(document: Document, values: Mapping[str, Any]) -> None:
    place = text_or(values["location"], "không hiển thị")
    if isinstance(values["location_confidence"], str):
        place = f"{place} (độ tin cậy {values['location_confidence']})"
    heading(document, "1. Đối tượng")
    facts(
        document,
        [
            ("Sàn", platform_name(values["platform"])),
            ("Tên gian hàng hiển thị", shortened(text_or(values["seller_name"], "chưa rõ người bán"), _LONGEST)),
            ("Mã người bán trên sàn", shortened(text_or(values["seller_id"], "dữ liệu không có"), _LONGEST)),
            ("Địa chỉ trang (không bấm)", address(values["subject_url"])),
            ("Nhóm hàng", text_or(values["goods"], "chưa xác định")),
            ("Nhãn hiệu được nêu", text_or(values["brands"], "không có")),
            ("Nơi gửi hàng hiển thị", shortened(place, _LONGEST)),
            ("Đơn vị theo nơi gửi hàng", values["authority"]),
            ("Số tin có dấu hiệu/đã thu thập", f"{format_count(values['n_flagged'])}/{format_count(values['n_collected'])}"),
        ],
    )


def _listings(document: Document, own: pd.DataFrame) -> None:
    heading(document, "4. Tin đăng làm căn cứ")
    shown = own.head(MAX_LISTINGS)
    rows = [_listing(number, row) for number, row in enumerate(shown.itertuples(), start=1)]
    if not rows:
        line(document, "Không có tin đăng kèm theo.")
        return
    header = ("STT", "Tiêu đề (trích nguyên văn, dấu hiệu in đậm)", "Giá đăng", "Giá đối chiếu", "Thu thập lúc; bằng chứng")
    grid(document, header, rows, widths=(1.1, 6.1, 2.5, 3.4, 3.4), size=9.5)
    if len(own) > len(shown):
        line(document, f"Còn {len(own) - len(shown)} tin khác của đối tượng trong bảng dữ liệu.", italic=True, size=10.5)


def _listing(number: int, row: Any) -> list[Pieces]:
    ident = f"\n{platform_name(row.platform)}, mã tin {shortened(row.listing_id, 120)}\n{address(row.url, at_most=160)}"
    # Where the source says no more than the day, an hour on paper would be made up.
    exact = getattr(row, "captured_precision", "second") == "second"
    when = f"{format_time(row.captured_at)} (UTC+7)" if exact else format_date(row.captured_at.astimezone(VIETNAM))
    seen = f"{when}\n{row.row_hash}"
    reference = shortened(text_or(row.reference, "không có giá đối chiếu"), _LONGEST)
    return [
        ((str(number), False),),
        [*marked(row.title, row.highlights), (ident, False)],
        ((format_price(row.price_vnd), False),),
        ((reference, False),),
        ((seen, False),),
    ]


def marked(title: str, highlights: Any) -> list[tuple[str, bool]]:
    """Return a title in pieces, true for the words that are signs; ``highlights`` are ``{field, start, end}`` in the original text."""
    pieces, reached = [], 0
    short = title[:_LONGEST]
    for start, end in sorted((int(mark["start"]), int(mark["end"])) for mark in highlights if mark["field"] == "title"):
        if reached <= start < end <= len(short):
            pieces += [(short[reached:start], False), (short[start:end], True)]
            reached = end
    return [*pieces, (shortened(title[reached:], max(0, _LONGEST - reached)), False)]


def _to_verify(document: Document, items: list[str]) -> None:
    heading(document, "5. Nội dung cần xác minh trước khi đề xuất bước khác")
    rows = [[((str(number), False),), ((item, False),), (("", False),), (("", False),)] for number, item in enumerate(items, start=1)]
    grid(document, ("STT", "Nội dung", "Có/Không/Chưa rõ", "Ghi chú, nguồn"), rows, widths=(1.1, 7.4, 3.0, 5.0), size=10.5)
