"""Letters of other scripts that stand for Latin ones: undone in disguised words, left in other languages and in units."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from features.confusables import look_alikes, near_alikes
from features.marks import LETTERS, MARKED, MARKS, WORD, base
from features.rewrite import Edit
from features.vocabulary import Vocabulary

_SPELT = re.compile(rf"(?<![^\W_])[^\W_][{MARKS}]*(?:[ .\-_*·|/'’+~,:]{{1,3}}[^\W_][{MARKS}]*)+(?![^\W_])")
_CHUNK = re.compile(rf"(?:[^\W_]|[{MARKS}])+(?:[.\-_*·|/'’+~&](?:[^\W_]|[{MARKS}])+)*")


@lru_cache(maxsize=1)
def alikes() -> dict[str, str]:
    return near_alikes() | look_alikes()


@lru_cache(maxsize=1)
def _foreign() -> re.Pattern[str]:
    return re.compile(f"[{''.join(map(re.escape, alikes()))}]")


def undo_look_alikes(text: str, known: Vocabulary, flags: set[str]) -> list[Edit]:
    foreign = _foreign()
    present = "".join(set(text))
    if not foreign.search(present):
        return []
    no_language = _is_no_language(text)
    edits, last = [], 0
    for found in (*_SPELT.finditer(text), *_CHUNK.finditer(text)):
        if foreign.search(found[0]) and (meant := _chunk_in_latin(found[0], known, no_language)) != found[0]:
            edits.append(Edit(*found.span(), meant))
            flags.add("homoglyph")
    kept = []
    for edit in sorted(edits, key=lambda one: (one.start, -one.end)):
        if edit.start >= last:
            kept.append(edit)
            last = edit.end
    return kept


def _is_no_language(text: str) -> bool:
    """True where foreign letters are few and all of them look like Latin ones: nobody writes Russian or Greek here."""
    letters = [letter for letter in text if letter.isalpha()]
    latin = sum(letter in LETTERS for letter in letters)
    return latin >= 0.7 * len(letters) and all(letter in LETTERS or letter in alikes() or ord(letter) < 0x370 for letter in letters)


def _chunk_in_latin(chunk: str, known: Vocabulary, no_language: bool) -> str:
    """Read letters kept apart ("r-е-р", "р-һone") as the one word that they are, other words each for itself."""
    whole = "".join(alikes().get(letter, letter) for letter in chunk)
    letters = "".join(letter for letter in MARKED.sub("", whole) if letter.isalnum()).lower()
    if known.is_word(letters) or (all(map(_is_single, WORD.findall(chunk))) and any(letter in LETTERS for letter in chunk)):
        return whole
    return WORD.sub(lambda found: _in_latin(found[0], known, no_language), chunk)


def _is_single(word: str) -> bool:
    return len(MARKED.sub("", word)) == 1


def _in_latin(word: str, known: Vocabulary, no_language: bool) -> str:
    """Look-alikes become Latin inside a word that also has Latin letters, that is made of them alone, or that is then a known one."""
    near, sure = alikes(), look_alikes()
    word = "".join(sure[letter] if letter in sure and _is_small_capital(letter) else letter for letter in word)
    whole = "".join(near.get(letter, letter) for letter in word)
    if known.is_word(MARKED.sub("", whole).lower()):
        bare = "".join(map(base, whole))
        return bare if known.is_exactly(bare.lower()) and not MARKED.search(whole) and not known.is_exactly(whole.lower()) else whole
    letters = [letter for letter in word if letter.isalpha()]
    if any(letter in LETTERS for letter in letters):
        meant = "".join(_beside_latin(letter) for letter in word)
        strange = any(letter.isalpha() and ord(letter) > 0x24F and not 0x1E00 <= ord(letter) <= 0x1EFF for letter in meant)
        return word if strange else meant
    # One Greek letter alone names a thing ("α-arbutin"); two, or one Cyrillic, in a Vietnamese text are a disguise.
    if no_language and letters and all(letter in near for letter in letters) and (len(letters) > 1 or "\u0400" <= letters[0] <= "\u052f"):
        return whole
    if len(letters) >= 3 and all(letter in sure for letter in letters):
        return "".join(sure.get(letter, letter) for letter in word)
    return word


@lru_cache(maxsize=4096)
def _is_small_capital(letter: str) -> bool:
    return unicodedata.name(letter, "").startswith("LATIN LETTER SMALL CAPITAL")


def _beside_latin(letter: str) -> str:
    """Letters of another script stand for Latin beside Latin; a Latin letter with a foreign mark ("ö") may be a name's own."""
    if letter in look_alikes():
        return look_alikes()[letter]
    return near_alikes().get(letter, letter) if ord(letter) >= 0x250 and not 0x1E00 <= ord(letter) <= 0x1EFF else letter
