"""The brand list compiled: every way to write a name, what goods each brand makes, and which near words are nothing of it.

Four kinds of writing: the brand's own name (``exact``), another name of it or of its products (``alias``), a listed disguise ("gu chì",
"sờ nai kì"), and, found elsewhere, a word within a few edits (``fuzzy``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

import pandas as pd

from features.errors import ConfigError
from features.fold import fold, plain
from features.lookup import WordFinder
from features.near_names import Name, NearNames

_WORDS = re.compile(r"[^\W_]+")


class BrandName(NamedTuple):
    """One form of a brand's name. ``match``: exact, alias, disguise or fuzzy; ``needs_goods``: counts only beside its goods."""

    brand: str
    match: str
    needs_goods: bool

    @property
    def disguised(self) -> bool:
        """True where the form itself hides the name."""
        return self.match == "disguise"


@dataclass(frozen=True)
class BrandLexicon:
    """Compiled brand names; ``joinable`` are the words that letters kept apart may be joined into."""

    finder: WordFinder
    near: NearNames
    by_field: dict[str, tuple[str, str]]
    goods: dict[str, str]
    makes: dict[str, frozenset[str]]
    joinable: frozenset[str]
    punctuated: frozenset[str]

    def beside_goods(self, brand: str, folded: str, start: int, end: int) -> bool:
        """True where a word for goods that ``brand`` makes stands in ``folded`` before ``start`` or after ``end``."""
        goods = _compiled(self.goods[brand])
        return bool(goods.search(folded[:start]) or goods.search(folded[end:]))

    @classmethod
    def from_table(cls, brands: pd.DataFrame, goods_groups: pd.DataFrame) -> BrandLexicon:
        """Compile ``brands.csv``; ``goods_groups`` gives the words that show what goods a title speaks of.

        Raises `ConfigError` where a brand names an unknown goods group, or two brands share a name.
        """
        markers = dict(zip(goods_groups["group"], goods_groups["markers"], strict=True))
        patterns: list[tuple[str, object]] = []
        fields: dict[str, tuple[str, str]] = {}
        goods: dict[str, str] = {}
        joinable: set[str] = set()
        near: list[Name] = []
        ordinary: set[str] = set()
        for row in brands.itertuples():
            brand = str(row.brand)
            goods[brand] = _goods_expression(brand, split_cell(row.goods), markers)
            for form, match in _names(brand, split_cell(row.aliases)):
                if fields.setdefault(form, (brand, match))[0] != brand:
                    raise ConfigError(f"brands.csv: {form!r} names both {fields[form][0]} and {brand}; leave it to one of them")
                patterns.append((form, BrandName(brand, match, row.common_word == "yes")))
            disguises = split_cell(row.disguises)
            patterns += [(form, BrandName(brand, "disguise", True)) for form in _disguises(disguises)]
            joinable |= _joinable(split_cell(row.aliases), disguises)
            # A name that is a word itself has ordinary neighbours: "charm", "sample", "share".
            near += [name for name in _near(brand, split_cell(row.aliases)) if row.common_word != "yes" or len(name.words) > 1]
            ordinary |= {fold(word) for word in split_cell(getattr(row, "lookalikes", None))}
        makes = {str(row.brand): frozenset(split_cell(row.goods)) for row in brands.itertuples()}
        own = brands.loc[brands["aliases"].str.contains(r"[^\w\s|]", regex=True), "brand"]
        known = frozenset(ordinary | {form for form, _ in patterns})
        return cls(WordFinder(patterns), NearNames(near, known), fields, goods, makes, frozenset(joinable), frozenset(own))


def _goods_expression(brand: str, groups: list[str], markers: dict[str, str]) -> str:
    if unknown := set(groups) - set(markers):
        raise ConfigError(f"brands.csv, {brand}: unknown goods {sorted(unknown)}; known: {sorted(markers)}")
    words = sorted({fold(word) for group in groups for word in markers[group].split("|")}, key=len, reverse=True)
    return r"(?<!\w)(?:" + "|".join(map(re.escape, words)) + r")(?!\w)"


@cache
def _compiled(expression: str) -> re.Pattern[str]:
    # Most brands' goods are never asked for, and every process that starts would wait for all of them.
    return re.compile(expression)


def _names(brand: str, aliases: list[str]) -> Iterator[tuple[str, str]]:
    """Each form of a name with its kind, without and with its accents."""
    own = {fold(brand), plain(fold(brand))}
    for alias in aliases:
        for form in sorted({fold(alias), plain(fold(alias))}):
            yield form, "exact" if form in own else "alias"


def _disguises(listed: list[str]) -> set[str]:
    """Listed disguises; phonetic ones of three syllables or more also without tones and with hyphens: "so nai ki", "a-di-dat"."""
    forms = {fold(form) for form in listed}
    for form in [one for one in forms if one.count(" ") >= 2]:
        forms |= {plain(form), form.replace(" ", "-"), plain(form).replace(" ", "-")}
    return forms


def _joinable(aliases: list[str], disguises: list[str]) -> set[str]:
    """Words that letters kept apart may be joined into."""
    joined = {"".join(letter for letter in plain(fold(alias)) if letter.isalnum()) for alias in aliases}
    # Shorter joined forms ("lv", "ck") meet ordinary abbreviations.
    found = {form for form in joined if len(form) >= 3 and form.isascii()}
    return found | {fold(form) for form in disguises if form.isalnum() and len(form) >= 4}


def _near(brand: str, aliases: list[str]) -> Iterator[Name]:
    for alias in aliases:
        words = tuple(_WORDS.findall(plain(fold(alias))))
        if all(word.isalpha() for word in words):
            yield from (Name(brand, words, at) for at in range(len(words)))


def split_cell(cell: object) -> list[str]:
    """Return the parts of a ``a|b|c`` cell."""
    return [part.strip() for part in cell.split("|") if part.strip()] if isinstance(cell, str) else []
