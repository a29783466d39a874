"""What kind of thing a listing sells: the goods group and whether it is the article itself, an accessory, a sample, a voucher …

Vietnamese puts the head noun first ("Ốp lưng iPhone 15", "Dây đồng hồ", "Sách kể chuyện Steve Jobs"), so the word that stands first decides.
Price, harm and law hang on the answer: where no word speaks, there is none.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import pandas as pd

from features.canonical import Canonical, fold
from features.lookup import WordFinder

#: Item types that change the meaning wherever they stand; the others must come before the goods word.
_ANYWHERE = frozenset({"voucher", "deposit", "used", "sample", "service"})
_DEVICE_GROUPS = frozenset({"điện tử, phụ kiện"})
_PACK = re.compile(r"(?<!\w)(?:combo|lốc|thùng|hộp|bịch|gói|pack|sỉ|lô|bộ|set)\s?(?P<n>\d{1,3})(?!\d|[.,]\d|\s?(?:%|ml|g|kg|l|lít|w|gb|cm|mm|k|in|tính|trong)\b)")


@dataclass(frozen=True)
class KindLexicon:
    """Compiled words of goods groups and item types, and patterns for category texts."""

    groups: WordFinder
    items: WordFinder
    categories: list[tuple[re.Pattern[str], str]]

    @classmethod
    def from_tables(cls, goods_groups: pd.DataFrame, kinds: pd.DataFrame, categories: pd.DataFrame) -> KindLexicon:
        """Compile ``goods_groups.csv`` (``markers``), ``kinds.csv`` and ``categories.csv``."""
        groups = [(fold(w), str(row.group)) for row in goods_groups.itertuples() for w in str(row.markers).split("|")]
        items = [(fold(w), str(row.item_type)) for row in kinds.itertuples() for w in str(row.words).split("|")]
        patterns = [(re.compile(str(row.pattern)), str(row.goods_group)) for row in categories.itertuples()]
        return cls(WordFinder(groups), WordFinder(items), patterns)


KIND_COLUMNS = ["goods_group", "item_type", "n_units", "kind_why"]


def classify(
    titles: list[Canonical], category: pd.Series, brands: pd.DataFrame, lexicon: KindLexicon
) -> pd.DataFrame:
    """Return ``KIND_COLUMNS``, one row a title in order; ``kind_why`` quotes the deciding words (folded)."""
    remembered: dict[tuple[str, str | None, str | None], tuple[Any, ...]] = {}
    rows = []
    for title, cat, role in zip(titles, category.tolist(), brands["brand_role"].tolist(), strict=True):
        key = (title.folded, cat if isinstance(cat, str) else None, role if isinstance(role, str) else None)
        if key not in remembered:
            remembered[key] = _decide(key[0], key[1], key[2], lexicon)
        rows.append(remembered[key])
    table = pd.DataFrame(rows, columns=KIND_COLUMNS)
    return table.astype({"goods_group": "str", "item_type": "str", "n_units": "float64", "kind_why": "str"})


def _decide(folded: str, category: str | None, role: str | None, lexicon: KindLexicon) -> tuple[Any, ...]:
    group_at, group, group_word = _first(folded, lexicon.groups)
    why = group_word
    if group is None and category is not None:
        group, why = _by_category(category, lexicon)
        group_at = len(folded)
    item, item_word = _item_type(folded, group_at, role, lexicon)
    if item == "picture":
        item = "accessory"
    if item is None:
        item = None if group is None else ("device" if group in _DEVICE_GROUPS else "goods")
    return group, item, _units(folded), " | ".join(word for word in (why, item_word) if word) or None


def _first(folded: str, finder: WordFinder) -> tuple[int, str | None, str | None]:
    """The earliest word, the longest of those that begin there."""
    best: tuple[int, int, str | None] = (len(folded) + 1, 0, None)
    for start, end, value in finder.find(folded):
        if (start, -end) < (best[0], -best[1]):
            best = (start, end, str(value))
    return best[0], best[2], folded[best[0] : best[1]] or None


def _item_type(folded: str, group_at: int, role: str | None, lexicon: KindLexicon) -> tuple[str | None, str | None]:
    found = sorted(lexicon.items.find(folded), key=lambda one: (one[0], -one[1]))
    for start, end, value in found:
        if value in _ANYWHERE:
            return str(value), folded[start:end]
    for start, end, value in found:
        # "Ốp lưng iPhone": the item word stands first. "Giày Nike tặng hộp": it stands behind what is sold.
        if start <= group_at:
            return str(value), folded[start:end]
    if role == "compatible":
        return "accessory", None
    return None, None


def _by_category(category: str, lexicon: KindLexicon) -> tuple[str | None, str | None]:
    text = fold(category)
    for pattern, group in lexicon.categories:
        if found := pattern.search(text):
            return group, found[0]
    return None, None


def _units(folded: str) -> float:
    found = _PACK.search(folded)
    return float(max(1, min(int(found["n"]), 200))) if found else 1.0
