"""Loose marks: Vietnamese written decomposed is composed; strokes, dots and heaps that were laid over a word are taken off."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from features.fold import VIETNAMESE, plain
from features.rewrite import Edit, Offsets
from features.vocabulary import Vocabulary

LETTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ" + VIETNAMESE + VIETNAMESE.upper())
MARKS = "\u0300-\u034e\u0350-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20e2\u20e4-\u20f0\ua66f-\ua67d\ufe20-\ufe2f"
MARK = re.compile(f"[{MARKS}]")
MARKED = re.compile(f"[{MARKS}]+")
WORD = re.compile(f"(?:[^\\W_]|[{MARKS}])+")


def composed_throughout(text: str) -> tuple[str, Offsets] | None:
    """Return the text with every loose mark joined to the letter before it; ``None`` where there is none or some cannot be.

    The short way for text that is only decomposed, as whole descriptions are.
    """
    whole = unicodedata.normalize("NFC", text)
    if len(whole) == len(text):
        return None
    codes = np.frombuffer((text + " ").encode("utf-32-le", "surrogatepass"), dtype="<u4")
    stays = np.flatnonzero(~_is_mark().take(codes, mode="clip")).astype(np.int32)
    return (whole, stays) if len(stays) == len(whole) + 1 else None


@lru_cache(maxsize=1)
def _is_mark() -> npt.NDArray[np.bool_]:
    """By code; codes beyond the table count as its last, which is none."""
    return np.array([MARK.match(chr(code)) is not None for code in range(0xFE30)])


def undo_marks(text: str, known: Vocabulary, flags: set[str]) -> list[Edit]:
    """Loose marks join their letter where that gives a Vietnamese one; heaps and strokes through a word go."""
    found = list(MARKED.finditer(text))
    if not found:
        return []
    clusters = [(one.start() - 1 if one.start() else 0, one.end()) for one in found]
    composed = [unicodedata.normalize("NFC", text[start:end]) for start, end in clusters]
    heaped = any(len(one) > 1 for one in composed)
    flags.add("marks" if heaped else "nfd")
    words = list(_words_under(text, known)) if heaped else []
    taken = {place for word in words for place in range(word.start, word.end)}
    return sorted([*words, *(edit for edit in _settled(text, clusters, composed, heaped) if edit.start not in taken)])


def _words_under(text: str, known: Vocabulary) -> Iterator[Edit]:
    """Known words once the marks in them are taken away: "fạ̲ḳ̲ẹ̲" is "fake" with strokes and dots, not "fạkẹ"."""
    for found in WORD.finditer(text):
        word = found[0]
        if word not in known.marked:
            known.marked[word] = _word_under(word, known) if MARK.search(word) else None
        under = known.marked[word]
        if under is not None:
            yield Edit(*found.span(), under, [found.start() + place for place, letter in enumerate(word) if not MARK.match(letter)])


def _word_under(word: str, known: Vocabulary) -> str | None:
    places = [place for place, letter in enumerate(word) if not MARK.match(letter)]
    letters = [word[place] for place in places]
    composed = [_first_letter(word, place) for place in places]
    for tried in (composed, letters, [base(letter) for letter in letters]):
        if known.is_exactly("".join(tried).lower()):
            return "".join(tried)
    return None


def base(letter: str) -> str:
    return plain(unicodedata.normalize("NFD", letter)[0])


def _first_letter(word: str, place: int) -> str:
    marks = MARKED.match(word, place + 1)
    return unicodedata.normalize("NFC", word[place] + (marks[0] if marks else ""))[0]


def _settled(text: str, clusters: list[tuple[int, int]], composed: list[str], heaped: bool) -> Iterator[Edit]:
    for (start, end), whole in zip(clusters, composed, strict=True):
        if MARKED.match(text[start]):
            yield Edit(start, end, "")
            continue
        letter = whole[0]
        own = letter in LETTERS or text[start] not in LETTERS or (not heaped and ord(letter) < 0x250)
        yield Edit(start, end, letter if own else text[start])
