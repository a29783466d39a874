"""Which brand a title names, in which role, how it is written, and whether the listing's brand field says otherwise.

Names that are also ordinary words ("Coach", "Vans", "LV"), all disguises ("gu chì", "l phone") and all misspellings ("chanle") count only
beside words of the goods that the brand makes. A misspelling is asked for only where no name stands as it is; one that is as near to
another brand is reported as ambiguous. What stays ambiguous stays missing.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from features.brand_names import BrandLexicon, BrandName
from features.canonical import Canonical, canonicalise, plain

__all__ = ["BRAND_COLUMNS", "NO_BRAND", "BrandLexicon", "find_brands", "named", "settle_roles"]

#: Values of a brand field that mean "none".
NO_BRAND = frozenset(
    {"oem", "no brand", "nobrand", "khác", "other", "none", "no.brand", "không", "chưa có thương hiệu", "thương hiệu khác"}
)
_NO_BRAND_PLAIN = frozenset(plain(value) for value in NO_BRAND)

_COMPATIBLE = re.compile(
    r"(?:dành cho|dùng cho|cho|tương thích(?: với)?|phù hợp(?: với)?|thích hợp(?: với)?|for|fits?|holds?|thay thế|hợp với|cho dòng|kết nối|hỗ trợ|"
    r"đựng|đựng vừa|để vừa|vừa)(?: (?:các |mọi |xe |máy |dòng |điện thoại |loại |tai nghe |đời |các dòng )*)?(?:[^\W_]+[ ,./&+-]+){0,3}$"
)
#: "LV_168", "CK-2021": a shop's own article number, not the brand.
_MODEL_CODE = re.compile(r"[_-]\d")
_STYLE = re.compile(r"(?:phong cách|kiểu dáng|kiểu|dáng|style|inspired|hơi hướng|tone|lấy cảm hứng(?: từ)?|giống|mùi|i'll be an?)[ :]+$")


class Found(NamedTuple):
    """One brand named in a folded title, with the role that the words before it give it."""

    start: int
    end: int
    name: BrandName
    evasive: bool
    role: str


BRAND_COLUMNS = ["brand", "brand_role", "brand_start", "brand_end", "brand_evasive", "n_brands", "brand_from"]
BRAND_COLUMNS += ["brand_match", "brand_ambiguous", "brand_field_differs"]
_TYPES = {"brand_start": "float64", "brand_end": "float64", "brand_evasive": "bool", "n_brands": "float64"}


def find_brands(titles: list[Canonical], brand_field: pd.Series, lexicon: BrandLexicon) -> pd.DataFrame:
    """Return ``BRAND_COLUMNS``, one row a title in order.

    ``brand_role`` is ``mark`` (as the maker), ``compatible`` ("dành cho iPhone"), ``style`` ("kiểu Gucci") or, after
    `settle_roles`, ``other_goods``; ``brand_start`` and ``brand_end`` are positions in the original title; ``n_brands`` counts different
    brands named as makers; ``brand_from`` is ``title`` or ``field``.

    ``brand_match`` says how the name is written: ``exact``, ``alias``, ``disguise`` or ``fuzzy`` (a misspelling). ``brand_evasive`` is true for
    a disguise, not for a misspelling: most are honest. ``brand_ambiguous`` names the brands, joined by ``|``, that a word is equally near
    to where none is taken. ``brand_field_differs``: ``other`` where the field names another known brand than the title claims, ``none`` where
    it says that there is no brand; missing where they agree, the field is unknown or empty, or the title claims none.
    """
    remembered: dict[tuple[str, str | None], tuple[Any, ...]] = {}
    rows = []
    for title, field in zip(titles, brand_field.tolist(), strict=True):
        # Two originals may share a text and differ in where, or whether, letters were moved; a rewritten one is not remembered.
        if title.offsets is not None or title.repaired:
            rows.append(_decide(title, field if isinstance(field, str) else None, lexicon))
            continue
        key = (title.text, field if isinstance(field, str) else None)
        if key not in remembered:
            remembered[key] = _decide(title, key[1], lexicon)
        rows.append(remembered[key])
    return _table(rows)


def _table(rows: list[tuple[Any, ...]]) -> pd.DataFrame:
    """The rows as a table; most titles name no brand, so only the others are written out."""
    at = [place for place, row in enumerate(rows) if row is not _NOTHING]
    some = pd.DataFrame([rows[place] for place in at], columns=BRAND_COLUMNS, index=at)
    some = some.astype({name: _TYPES.get(name, "str") for name in BRAND_COLUMNS})
    table = some.drop(columns=["brand_evasive", "n_brands"]).reindex(pd.RangeIndex(len(rows)))
    evasive, n_brands = np.zeros(len(rows), dtype=bool), np.zeros(len(rows))
    evasive[at], n_brands[at] = some["brand_evasive"], some["n_brands"]
    return table.assign(brand_evasive=evasive, n_brands=n_brands)[BRAND_COLUMNS]


def settle_roles(brands: pd.DataFrame, goods_group: pd.Series, lexicon: BrandLexicon) -> pd.DataFrame:
    """Return ``brands`` with ``mark`` turned into ``other_goods`` where the brand does not make such goods.

    "Túi đựng Macbook" is no Apple bag and "son Candy Apple" no Apple lipstick: neither price nor words nor brand field may count against the
    brand's own. Where no goods group is known the role stays.
    """
    makers = brands.index[brands["brand_role"].eq("mark") & goods_group.notna()]
    pairs = zip(makers, brands.loc[makers, "brand"], goods_group.loc[makers], strict=True)
    mask = brands.index.isin([row for row, brand, group in pairs if group not in lexicon.makes[brand]])
    settled = brands.assign(brand_role=brands["brand_role"].mask(mask, "other_goods"))
    return settled.assign(brand_field_differs=brands["brand_field_differs"].mask(mask)) if "brand_field_differs" in brands else settled


def named(title: Canonical, lexicon: BrandLexicon, *, beside_goods: bool = True) -> list[Found]:
    """Return the names that stand in a title as they are listed, left to right.

    ``beside_goods=False`` also returns ordinary words and disguises that stand beside none of the brand's goods: what a preview must show.
    """
    folded = title.folded
    found: list[Found] = []
    taken = 0
    hits = list(lexicon.finder.find(folded))
    if len(hits) > 1:
        hits.sort(key=lambda one: (one[0], -one[1]))
    for start, end, value in hits:
        if start < taken or not isinstance(value, BrandName):
            continue
        if value.needs_goods and beside_goods:
            if _MODEL_CODE.match(folded, end) or not lexicon.beside_goods(value.brand, folded, start, end):
                continue
        taken = end
        slip = not value.disguised and _is_slip(title, start, end)
        evasive = not slip and _is_evasive(title, start, end, value, lexicon)
        name = value._replace(match="fuzzy" if slip else "disguise") if slip or evasive else value
        found.append(Found(start, end, name, evasive, _role(folded, start)))
    return found


def misspelt(title: Canonical, field: str | None, lexicon: BrandLexicon, *, beside_goods: bool = True) -> list[Found]:
    """Return the words that are nearly a brand's name, left to right; those equally near to two brands stand there for both."""
    folded = title.folded
    found = []
    for start, end, name, _ in lexicon.near.find(folded):
        if field and folded[start:end] in field.lower():
            continue  # "Fandi" in title and brand field is a maker of its own
        if beside_goods and not lexicon.beside_goods(name.brand, folded, start, end):
            continue
        found.append(Found(start, end, BrandName(name.brand, "fuzzy", True), False, _role(folded, start)))
    return found


_NOTHING: tuple[Any, ...] = (None, None, None, None, False, 0, None, None, None, None)


def _decide(title: Canonical, field: str | None, lexicon: BrandLexicon) -> tuple[Any, ...]:
    found = named(title, lexicon)
    field_key = _field_key(field) if field else ""
    ambiguous: str | None = None
    if not found:
        near = misspelt(title, field, lexicon)
        if not near and not field_key:
            return _NOTHING
        first = [one for one in near if one.start == near[0].start]
        if len({one.name.brand for one in first}) > 1:
            ambiguous = "|".join(sorted({one.name.brand for one in first}))
        else:
            found = first[:1]
    makers = [one for one in found if one.role == "mark"]
    if not found:
        brand, match = lexicon.by_field.get(field_key, (None, None)) if field_key else (None, None)
        return (brand, "mark" if brand else None, None, None, False, 1 if brand else 0, "field" if brand else None, match, ambiguous, None)
    best = makers[0] if makers else found[0]
    start, end = title.span(best.start, best.end)
    n_brands = len({one.name.brand for one in makers})
    differs = _differs(best, {one.name.brand for one in found}, field, field_key, lexicon)
    return (best.name.brand, best.role, start, end, best.evasive, n_brands, "title", best.name.match, None, differs)


def _differs(best: Found, brands: set[str], field: str | None, key: str, lexicon: BrandLexicon) -> str | None:
    """Return ``other`` or ``none`` where the brand field does not bear out what the title claims."""
    if best.role != "mark" or not field:
        return None
    if not key:
        return "none"
    known = lexicon.by_field.get(key)
    return "other" if known and known[0] not in brands else None


def _is_evasive(title: Canonical, start: int, end: int, name: BrandName, lexicon: BrandLexicon) -> bool:
    # Letters put together ("D.I.O.R"), read from digits ("0PP0") or taken out ("guccccci") are a disguise, unless the brand itself is written so
    # ("L'Oréal", "Ray-Ban", "H&M").
    return name.disguised or (name.brand not in lexicon.punctuated and title.is_repaired(start, end))


def _is_slip(title: Canonical, start: int, end: int) -> bool:
    """True where the name was written with one letter twice ("XiaomiI"): a slip of the finger, as one letter changed or left out is."""
    first, last = title.span(start, end)
    return title.is_repaired(start, end) and last - first == end - start + 1 and "repeated" in title.flags and not title.flags & {"spaced", "leet"}


def _role(folded: str, start: int) -> str:
    before = folded[max(0, start - 45) : start]
    if _STYLE.search(before):
        return "style"
    return "compatible" if _COMPATIBLE.search(before) else "mark"


@lru_cache(maxsize=8192)
def _field_key(field: str) -> str:
    """The plain name in a brand field, empty where it says that there is none."""
    # Plain letters hide nothing; only the rest need the long way.
    key = field.lower().strip() if field.isascii() and "&" not in field else plain(canonicalise(field).folded).strip()
    return "" if key in _NO_BRAND_PLAIN else key
