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
from features.rewrite import Edit, compose, rewrite
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
    known = vocabulary(joinable)
    seen: dict[str, Canonical] = {}
    out = []
    for text in texts:
        done = seen.get(text)
        if done is None:
            done = seen[text] = _read(text, known)
        out.append(done)
    return out


def _read(text: str, known: Vocabulary) -> Canonical:
    flags: set[str] = set()
    if len(text) > MAX_CHARACTERS:
        text = text[:MAX_CHARACTERS]
        flags.add("cut")
    moved = None
    repaired: list[tuple[int, int]] = []
    low = lower(text)
    seen = letters_of(low)
    if seen.any(ODD) or hides_in_ascii(text):
        text, moved = undo_characters(text, known, flags)
        low = lower(text)
        seen = letters_of(low)
    # "air-J.O.R.D.A.N", "r.e.p.p.p": putting one word together can bare another, each time a longer one.
    for _ in range(_MOST_JOINS if known else 0):
        edits = suspects(low, seen, known, flags)
        if not edits:
            break
        repaired += [(edit.start, edit.end) if moved is None else (int(moved[edit.start]), int(moved[edit.end])) for edit in edits]
        text, at = rewrite(text, [_in_case(text, edit) for edit in edits])
        moved, low = compose(moved, at), lower(text)
        seen = letters_of(low)
    return Canonical(text, one_tone(low), moved, frozenset(flags), tuple(repaired))


def _in_case(text: str, edit: Edit) -> Edit:
    """The new letters in the case that the seller wrote: "D.I.O.R" is "DIOR"."""
    if edit.at is None:
        return edit
    return edit._replace(new="".join(_as_written(text[place], letter) for place, letter in zip(edit.at, edit.new, strict=True)))


def _as_written(written: str, meant: str) -> str:
    return written if lower(written) == meant else meant
