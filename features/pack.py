"""How much a price buys: whole articles sold together ("combo 3 áo"), the size of one ("100ml", "hộp 30 viên"), and what kind of offer it is.

A price "from" something, or one that is to be asked for in chat, is not the article's price. A bundle of different things costs at least
what each of them costs, so it may be compared and must not set a reference. A choice of sizes ("1kg/5kg") is priced at the smallest.
"""

from __future__ import annotations

import math
import re
from typing import NamedTuple

_MAX_UNITS = 200

#: A number before one of these measures or describes one article.
_MEASURES = r"%|ml|g|gr|gam|kg|l|lít|lit|w|gb|tb|cm|mm|m|k|tr|inch|in|tính|trong|lớp|size|màu|món|ngăn|tầng|chi tiết|mảnh|viên|que|miếng|tờ|dây|"
_MEASURES += r"lỗ|mét|tháng|năm|ngày|giờ|đồng|người|chân|cánh|bánh|cạnh|mặt|da|x|v|a|p|d|hp|kênh|nút|phím"
_COUNT = rf"(?P<n>\d{{1,3}})(?![\d/]|(?:pro|plus|promax|max|mini)|[.,]\d|\s?(?:{_MEASURES})(?!\w))"
_PACKS = ("combo", "lốc", "thùng", "hộp", "bịch", "pack", "bộ", "set", "sét", "sỉ", "lô", "mua")
_PACK = re.compile(r"(?<!\w)(?:" + "|".join(_PACKS) + r")\s?" + _COUNT)
_PIECES = re.compile(
    r"(?:^|[\[(]\s?)(?:combo |set )?(?P<n>\d{1,3}) ?(?:cái|chiếc|đôi|hộp|chai|lọ|lon|cuốn|quyển|tuýp|bịch|túi|hũ|thỏi|cặp|áo|quần)(?!\w)"
)
_NUMBER = re.compile(r"(?<!\d)\d{1,3}(?!\d)")
#: "2x500ml", "(48 x 180ml)": so many of that size.
_TIMES = re.compile(r"(?<![\w.,])(?P<n>\d{1,3})\s?[x×*]\s?\d{1,4}(?:[.,]\d{1,2})?\s?(?:ml|lít|lit|l|kg|gram|gr|g)(?!\w)")

_AMOUNT = re.compile(
    r"(?:(?<![\w.,])|(?<=\dx)|(?<=[a-zđ],))(?P<n>\d{1,5}(?:[.,]\d{1,2})?)\s?"
    r"(?P<unit>ml|lít|lit|l|kg|gram|gam|gr|g|viên|miếng|tờ|gói)(?!\w)(?!\s?(?:[-–~]\s?\d|đến|/ ?tháng))"
)
#: "dưới 58kg" is a buyer, "ram 8g" a chip, "40kg-75kg" a span.
_OTHER_FIGURE = re.compile(r"(?:dưới|từ|đến|tới|trên|nặng|khoảng|<|>|ram|rom|nhớ|[-–~])\s?$")
_BASE = {"ml": (1.0, "ml"), "lít": (1000.0, "ml"), "lit": (1000.0, "ml"), "l": (1000.0, "ml"), "kg": (1000.0, "g"), "gram": (1.0, "g")}
_BASE |= {"gam": (1.0, "g"), "gr": (1.0, "g"), "g": (1.0, "g")}
#: Volume and weight say more of an article than how many sheets lie in it.
_ORDER = ("ml", "g", "viên", "miếng", "gói", "tờ")

_FROM = re.compile(r"(?<!\w)(?:giá|chỉ|giá chỉ)\s(?:chỉ\s)?từ\s?:?\s?\d[\d.,]*\s?(?:k|đ|đồng|vnđ|vnd|tr|triệu|nghìn|ngàn|ngan|nghin|trieu)(?!\w)")
_ASK = re.compile(r"(?<!\w)(?:giá (?:inbox|ib|check ib|liên hệ|zalo)|(?:inbox|ib|liên hệ|hỏi) giá|ib để biết giá)(?!\w)")
_BUNDLE = re.compile(r"(?<!\w)(?:combo|bộ đôi|bộ sản phẩm|set)(?!\w)[^+\[\]]{3,}[^\W\d] ?\+ ?(?!tặng|quà|freeship|free)[^\W\d]")

_NO_ARTICLE = re.compile(r"(?<!\w)(?:đặt cọc|cọc|phụ thu|mẫu thử|sample|tester|hộp quà|túi giấy|chỉ hộp|vỏ hộp|voucher)(?!\w)")

PRICE_FORMS = frozenset({"from", "ask", "bundle", "choice"})
"""What a price may be instead of the price of so many articles."""


class Size(NamedTuple):
    """``amount`` of one article in ``unit`` (ml, g, or viên, miếng, gói, tờ); ``several`` where the title offers a choice of sizes."""

    amount: float
    unit: str
    several: bool


def units(folded: str) -> float:
    """Return the number of whole articles in the pack, 1 where none is named; never more than 200.

    >>> units("combo 3 áo thun"), units("hộp 60 viên"), units("áo thun"), units("dầu gội 2x500ml")
    (3.0, 1.0, 1.0, 2.0)
    """
    for number in _NUMBER.finditer(folded):
        at = number.start()
        before = folded[max(0, at - 8) : at].rstrip()
        # A quick look before the patterns: most numbers name a model or a size.
        if not before or before[-1] in "[(" or before.endswith(_PACKS):
            break
    else:
        return _times(folded)
    found = _PACK.search(folded) or _PIECES.search(folded)
    return float(max(1, min(int(found["n"]), _MAX_UNITS))) if found else _times(folded)


def _times(folded: str) -> float:
    found = _TIMES.search(folded) if "x" in folded or "*" in folded or "×" in folded else None
    return float(max(1, min(int(found["n"]), _MAX_UNITS))) if found else 1.0


def size(folded: str) -> Size | None:
    """Return the size of one article, the smallest where a choice is offered, or ``None`` where the title names none.

    >>> size("dầu gội 1,5l"), size("gạo 1kg/5kg"), size("vitamin hộp 30 viên").unit
    (Size(amount=1500.0, unit='ml', several=False), Size(amount=1000.0, unit='g', several=True), 'viên')
    """
    found = amounts(folded)
    for unit in _ORDER:
        values = {amount for amount, one, _ in found if one == unit}
        if values:
            return Size(min(values), unit, len(values) > 1 and unit in ("ml", "g"))
    return None


def pack_size(folded: str) -> float:
    """Return the size of one article in ml or g, missing where the title names none.

    >>> pack_size("gạo 2 túi 5kg"), pack_size("áo thun")
    (5000.0, nan)
    """
    found = size(folded)
    return found.amount if found is not None and found.unit in ("ml", "g") else math.nan


def amounts(folded: str) -> list[tuple[float, str, tuple[int, int]]]:
    """Return every size in a title in its base unit, with its place."""
    out = []
    for found in _AMOUNT.finditer(folded):
        factor, unit = _BASE.get(found["unit"], (1.0, found["unit"]))
        amount = float(found["n"].replace(",", ".")) * factor
        if amount > 0 and not _OTHER_FIGURE.search(folded, max(0, found.start() - 8), found.start()):
            out.append((amount, unit, found.span()))
    return out


def variants_spread(folded_variants: str) -> float | None:
    """Return how many times (natural log) the largest of a listing's variants is as large as the smallest, ``None`` where sizes say nothing.

    A page shows the price of its cheapest variant: between "10ml;100ml" lies a factor of ten.

    >>> variants_spread("10ml;100ml;đỏ"), variants_spread("đỏ;xanh")
    (2.302585092994046, None)
    """
    found = amounts(folded_variants)
    for unit in _ORDER:
        values = [amount for amount, one, _ in found if one == unit]
        if len(values) > 1:
            return math.log(max(values) / min(values))
    return None


def price_form(folded: str, folded_variants: str = "") -> str:
    """Return one of `PRICE_FORMS`, or ``""`` where the price is simply the price.

    Variants of several sizes, or one that is no article ("đặt cọc", "mẫu thử"), make the price that of the cheapest.

    >>> price_form("giày chỉ từ 99k"), price_form("combo sữa rửa mặt + toner"), price_form("túi giá ib"), price_form("đơn từ 100k")
    ('from', 'bundle', 'ask', '')
    """
    if "từ" in folded and _FROM.search(folded):
        return "from"
    if "giá" in folded and _ASK.search(folded):
        return "ask"
    if "+" in folded and _BUNDLE.search(folded):
        return "bundle"
    if folded_variants and (_NO_ARTICLE.search(folded_variants) or (variants_spread(folded_variants) or 0.0) > 0.0):
        return "choice"
    found = size(folded)
    return "choice" if found is not None and found.several else ""
