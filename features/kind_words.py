"""The words that say what kind of thing a title sells, compiled from the tables ``goods_groups``, ``kinds`` and ``categories``.

Each word has a place: ``head`` (the noun itself), ``model`` (a model name, which gives way to an accessory named later), ``anywhere`` and
``near`` (words that overrule the noun: second-hand, a voucher, a service), ``turn`` (words that change what the noun means: "xe máy … cho bé"
is a toy) and ``hint`` (asked only where no noun speaks).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple

import pandas as pd

from features.canonical import fold
from features.errors import ConfigError
from features.lookup import WordFinder

ITEM_TYPES = frozenset({"device", "accessory", "part", "sample", "voucher", "used", "service", "deposit", "goods"})
PLACES = frozenset({"head", "model", "anywhere", "near", "turn", "hint"})
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

    pattern: re.Pattern[str]
    heads: frozenset[str]
    group: str
    item: str


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
    hints: WordFinder
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
        hints: dict[str, KindWord] = {}
        turns: list[Turn] = []
        for row in kinds.itertuples():
            entry = _entry(str(row.item_type), text_or_none(row.goods_group), str(row.place), groups)
            listed = [fold(word) for word in split_cell(row.words)]
            if entry.place == "turn":
                turns.append(_turn(listed, split_cell(getattr(row, "when_head", None)), entry))
                continue
            target = hints if entry.place == "hint" else words
            for word in listed:
                target.setdefault(word, entry)
        for row in goods_groups.itertuples():
            for word in split_cell(row.markers):
                words.setdefault(fold(word), KindWord(None, str(row.group), "head", frozenset()))
        heads = {head for turn in turns for head in turn.heads}
        by_head = {head: tuple(turn for turn in turns if head in turn.heads) for head in heads}
        patterns = _categories(categories, groups)
        return cls(WordFinder(words.items()), WordFinder(hints.items()), tuple(t for t in turns if not t.heads), by_head, patterns)

    def matches(self, folded: str) -> list[Match]:
        """Return the words found, the longest of those that overlap, in order; a masked phrase hides the words inside it."""
        found: list[Match] = []
        taken = 0
        for start, end, value in sorted(self.words.find(folded), key=_longest_first):
            if start >= taken and isinstance(value, KindWord):
                taken = end
                if value.item != "mask":
                    found.append(Match(start, end, folded[start:end], value))
        return found

    def hint(self, folded: str) -> Match | None:
        """Return the first hint, the longest of those that start together."""
        for start, end, value in sorted(self.hints.find(folded), key=_longest_first):
            if isinstance(value, KindWord):
                return Match(start, end, folded[start:end], value)
        return None


def _longest_first(found: tuple[int, int, object]) -> tuple[int, int]:
    return (found[0], -found[1])


def _turn(words: list[str], heads: list[str], entry: KindWord) -> Turn:
    pattern = re.compile(r"(?<!\w)(?:" + "|".join(map(re.escape, sorted(words, key=len, reverse=True))) + r")(?!\w)")
    return Turn(pattern, frozenset(fold(head) for head in heads), str(entry.group), str(entry.item))


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
