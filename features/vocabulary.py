"""The words that a disguise may be undone into: a repair is made only where a word comes out that somebody asked for.

Letters kept apart are joined, digits read as letters and repeated letters dropped only into these; anything else would invent words.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import product
from typing import Any, NamedTuple

from features.fold import plain
from features.rewrite import Edit

#: Which letters a digit or sign is written for.
LEET = {"0": "o", "1": "il", "3": "e", "4": "a", "5": "s", "6": "gb", "7": "t", "8": "b", "9": "g", "@": "a", "$": "s", "!": "i", "€": "e"}
#: Letters and what is written for them fall together: "n1ke" and "nike" have one shape, so that one look finds every reading.
_SHAPE = str.maketrans("0l1!3€4@5$7b689", "oiiieeaasstgggg")
MAX_LETTERS = 32
"""No known phrase of more letters is put together."""
_LEAST_WORD, _LEAST_PHRASE = 3, 5
_MAX_LEET, _MAX_RUNS = 5, 4
_REMEMBERED = 200_000
_NUMBERED = re.compile(r"[0-9]{2}\Z")
"""An article number behind a word, "Da10", is no word; "zal0" is."""
_NUMBER = re.compile(r"[0-9]{3}|^[0-9]+[^\W\d_]{0,3}$")
"""Article numbers, sizes and units: digits that nobody reads as letters."""
_LEAST_GLUED = 9
_RUN = re.compile(r"([^\W\d_])\1+")
_ANY_RUN = re.compile(r"(.)\1+")
_STRETCH = re.compile(r"([^\W\d_])\1{2,}")


class Repair(NamedTuple):
    """``new`` stands for a token; ``kept[i]`` is the place in the token of its ``i``-th letter; ``how`` is the flag.

    ``sure`` is False where the token could be read as several known words.
    """

    new: str
    kept: tuple[int, ...]
    how: str
    sure: bool


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
        self._phrase_shapes: dict[str, list[str]] = {}
        self._word_shapes: dict[str, list[str]] = {}
        self._pieces: set[str] = set()
        self._remembered: dict[str, Repair | None] = Memory()
        self._asking: dict[str, bool] = Memory()
        self.chunks: dict[str, list[Edit]] = Memory()
        """What `features.rejoin` found in a chunk, remembered by chunk."""
        self.marked: dict[str, str | None] = Memory()
        """What known word `features.marks` found under the marks of a word, remembered by word."""
        self.clear: dict[str, bool] = Memory()
        """Whether a token can be no writing of any known word, remembered by token."""
        forms = sorted(forms)
        words = Counter(word for form in forms for word in form.split() if word.isalpha() and len(word) >= _LEAST_WORD)
        self._words = frozenset(words)
        self._plain_words = frozenset(map(plain, words))
        # Of words that differ in tones only, the one in most forms is thought of first.
        for word, _ in sorted(words.items(), key=lambda one: (-one[1], one[0] == plain(one[0]), one[0])):
            self._word_shapes.setdefault(_shape(word), []).append(word)
        for form in (*words, *(one for one in forms if not is_spelled(one)), *filter(is_spelled, forms)):
            letters = "".join(filter(str.isalnum, form))
            if _LEAST_WORD <= len(letters) <= MAX_LETTERS:
                self._phrases[letters] = form
                self._phrases.setdefault(plain(letters), plain(form))
        for letters, form in self._phrases.items():
            self._phrase_shapes.setdefault(_shape(letters), []).append(letters)
            self._pieces |= set(map(_shape, form.split()))
            if form == letters and len(letters) >= _LEAST_GLUED:
                self._pieces |= {_shape(part) for cut in range(2, len(letters) - 1) for part in (letters[:cut], letters[cut:])}
        # Whatever is written for a word or piece collapses to what that collapses to: one look dismisses nearly every new token.
        self._word_outlines = frozenset(map(_collapsed, self._word_shapes))
        self._piece_outlines = frozenset(map(_collapsed, self._pieces))

    def __bool__(self) -> bool:
        return bool(self._phrases)

    def is_word(self, low: str) -> bool:
        """True where ``low`` (lower case, no blanks) is a known word or the letters of a known phrase, tones aside."""
        return plain(low) in self._plain_words or plain(low) in self._phrases

    def is_exactly(self, low: str) -> bool:
        """True where ``low`` is a known word or the letters of a known phrase, tones and all."""
        return low in self._words or low in self._phrases

    def phrase(self, letters: str) -> str | None:
        """Return the form whose letters and digits are ``letters`` ("rep11" → "rep 1:1")."""
        return self._phrases.get(letters)

    def phrase_like(self, letters: str) -> str | None:
        """Return the form that ``letters`` spell, digits read as letters where need be ("l0uisvuitt0n")."""
        if (form := self._phrases.get(letters)) is not None or len(letters) < _LEAST_PHRASE:
            return form
        for meant in self._phrase_shapes.get(_shape(letters), ()):
            if _reads(letters, meant):
                return self._phrases[meant]
        return None

    def needs_neighbours(self, token: str) -> bool:
        """True where ``token``, odd and unknown as it is, can be a word of a known phrase whose other words stand beside it ("đ0", "suuu")."""
        if token not in self._asking:
            if _collapsed(_shape(token)) not in self._piece_outlines:
                self._asking[token] = False
                return False
            short, _ = stretched(token)
            odd = len(short) < len(token) or (any(letter in LEET for letter in token) and not _NUMBER.search(token))
            self._asking[token] = odd and not self.is_word(token) and _shape(short) in self._pieces
        return self._asking[token]

    def repair(self, token: str) -> Repair | None:
        """Return the known word that ``token`` is a leet or stretched writing of; ``None`` for known words and all others."""
        if token in self._remembered:
            return self._remembered[token]
        found = self._remembered[token] = self._repair(token)
        return found

    def _repair(self, token: str) -> Repair | None:
        if _collapsed(_shape(token)) not in self._word_outlines:
            return None
        if token in self._phrases or plain(token) in self._plain_words or (len(token) > MAX_LETTERS and not _RUN.search(token)):
            return None
        for kept in _squeezed(token):
            short = "".join(token[place] for place in kept)
            stretched = len(kept) < len(token)
            words = self._read(short)
            if words and (not stretched or len(short) > _LEAST_WORD or _STRETCH.search(token)):
                return Repair(words[0], kept, "repeated" if stretched and short == words[0] else "leet", len(words) == 1)
        return None

    def _read(self, short: str) -> list[str]:
        """Three letters need the one in the middle to be the digit: "r3p", not "re9"."""
        if short in self._words or (short in self._plain_words and short.isascii()):
            return [short]
        digits = [place for place, letter in enumerate(short) if letter in LEET]
        if not digits or _NUMBERED.search(short) or (len(short) == _LEAST_WORD and digits != [1]):
            return []
        words = [word for word in self._word_shapes.get(_shape(short), ()) if _reads(short, word)]
        # "m4u" and "15.6inh" are articles and sizes, not "mậu" and "bình".
        return [word for word in words if word.isascii()] if len(short) == _LEAST_WORD or digits[0] == 0 else words


@lru_cache(maxsize=8)
def vocabulary(forms: frozenset[str]) -> Vocabulary:
    """Return the compiled ``forms``, once per set of forms."""
    return Vocabulary(forms)


def stretched(token: str) -> tuple[str, tuple[int, ...]]:
    """Return ``token`` with every letter that stands three times or more in a row standing once, and the places kept.

    One letter and nothing else ("AAA", "xxx") is a size, a grade or a mask, and stays.
    """
    if len(set(token)) < 2:
        return token, tuple(range(len(token)))
    gone = {place for run in _STRETCH.finditer(token) for place in range(run.start() + 1, run.end())}
    kept = tuple(place for place in range(len(token)) if place not in gone)
    return "".join(token[place] for place in kept), kept


def _shape(letters: str) -> str:
    return plain(letters).translate(_SHAPE)


def _collapsed(shape: str) -> str:
    """Every run of one letter as one letter."""
    return _ANY_RUN.sub(r"\1", shape)


def _reads(written: str, meant: str) -> bool:
    """True where ``written`` is ``meant`` with some letters as digits: at most five, and at least two letters as themselves."""
    if len(written) != len(meant):
        return False
    digits = 0
    for one, letter in zip(written, meant, strict=True):
        if one in (letter, plain(letter)):
            continue
        if one not in LEET or plain(letter) not in LEET[one]:
            return False
        digits += 1
    return 0 < digits <= _MAX_LEET and len(written) - digits >= 2


def is_spelled(form: str) -> bool:
    """Say whether a form is written letter by letter, as "f.a.k.e" is."""
    return "." in form and all(len(part) == 1 for part in form.split("."))


def _squeezed(token: str) -> Iterator[tuple[int, ...]]:
    """Which places to keep, in every way of cutting runs of one letter to two or one; the token as it is comes first."""
    runs = [run.span() for run in _RUN.finditer(token) if not _is_english(token, *run.span())][: _MAX_RUNS + 1]
    yield tuple(range(len(token)))
    if not runs or len(runs) > _MAX_RUNS:
        return
    for keep in product((2, 1), repeat=len(runs)):
        gone = {place for (start, end), left in zip(runs, keep, strict=True) for place in range(start + left, end)}
        if gone:
            yield tuple(place for place in range(len(token)) if place not in gone)


def _is_english(token: str, start: int, end: int) -> bool:
    """Say whether a doubled letter is ordinary spelling: "cross", "channel", "coffee"."""
    if end - start > 2 or not token.isascii():
        return False
    inside = 0 < start and end < len(token)
    between_vowels = inside and token[start - 1] in "aeiou" and token[end] in "aeiouy" and token[start] not in "aeiou"
    return between_vowels or (end == len(token) and token[start] in "sl") or (inside and token[start] in "eo")
