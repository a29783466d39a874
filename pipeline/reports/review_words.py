"""What a reader of single listings sees and answers: three judgements, the kinds of signs, and how to judge."""

from __future__ import annotations

from typing import Any

import pandas as pd

from pipeline.reports.safe_text import dead_link, live_link, visible
from pipeline.reports.wording import format_count, format_date, format_price, platform_name
from pipeline.sources.times import VIETNAM

#: judgement: (what stands on the button, when to press it)
JUDGEMENTS = {
    "worth_a_look": ("Nên xem kỹ", "có điều khiến người có trách nhiệm nên xác minh thêm"),
    "innocent": ("Bình thường", "đọc hết tin mà không thấy gì đáng xác minh"),
    "cannot_tell": ("Chưa rõ", "tin không đủ thông tin để nói"),
}
#: Short enough for a list in a cell, and without the comma that would split it there.
BEHAVIOURS = {
    "counterfeit": "Giả mạo nhãn hiệu",
    "scam": "Lừa dối người mua",
    "prohibited": "Hàng cấm",
    "false_quality": "Chất lượng hoặc công dụng",
    "smuggled": "Nhập lậu hoặc không rõ nguồn gốc",
    "undisclosed": "Thiếu thông tin bắt buộc",
}
TITLE = "Soi từng tin đăng"
INTRO = (
    "Đọc từng tin như một người mua cẩn thận rồi chọn một trong ba ý kiến. Lý do của máy chỉ hiện ra sau khi đã chọn, để ý kiến là của người đọc. "
    "Thứ tự các tin là ngẫu nhiên. Hai người cùng soi thì không trao đổi trước khi xong."
)
#: Longest description shown; the rest is said to be cut.
MAX_DESCRIPTION = 6_000


def facts(row: Any) -> list[tuple[str, str]]:
    """Return what is known of a listing besides title, price and description, as ``(name, value)``; only what the crawl shows."""
    values = [
        ("Sàn", platform_name(row.platform)),
        ("Giá gạch", format_price(row.list_price_vnd) if _number(row.list_price_vnd) else ""),
        ("Ngành hàng", _text(row.category)),
        ("Thương hiệu (ô của sàn)", _text(row.brand)),
        ("Gian hàng", _text(row.seller_name) or _text(row.seller_id)),
        ("Gian hàng chính hãng", "có" if row.is_official is True else ""),
        ("Mở gian hàng", format_date(row.seller_joined_at) if not pd.isna(row.seller_joined_at) else ""),
        ("Điểm gian hàng", _decimal(row.seller_rating)),
        ("Điểm sản phẩm", _decimal(row.rating)),
        ("Lượt đánh giá", format_count(row.n_reviews) if _number(row.n_reviews) else ""),
        ("Đã bán", format_count(row.n_sold) if _number(row.n_sold) else ""),
        ("Nơi gửi hàng", _text(row.location)),
        ("Thu thập ngày", format_date(row.captured_at.astimezone(VIETNAM).date())),
    ]
    return [(name, value) for name, value in values if value]


def address(row: Any) -> tuple[str | None, str]:
    """Return a live link or ``None``, and the listing's id with, where the link is not live, the address as dead text."""
    link = live_link(row.url)
    ident = f"{platform_name(row.platform)} {visible(row.listing_id)}"
    return link, ident if link else f"{ident} {dead_link(row.url)}".strip()


def description(row: Any) -> str:
    """Return the description without unseen characters, cut where it is very long."""
    text = visible(row.description).strip() if isinstance(row.description, str) else ""
    return text if len(text) <= MAX_DESCRIPTION else text[:MAX_DESCRIPTION] + " … (còn nữa)"


def _text(value: object) -> str:
    return visible(value) if isinstance(value, str) else ""


def _number(value: float) -> bool:
    return not pd.isna(value) and value > 0


def _decimal(value: float) -> str:
    return f"{value:.1f}".replace(".", ",") if _number(value) else ""
