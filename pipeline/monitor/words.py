"""The monitor's Vietnamese: rules, fields and reasons as a reader of the page meets them."""

from __future__ import annotations

from pipeline.monitor.checks import Check

NONE_YET = "chưa có"

RULES = {
    "nights": "Số đêm trước để so sánh",
    "score": "Phân bố điểm rủi ro (PSI)",
    "price": "Phân bố giá (PSI)",
    "goods": "Cơ cấu nhóm hàng (PSI)",
    "platforms": "Cơ cấu sàn (PSI)",
    "list": "Thành phần danh sách (PSI)",
    "new_words": "Tỷ lệ từ mới trong tiêu đề (mức tăng)",
    "missing": "Tỷ lệ tin thiếu trường (mức tăng)",
    "quarantined": "Tỷ lệ dòng cách ly (mức tăng)",
    "volume": "Số tin của sàn (so với trung vị các đêm trước)",
    "field_gone": "Trường dữ liệu biến mất",
    "layout": "Bố cục trang có thể đã đổi",
    "source_changed": "Sàn được đọc bằng cấu hình khác",
    "calibration": "Kết quả so với kỳ vọng của mô hình (chênh lệch)",
}
PARTS = {"behaviours": "dấu hiệu", "goods": "nhóm hàng", "platforms": "sàn"}
STATES = {"alert": "CẢNH BÁO", "quiet": "bình thường", "silent": "không kết luận"}
WHY = {
    "nights_missing": "chưa đủ số đêm để so sánh",
    "model_changed": "mô hình hoặc cách chấm đã đổi, điểm không so được",
    "nothing_to_compare": "không có gì để so",
    "too_few": "mẫu quá nhỏ: ngẫu nhiên cũng có thể lệch đến ngưỡng",
    "not_nightly": "sàn này không được thu thập mỗi đêm",
    "no_outcomes": NONE_YET,
}
CRAWL_ILL = "Thu thập đêm này có lỗi: sửa thu thập trước; không đề xuất rà soát thêm."


def subject(check: Check) -> str:
    """Return what a check is about, in words."""
    return PARTS.get(check.subject, check.subject) if check.rule == "list" else check.subject


def number(value: float | None) -> str:
    """Return a figure with a decimal comma, at most three places.

    >>> number(0.25), number(3.0), number(None)
    ('0,25', '3', '–')
    """
    return "–" if value is None else f"{value:.3f}".rstrip("0").rstrip(".").replace(".", ",")
