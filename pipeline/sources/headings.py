"""Tables that people type: their headings, however written, as our names; what is not known is left alone and said."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from features.canonical import canonicalise
from features.fold import plain

Synonyms = Mapping[str, Sequence[str]]
#: What every such table may call platform, listing and seller.
SUBJECT: Synonyms = {
    "platform": ("platform", "sàn", "tên sàn", "nền tảng", "trang", "website"),
    "url": ("url", "link", "đường dẫn", "liên kết", "địa chỉ trang", "link sản phẩm", "đường link", "địa chỉ tin"),
    "listing_id": ("listing_id", "mã tin", "mã sản phẩm", "item id", "product id", "mã tin đăng"),
    "seller_id": ("seller_id", "mã gian hàng", "shop id", "mã người bán", "id gian hàng", "mã shop", "shopid"),
    "seller_name": ("seller_name", "tên gian hàng", "gian hàng", "tên shop", "shop", "shop name"),
}


def heading_key(heading: str) -> str:
    """Return a heading without case, marks, spaces, punctuation and what stands in brackets.

    >>> heading_key("Mã số thuế (MST)") == heading_key("ma so thue"), heading_key("Shop_ID")
    (True, 'shopid')
    """
    bare = plain(canonicalise(str(heading).partition("(")[0]).folded)
    return "".join(character for character in bare if character.isalnum())


def columns_by_name(headings: Iterable[str], synonyms: Synonyms) -> dict[str, str]:
    """Return our name for each of ``headings`` that is known; of two headings for one name the one that stands first in ``synonyms`` counts."""
    known = {heading_key(word): (name, place) for name, words in synonyms.items() for place, word in enumerate(words)}
    found: dict[str, tuple[int, str]] = {}
    for heading in headings:
        if (hit := known.get(heading_key(heading))) is not None:
            name, place = hit
            if name not in found or place < found[name][0]:
                found[name] = (place, heading)
    return {heading: name for name, (_, heading) in found.items()}


def renamed(record: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """Return the cells of ``record`` whose heading is in ``names``, by our name."""
    return {names[heading]: value for heading, value in record.items() if heading in names}
