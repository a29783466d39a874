"""The words that a disguise may be undone into: a repair is made only where a word comes out that somebody asked for.

Letters kept apart are joined, digits read as letters and repeated letters dropped only into these; anything else would invent words.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import islice, product
from typing import Any, NamedTuple

from features.fold import plain
from features.rewrite import Edit

#: Which letters a digit or sign is written for.
LEET = {"0": "o", "1": "il", "3": "e", "4": "a", "5": "s", "6": "gb", "7": "t", "8": "b", "9": "g", "@": "a", "$": "s", "!": "i", "€": "e"}
MAX_LETTERS = 32
"""No known phrase of more letters is put together."""
_LEAST_WORD = 3
_MAX_LEET, _MAX_RUNS, _MAX_TRIALS = 5, 4, 64
_REMEMBERED = 200_000
_NUMBERED = re.compile(r"[0-9]{2}\Z")
"""An article number behind a word, "Da10", is no word; "zal0" is."""
_RUN = re.compile(r"([^\W\d_])\1+")


class Repair(NamedTuple):
    """``new`` stands for a token; ``kept[i]`` is the place in the token of its ``i``-th letter; ``how`` is the flag."""

    new: str
    kept: tuple[int, ...]
    how: str


class Memory(dict[str, Any]):
    """A dict that forgets everything once it is full: bounded, and the common things are soon back."""

    def __setitem__(self, key: str, value: Any) -> None:
        if len(self) >= _REMEMBERED:
            self.clear()
        super().__setitem__(key, value)


class Vocabulary:
    """Known words and phrases, compiled from folded forms ("dior", "rep 1:1", "f.a.k.e")."""

    def __init__(self, forms: Iterable[str]) -> None:
        self._phrases: dict[str, str] = {}
        self._words: dict[str, str] = {}
        self._remembered: dict[str, Repair | None] = Memory()
        self.chunks: dict[str, list[Edit]] = Memory()
        """What `features.rejoin` found in a chunk, remembered by chunk."""
        forms = sorted(forms)
        words = Counter(word for form in forms for word in form.split() if word.isalpha() and len(word) >= _LEAST_WORD)
        for word, _ in sorted(words.items(), key=lambda one: (one[1], one[0] != plain(one[0]), one[0])):
            self._words[plain(word)] = word  # of words that differ in tones only, the one in most forms
        for form in (*words, *(one for one in forms if not _is_spelled(one)), *filter(_is_spelled, forms)):
            letters = "".join(filter(str.isalnum, form))
            if _LEAST_WORD <= len(letters) <= MAX_LETTERS:
                self._phrases[letters] = form
                self._phrases.setdefault(plain(letters), plain(form))

    def __bool__(self) -> bool:
        return bool(self._phrases)

    def is_word(self, low: str) -> bool:
        """True where ``low`` (lower case, no blanks) is a known word or the letters of a known phrase, tones aside."""
        return plain(low) in self._words or plain(low) in self._phrases

    def phrase(self, letters: str) -> str | None:
        """Return the form whose letters and digits are ``letters`` ("rep11" → "rep 1:1")."""
        return self._phrases.get(letters)

    def repair(self, token: str) -> Repair | None:
        """Return the known word that ``token`` is a leet or stretched writing of; ``None`` for known words and all others."""
        if token in self._remembered:
            return self._remembered[token]
        found = self._remembered[token] = self._repair(token)
        return found

    def _repair(self, token: str) -> Repair | None:
        if len(token) > 2 * MAX_LETTERS and not _RUN.search(token):
            return None
        if token in self._phrases or plain(token) in self._words:
            return None
        for kept in _squeezed(token):
            short = "".join(token[place] for place in kept)
            word = self._read(short)
            stretched = len(kept) < len(token)
            if word is not None and (not stretched or len(short) > _LEAST_WORD or _longest_run(token) > 2):
                return Repair(word, kept, "repeated" if stretched and short == word else "leet")
        return None

    def _read(self, short: str) -> str | None:
        if any(letter in LEET for letter in short):
            return self._unleet(short)
        word = self._words.get(plain(short))
        return short if word is not None and short in (word, plain(word)) else None

    def _unleet(self, token: str) -> str | None:
        """Digits for letters: at least two letters must stand as themselves, and of three letters only the middle may be one."""
        places = [place for place, letter in enumerate(token) if letter in LEET]
        if len(places) > _MAX_LEET or len(token) - len(places) < 2 or (len(token) == _LEAST_WORD and places != [1]):
            return None
        if _NUMBERED.search(token):
            return None
        bare = plain(token)
        for letters in islice(product(*(LEET[letter] if letter in LEET else letter for letter in bare)), _MAX_TRIALS):
            word = self._words.get("".join(letters))
            if word is None:
                continue
            if all(written in LEET or written in (meant, plain(meant)) for written, meant in zip(token, word, strict=True)):
                return word
        return None


@lru_cache(maxsize=8)
def vocabulary(forms: frozenset[str]) -> Vocabulary:
    """Return the compiled ``forms``, once per set of forms."""
    return Vocabulary(forms)


def _is_spelled(form: str) -> bool:
    """ "f.a.k.e": a form that is written letter by letter."""
    return "." in form and all(len(part) == 1 for part in form.split("."))


def _longest_run(token: str) -> int:
    return max((len(run[0]) for run in _RUN.finditer(token)), default=0)


def _squeezed(token: str) -> Iterator[tuple[int, ...]]:
    """Which places to keep, in every way of cutting runs of one letter to two or one; the token as it is comes first."""
    runs = [run.span() for run in _RUN.finditer(token)][: _MAX_RUNS + 1]
    yield tuple(range(len(token)))
    if not runs or len(runs) > _MAX_RUNS:
        return
    for keep in product((2, 1), repeat=len(runs)):
        gone = {place for (start, end), left in zip(runs, keep, strict=True) for place in range(start + left, end)}
        if gone:
            yield tuple(place for place in range(len(token)) if place not in gone)
