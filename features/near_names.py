"""Names within a small edit distance of a word: "addidas", "chanle", "balenciga" beside "adidas", "chanel", "balenciaga".

One edit (a letter added, dropped, changed, or two neighbours swapped) for names of five to eight letters, two from nine. Each word is
looked at once and remembered in a bounded store. Which near word is an ordinary word, and whether the brand's goods stand beside it, is not
decided here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from features.fold import plain

SHORTEST = 5
TWO_EDITS_FROM = 9
#: Words remembered before the store starts again: about 10 MB.
REMEMBERED = 1 << 16

_WORD = re.compile(r"[^\W\d_]{5,}")


class Name(NamedTuple):
    """One way to write a brand: its plain words; ``at`` is the one that may be misspelt, the others stand as they are."""

    brand: str
    words: tuple[str, ...]
    at: int


class Near(NamedTuple):
    """A word of a text that is nearly a name: where it stands, and how many edits away."""

    start: int
    end: int
    name: Name
    edits: int


class NearNames:
    """Finds words that are nearly one of ``names``; ``ordinary`` are words that are never meant as one."""

    def __init__(self, names: Iterable[Name], ordinary: frozenset[str] = frozenset()) -> None:
        self._names: dict[str, list[Name]] = {}
        for name in names:
            if len(name.words[name.at]) >= SHORTEST:
                self._names.setdefault(name.words[name.at], []).append(name)
        self._ordinary = ordinary
        self._pieces = _by_length(self._names)
        self._far: set[str] = set()
        self._known: dict[str, tuple[tuple[Name, int], ...]] = {}

    def find(self, folded: str) -> list[Near]:
        """Return the near names of ``folded`` in order; a word that is exactly a name is none."""
        chunks = folded.split()
        if self._far.issuperset(chunks):
            return []
        found: list[Near] = []
        if len(self._far) >= REMEMBERED:
            self._far.clear()
        for chunk in set(chunks) - self._far:
            words = self._near_words(chunk) if len(chunk) >= SHORTEST else None
            if words:
                found += [near for word in words for near in self._in_text(folded, word)]
            else:
                self._far.add(chunk)
        # One word may stand in two chunks ("addidas, addidas").
        return sorted(set(found))

    def _near_words(self, chunk: str) -> list[str]:
        """The words of a chunk between spaces that are nearly a name."""
        words = [chunk] if chunk.isalpha() else dict.fromkeys(_WORD.findall(chunk))
        return [word for word in words if self.near(word)]

    def _in_text(self, folded: str, word: str) -> Iterator[Near]:
        """Where a near word stands in the text, with the other words of the name around it."""
        for found in re.finditer(rf"(?<![^\W_]){re.escape(word)}(?![^\W_])", folded):
            for name, edits in self.near(word):
                start, end = _extent(folded, found.start(), found.end(), name)
                if end:
                    yield Near(start, end, name, edits)

    def near(self, word: str) -> tuple[tuple[Name, int], ...]:
        """Return the names nearest to ``word`` with their distance, all at the same one; none where it is ordinary or a name itself."""
        known = self._known.get(word)
        if known is None:
            if len(self._known) >= REMEMBERED:
                self._known.clear()
            known = self._known[word] = self._nearest(word)
        return known

    def _nearest(self, word: str) -> tuple[tuple[Name, int], ...]:
        if not word.isascii():
            # "chánel", the name with marks that it does not have; Vietnamese syllables are no misspellings of anything else.
            bare = plain(word)
            return () if {word, bare} & self._ordinary else tuple((name, 0) for name in self._names.get(bare, ()))
        if word in self._ordinary or word in self._names:
            return ()
        best: dict[str, int] = {}
        for other in self._candidates(word):
            edits = _few_edits(word, other, edits_allowed(other))
            if edits:
                best[other] = edits
        if not best:
            return ()
        fewest = min(best.values())
        return tuple((name, fewest) for other, edits in sorted(best.items()) if edits == fewest for name in self._names[other])

    def _candidates(self, bare: str) -> set[str]:
        """Names that share a piece with ``bare`` where an allowed number of edits must leave one whole."""
        found: set[str] = set()
        for place, size, by_piece in self._pieces.get(len(bare), ()):
            if place < 0:
                found.update(by_piece.get(bare[-size:], ()))
            elif place == 0:
                found.update(by_piece.get(bare[:size], ()))
            else:
                for shifted in (place - 1, place, place + 1):
                    found.update(by_piece.get(bare[shifted : shifted + size], ()))
        return found


def _by_length(names: Iterable[str]) -> dict[int, list[tuple[int, int, dict[str, list[str]]]]]:
    """For each length of a word: the pieces (place, size, piece to names) of all names that it may be an edit or two from."""
    table: dict[int, dict[tuple[int, int], dict[str, list[str]]]] = {}
    for name in names:
        reach = edits_allowed(name)
        for length in range(len(name) - reach, len(name) + reach + 1):
            for place, piece in _pieces(name):
                table.setdefault(length, {}).setdefault((place, len(piece)), {}).setdefault(piece, []).append(name)
    return {length: [(*key, pieces) for key, pieces in places.items()] for length, places in table.items()}


def edits_allowed(name: str) -> int:
    """Return how many edits a name's word may be away: 1, from nine letters on 2."""
    return 1 if len(name) < TWO_EDITS_FROM else 2


def _pieces(word: str) -> Iterator[tuple[int, str]]:
    """Pieces of a name, with a letter between them, of which one survives the edits it allows: begin (0), end (-1), and a middle."""
    if len(word) < TWO_EDITS_FROM:
        size = (len(word) - 1) // 2
    else:
        size = (len(word) - 2) // 3
        yield size + 1, word[size + 1 : 2 * size + 1]
    yield 0, word[:size]
    yield -1, word[-size:]


def _extent(folded: str, start: int, end: int, name: Name) -> tuple[int, int]:
    """Where the whole name stands, or (0, 0) where its other words do not."""
    before = " ".join(name.words[: name.at])
    after = " ".join(name.words[name.at + 1 :])
    if before:
        if not plain(folded[:start]).endswith(before + " ") or folded[: start - len(before) - 1][-1:].isalnum():
            return 0, 0
        start -= len(before) + 1
    if after:
        if not plain(folded[end:]).startswith(" " + after) or folded[end + len(after) + 1 :][:1].isalnum():
            return 0, 0
        end += len(after) + 1
    return start, end


def _few_edits(left: str, right: str, most: int) -> int:
    """Return the distance where it is at most ``most`` (1 or 2), else 0; the words differ."""
    first = 0
    shorter = min(len(left), len(right))
    while first < shorter and left[first] == right[first]:
        first += 1
    last = 0
    while last < shorter - first and left[-1 - last] == right[-1 - last]:
        last += 1
    rest, other = left[first : len(left) - last], right[first : len(right) - last]
    if len(rest) <= 1 and len(other) <= 1:
        return 1
    if len(rest) == 2 and rest == other[::-1]:
        return 1
    if most == 1:
        return 0
    edits = distance(rest, other)
    return edits if edits <= most else 0


def distance(left: str, right: str) -> int:
    """Return the fewest edits between two words: a letter added, dropped, changed, or two neighbours swapped.

    >>> distance("chanle", "chanel"), distance("addidas", "adidas"), distance("gucci", "prada")
    (1, 1, 5)
    """
    before: list[int] = []
    row = list(range(len(right) + 1))
    for i, a in enumerate(left, 1):
        two_before, before, row = before, row, [i]
        for j, b in enumerate(right, 1):
            best = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (a != b))
            if i > 1 and j > 1 and a == right[j - 2] and left[i - 2] == b:
                best = min(best, two_before[j - 2] + 1)
            row.append(best)
    return row[-1]
