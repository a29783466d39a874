"""One text for every way of writing it: undoes disguises, keeps an alignment to the seller's own words.

What is undone: zero-width and direction controls, mathematical and full-width alphabets, look-alike letters of other scripts,
decomposed and stacked marks, HTML entities, and letters kept apart ("D.I.O.R", "C h a n e l", "JOR_DAN") where joining them
gives a word that the caller names. What stays: sizes ("S M L"), model numbers, units, prices, "1:1", the domains of URLs.
Everything else that looks odd is left as it is: a wrong repair would invent evidence.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from features.confusables import look_alikes

MAX_CHARACTERS = 20_000
"""Longer texts are cut and flagged: no honest listing needs more, and hostile ones must cost no more."""
_MAX_MARKS = 4

_VIETNAMESE = "àáảãạăằắẳẵặâầấẩẫậđèéẻẽẹêềếểễệìíỉĩịòóỏõọôồốổỗộơờớởỡợùúủũụưừứửữựỳýỷỹỵ"
_PLAIN_TEXT = re.compile(
    "[\t\n\r\x20-\x7e\xa0-\xac\xae-\xb1\xb4-\xb8\xbb-\xbf×÷" + _VIETNAMESE + _VIETNAMESE.upper()
    + "–—‘’“”•…₫™\u2190-\u24b5\u24ea-\u2bff\u3000-\u3011\U0001f300-\U0001faff]*\\Z"
)
_EMOJI_STYLE = "\ufe0f"
_STYLED_LETTER = re.compile("[^\\W_]\ufe0f")
_INVISIBLE = re.compile("[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0]")
_ENTITY = re.compile(r"&(?:#\d{1,7}|#x[0-9a-fA-F]{1,6}|[A-Za-z]{2,8});")
_SPACED = re.compile(r"(?<![^\W_])[^\W\d_](?:([ .\-_*·|/'’])[^\W_](?:\1[^\W_])+)(?![^\W_])")
_NUMBERS_BEHIND = re.compile(r"(?:[ .\-_*·|/'’]\d+)+\Z")
_SPLIT = re.compile(r"(?<![^\W_])[^\W_]{1,8}(?:[.\-_*·'’][^\W_]{1,8}){1,3}(?![^\W_])")

#: Old tone placement to new, lower case, of the same length: both are correct Vietnamese, only one must be searched for.
_TONES = [
    (a + b, c + d)
    for a, b, c, d in (
        *(("oòóỏõọ"[i], "a", "o", "aàáảãạ"[i]) for i in range(1, 6)),
        *(("oòóỏõọ"[i], "e", "o", "eèéẻẽẹ"[i]) for i in range(1, 6)),
        *(("uùúủũụ"[i], "y", "u", "yỳýỷỹỵ"[i]) for i in range(1, 6)),
    )
]
_NEW_TONE = {new: old for old, new in _TONES}
_NEW_TONE_PATTERN = re.compile("(?<!q)(?:" + "|".join(_NEW_TONE) + r")(?![^\W\d_])")
_LOWER = {ord(c): c.lower() if len(c.lower()) == 1 else c for c in map(chr, range(0x80, 0x2000)) if c.lower() != c}
_LOWER.update({ord(c): c.lower() for c in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"})
_PLAIN = {ord(c): unicodedata.normalize("NFD", c)[0] for c in _VIETNAMESE + _VIETNAMESE.upper()}
_PLAIN.update({ord("đ"): "d", ord("Đ"): "D"})


@dataclass(frozen=True, slots=True)
class Canonical:
    """A text as it is matched: ``folded`` has the length of ``text``; ``offsets`` lead back to the original.

    ``offsets`` is ``None`` where nothing moved, else ``len(text) + 1`` positions in the original, never decreasing.
    """

    text: str
    folded: str
    offsets: npt.NDArray[np.int32] | None
    flags: frozenset[str]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Return the original positions of the canonical ``text[start:end]``, controls inside included."""
        if self.offsets is None or end <= start:
            return (start, end) if self.offsets is None else (int(self.offsets[start]), int(self.offsets[start]))
        return int(self.offsets[start]), int(self.offsets[end - 1 : end + 1].max())

    def breaks(self, start: int, end: int) -> bool:
        """True where the original has more characters inside ``text[start:end]`` than were read."""
        return self.offsets is not None and int(self.offsets[end - 1] - self.offsets[start]) > end - 1 - start


def canonicalise(text: str, joinable: frozenset[str] = frozenset()) -> Canonical:
    """Return the canonical form of ``text``; applying it to its own result changes nothing.

    ``joinable`` holds folded words ("dior", "nike") that letters kept apart may be joined into.

    >>> canonicalise("𝗥𝗲𝗽 𝟭:𝟭").folded, canonicalise("D.I.O.R 50ml", frozenset({"dior"})).folded
    ('rep 1:1', 'dior 50ml')
    """
    flags: set[str] = set()
    if len(text) > MAX_CHARACTERS:
        text = text[:MAX_CHARACTERS]
        flags.add("cut")
    moved = None
    # Undoing one disguise can bare another ("&l\u200bt;", "air-J.O.R.D.A.N"), so both steps go on until nothing changes.
    while not _is_plain(text):
        read, at = _undo_characters(text, flags)
        if read == text:
            break
        text, moved = read, _compose(moved, at)
    while joinable:
        read, at = _join_letters(text, joinable, flags)
        if read == text:
            break
        text, moved = read, _compose(moved, at)
    return Canonical(text, fold(text), moved, frozenset(flags))


def _compose(first: npt.NDArray[np.int32] | None, then: npt.NDArray[np.int32] | None) -> npt.NDArray[np.int32] | None:
    if first is None or then is None:
        return then if first is None else first
    return first[then]


def canonicalise_all(texts: Sequence[str], joinable: frozenset[str] = frozenset()) -> list[Canonical]:
    """Return the canonical form of each text; a text that stands there twice is read once."""
    seen: dict[str, Canonical] = {}
    out = []
    for text in texts:
        done = seen.get(text)
        if done is None:
            done = seen[text] = canonicalise(text, joinable)
        out.append(done)
    return out


def fold(text: str) -> str:
    """Return lower case with one tone placement ("hoà", "thuỷ" → "hòa", "thủy"), of the same length."""
    folded = text.translate(_LOWER)
    return _NEW_TONE_PATTERN.sub(lambda found: _NEW_TONE[found[0]], folded)


def plain(folded: str) -> str:
    """Return ``folded`` without tones, accents and đ, of the same length."""
    return folded.translate(_PLAIN)


def _is_plain(text: str) -> bool:
    """True where there is nothing to undo: most texts, so this is what canonical text costs."""
    if "&" in text and _ENTITY.search(text):
        return False
    if _EMOJI_STYLE in text:
        # The selector that colours an emoji is harmless; between letters it is a disguise.
        return not _STYLED_LETTER.search(text) and bool(_PLAIN_TEXT.match(text.replace(_EMOJI_STYLE, "")))
    return bool(_PLAIN_TEXT.match(text))


def _undo_characters(text: str, flags: set[str]) -> tuple[str, npt.NDArray[np.int32] | None]:
    """Entities, invisible characters, styled letters, look-alikes and loose marks, with the alignment."""
    pieces, starts = _entities(text, flags)
    out: list[str] = []
    at: list[int] = []
    marks = 0
    for piece, start in zip(pieces, starts, strict=True):
        if _INVISIBLE.match(piece):
            flags.add("zero_width")
            continue
        if unicodedata.combining(piece):
            marks += 1
            joined = unicodedata.normalize("NFC", out[-1] + piece) if out else piece
            if len(joined) == 1 and out:
                out[-1] = joined
                flags.add("nfd")
                continue
            if marks > _MAX_MARKS:
                flags.add("marks")
                continue
        else:
            marks = 0
        out.append(_letter(piece, flags))
        at.append(start)
    letters = _unmix_scripts(out, flags)
    offsets = np.asarray([*at, len(text)], dtype=np.int32)
    joined_text = "".join(letters)
    unmoved = len(joined_text) == len(text) and bool((offsets == np.arange(len(text) + 1)).all())
    return joined_text, None if unmoved else offsets


def _entities(text: str, flags: set[str]) -> tuple[list[str], list[int]]:
    pieces: list[str] = []
    starts: list[int] = []
    last = 0
    for found in _ENTITY.finditer(text):
        meant = html.unescape(found[0])
        if len(meant) != 1 or meant == "&":
            continue
        flags.add("html")
        pieces += text[last : found.start()]
        starts += range(last, found.start())
        pieces.append(meant)
        starts.append(found.start())
        last = found.end()
    pieces += text[last:]
    starts += range(last, len(text))
    return pieces, starts


@lru_cache(maxsize=4096)
def _styled(character: str) -> str:
    """The plain letter or digit behind a mathematical, circled or full-width one; anything else as it is."""
    if ord(character) < 0x2100 or not unicodedata.name(character, "").startswith(_STYLES):
        return character
    plain_form = unicodedata.normalize("NFKC", character)
    return plain_form if (len(plain_form) == 1 and plain_form.isalnum()) or plain_form in ":.-" else character


_STYLES = ("MATHEMATICAL", "FULLWIDTH", "CIRCLED", "SCRIPT", "BLACK-LETTER", "DOUBLE-STRUCK", "SQUARED")


def _letter(character: str, flags: set[str]) -> str:
    if len(character) == 1 and ord(character) >= 0x2100:
        changed = _styled(character)
        if changed != character:
            flags.add("styled")
        return changed
    composed = unicodedata.normalize("NFC", character)
    return composed if len(composed) == 1 else character


def _unmix_scripts(letters: list[str], flags: set[str]) -> list[str]:
    """Look-alikes become Latin only inside a word that also has Latin letters, or that is made of look-alikes alone."""
    table = look_alikes()
    if not any(letter in table for letter in letters):
        return letters
    out = list(letters)
    start = 0
    for end in range(len(letters) + 1):
        if end < len(letters) and (letters[end].isalnum() or letters[end] in table):
            continue
        word = letters[start:end]
        foreign = [letter for letter in word if letter in table]
        strange = [letter for letter in word if letter.isalpha() and letter not in table and ord(letter) > 0x24F]
        latin = len(word) > len(foreign) + len(strange)
        if foreign and not [s for s in strange if not 0x1E00 <= ord(s) <= 0x1EFF] and (latin or len(word) >= 3):
            out[start:end] = [table.get(letter, letter) for letter in word]
            flags.add("homoglyph")
        start = end + 1
    return out


def _join_letters(text: str, joinable: frozenset[str], flags: set[str]) -> tuple[str, npt.NDArray[np.int32] | None]:
    spans = [found for pattern in (_SPACED, _SPLIT) for found in _joined_spans(text, pattern, joinable)]
    if not spans:
        return text, None
    keep = np.ones(len(text) + 1, dtype=bool)
    for start, end in spans:
        for place in range(start, end):
            keep[place] = text[place].isalnum()
    flags.add("spaced")
    joined = "".join(letter for letter, stays in zip(text, keep[:-1], strict=True) if stays)
    return joined, np.flatnonzero(keep).astype(np.int32)


def _joined_spans(text: str, pattern: re.Pattern[str], joinable: frozenset[str]) -> list[tuple[int, int]]:
    spans = []
    for found in pattern.finditer(text):
        # "r e p 1:1", "Gucc.i-5": numbers behind the name are not part of it.
        for run in (found[0], _NUMBERS_BEHIND.sub("", found[0])):
            if not run.isalnum() and fold("".join(letter for letter in run if letter.isalnum())) in joinable:
                spans.append((found.start(), found.start() + len(run)))
                break
    return spans
