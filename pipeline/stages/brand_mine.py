"""Names that may be brands and are not yet listed: frequent in brand fields, or where a title names its maker, over several sellers.

A person decides: the list shows who writes a name, on which goods, and in which words. Nothing is added by itself.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from features.assemble import Lexicons
from features.brands import NO_BRAND, find_brands
from features.canonical import Canonical, canonicalise_all
from features.fold import fold, plain
from features.kind import classify
from features.seller import official, seller_key
from models.control import RETAILERS
from pipeline.reference import load_lexicons
from pipeline.stages.brand_preview import COLUMNS
from pipeline.store import read_parquet

_EXAMPLES = 3
#: A name: one to three words of plain letters that begin with a capital, perhaps with "&", an apostrophe or a hyphen inside.
_NAME = re.compile(r"(?<![^\W_])[A-Z][A-Za-z]{2,}(?:[&'’-][A-Za-z]+)?(?: [A-Z&][A-Za-z&'’]{2,}){0,2}(?![^\W_])")
#: A Vietnamese syllable without its marks ("Nam", "Cao", "Trang") is no name by itself.
_SYLLABLE = re.compile(
    r"(?:ngh?|nh|ch|gh|gi|kh|ph|qu|th|tr|[bcdghklmnpqrstvx])?"
    r"(?:uye|oa[iy]|uay|uo[iu]|ie|ye|uo|oa|oe|ua|ue|uy|ia|[aeiouy])(?:ch|ng|nh|[cmnptiouy])?"
)
_MADE_BY = re.compile(r"(?:thương hiệu|nhãn hiệu|hãng|hiệu|brand)[ :]+$")
_PLAIN_WORDS = frozenset(
    "unisex size freeship free ship form style fashion basic vintage retro full box new hot sale combo set pack mini big cute pro max plus "
    "ulzzang korea japan made vietnam usa voucher mall shop store order code live trend luxury premium original authentic canvas cotton".split()
)


@dataclass
class MinedName:
    """One candidate. ``in_field``, ``in_title``: listings; ``sellers``: who writes it, listings where a crawl names no seller."""

    name: str
    in_field: int = 0
    in_title: int = 0
    vouched_for: int = 0
    sellers: set[str] = field(default_factory=set)
    groups: Counter[str] = field(default_factory=Counter)
    examples: list[str] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """Return plain values; ``sellers`` as a number."""
        return {**self.__dict__, "sellers": len(self.sellers), "groups": dict(self.groups.most_common(4))}


@dataclass(frozen=True)
class Mined:
    """The candidates of a crawl, most sellers first."""

    n_listings: int
    names: list[MinedName]

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return {"listings": self.n_listings, "names": [one.to_json() for one in self.names]}

    def lines(self) -> list[str]:
        """Return the candidates for a person."""
        out = [f"{len(self.names)} names of {self.n_listings} listings are not in brands.csv; read `soihang brand preview` before adding one"]
        for one in self.names:
            groups = ", ".join(f"{group} {n}" for group, n in one.groups.most_common(3))
            out.append(
                f"{one.name}: {len(one.sellers)} sellers, {one.in_field} brand fields, {one.in_title} titles, "
                f"{one.vouched_for} official or retail; {groups}"
            )
            out += [f"    {example}" for example in one.examples]
        return out


def mine(parts: Sequence[Path], *, min_sellers: int = 3, min_listings: int = 5, top: int = 100) -> Mined:
    """Return names of ``parts`` (ingested listings, phones masked) that at least ``min_sellers`` write in ``min_listings`` listings."""
    names: dict[str, MinedName] = {}
    n_listings = 0
    for part in parts:
        rows = read_parquet(part, columns=COLUMNS)
        n_listings += len(rows)
        _read_part(rows, names)
    kept = [one for one in names.values() if len(one.sellers) >= min_sellers and one.in_field + one.in_title >= min_listings]
    kept.sort(key=lambda one: (-len(one.sellers), -one.in_field, -one.in_title, one.name))
    return Mined(n_listings, kept[:top])


def _read_part(rows: pd.DataFrame, names: dict[str, MinedName]) -> None:
    lexicons = load_lexicons()
    titles = canonicalise_all(rows["title"].fillna("").tolist(), lexicons.brands.joinable)
    brands = find_brands(titles, rows["brand"], lexicons.brands)
    kinds = classify(titles, rows["category"], brands, lexicons.kinds)
    vouched = (official(rows).eq(1.0) | rows["platform"].isin(RETAILERS)).tolist()
    sellers = seller_key(rows).fillna(rows["platform"] + "|listing|" + rows["listing_id"]).tolist()
    table = zip(titles, rows["brand"].tolist(), brands["brand"].tolist(), kinds["kind_why"].tolist(), kinds["goods_group"].tolist(), strict=True)
    for row, (title, brand_field, known, why, group) in enumerate(table):
        field_name = _field_name(brand_field, lexicons)
        title_name = None if isinstance(known, str) else _title_name(title, why if isinstance(why, str) else "", lexicons)
        for key in {name for name in (field_name, title_name) if name}:
            one = names.setdefault(key, MinedName(key))
            one.in_field += key == field_name
            one.in_title += key == title_name
            one.vouched_for += bool(vouched[row])
            one.sellers.add(sellers[row])
            one.groups[group if isinstance(group, str) else "none"] += 1
            if len(one.examples) < _EXAMPLES:
                one.examples.append(title.text[:90])


def _field_name(cell: object, lexicons: Lexicons) -> str | None:
    """The name in a brand field, where it is one that is not listed."""
    if not isinstance(cell, str):
        return None
    name = plain(fold(cell)).strip()
    if not 2 < len(name) <= 40 or name in lexicons.brands.by_field or name in _NO_NAMES or _is_thing(fold(cell), lexicons):
        return None
    return None if all(_ordinary(word) for word in name.split()) else name


_NO_NAMES = frozenset(plain(value) for value in NO_BRAND)


def _title_name(title: Canonical, why: str, lexicons: Lexicons) -> str | None:
    """The name that stands first in a title, right behind its noun, or behind "hiệu": where makers stand."""
    noun = title.folded.find(why.split(" | ")[0]) if why else -1
    noun_end = noun + len(why.split(" | ")[0]) if noun >= 0 else -1
    for found in _NAME.finditer(title.text):
        leads = found.start() <= 1 or 0 <= found.start() - noun_end <= 1 or _MADE_BY.search(title.folded[: found.start()])
        words = found[0].split()
        while words and (_ordinary(words[-1]) or _is_thing(words[-1].lower(), lexicons)):
            words.pop()
        while words and _is_thing(words[0].lower(), lexicons):
            words.pop(0)
        if leads and words and not _ordinary(words[0]):
            return plain(fold(" ".join(words)))
    return None


def _is_thing(word: str, lexicons: Lexicons) -> bool:
    """True for a word that says what is sold ("Balo", "Serum"): no name."""
    found = lexicons.kinds.read(word).matches
    return bool(found) and found[0].start == 0 and found[-1].end == len(word) and all(one.word.place == "head" for one in found)


def _ordinary(word: str) -> bool:
    bare = plain(fold(word))
    return bare in _PLAIN_WORDS or _SYLLABLE.fullmatch(bare) is not None
