"""The words an inspector reads: names of signs, what to verify, proposed steps, numbers and dates the Vietnamese way.

Nothing here says that anyone broke the law: a listing shows signs, a person decides.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from functools import lru_cache

from pipeline.platforms.registry import load_registry
from pipeline.sources.times import VIETNAM

SIGN_NAMES = {
    "counterfeit": "Dấu hiệu chào bán hàng giả mạo nhãn hiệu",
    "scam": "Dấu hiệu lừa dối người mua",
    "prohibited": "Dấu hiệu chào bán hàng cấm",
    "false_quality": "Cần kiểm nghiệm chất lượng, công dụng",
    "smuggled": "Dấu hiệu hàng nhập lậu hoặc chưa rõ nguồn gốc, xuất xứ",
    "undisclosed": "Chưa thấy thông tin bắt buộc (tại thời điểm thu thập)",
}

TO_VERIFY = {
    "counterfeit": ["Người bán có được chủ nhãn hiệu cho phép không", "Hóa đơn, chứng từ nguồn gốc lô hàng", "Ý kiến của chủ thể quyền về mẫu hàng"],
    "scam": ["Tin còn hiển thị không, người bán là ai", "Phản ánh của người mua trên sàn"],
    "prohibited": ["Hàng có thuộc danh mục cấm tại ngày đăng không", "Tin còn hiển thị không"],
    "false_quality": ["Số công bố, số đăng ký sản phẩm", "Kết quả kiểm nghiệm mẫu"],
    "smuggled": ["Hóa đơn, tờ khai hải quan", "Nhãn phụ tiếng Việt"],
    "undisclosed": ["Thông tin người bán mà sàn đang lưu"],
}

ACTIONS = {
    "watch": "Theo dõi",
    "verify_online": "Xác minh trực tuyến",
    "ask_platform": "Yêu cầu sàn cung cấp thông tin người bán",
    "rights_holder": "Liên hệ chủ thể quyền",
    "refer": "Xem xét chuyển cơ quan khác",
}

#: From the firmest down.
LEVELS = LEVEL_ONE, LEVEL_TWO, UNSURE = ("Ưu tiên 1", "Ưu tiên 2", "Chưa đủ căn cứ nhận định")

NOT_EXPLAINABLE = "Chưa giải thích được bằng lời của tin; không dùng làm căn cứ"
STILL_SHOWN = "Còn hiển thị tại lần thu thập"
NO_SIGN = "Chưa thấy dấu hiệu"
"""What green is called: a listing without signs is not thereby safe."""

NOT_A_PROBABILITY = "Xếp theo mức ưu tiên do cộng các dấu hiệu, không phải xác suất vi phạm."
BY_PROBABILITY = (
    "Xếp theo xác suất do mô hình ước lượng từ kết quả kiểm tra đã biết; xác suất chỉ để xếp thứ tự, không phải kết luận."
)
FOOTER = (
    "Tài liệu nội bộ phục vụ rà soát, xác minh. Không phải kết luận vi phạm, không thay thế quyết định kiểm tra. "
    "Không cung cấp ra ngoài khi chưa được người có thẩm quyền cho phép."
)
OLD_DATA = "DỮ LIỆU CŨ – CHỈ DÙNG ĐỂ THỬ NGHIỆM"
SYNTHETIC = "DỮ LIỆU MÔ PHỎNG"
DRAFT = "DỰ THẢO – CHƯA DUYỆT"


def order_note(score_kind: str) -> str:
    """Say what orders the list."""
    return BY_PROBABILITY if score_kind == "probability" else NOT_A_PROBABILITY


def format_price(value: float | None) -> str:
    """Return "1.250.000 đ"; missing is "không có giá"."""
    if value is None or math.isnan(value):
        return "không có giá"
    return f"{value:,.0f}".replace(",", ".") + " đ"


def in_a_row(items: Sequence[str]) -> str:
    """Return sentences as one, each begun in lower case."""
    return "; ".join(item[:1].lower() + item[1:] for item in items)


def format_count(value: float) -> str:
    """Return a whole number with dots between thousands."""
    return f"{value:,.0f}".replace(",", ".")


def format_share(value: float) -> str:
    """Return a share of one as "0,12 %"."""
    return f"{100 * value:.2f} %".replace(".", ",")


def format_date(day: date) -> str:
    """Return dd/mm/yyyy."""
    return day.strftime("%d/%m/%Y")


def format_time(when: datetime) -> str:
    """Return dd/mm/yyyy HH:MM in Vietnamese time."""
    return when.astimezone(VIETNAM).strftime("%d/%m/%Y %H:%M")


def format_captured(when: datetime, precision: str) -> str:
    """Return when a listing was seen, no more exactly than the source says; Vietnamese time."""
    local = when.astimezone(VIETNAM)
    exact = {"second": "%d/%m/%Y %H:%M", "month": "%m/%Y", "year": "%Y"}
    return local.strftime(exact.get(precision, "%d/%m/%Y"))


def list_title(day: date) -> str:
    """Return the list's title with its ISO week."""
    monday = day - timedelta(days=day.weekday())
    sunday = monday + timedelta(days=6)
    return (
        "DANH SÁCH ĐỐI TƯỢNG ĐỀ XUẤT RÀ SOÁT, XÁC MINH – "
        f"Tuần {day.isocalendar().week}/{day.isocalendar().year} ({monday:%d/%m}–{sunday:%d/%m/%Y})"
    )


@lru_cache(maxsize=1024)
def platform_name(platform: str) -> str:
    """Return the site's name as people write it."""
    return load_registry().name(platform)
