"""Which brand a title names, in which role, and whether the name is written in disguise.

Names that are also ordinary words ("Coach", "Vans", "LV") and all disguises ("gu chì", "l phone") count only beside words of the goods that
the brand makes. What stays ambiguous stays missing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, NamedTuple

import pandas as pd

from features.canonical import Canonical, canonicalise, fold, plain
from features.lookup import WordFinder

#: Values of a brand field that mean "none".
NO_BRAND = frozenset(
    {"oem", "no brand", "nobrand", "khác", "other", "none", "no.brand", "không", "chưa có thương hiệu", "thương hiệu khác"}
)

_COMPATIBLE = re.compile(
    r"(?:dành cho|dùng cho|cho|tương thích(?: với)?|phù hợp(?: với)?|thích hợp(?: với)?|for|fits?|holds?|thay thế|hợp với|cho dòng|kết nối|hỗ trợ|"
    r"đựng|đựng vừa|để vừa|vừa)(?: (?:các |mọi |xe |máy |dòng |điện thoại |loại |tai nghe |đời |các dòng )*)?(?:[^\W_]+[ ,./&+-]+){0,3}$"
)
#: "LV_168", "CK-2021": a shop's own article number, not the brand.
_MODEL_CODE = re.compile(r"[_-]\d")
_STYLE = re.compile(r"(?:phong cách|kiểu dáng|kiểu|dáng|style|inspired|hơi hướng|tone|lấy cảm hứng(?: từ)?|giống|mùi|i'll be an?)[ :]+$")


class _Name(NamedTuple):
    brand: str
    disguised: bool
    needs_goods: bool


class _Found(NamedTuple):
    start: int
    end: int
    name: _Name
    evasive: bool
    role: str


@dataclass(frozen=True)
class BrandLexicon:
    """Compiled brand names; ``joinable`` are the words that letters kept apart may be joined into."""

    finder: WordFinder
    by_field: dict[str, str]
    goods: dict[str, re.Pattern[str]]
    makes: dict[str, frozenset[str]]
    joinable: frozenset[str]
    punctuated: frozenset[str]

    @classmethod
    def from_table(cls, brands: pd.DataFrame, goods_groups: pd.DataFrame) -> BrandLexicon:
        """Compile ``brands.csv``; ``goods_groups`` gives the words that show what goods a title speaks of."""
        markers = dict(zip(goods_groups["group"], goods_groups["markers"], strict=True))
        patterns: list[tuple[str, object]] = []
        fields: dict[str, str] = {}
        goods: dict[str, re.Pattern[str]] = {}
        makes: dict[str, frozenset[str]] = {}
        joinable: set[str] = set()
        for row in brands.itertuples():
            brand = str(row.brand)
            makes[brand] = frozenset(_split(row.goods))
            words = [word for group in _split(row.goods) for word in str(markers[group]).split("|")]
            goods[brand] = re.compile(r"(?<!\w)(?:" + "|".join(map(re.escape, sorted(words, key=len, reverse=True))) + r")(?!\w)")
            for alias in _split(row.aliases):
                for form in {fold(alias), plain(fold(alias))}:
                    patterns.append((form, _Name(brand, False, row.common_word == "yes")))
                    fields[form] = brand
                joined = "".join(letter for letter in plain(fold(alias)) if letter.isalnum())
                # Shorter joined forms ("lv", "ck") meet ordinary abbreviations.
                if len(joined) >= 3 and joined.isascii():
                    joinable.add(joined)
            patterns += [(fold(form), _Name(brand, True, True)) for form in _split(row.disguises)]
            joinable |= {fold(form) for form in _split(row.disguises) if form.isalnum() and len(form) >= 4}
        own = brands.loc[brands["aliases"].str.contains(r"[^\w\s|]", regex=True), "brand"]
        return cls(WordFinder(patterns), fields, goods, makes, frozenset(joinable), frozenset(own))


BRAND_COLUMNS = ["brand", "brand_role", "brand_start", "brand_end", "brand_evasive", "n_brands", "brand_from"]


def find_brands(titles: list[Canonical], brand_field: pd.Series, lexicon: BrandLexicon) -> pd.DataFrame:
    """Return ``BRAND_COLUMNS``, one row a title in order.

    ``brand_role`` is ``mark`` (as the maker), ``compatible`` ("dành cho iPhone"), ``style`` ("kiểu Gucci") or, after
    `settle_roles`, ``other_goods``; ``brand_start`` and
    ``brand_end`` are positions in the original title; ``n_brands`` counts different brands named as makers.
    """
    remembered: dict[tuple[str, str | None], tuple[Any, ...]] = {}
    rows = []
    for title, field in zip(titles, brand_field.tolist(), strict=True):
        key = (title.text, field if isinstance(field, str) else None)
        if title.offsets is not None:
            # What stood there in disguise reads like a plain title but was not one: never remembered for others.
            rows.append(_decide(title, key[1], lexicon))
            continue
        if key not in remembered:
            remembered[key] = _decide(title, key[1], lexicon)
        rows.append(remembered[key])
    table = pd.DataFrame(rows, columns=BRAND_COLUMNS)
    return table.astype(
        {"brand": "str", "brand_role": "str", "brand_start": "float64", "brand_end": "float64", "brand_evasive": "bool"}
        | {"n_brands": "float64", "brand_from": "str"}
    )


def settle_roles(brands: pd.DataFrame, goods_group: pd.Series, lexicon: BrandLexicon) -> pd.DataFrame:
    """Return ``brands`` with ``mark`` turned into ``other_goods`` where the brand does not make such goods.

    "Túi đựng Macbook" is no Apple bag and "son Candy Apple" no Apple lipstick: neither price nor words may count against the brand's own.
    Where no goods group is known the role stays.
    """
    makers = brands["brand_role"].eq("mark") & goods_group.notna()
    foreign = [
        maker and group not in lexicon.makes[brand] for maker, brand, group in zip(makers, brands["brand"], goods_group, strict=True)
    ]
    return brands.assign(brand_role=brands["brand_role"].mask(pd.Series(foreign, index=brands.index, dtype=bool), "other_goods"))


def _decide(title: Canonical, field: str | None, lexicon: BrandLexicon) -> tuple[Any, ...]:
    found = _named(title, lexicon)
    makers = [one for one in found if one.role == "mark"]
    n_brands = len({one.name.brand for one in makers})
    if not found:
        brand = lexicon.by_field.get(_field_key(field)) if field else None
        return (brand, "mark" if brand else None, None, None, False, 1 if brand else 0, "field" if brand else None)
    best = makers[0] if makers else found[0]
    start, end = title.span(best.start, best.end)
    return (best.name.brand, best.role, start, end, best.evasive, n_brands, "title")


def _named(title: Canonical, lexicon: BrandLexicon) -> list[_Found]:
    folded = title.folded
    matches = sorted(lexicon.finder.find(folded), key=lambda one: (one[0], -one[1]))
    found: list[_Found] = []
    taken = 0
    for start, end, value in matches:
        assert isinstance(value, _Name)
        if start < taken:
            continue
        if value.needs_goods and (_MODEL_CODE.match(folded, end) or not _beside_goods(folded, start, end, lexicon.goods[value.brand])):
            continue
        taken = end
        found.append(_Found(start, end, value, _is_evasive(title, start, end, value, lexicon), _role(folded, start)))
    return found


def _beside_goods(folded: str, start: int, end: int, goods: re.Pattern[str]) -> bool:
    return bool(goods.search(folded[:start]) or goods.search(folded[end:]))


def _is_evasive(title: Canonical, start: int, end: int, name: _Name, lexicon: BrandLexicon) -> bool:
    if name.disguised or title.offsets is None:
        return name.disguised
    # Joined letters are a disguise ("D.I.O.R") unless the brand itself is written so ("L'Oréal", "Ray-Ban", "H&M").
    return "spaced" in title.flags and title.breaks(start, end) and name.brand not in lexicon.punctuated


def _role(folded: str, start: int) -> str:
    before = folded[max(0, start - 45) : start]
    if _STYLE.search(before):
        return "style"
    return "compatible" if _COMPATIBLE.search(before) else "mark"


def _field_key(field: str) -> str:
    key = plain(canonicalise(field).folded).strip()
    return "" if key in NO_BRAND else key


def _split(cell: object) -> list[str]:
    return [part.strip() for part in cell.split("|") if part.strip()] if isinstance(cell, str) else []
