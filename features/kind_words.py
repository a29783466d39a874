"""The words that say what kind of thing a title sells, compiled from the tables ``goods_groups``, ``kinds`` and ``categories``.

Each word has a place: ``head`` (the noun itself), ``model`` (a model name, which gives way to an accessory named later), ``anywhere`` and
``near`` (words that overrule the noun: second-hand, a voucher, a service), ``turn`` (words that change what the noun means: "xe máy … cho bé"
is a toy), ``hint`` (asked only where no noun speaks) and ``child`` (words that say whom it is for). All are looked for in one pass.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from operator import itemgetter
from typing import NamedTuple

import pandas as pd

from features.canonical import fold
from features.errors import ConfigError
from features.lookup import WordFinder

ITEM_TYPES = frozenset({"device", "accessory", "part", "sample", "voucher", "used", "service", "deposit", "goods"})
PLACES = frozenset({"head", "model", "anywhere", "near", "turn", "hint", "child"})
#: When a category is heard: before the title, where the title's noun is doubtful, or last.
SPEAKS = frozenset({"first", "doubt", "last"})
#: The group of things that belong to none of ours.
OUTSIDE = "-"


class KindWord(NamedTuple):
    """What one word says; ``only_in`` are the groups it is limited to, empty for all."""

    item: str | None
    group: str | None
    place: str
    only_in: frozenset[str]


class Match(NamedTuple):
    """One word found in a folded title."""

    start: int
    end: int
    text: str
    word: KindWord


class Turn(NamedTuple):
    """Words that give a title another group and item type than its head noun; ``heads`` empty: whatever the noun."""

    heads: frozenset[str]
    group: str
    item: str


class _Hint(NamedTuple):
    word: KindWord


_CHILD = "child"


class Reading(NamedTuple):
    """What was found in one title: words in order, the first hint, turns with the words that make them, and whether it speaks of a child."""

    matches: list[Match]
    hint: Match | None
    turns: dict[Turn, str]
    for_children: bool


class CategoryPattern(NamedTuple):
    """A pattern of folded category texts; ``speaks``: before the title (``first``), where its noun is doubtful or missing (``doubt``), or only
    where it is missing (``last``)."""

    pattern: re.Pattern[str]
    group: str
    speaks: str


@dataclass(frozen=True)
class KindLexicon:
    """Compiled words of goods groups and item types, and patterns for category texts."""

    words: WordFinder
    turns: tuple[Turn, ...]
    turns_of: dict[str, tuple[Turn, ...]]
    categories: tuple[CategoryPattern, ...]

    @classmethod
    def from_tables(cls, goods_groups: pd.DataFrame, kinds: pd.DataFrame, categories: pd.DataFrame) -> KindLexicon:
        """Compile ``goods_groups.csv`` (``markers``), ``kinds.csv`` and ``categories.csv``.

        Where two rows name the same word, ``kinds.csv`` wins and in it the first row. Raises `ConfigError` for an unknown item type,
        place or group.
        """
        groups = {str(group) for group in goods_groups["group"]}
        words: dict[str, KindWord] = {}
        others: list[tuple[str, object]] = []
        turns: list[Turn] = []
        for row in kinds.itertuples():
            entry = _entry(str(row.item_type), text_or_none(row.goods_group), str(row.place), groups)
            listed = [fold(word) for word in split_cell(row.words)]
            if entry.place == "turn":
                heads = frozenset(fold(head) for head in split_cell(row.when_head))
                turns.append(Turn(heads, str(entry.group), str(entry.item)))
                others += [(word, turns[-1]) for word in listed]
            elif entry.place == "hint":
                others += [(word, _Hint(entry)) for word in listed]
            elif entry.place == "child":
                others += [(word, _CHILD) for word in listed]
            else:
                for word in listed:
                    words.setdefault(word, entry)
        for row in goods_groups.itertuples():
            for word in split_cell(row.markers):
                words.setdefault(fold(word), KindWord(None, str(row.group), "head", frozenset()))
        by_head = {head: tuple(turn for turn in turns if head in turn.heads) for turn in turns for head in turn.heads}
        free = tuple(turn for turn in turns if not turn.heads)
        return cls(WordFinder([*words.items(), *others]), free, by_head, _categories(categories, groups))

    def read(self, folded: str) -> Reading:
        """Return the words found, the longest of those that overlap; a masked phrase hides the words inside it."""
        words: list[tuple[int, int, KindWord]] = []
        hints: list[tuple[int, int, KindWord]] = []
        turns: dict[Turn, str] = {}
        for_children = False
        for start, end, value in self.words.find(folded):
            if isinstance(value, KindWord):
                words.append((start, -end, value))
            elif isinstance(value, Turn):
                turns.setdefault(value, folded[start:end])
            elif value == _CHILD:
                for_children = True
            elif isinstance(value, _Hint):
                hints.append((start, -end, value.word))
        found: list[Match] = []
        taken = 0
        # The longest of those that start together comes first.
        words.sort(key=_place)
        for start, minus_end, word in words:
            if start >= taken:
                taken = -minus_end
                if word.item != "mask":
                    found.append(Match(start, taken, folded[start:taken], word))
        return Reading(found, _first(folded, hints), turns, for_children)


_place = itemgetter(0, 1)


def _first(folded: str, hints: list[tuple[int, int, KindWord]]) -> Match | None:
    if not hints:
        return None
    start, minus_end, word = min(hints, key=_place)
    return Match(start, -minus_end, folded[start:-minus_end], word)


def _categories(table: pd.DataFrame, groups: set[str]) -> tuple[CategoryPattern, ...]:
    speaks = table["speaks"].fillna("last")
    if unknown := set(speaks) - SPEAKS:
        raise ConfigError(f"categories.csv: unknown speaks {sorted(unknown)}; known: {sorted(SPEAKS)}")
    patterns = tuple(
        CategoryPattern(re.compile(str(pattern)), str(group), str(when))
        for pattern, group, when in zip(table["pattern"], table["goods_group"], speaks, strict=True)
    )
    if unknown := {one.group for one in patterns} - groups - {OUTSIDE}:
        raise ConfigError(f"categories.csv: unknown goods_group {sorted(unknown)}; known: {sorted(groups)} and {OUTSIDE}")
    return patterns


def _entry(item: str, group: str | None, place: str, groups: set[str]) -> KindWord:
    limits = frozenset(group.split("|")) if group and place in ("anywhere", "near") else frozenset()
    named = limits or ({group} - {OUTSIDE} if group else set())
    if item not in ITEM_TYPES | {"mask"} or place not in PLACES or named - groups or (place in ("turn", "hint") and not group):
        raise ConfigError(
            f"kinds.csv: item_type {item!r}, place {place!r}, goods_group {group!r}: one of them is unknown or missing; item types are "
            f"{sorted(ITEM_TYPES)} and mask, places {sorted(PLACES)}, groups those of goods_groups.csv or {OUTSIDE}"
        )
    return KindWord(item, None if limits else group, place, limits)


def text_or_none(cell: object) -> str | None:
    """Return a cell's text, ``None`` where it is missing or empty."""
    return cell if isinstance(cell, str) and cell else None


def split_cell(cell: object) -> list[str]:
    """Return the parts of a ``a|b|c`` cell."""
    return [part.strip() for part in cell.split("|") if part.strip()] if isinstance(cell, str) else []
