"""What the sheet "Hướng dẫn" and the foot of the page say: how to read the list, and what it is not."""

from __future__ import annotations

from typing import Any

from pipeline.reports.wording import FOOTER, NO_SIGN, SIGN_NAMES, TO_VERIFY, format_count, format_share, in_a_row, order_note
from pipeline.tables.targets import QUEUE_ADDRESS, QUEUE_PLATFORM

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


#: What each word of the drop-downs means.
CHOICES = {
    "Đồng ý": "nên làm bước được đề xuất",
    "Không": "tin bình thường, hoặc không thuộc việc của đơn vị: ghi lý do ở cột bên",
    "Hoãn": "chưa làm được tuần này: ghi lý do và đến bao giờ",
    "Chưa kiểm tra": "chưa đến lượt; không tính là sạch",
    "Không tìm thấy cơ sở": "đã đến nơi nhưng không có cơ sở ở địa chỉ đã ghi",
    "Không phát hiện vi phạm": "đã kiểm tra, xác minh xong, hàng và giấy tờ phù hợp",
    "Có vi phạm đúng dấu hiệu": "kết luận của người có thẩm quyền, đúng với dấu hiệu ghi trên dòng",
    "Có vi phạm khác": "kết luận của người có thẩm quyền, nhưng khác dấu hiệu ghi trên dòng: ghi rõ ở cột “Nội dung ghi nhận”",
    "Chờ giám định/kiểm nghiệm": "đã lấy mẫu, chưa có kết quả",
    "Chuyển cơ quan khác": "đã chuyển hồ sơ cho cơ quan có thẩm quyền khác",
}
TO_INVESTIGATION = ("hồ sơ đã chuyển cơ quan điều tra", "không chuyển")


def paragraphs(summary: dict[str, Any]) -> list[tuple[str, str]]:
    """Return ``(kind, text)`` in order, kind being ``section`` or ``text``."""
    return how_to_read(summary) + about_this_run(summary)


def how_to_read(summary: dict[str, Any]) -> list[tuple[str, str]]:
    """Return what a reader needs before the first row, and how to answer."""
    return [
        ("section", "Danh sách này là gì"),
        ("text", "Danh sách do máy xếp từ các tin đăng đã thu thập, để người rà soát xem trước và quyết định. Máy chỉ đề xuất; kiểm tra hay không do người có thẩm quyền quyết định sau khi đã xác minh địa chỉ."),
        ("text", order_note(summary["score_kind"]) + " Mỗi dấu hiệu có số điểm do người viết ra, ghi trong tệp cấu hình."),
        ("text", FOOTER),
        ("section", "Cách đọc"),
        ("text", "Ưu tiên 1: có tin mang ít nhất hai loại dấu hiệu khác nhau và tổng điểm cao. Ưu tiên 2: có dấu hiệu rõ nhưng chỉ một loại, hoặc điểm thấp hơn. Chưa đủ căn cứ nhận định: mới có một tin với một dấu hiệu vừa phải; xếp cuối, không tính vào số lượt, chỉ theo dõi. Tin không nằm trong danh sách là “" + NO_SIGN + "” tại thời điểm thu thập, không có nghĩa là hàng thật."),
        ("text", "Diện: Chính thức là trong số lượt của đơn vị; Dự bị thay vào khi có dòng không làm được; Rà soát ngẫu nhiên là dòng rút thăm để soi trên mạng, không để đến cơ sở; Chuyển cơ quan khác không chiếm lượt; Tạm hoãn và Chờ được giữ lại, không bỏ đối tượng nào."),
        ("text", "Hàng chờ: “" + QUEUE_ADDRESS + "” chỉ khi có người đã ghi địa chỉ; còn lại là “" + QUEUE_PLATFORM + "”. Nơi gửi hàng hiển thị không phải địa chỉ kinh doanh, chỉ dùng để gợi ý đơn vị."),
        ("text", "Giá “tham khảo” của hàng chính hãng là mức do nhóm phát triển ước lượng, chưa kiểm chứng. Giá của người bán khác lấy từ chính đợt thu thập này, mỗi người bán chỉ tính một lần."),
        ("text", "Địa chỉ trang chỉ bấm được khi là sàn đã đăng ký; trang khác viết “hxxp” để không ai bấm nhầm."),
        ("section", "Từng dấu hiệu và việc cần xác minh"),
        *[("text", f"{name}: " + in_a_row(TO_VERIFY[key]) + ".") for key, name in SIGN_NAMES.items()],
        ("section", "Cách ghi và gửi lại"),
        ("text", "Ở trang “Danh sách” chọn ý kiến ở cột “Ý kiến người rà soát”; với Không hoặc Hoãn ghi lý do ở cột bên. Sau khi làm, ghi trang “Kết quả” rồi gửi lại cả tệp. Được sắp xếp, lọc, thêm cột, đổi tên tệp. Không sửa mã dòng: chữ cuối của mã là chữ kiểm tra, mã dùng để ghép kết quả trả về."),
        ("text", "Bản này là dự thảo cho đến khi ghi người duyệt và ngày duyệt ở đầu trang “Danh sách”."),
    ]  # fmt: skip


def about_this_run(summary: dict[str, Any]) -> list[tuple[str, str]]:
    """Return what was read, and how often signs fire where hardly anything can be fake."""
    return [
        ("section", "Số liệu của lần chạy này"),
        ("text", _counts(summary)),
        *[("text", _source(one)) for one in summary["sources"]],
        ("section", "Kiểm tra ngược trên gian hàng chính hãng và nhà bán lẻ"),
        *[("text", line) for line in control_lines(summary)],
        ("text", f"Mã lần chạy: {summary['run_id']}; phiên bản: {summary['version']}."),
    ]


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
