"""One text for every way of writing it: undoes disguises, keeps an alignment to the seller's own words.

Characters first (`features.characters`): entities and tags, zero-width and direction controls, mathematical, full-width, circled, squared
and flag letters, look-alikes of other scripts, decomposed and stacked marks. Words then (`features.rejoin`), and only into words that the
caller names: letters kept apart ("D.I.O.R", "C h a n e l", "super-fake"), digits for letters ("N1ke"), repeated letters ("reppppp").
What stays: sizes ("S M L"), model numbers, units, prices, "1:1", the domains of URLs. Everything else that looks odd is left as it is: a
wrong repair would invent evidence. Missing tones and teencode are no matter of the text: `features.spellings`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from features.characters import hides_in_ascii, undo_characters
from features.fold import fold, lower, one_tone, plain
from features.letters import ODD, letters_of
from features.rejoin import suspects
from features.rewrite import Edit, Offsets, compose, rewrite
from features.vocabulary import Vocabulary, vocabulary

__all__ = ["MAX_CHARACTERS", "Canonical", "canonicalise", "canonicalise_all", "fold", "plain"]

MAX_CHARACTERS = 20_000
"""Longer texts are cut and flagged: no honest listing needs more, and hostile ones must cost no more."""
_MOST_JOINS = 8


@dataclass(frozen=True, slots=True)
class Canonical:
    """A text as it is matched: ``folded`` has the length of ``text``; ``offsets`` lead back to the original.

    ``offsets`` is ``None`` where nothing moved, else ``len(text) + 1`` positions in the original, never decreasing. ``flags`` names what was
    undone: ``html zero_width styled homoglyph nfd marks spaced leet repeated cut nested``. ``repaired`` holds the places in the original, start
    and end, of words that were put together, read from digits or shortened.
    """

    text: str
    folded: str
    offsets: npt.NDArray[np.int32] | None
    flags: frozenset[str]
    repaired: tuple[tuple[int, int], ...] = ()

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Return the original positions of the canonical ``text[start:end]``, controls inside included."""
        if self.offsets is None or end <= start:
            return (start, end) if self.offsets is None else (int(self.offsets[start]), int(self.offsets[start]))
        return int(self.offsets[start]), int(self.offsets[end - 1 : end + 1].max())

    def is_repaired(self, start: int, end: int) -> bool:
        """True where ``text[start:end]`` was not written as one plain word or phrase."""
        if not self.repaired:
            return False
        first, last = self.span(start, end)
        return any(begun < last and first < ended for begun, ended in self.repaired)


def canonicalise(text: str, joinable: frozenset[str] = frozenset()) -> Canonical:
    """Return the canonical form of ``text``; applying it to its own result changes nothing.

    ``joinable`` holds folded words and phrases ("dior", "super fake") that letters kept apart, digits and repeated letters may be read as.

    >>> canonicalise("𝗥𝗲𝗽 𝟭:𝟭").folded, canonicalise("D.I.O.R 50ml", frozenset({"dior"})).folded
    ('rep 1:1', 'dior 50ml')
    """
    return _read(text, vocabulary(joinable))


def canonicalise_all(texts: Sequence[str], joinable: frozenset[str] = frozenset()) -> list[Canonical]:
    """Return the canonical form of each text; a text that stands there twice is read once."""
    # Numba loads here: whoever reads single words does not pay.
    from features.screen import screen

    known = vocabulary(joinable)
    distinct = list(dict.fromkeys(texts))
    begun = [_Begun(text) for text in distinct]
    looked = screen([one.low for one in begun], known)
    odd = [one for one, is_odd in zip(begun, looked.odd, strict=True) if is_odd or hides_in_ascii(one.text)]
    for one in odd:
        one.undo_characters(known)
    again = screen([one.low for one in odd], known)
    for one, clear, toned in (*zip(begun, looked.clear, looked.toned, strict=True), *zip(odd, again.clear, again.toned, strict=True)):
        one.is_clear, one.is_toned = clear, toned
    done = {text: one.finished() if one.is_clear else one.rejoined(known) for text, one in zip(distinct, begun, strict=True)}
    return [done[text] for text in texts]


class _Begun:
    """A text on its way: as it stands, in lower case, where its letters came from, what was undone so far, what is still to be looked for."""

    __slots__ = ("flags", "is_clear", "is_toned", "low", "moved", "repaired", "text")

    def __init__(self, text: str) -> None:
        self.flags: set[str] = {"cut"} if len(text) > MAX_CHARACTERS else set()
        self.text = text[:MAX_CHARACTERS]
        self.low = lower(self.text)
        self.moved: Offsets | None = None
        self.repaired: list[tuple[int, int]] = []
        self.is_clear, self.is_toned = False, True

    def undo_characters(self, known: Vocabulary) -> None:
        """Characters that are not what they look like."""
        self.text, self.moved = undo_characters(self.text, known, self.flags)
        self.low = lower(self.text)

    def rejoined(self, known: Vocabulary) -> Canonical:
        """Words taken apart or misspelt. "air-J.O.R.D.A.N", "r.e.p.p.p": putting one together can bare another, each time a longer one."""
        for _ in range(_MOST_JOINS if known else 0):
            edits = suspects(self.low, letters_of(self.low), known, self.flags)
            if not edits:
                break
            self.repaired += [self._original(edit.start, edit.end) for edit in edits]
            self.text, at = rewrite(self.text, [_in_case(self.text, edit) for edit in edits])
            self.moved, self.low, self.is_toned = compose(self.moved, at), lower(self.text), True
        return self.finished()

    def finished(self) -> Canonical:
        """The text as it is now."""
        folded = one_tone(self.low) if self.is_toned else self.low
        return Canonical(self.text, folded, self.moved, frozenset(self.flags), tuple(self.repaired))

    def _original(self, start: int, end: int) -> tuple[int, int]:
        return (start, end) if self.moved is None else (int(self.moved[start]), int(self.moved[end]))


def _read(text: str, known: Vocabulary) -> Canonical:
    one = _Begun(text)
    if letters_of(one.low).any(ODD) or hides_in_ascii(one.text):
        one.undo_characters(known)
    return one.rejoined(known)


def _in_case(text: str, edit: Edit) -> Edit:
    """The new letters in the case that the seller wrote: "D.I.O.R" is "DIOR"."""
    if edit.at is None:
        return edit
    return edit._replace(new="".join(_as_written(text[place], letter) for place, letter in zip(edit.at, edit.new, strict=True)))


def _as_written(written: str, meant: str) -> str:
    return written if lower(written) == meant else meant
