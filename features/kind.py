"""What kind of thing a listing sells: its goods group, and whether it is the article itself, an accessory, a sample, a voucher …

Vietnamese puts the head noun first ("Ốp lưng iPhone 15", "Dây đồng hồ", "Sách kể chuyện Steve Jobs"), so the first word that can be a head
decides, unless it only says what the thing is for, comes with or looks like ("tặng tai nghe", "hình đôi giày", "đựng mỹ phẩm"). Offers in
brackets are read last. Price, harm and law hang on the answer: where no word speaks, there is none.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

import pandas as pd

from features.canonical import Canonical, fold
from features.errors import ConfigError
from features.lookup import WordFinder

KIND_COLUMNS = ["goods_group", "item_type", "n_units", "for_children", "kind_why"]
ITEM_TYPES = frozenset({"device", "accessory", "part", "sample", "voucher", "used", "service", "deposit", "goods"})

#: Item types that overrule the head noun, strongest first.
_OVERRULING = ("deposit", "voucher", "service", "used", "sample")
_PLACES = frozenset({"head", "model", "anywhere", "near"})
_ELECTRONICS, _PERFUME = "điện tử, phụ kiện", "nước hoa"
#: Nouns that also count: "cặp" is a bag or a pair.
_PAIRS = frozenset({"cặp"})
#: A single syllable is a head only this near the start of its part of the title: "… nhỏ gọn bỏ túi" sells no bag.
_NEAR_WORDS = 3
_MAX_UNITS = 200

_BRACKETS = re.compile(r"\[[^\]]*\]|【[^】]*】|\{[^}]*\}|\([^)]*\)|\[[^\]]{0,40}$")
_OFFER = re.compile(r"\d\s?(?:k|%|tr|đ|đồng|triệu)\b|giảm|freeship|free ship|lzd|ưu đãi|hoàn tiền")
_SEGMENT = re.compile(r"[|/,;:+–—•~]|\s[-_]\s|[-_]\s|[.!]\s")
_WORD = re.compile(r"[^\W\d_]+")
_COUNTERS = r"(?:(?:một|1|\d{1,3}|cái|chiếc|bộ|các|mọi|loại|thêm|ngay|luôn|những|đôi|hộp|gói) )*$"
#: What follows these belongs to the thing, is not the thing.
_BESIDE = re.compile(
    r"(?<!\w)(?:tặng kèm|tặng|kèm theo|kèm|in hình|hình|bằng|phối|vị|hương|mùi|họa tiết|bỏ|treo|như|mix|có|không|màu|kiểu|"
    r"chiết xuất từ|chiết xuất|từ|và|cùng|trong|trên|gắn|đính|in|thêu|quà|thành|làm|nấu|pha|sau|khỏi|mẫu) " + _COUNTERS
)
#: What follows these is what the thing goes with.
_FOR = re.compile(
    r"(?<!\w)(?:dành cho|dùng cho|cho|đựng|để|bảo vệ|bọc|che|phủ|dán|lau|rửa|giặt|vệ sinh|sấy|đánh|chống sốc|lắp|gắn|sửa|sửa chữa|tháo|treo) "
    + _COUNTERS
)
_ML = re.compile(r"(?<![\d.,])(\d{1,4})\s?ml(?!\w)")
_SAMPLE_ML = 15

#: A child's shoe costs half of a grown-up's: they are no peers.
_CHILDREN = re.compile(r"(?<!\w)(?:trẻ em|trẻ nhỏ|em bé|cho bé|bé trai|bé gái|sơ sinh|kids?|kid's|junior|infants?|toddlers?)(?!\w)")
_COUNT = r"(?P<n>\d{1,3})(?![\d/]|(?:pro|plus|promax|max|mini)|[.,]\d|\s?(?:%|ml|g|gr|gam|kg|l|lít|lit|w|gb|tb|cm|mm|m|k|tr|inch|in|tính|trong|lớp|size|màu|món|ngăn|tầng|"
_COUNT += r"chi tiết|mảnh|viên|que|miếng|tờ|dây|lỗ|mét|tháng|năm|ngày|giờ|đồng|người|chân|cánh|bánh|cạnh|mặt|da|x|v|a|p|d|hp|kênh|nút|phím)(?!\w))"
_PACK = re.compile(r"(?<!\w)(?:combo|lốc|thùng|hộp|bịch|pack|bộ|set|sét|sỉ|lô|mua)\s?" + _COUNT)
_PIECES = re.compile(
    r"(?:^|[\[(]\s?)(?:combo |set )?(?P<n>\d{1,3}) ?(?:cái|chiếc|đôi|hộp|chai|lọ|lon|cuốn|quyển|tuýp|bịch|túi|hũ|thỏi|cặp|áo|quần)(?!\w)"
)


class _Word(NamedTuple):
    item: str | None
    group: str | None
    place: str
    only_in: frozenset[str]


class _Match(NamedTuple):
    start: int
    end: int
    text: str
    word: _Word


class _Kind(NamedTuple):
    group: str | None
    item: str | None
    why: str | None


@dataclass(frozen=True)
class KindLexicon:
    """Compiled words of goods groups and item types, and patterns for category texts."""

    words: WordFinder
    categories: list[tuple[re.Pattern[str], str]]

    @classmethod
    def from_tables(cls, goods_groups: pd.DataFrame, kinds: pd.DataFrame, categories: pd.DataFrame) -> KindLexicon:
        """Compile ``goods_groups.csv`` (``markers``), ``kinds.csv`` and ``categories.csv``.

        Where two rows name the same word, ``kinds.csv`` wins and in it the first row. Raises `ConfigError` for an unknown item type,
        place or group.
        """
        groups = {str(group) for group in goods_groups["group"]}
        words: dict[str, _Word] = {}
        for row in kinds.itertuples():
            entry = _entry(str(row.item_type), _text(row.goods_group), str(row.place), groups)
            for word in _split(row.words):
                words.setdefault(fold(word), entry)
        for row in goods_groups.itertuples():
            for word in _split(row.markers):
                words.setdefault(fold(word), _Word(None, str(row.group), "head", frozenset()))
        patterns = [(re.compile(str(row.pattern)), str(row.goods_group)) for row in categories.itertuples()]
        if unknown := {group for _, group in patterns} - groups:
            raise ConfigError(f"categories.csv: unknown goods_group {sorted(unknown)}; known: {sorted(groups)}")
        return cls(WordFinder(words.items()), patterns)


def classify(
    titles: list[Canonical], category: pd.Series, brands: pd.DataFrame, lexicon: KindLexicon
) -> pd.DataFrame:
    """Return ``KIND_COLUMNS``, one row a title in order.

    ``goods_group`` is missing where neither title nor category names one; ``n_units`` counts whole articles sold together, 1 by
    default; ``for_children`` is true where the title says so; ``kind_why`` quotes the deciding words in lower case.
    """
    remembered: dict[tuple[str, str | None, str | None], tuple[str | None, str | None, float, bool, str | None]] = {}
    rows = []
    for title, cat, role in zip(titles, category.tolist(), brands["brand_role"].tolist(), strict=True):
        key = (title.folded, _text(cat), _text(role))
        if key not in remembered:
            kind = _kind(*key, lexicon)
            remembered[key] = (kind.group, kind.item, _units(title.folded), bool(_CHILDREN.search(title.folded)), kind.why)
        rows.append(remembered[key])
    table = pd.DataFrame(rows, columns=KIND_COLUMNS)
    return table.astype({"goods_group": "str", "item_type": "str", "n_units": "float64", "for_children": "bool", "kind_why": "str"})


def _kind(folded: str, category: str | None, brand_role: str | None, lexicon: KindLexicon) -> _Kind:
    brackets = [found.span() for found in _BRACKETS.finditer(folded)]
    matches = _matches(folded, lexicon.words)
    outside = [one for one in matches if not _inside(one.start, brackets)]
    head = _head(folded, outside, brackets) or _head(folded, [one for one in matches if one not in outside], [])
    if head is None and category is not None:
        head = _by_category(category, lexicon)
    group = head.group if head else None
    overruled = _overruling(folded, matches, brackets, group)
    why = " | ".join(dict.fromkeys(word for word in (head and head.why, overruled and overruled.text) if word)) or None
    item = overruled.word.item if overruled else _item(folded, head, brand_role)
    return _Kind(None if group == "-" else group, item, why)


def _matches(folded: str, words: WordFinder) -> list[_Match]:
    """Words found, the longest of those that overlap, in order; a masked phrase hides the words inside it."""
    found: list[_Match] = []
    taken = 0
    for start, end, value in sorted(words.find(folded), key=lambda one: (one[0], -one[1])):
        if start >= taken and isinstance(value, _Word):
            taken = end
            if value.item != "mask":
                found.append(_Match(start, end, folded[start:end], value))
    return found


def _head(folded: str, matches: list[_Match], brackets: list[tuple[int, int]]) -> _Kind | None:
    """The first head noun; failing that, what the thing is for."""
    goes_with: _Match | None = None
    for at, one in enumerate(matches):
        if one.word.place not in ("head", "model") or _far(folded, one, brackets):
            continue
        before = folded[max(0, one.start - 40) : one.start]
        if one.text in _PAIRS and _followed(folded, one, matches[at + 1 :]):
            continue
        if _FOR.search(before):
            goes_with = goes_with or one
        elif not _BESIDE.search(before):
            return _settle(folded, one, matches[at + 1 :], brackets)
    if goes_with is None or goes_with.word.group == "-":
        return None
    return _Kind(goes_with.word.group, "accessory", goes_with.text)


def _followed(folded: str, one: _Match, later: list[_Match]) -> bool:
    """True where a head noun stands right behind: "cặp loa" is a pair of speakers, no bag."""
    return any(other.start == one.end + 1 and other.word.place == "head" for other in later[:1])


def _settle(folded: str, head: _Match, later: list[_Match], brackets: list[tuple[int, int]]) -> _Kind:
    """A model name gives way to an accessory named behind it: "iPhone 15 ốp lưng silicon"."""
    if head.word.place == "model":
        for one in later:
            before = folded[max(0, one.start - 40) : one.start]
            if one.word.item in ("accessory", "part") and " " in one.text and not _BESIDE.search(before) and one.word.place == "head":
                return _Kind(one.word.group, one.word.item, one.text)
    return _Kind(head.word.group, head.word.item, head.text)


def _far(folded: str, one: _Match, brackets: list[tuple[int, int]]) -> bool:
    """True for a single syllable that stands too deep in its part of the title to be its head."""
    return " " not in one.text and one.word.place == "head" and _words_before(folded, one.start, brackets) > _NEAR_WORDS


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


def _overruling(folded: str, matches: list[_Match], brackets: list[tuple[int, int]], group: str | None) -> _Match | None:
    """The strongest word that changes what is sold wherever it stands: a voucher, a second-hand article, a sample."""
    best: _Match | None = None
    for one in matches:
        item = one.word.item
        if item not in _OVERRULING or one.word.place not in ("anywhere", "near"):
            continue
        if one.word.only_in and group not in one.word.only_in:
            continue
        if best and best.word.item and _OVERRULING.index(best.word.item) <= _OVERRULING.index(item):
            continue
        if one.word.place == "near" and _words_before(folded, one.start, brackets) > _NEAR_WORDS - 2:
            continue
        bracket = next((folded[a:b] for a, b in brackets if a <= one.start < b), "")
        if (item == "voucher" and _OFFER.search(bracket)) or _BESIDE.search(folded[max(0, one.start - 40) : one.start]):
            continue
        best = one
    return best


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


def _by_category(category: str, lexicon: KindLexicon) -> _Kind | None:
    """The group of a category text; what type of item it is stays open where the group mixes devices and accessories."""
    text = fold(category)
    for pattern, group in lexicon.categories:
        if found := pattern.search(text):
            return _Kind(group, "unknown" if group == _ELECTRONICS else "goods", found[0])
    return None


def _units(folded: str) -> float:
    found = _PACK.search(folded) or _PIECES.search(folded)
    return float(max(1, min(int(found["n"]), _MAX_UNITS))) if found else 1.0


def _inside(at: int, spans: Iterable[tuple[int, int]]) -> bool:
    return any(start <= at < end for start, end in spans)


def _entry(item: str, group: str | None, place: str, groups: set[str]) -> _Word:
    limits = frozenset(group.split("|")) if group and place in ("anywhere", "near") else frozenset()
    named = limits or ({group} - {"-"} if group else set())
    if item not in ITEM_TYPES | {"mask"} or place not in _PLACES or named - groups:
        raise ConfigError(
            f"kinds.csv: item_type {item!r}, place {place!r}, goods_group {group!r}: one of them is unknown; item types are "
            f"{sorted(ITEM_TYPES)} and mask, places {sorted(_PLACES)}, groups those of goods_groups.csv or -"
        )
    return _Word(item, None if limits else group, place, limits)


def _text(cell: object) -> str | None:
    return cell if isinstance(cell, str) and cell else None


def _split(cell: object) -> list[str]:
    return [part.strip() for part in cell.split("|") if part.strip()] if isinstance(cell, str) else []
