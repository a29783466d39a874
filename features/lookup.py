"""Many words searched for at once, at word boundaries."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import ahocorasick

_LEAST_GLUED = 9
"""A phrase of so many letters is also found written without its blanks ("danielwellington")."""


class WordFinder:
    """Finds any of many folded words or phrases in folded text; letters and digits of any script make a word.

    Each pattern carries one value. Overlapping patterns are all reported; choosing is the caller's idea.
    """

    def __init__(self, patterns: Iterable[tuple[str, object]]) -> None:
        self._automaton = ahocorasick.Automaton()
        merged: dict[str, list[object]] = {}
        for pattern, value in patterns:
            if pattern:
                merged.setdefault(pattern, []).append(value)
                glued = pattern.replace(" ", "")
                if glued != pattern and len(glued) >= _LEAST_GLUED and glued.isalpha():
                    merged.setdefault(glued, []).append(value)
        for pattern, values in merged.items():
            self._automaton.add_word(pattern, (len(pattern), tuple(values)))
        if merged:
            self._automaton.make_automaton()
        self._empty = not merged

    def find(self, folded: str) -> Iterator[tuple[int, int, object]]:
        """Yield ``(start, end, value)`` in order of the match's end."""
        if self._empty or not folded:
            return
        size = len(folded)
        for last, (length, values) in self._automaton.iter(folded):
            start, end = last - length + 1, last + 1
            if start and folded[start - 1].isalnum() and folded[start].isalnum():
                continue
            if end < size and folded[end].isalnum() and folded[last].isalnum():
                continue
            for value in values:
                yield start, end, value
