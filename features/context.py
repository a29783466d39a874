"""What the words around a cue make of it: an assurance, a description of another's goods, the wrong goods, or a sign.

Each rule has a name, and the name is handed out with the verdict, so that a person can disagree with a rule and not with a machine.
Windows are 60 characters and end at a clause boundary; Tiki's descriptions have lost their line breaks ("…da.ĐIỀU GÌ"), so a full
stop ends a clause even where no space follows it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple

from features.errors import ConfigError
from features.fold import plain

WINDOW = 60
"""Characters read before and after a hit."""

_BOUNDARY = re.compile(r"(?<!\d)[.!?](?!\d)|[.!?](?=\D)|[;\n\r|•✅✔✓★☆►▶➡→●■◆✪❌⭐🔰👉💥]")
_W = r"(?<![^\W_])"
_E = r"(?![^\W_])"

#: Nobody who says this says it of his own goods, whatever the cue is about.
_DENIED = re.compile(
    _W + r"(?:(?:nói )?(?:không|ko|kg|hông|khong|hok|hem|chẳng|chả|chưa|đừng|no|not|never)(?: \w+){0,4}[ :,]*"
    r"|(?:không|ko|khong|k|kh|hok|hem) (?:phải|bán|kinh doanh|làm|sử dụng|nhập|nhận|chứa|có|là|dùng|cung cấp|chấp nhận|tiếp tay)"
    r"(?:(?!" + _E + r" mà ).){0,60}"
    r"|(?:phòng|chống|ngăn|ngừa|tránh|né|thay vì|thay thế|cai|bỏ|từ bỏ|hạn chế|giảm|cấm|nghiêm cấm)(?: \w+){0,5}[ :,/&-]*)$"
)
#: Assurances and warnings about fakes in general: the sentence is on the buyer's side.
_ASSURED = re.compile(
    _W + r"(?:cam kết|cam đoan|đảm bảo|bảo đảm|phân biệt|nhận biết|nhận dạng|so sánh|tố cáo|tố giác|phát hiện|cảnh báo|cảnh giác|lưu ý"
    r"|chú ý|cẩn thận|coi chừng|tránh|chống|phòng|ngăn|nếu|lỡ|chẳng may|trường hợp|nghi ngờ|nghi là|bảo vệ|nói không|nạn|vấn đề|tình trạng"
    r"|mua phải|mua nhầm|mua trúng|gặp phải|dùng phải|dính|dính phải|lo|lo lắng|sợ|lo ngại|e ngại|thay vì|bài trừ|tẩy chay|loại bỏ|kiểm tra|check"
    r"|thị trường|tràn lan|trôi nổi|vô số|rất nhiều|nhiều loại|hiện nay|xuất hiện|khác với|khác xa|rẻ tiền|hoàn tiền|đền|bồi thường|khiếu nại"
    r"|bị|là thật hay|thật hay|real hay|auth hay|thật và|thật,|thật -|thật/|tiêu hủy|thu giữ|xử lý|yên tâm|an tâm|thoát khỏi|đẩy lùi|từ chối"
    r"|miễn|mọi hành vi|hành vi|đề phòng|đối phó|nâng cao|xác thực|bảo hành|ko|không|khong|not|no|never|chẳng|chưa|nhà cung cấp|100%)" + _E
)
_ASSURED_AFTER = re.compile(
    r"^(?:\W*(?:\w+\W+){0,7}?(?:đền|hoàn tiền|hoàn lại|bồi thường|hoàn trả|trả lại|trả hàng|xin nhận|chịu trách nhiệm|gấp \d+|x ?\d+|là gì|tràn lan"
    r"|trên thị trường|ngoài thị trường|được bày bán|trôi nổi|kém chất lượng|không rõ|không đảm bảo|thường|rất nhiều|gây|sẽ|có thể|đang|và hàng thật"
    r"|với hàng thật|hay thật|hay hàng|hay chính|refund)|[?])" + _E
)
_OF_ANOTHER = re.compile(
    _W + r"(?:tương thích(?: với)?|dành cho|dùng cho|dùng được cho|sử dụng cho|phù hợp(?: với| cho)?|thay thế cho|lắp cho|compatible with"
    r"|ốp(?: lưng)?(?: cho)?|hộp đựng|bao đựng|túi đựng|giá đỡ|dây đeo|phụ kiện|bao da|case)"
    r"(?! (?:cả |mọi |các |phái |những |cho )?(?:nam|nữ|người|bé|trẻ|bạn|mẹ|ba|học|da|tóc|lứa|đi|dân|cặp|gia đình|chị|anh|em|tất|size|full))"
    r"(?: \w+){0,3} $"
)
#: Who leaves out the tones leaves them out of his assurances too ("khong ban hang nhai").
_DENIED_BARE, _ASSURED_BARE, _ASSURED_AFTER_BARE, _OF_ANOTHER_BARE = (
    re.compile(plain(pattern.pattern)) for pattern in (_DENIED, _ASSURED, _ASSURED_AFTER, _OF_ANOTHER)
)

#: Books, films and games name anything in their titles.
STORIES = frozenset({"sách"})


class Verdict(NamedTuple):
    """``polarity``: sign | negated | described | out_of_context; ``why``: the name of the rule that decided."""

    polarity: str
    why: str


class Facts(NamedTuple):
    """What is known of the listing beside its text; ``None`` where nothing is known."""

    brand: str | None
    brand_role: str | None
    goods_group: str | None
    item_type: str | None
    platform: str | None


@dataclass(frozen=True, slots=True)
class Need:
    """One condition of a cue's ``needs``; several are joined by ``;`` (all) and `` or `` (any)."""

    name: str
    values: frozenset[str] = frozenset()
    pattern: re.Pattern[str] | None = None

    def met(self, facts: Facts, window: str) -> bool:
        """True where the listing (and the window around the hit, the hit written ``<so>``) fulfils the condition."""
        if self.name == "near":
            return self.pattern is not None and self.pattern.search(window) is not None
        if self.name == "brand":
            return facts.brand is not None and facts.brand_role == "mark"
        value = getattr(facts, _FACT_OF[self.name.removesuffix("_not")])
        return value not in self.values if self.name.endswith("_not") else value in self.values


_FACT_OF = {"goods": "goods_group", "item": "item_type", "platform": "platform"}
_NEEDS = ("brand", "near", *_FACT_OF, *(f"{name}_not" for name in _FACT_OF))

Needs = tuple[tuple[Need, ...], ...]


def read_needs(text: str, cue_id: str) -> Needs:
    """Read a ``needs`` cell: all of its ``;``-parts must hold, of each part one of its `` or ``-alternatives.

    Raises `ConfigError` for a condition nobody knows, naming the cue and the known ones.
    """
    parts = [part.strip() for part in text.split(";") if part.strip()]
    return tuple(tuple(_read_need(one.strip(), cue_id) for one in part.split(" or ")) for part in parts)


def _read_need(text: str, cue_id: str) -> Need:
    name, _, values = text.partition(":")
    if name not in _NEEDS or (name != "brand") != bool(values):
        raise ConfigError(f"cue {cue_id}: unknown condition {text!r} in needs. Known: {', '.join(_NEEDS)}.")
    if name == "near":
        return Need(name, pattern=read_pattern(values, cue_id))
    return Need(name, frozenset(value.strip() for value in values.split("|")))


def read_pattern(text: str, cue_id: str) -> re.Pattern[str]:
    """Compile a regular expression of the table; raises `ConfigError` naming the cue."""
    try:
        return re.compile(text)
    except re.error as cause:
        raise ConfigError(f"cue {cue_id}: {text!r} is no regular expression ({cause}).") from cause


def clause_before(folded: str, start: int) -> str:
    """Return what stands before ``start`` in the same clause, at most `WINDOW` characters."""
    left = folded[max(0, start - WINDOW) : start]
    ends = [found.end() for found in _BOUNDARY.finditer(left)]
    return left[ends[-1] :] if ends else left


def clause_after(folded: str, end: int) -> str:
    """Return what stands after ``end`` in the same clause, at most `WINDOW` characters."""
    right = folded[end : end + WINDOW]
    first = _BOUNDARY.search(right)
    return right[: first.end()] if first else right


def window_around(folded: str, start: int, end: int) -> str:
    """Return the text around a hit with the hit in angle brackets, as ``near`` and ``unless`` see it.

    >>> window_around("túi xách tay nữ", 4, 12)
    'túi <xách tay> nữ'
    """
    return f"{folded[max(0, start - WINDOW) : start]}<{folded[start:end]}>{folded[end : end + WINDOW]}"


def is_bare(text: str) -> bool:
    """True where ``text`` (folded) is written without tones, or says nothing at all."""
    return text.isascii() or plain(text) == text


def negation(behaviour: str, before: str, after: str) -> str | None:
    """Return the name of the rule that turns a hit into an assurance or a warning, or ``None``."""
    bare, bare_after = is_bare(before), is_bare(after)
    if _DENIED.search(before) or (bare and _DENIED_BARE.search(before)):
        return "denied"
    if behaviour not in ("counterfeit", "smuggled"):
        return None
    if _ASSURED.search(before) or (bare and _ASSURED_BARE.search(before)):
        return "assured"
    if _ASSURED_AFTER.search(after) or (bare_after and _ASSURED_AFTER_BARE.search(after)):
        return "assured_after"
    return None


def description(behaviour: str, before: str) -> str | None:
    """Return the name of the rule that makes a hit speak of goods other than these, or ``None``."""
    if behaviour in ("claim", "scam"):
        return None
    # Quotation marks excuse nothing: a seller who writes "rep 1:1" in them still offers it.
    another = _OF_ANOTHER.search(before) or (is_bare(before) and _OF_ANOTHER_BARE.search(before))
    return "of_another" if another else None
