"""What kind of thing a listing sells: its goods group, and whether it is the article itself, an accessory, a sample, a voucher …

Vietnamese puts the head noun first ("Ốp lưng iPhone 15", "Dây đồng hồ", "Sách kể chuyện Steve Jobs"), so the first word that can be a head
decides, unless it only says what the thing is for, comes with or looks like ("tặng tai nghe", "hình đôi giày", "đựng mỹ phẩm"). Offers in
brackets are read last. Price, harm and law hang on the answer: where no word speaks, there is none. How often it is right is measured on
titles read by hand (`features.kind_quality`).
"""

from __future__ import annotations

import re
from typing import NamedTuple

import pandas as pd

from features.canonical import Canonical, fold
from features.kind_words import ITEM_TYPES, OUTSIDE, KindLexicon, Match, Reading, text_or_none
from features.pack import units

__all__ = ["ITEM_TYPES", "KIND_COLUMNS", "KindLexicon", "classify"]

KIND_COLUMNS = ["goods_group", "item_type", "n_units", "for_children", "kind_why"]

#: Item types that overrule the head noun, strongest first.
_OVERRULING = ("deposit", "voucher", "service", "used", "sample")
_ELECTRONICS, _PERFUME = "điện tử, phụ kiện", "nước hoa"
#: Nouns that also count: "cặp" is a bag or a pair.
_PAIRS = frozenset({"cặp"})
#: Nouns that also pack: "viên uống … lọ 60 viên" sells no jar.
_CONTAINERS = frozenset({"lọ", "hũ", "chai", "thùng", "bình", "khay", "ly", "cốc", "tô", "túi", "chén"})
#: A single syllable is a head only this near the start of its part of the title: "… nhỏ gọn bỏ túi" sells no bag.
_NEAR_WORDS = 3

_BRACKETS = re.compile(r"\[[^\]]*\]|【[^】]*】|\{[^}]*\}|\([^)]*\)|\[[^\]]{0,40}$")
_OFFER = re.compile(r"\d\s?%|\d\s?(?:k|tr|đ|đồng|triệu)\b|giảm|freeship|free ship|lzd|ưu đãi|hoàn tiền")
_OFFERED = re.compile(r"\s?\d{1,3}\s?(?:%|k\b)")
_SEGMENT = re.compile(r"[|/,;:+–—•~\]】]|\s[-_]\s|[-_]\s|[.!]\s")
_WORD = re.compile(r"[^\W\d_]+")
_COUNTED = re.compile(r" ?\d")
_FRACTION = re.compile(r"\d[.,]$")
#: Words that count or point and may stand between: "tặng kèm 2 đôi tất".
_COUNTING = frozenset("một cái chiếc bộ các mọi loại thêm ngay luôn những đôi hộp gói".split())
#: What follows these belongs to the thing, is not the thing.
_BESIDE = frozenset(
    "tặng kèm|tặng|kèm theo|kèm|in hình|hình|bằng|phối|vị|hương|mùi|họa tiết|bỏ|treo|như|mix|có|không|màu|kiểu|chiết xuất từ|chiết xuất|từ|và|"
    "cùng|trong|trên|gắn|đính|in|thêu|quà|thành|làm|nấu|pha|sau|khỏi|mẫu".split("|")
)
#: What follows these is what the thing goes with.
_FOR = frozenset(
    "dành cho|dùng cho|cho|đựng|để|bảo vệ|bọc|che|phủ|dán|lau|rửa|giặt|vệ sinh|sấy|đánh|chống sốc|lắp|gắn|sửa|sửa chữa|tháo|treo|may".split("|")
)
_LAST_WORD = re.compile(r"\w+$")
_ML = re.compile(r"(?<![\d.,])(\d{1,4})\s?ml(?!\w)")
_SAMPLE_ML = 15


class _Kind(NamedTuple):
    group: str | None
    item: str | None
    why: str | None
    start: int = -1


def classify(
    titles: list[Canonical], category: pd.Series, brands: pd.DataFrame, lexicon: KindLexicon
) -> pd.DataFrame:
    """Return ``KIND_COLUMNS``, one row a title in order.

    ``goods_group`` is missing where neither title nor category names one; ``n_units`` counts whole articles sold together, 1 by
    default; ``for_children`` is true where the title says so; ``kind_why`` quotes the deciding words in lower case.
    """
    remembered: dict[tuple[str, str | None, str | None], tuple[str | None, str | None, float, bool, str | None]] = {}
    by_category: dict[str | None, tuple[_Kind | None, str]] = {None: (None, "last")}
    rows = []
    for title, cell, role in zip(titles, category.tolist(), brands["brand_role"].tolist(), strict=True):
        key = (title.folded, text_or_none(cell), text_or_none(role))
        if key not in remembered:
            if key[1] not in by_category:
                by_category[key[1]] = _by_category(str(key[1]), lexicon)
            reading = lexicon.read(title.folded)
            kind = _kind(title.folded, reading, *by_category[key[1]], key[2], lexicon)
            remembered[key] = (kind.group, kind.item, units(title.folded), reading.for_children, kind.why)
        rows.append(remembered[key])
    table = pd.DataFrame(rows, columns=KIND_COLUMNS)
    return table.astype({"goods_group": "str", "item_type": "str", "n_units": "float64", "for_children": "bool", "kind_why": "str"})


def _kind(
    folded: str, reading: Reading, category: _Kind | None, speaks: str, brand_role: str | None, lexicon: KindLexicon
) -> _Kind:
    # Most titles have no bracket, and a look for the signs costs a tenth of the pattern.
    bracketed = "(" in folded or "[" in folded or "【" in folded or "{" in folded
    brackets = [found.span() for found in _BRACKETS.finditer(folded)] if bracketed else []
    if speaks == "first":
        head = category
    else:
        head = _turned(_noun(folded, reading, brackets, category, speaks), reading, lexicon)
    overruled = _overruling(folded, reading.matches, brackets, head)
    why = head.why if head else None
    item = _item(folded, head, brand_role) if overruled is None else overruled.word.item
    if overruled is not None and overruled.text != why:
        why = f"{why} | {overruled.text}" if why else overruled.text
    group = head.group if head else None
    if head is not None and head.start < 0 and item in ("service", "voucher"):
        # "Sim số đẹp" in the category of shoes is no shoe.
        group = None
    return _Kind(None if group == OUTSIDE else group, item, why)


def _noun(folded: str, reading: Reading, brackets: list[tuple[int, int]], category: _Kind | None, speaks: str) -> _Kind | None:
    """The head noun outside brackets, then inside; where none speaks or only a doubtful syllable, a hint, then the category."""
    matches = reading.matches
    outside = [one for one in matches if not _inside(one.start, brackets)] if brackets else matches
    head = _head(folded, outside, brackets)
    if head is None and len(outside) < len(matches):
        head = _head(folded, [one for one in matches if one not in outside], [])
    if head is None:
        hint = reading.hint
        return _Kind(hint.word.group, hint.word.item, hint.text, hint.start) if hint else category
    # "kim", "chỉ", "cây" name a thing outside our groups or only sound like it: a category knows better.
    doubtful = speaks == "doubt" and head.group == OUTSIDE and head.why is not None and " " not in head.why
    return category if doubtful and category is not None else head


def _turned(head: _Kind | None, reading: Reading, lexicon: KindLexicon) -> _Kind | None:
    """The kind that other words of the title make of the head noun: "xe máy … cho bé" is a toy, "hạt cho mèo" no food."""
    if not reading.turns:
        return head
    for turn in (*lexicon.turns_of.get((head and head.why) or "", ()), *lexicon.turns):
        if turn in reading.turns:
            word = reading.turns[turn]
            return _Kind(turn.group, turn.item, f"{head.why} | {word}" if head and head.why else word, head.start if head else 0)
    return head


def _head(folded: str, matches: list[Match], brackets: list[tuple[int, int]]) -> _Kind | None:
    """The first head noun; failing that, what the thing is for."""
    goes_with: Match | None = None
    for at, one in enumerate(matches):
        if one.word.place not in ("head", "model") or _far(folded, one, brackets):
            continue
        if one.text in _PAIRS and _followed(one, matches[at + 1 :]):
            continue
        if one.text in _CONTAINERS and _COUNTED.match(folded, one.end) and len(matches) > at + 1:
            continue
        if _follows(folded, one.start, _FOR):
            goes_with = goes_with or one
        elif not _follows(folded, one.start, _BESIDE):
            return _settle(folded, one, matches[at + 1 :])
    if goes_with is None or goes_with.word.group == OUTSIDE:
        return None
    return _Kind(goes_with.word.group, "accessory", goes_with.text, goes_with.start)


def _followed(one: Match, later: list[Match]) -> bool:
    """True where a head noun stands right behind: "cặp loa" is a pair of speakers, no bag."""
    return any(other.start == one.end + 1 and other.word.place == "head" for other in later[:1])


def _settle(folded: str, head: Match, later: list[Match]) -> _Kind:
    """A model name gives way to an accessory named behind it: "iPhone 15 ốp lưng silicon"."""
    if head.word.place == "model":
        for one in later:
            goes_with = one.word.item in ("accessory", "part") and one.word.place == "head" and " " in one.text
            if goes_with and not _follows(folded, one.start, _BESIDE):
                return _Kind(one.word.group, one.word.item, one.text, head.start)
    return _Kind(head.word.group, head.word.item, head.text, head.start)


def _follows(folded: str, at: int, phrases: frozenset[str]) -> bool:
    """True where one of ``phrases``, then at most words that count, stands right before ``at``."""
    if not at or folded[at - 1] != " ":
        return False
    words = folded[max(0, at - 40) : at - 1].split(" ")
    while words and (words[-1] in _COUNTING or (words[-1].isdecimal() and len(words[-1]) <= 3)):
        words.pop()
    for size in range(1, min(3, len(words)) + 1):
        first = _LAST_WORD.search(words[-size])
        if first is None:
            return False
        if " ".join((first[0], *words[len(words) - size + 1 :])) in phrases:
            return True
    return False


def _far(folded: str, one: Match, brackets: list[tuple[int, int]]) -> bool:
    """True for a single syllable that stands too deep in its part of the title to be its head."""
    return one.start > 0 and " " not in one.text and one.word.place == "head" and _words_before(folded, one.start, brackets) > _NEAR_WORDS


def _words_before(folded: str, at: int, brackets: list[tuple[int, int]]) -> int:
    start = 0
    for first, last in brackets:
        if last <= at:
            start = max(start, last)
        elif first < at:
            start = max(start, first + 1)
    for found in _SEGMENT.finditer(folded, start, at):
        start = found.end()
    return sum(1 for _ in _WORD.finditer(folded, start, at))


def _overruling(folded: str, matches: list[Match], brackets: list[tuple[int, int]], head: _Kind | None) -> Match | None:
    """The strongest word that changes what is sold wherever it stands: a voucher, a second-hand article, a sample."""
    best: Match | None = None
    group = head.group if head else None
    for one in matches:
        item = one.word.item
        if item not in _OVERRULING or one.word.place not in ("anywhere", "near"):
            continue
        if one.word.only_in and group not in one.word.only_in:
            continue
        if best and best.word.item and _OVERRULING.index(best.word.item) <= _OVERRULING.index(item):
            continue
        if one.word.place == "near" and not _leads(folded, one, brackets, head):
            continue
        if _only_offered(folded, one, brackets, head) or _follows(folded, one.start, _BESIDE):
            continue
        best = one
    return best


def _leads(folded: str, one: Match, brackets: list[tuple[int, int]], head: _Kind | None) -> bool:
    """True where a service or deposit is what is sold: it comes before the noun and opens its part of the title."""
    # "Đồng hồ nữ + dịch vụ khắc tên" sells the watch, "Điện thoại 2 sim" the phone.
    if head is not None and 0 <= head.start < one.start:
        return False
    return _words_before(folded, one.start, brackets) <= _NEAR_WORDS - 2


def _only_offered(folded: str, one: Match, brackets: list[tuple[int, int]], head: _Kind | None) -> bool:
    """True where the word belongs to an offer, a figure or another article: "[Voucher 50k]", "99,97%", "lọ chiết"."""
    item = one.word.item
    if item == "voucher":
        bracket = next((folded[a:b] for a, b in brackets if a <= one.start < b), "")
        if _OFFER.search(bracket):
            return True
        sold = head is not None and head.group not in (None, OUTSIDE)
        stamp = not bracket and not _WORD.search(folded, one.end) and one.start > 0
        return head is not None and ((sold and _OFFERED.match(folded, one.end) is not None) or (stamp and head.start >= 0))
    if item == "used":
        return one.text[0].isdigit() and _FRACTION.search(folded[: one.start]) is not None
    return item == "sample" and head is not None and head.item == "accessory"


def _item(folded: str, head: _Kind | None, brand_role: str | None) -> str | None:
    if head is None:
        return "accessory" if brand_role == "compatible" else None
    if head.item == "unknown":
        return "accessory" if brand_role == "compatible" else None
    if head.item == "goods" or head.item is None:
        if head.group == _PERFUME and _only_small_bottles(folded):
            return "sample"
        return "device" if head.group == _ELECTRONICS else "goods"
    return head.item


def _only_small_bottles(folded: str) -> bool:
    sizes = [int(found[1]) for found in _ML.finditer(folded)]
    return bool(sizes) and max(sizes) <= _SAMPLE_ML


def _by_category(category: str, lexicon: KindLexicon) -> tuple[_Kind | None, str]:
    """The group of a category text and when it is heard.

    What type of item it is stays open where the group mixes devices and accessories.
    """
    text = fold(category)
    for one in lexicon.categories:
        if found := one.pattern.search(text):
            return _Kind(one.group, "unknown" if one.group == _ELECTRONICS else "goods", found[0]), one.speaks
    return None, "last"


def _inside(at: int, spans: list[tuple[int, int]]) -> bool:
    return any(start <= at < end for start, end in spans)
