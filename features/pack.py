"""How many whole articles a title sells together: "combo 3 áo", "lốc 4 hộp", "2 cái nồi"."""

from __future__ import annotations

import re

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


def units(folded: str) -> float:
    """Return the number of whole articles in the pack, 1 where none is named; never more than 200.

    >>> units("combo 3 áo thun"), units("hộp 60 viên"), units("áo thun")
    (3.0, 1.0, 1.0)
    """
    for number in _NUMBER.finditer(folded):
        at = number.start()
        before = folded[max(0, at - 8) : at].rstrip()
        # A quick look before the patterns: most numbers name a model or a size.
        if not before or before[-1] in "[(" or before.endswith(_PACKS):
            break
    else:
        return 1.0
    found = _PACK.search(folded) or _PIECES.search(folded)
    return float(max(1, min(int(found["n"]), _MAX_UNITS))) if found else 1.0

