"""What the sheet "Hướng dẫn" and the foot of the page say: how to read the list, and what it is not."""

from __future__ import annotations

from typing import Any

from pipeline.reports.wording import FOOTER, SIGN_NAMES, TO_VERIFY, format_count, format_share, in_a_row, order_note

_SIGN_TITLES = {
    "brand_disguised": "tên nhãn hiệu viết lệch",
    "price_below_peers": "giá thấp hơn hẳn người bán khác",
    "price_below_genuine": "giá dưới mức của hàng chính hãng",
    "claim_genuine_but_cheap": "nói chính hãng mà giá thấp",
    "brands_stuffed": "nêu nhiều nhãn hiệu trong một tiêu đề",
    "seller_new": "gian hàng mới mở",
    "seller_many_brands": "nhiều nhãn hiệu nổi tiếng trong một gian hàng",
    "seller_other_signs": "nhiều tin khác của gian hàng cũng có từ ngữ đáng chú ý",
    "seller_found_before": "gian hàng đã có kết quả được xác nhận trước đó",
    "seller_complaints": "nhiều đánh giá phàn nàn hàng giả hoặc hàng khác mô tả",
    "relisted": "nội dung của tin đã bị gỡ hoặc đã được xác nhận được đăng lại dưới mã khác",
    "official_text_cheap": "mô tả của gian hàng chính hãng đi kèm giá dưới một nửa",
    "network_found_before": "liên kết với gian hàng từng có tin được xác nhận",
    "network_hidden": "nhiều gian hàng dùng chung số liên hệ, ảnh hoặc mô tả",
    "score.red": "tin đạt mức cao nhất",
    "score.red_or_amber": "tin có dấu hiệu ở bất kỳ mức nào",
    "identity_missing": "chưa thấy mã số thuế hoặc giấy phép",
}


def paragraphs(summary: dict[str, Any]) -> list[tuple[str, str]]:
    """Return ``(kind, text)`` in order, kind being ``section`` or ``text``."""
    out: list[tuple[str, str]] = [
        ("section", "Danh sách này là gì"),
        ("text", "Danh sách do máy xếp từ các tin đăng đã thu thập, để người rà soát xem trước và quyết định. Đây là bản dự thảo, không phải kế hoạch kiểm tra."),
        ("text", order_note(summary["score_kind"]) + " Mỗi dấu hiệu có số điểm do người viết ra, ghi trong tệp cấu hình."),
        ("text", FOOTER),
        ("section", "Cách đọc"),
        ("text", "Ưu tiên 1: có tin mang ít nhất hai loại dấu hiệu khác nhau và tổng điểm cao. Ưu tiên 2: có dấu hiệu rõ nhưng chỉ một loại, hoặc điểm thấp hơn. Chưa đủ căn cứ nhận định: mới có một tin với một dấu hiệu vừa phải; xếp cuối, không tính vào số lượt, chỉ theo dõi."),
        ("text", "Diện: Chính thức là trong số lượt của đơn vị; Dự bị và Chờ xếp tiếp theo, không bỏ đối tượng nào."),
        ("text", "Nơi gửi hàng hiển thị không phải địa chỉ kinh doanh; chỉ dùng để gợi ý đơn vị. Cần sàn cung cấp thông tin người bán trước khi nghĩ đến việc làm tại chỗ."),
        ("text", "Giá “tham khảo” của hàng chính hãng là mức do nhóm phát triển ước lượng, chưa kiểm chứng. Giá của người bán khác lấy từ chính đợt thu thập này, mỗi người bán chỉ tính một lần."),
        ("section", "Từng dấu hiệu và việc cần xác minh"),
    ]  # fmt: skip
    out += [("text", f"{name}: " + in_a_row(TO_VERIFY[key]) + ".") for key, name in SIGN_NAMES.items()]
    out += [
        ("section", "Cách ghi ý kiến"),
        ("text", "Ở cột “Ý kiến người rà soát” chọn Đồng ý, Không, hoặc Hoãn và ghi lý do. Không sửa cột mã dòng: mã dùng để ghép kết quả trả về."),
        ("section", "Số liệu của lần chạy này"),
        ("text", _counts(summary)),
    ]  # fmt: skip
    out += [("text", _source(one)) for one in summary["sources"]]
    out.append(("section", "Kiểm tra ngược trên gian hàng chính hãng và nhà bán lẻ"))
    out += [("text", line) for line in control_lines(summary)]
    out.append(("text", f"Mã lần chạy: {summary['run_id']}; phiên bản: {summary['version']}."))
    return out


def _counts(summary: dict[str, Any]) -> str:
    return (
        f"Đọc {format_count(summary['n_read'])} dòng = {format_count(summary['n_listings'])} tin + "
        f"{format_count(summary['n_quarantined'])} dòng cách ly; chấm {format_count(summary['n_scored'])} tin."
    )


def _source(one: dict[str, Any]) -> str:
    if one["error"]:
        return f"{one['file']}: không đọc được (lý do ghi trong run.json)."
    if one["passed_over"]:
        return f"{one['file']}: không chứa tin đăng, bỏ qua."
    n = sum(one["quarantined"].values())
    return f"{one['file']}: {format_count(one['read'])} dòng, {format_count(one['listings'])} tin, {format_count(n)} dòng cách ly."


def control_lines(summary: dict[str, Any]) -> list[str]:
    """Return how often each sign fires where hardly anything can be fake, in words."""
    if not summary["n_control"]:
        return ["Đợt thu thập này không có gian hàng chính hãng hoặc nhà bán lẻ để kiểm tra ngược."]
    head = (
        f"Chấm lại {format_count(summary['n_control'])} tin của gian hàng chính hãng và nhà bán lẻ như thể không biết họ là ai; "
        "dấu hiệu xuất hiện ở đây phần lớn là báo nhầm:"
    )
    lines = [
        f"– {sign_title(one['sign_id'], summary['cue_terms'])}: {format_count(one['fired'])} tin ({format_share(one['rate'])})" for one in summary["control"]
    ]
    return [head, *(lines or ["– không dấu hiệu nào xuất hiện."])]


def sign_title(sign_id: str, cue_terms: dict[str, str]) -> str:
    """Return a sign's short name; a cue is named by its leading term."""
    cue = sign_id.removeprefix("cue.")
    return _SIGN_TITLES.get(sign_id, f"từ ngữ “{cue_terms.get(cue, cue)}” và các cách viết khác")
