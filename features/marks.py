"""Loose marks: Vietnamese written decomposed is composed; strokes, dots and heaps that were laid over a word are taken off."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

import numpy as np

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
    places = [found.start() for found in MARK.finditer(text)]
    whole = unicodedata.normalize("NFC", text) if places else text
    if not places or len(whole) != len(text) - len(places):
        return None
    stays = np.ones(len(text) + 1, dtype=bool)
    stays[places] = False
    return whole, np.flatnonzero(stays).astype(np.int32)


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
        if not MARK.search(found[0]):
            continue
        places = [place for place in range(*found.span()) if not MARK.match(text[place])]
        letters = [text[place] for place in places]
        composed = [_first_letter(text, place, found.end()) for place in places]
        for tried in (composed, letters, [base(letter) for letter in letters]):
            if known.is_exactly("".join(tried).lower()):
                yield Edit(*found.span(), "".join(tried), places)
                break


def base(letter: str) -> str:
    return plain(unicodedata.normalize("NFD", letter)[0])


def _first_letter(text: str, place: int, end: int) -> str:
    marks = MARKED.match(text, place + 1, end)
    return unicodedata.normalize("NFC", text[place] + (marks[0] if marks else ""))[0]


def _settled(text: str, clusters: list[tuple[int, int]], composed: list[str], heaped: bool) -> Iterator[Edit]:
    for (start, end), whole in zip(clusters, composed, strict=True):
        if MARKED.match(text[start]):
            yield Edit(start, end, "")
            continue
        letter = whole[0]
        own = letter in LETTERS or text[start] not in LETTERS or (not heaped and ord(letter) < 0x250)
        yield Edit(start, end, letter if own else text[start])
