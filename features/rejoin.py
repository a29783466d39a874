"""Words taken apart or misspelt so that a search misses them: "D.I.O.R", "h à n g  f a k e", "super-fake", "N1ke", "reppppp".

One look over the letters as numbers (`features.letters`) finds the few places where something could be wrong; only those are read. Nothing
is put together but known words (`features.vocabulary`), and nothing inside a URL.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from features.fold import one_tone
from features.letters import ALNUM, LEET_SIGN, LETTER, OUTSIDE, SEPARATOR, SEPARATORS, Bits, Letters
from features.rewrite import Edit
from features.vocabulary import LEET, MAX_LETTERS, Repair, Vocabulary, is_spelled, stretched

_SINGLES = re.compile(rf"(?<![^\W_])[^\W_](?:[ {re.escape(SEPARATORS)}\u2022]{{1,3}}[^\W_])+(?![^\W_])")
_PARTS = re.compile(r"[^\W_]+")
_SIGNED = re.compile(r"(?:[^\W_]|[@$€!])+")
_BETWEEN = " -._/'’&"
_LEAST_EXCLAIMED = 4
_BESIDE = 2
"""Words read on each side where one alone makes no known word ("đ0 nh4i", "th3 ord1nary")."""
_URL = re.compile(r"://|^www\.|@[^\W_]+\.|\.(?:com|vn|net|org|shop|store|info|biz|asia|io|me)(?![^\W_])")
_MAX_PARTS = 24
REACH = 8
"""Three single letters lie this near to each other where a word is spelt out, gaps of three included."""

Places = npt.NDArray[np.intp]
Part = tuple[int, int]


def suspects(low: str, seen: Letters, known: Vocabulary, flags: set[str]) -> list[Edit]:
    """Return the edits that put known words together in ``low`` (lower-case text), left to right; adds what was undone to ``flags``."""
    kinds = seen.kinds
    outside = (kinds & OUTSIDE).nonzero()[0]
    marked = (kinds & (SEPARATOR | LEET_SIGN)).nonzero()[0]
    apart = marked[(kinds[marked] & SEPARATOR) > 0]
    found = [
        *_singles(low, outside, known, flags),
        *_chunks(low, kinds, apart, outside, known, flags),
        *_tokens(low, seen, marked[(kinds[marked] & LEET_SIGN) > 0], outside, known, flags),
    ]
    return list(_apart(found)) if found else found


def _apart(edits: list[Edit]) -> Iterator[Edit]:
    """Of edits that overlap the first, which is the longest of those that begin together."""
    reached = 0
    for edit in sorted(edits, key=lambda one: (one.start, -one.end)):
        if edit.start >= reached:
            reached = edit.end
            yield edit


def _singles(low: str, outside: Places, known: Vocabulary, flags: set[str]) -> Iterator[Edit]:
    """Runs of single letters with anything between: "C h a n e l", "h.à.n.g f.a.k.e"."""
    alone = outside[:-1][outside[1:] - outside[:-1] == 2]
    if len(alone) < 3 or not (alone[2:] - alone[:-2] <= REACH).any():
        return
    for found in _SINGLES.finditer(low):
        for edit in _put_together(low, _parts(low, *found.span()), known, flags):
            yield _widened(low, edit, known, flags)


def _chunks(low: str, kinds: Bits, places: Places, outside: Places, known: Vocabulary, flags: set[str]) -> Iterator[Edit]:
    """Words with separators inside and no blank: "Gucc.i", "super-fake", "JOR_DAN"."""
    before, behind = kinds[places - 1], kinds[places + 1]
    places = places[(before & behind & ALNUM & ((before | behind) >> 1)) > 0]
    if not len(places):
        return
    for start, end in _spans(places.tolist(), outside[(kinds[outside] & SEPARATOR) == 0]):
        if edits := _in_chunk(low[start:end], known):
            flags.add("spaced")
            yield from (_widened(low, _moved(edit, start), known, flags) for edit in edits)


def _in_chunk(chunk: str, known: Vocabulary) -> list[Edit]:
    edits: list[Edit] | None = known.chunks.get(chunk)
    if edits is None:
        edits = known.chunks[chunk] = [] if _URL.search(chunk) else list(_put_together(chunk, _parts(chunk, 0, len(chunk)), known, set()))
    return edits


def is_clear_chunk(low: str, start: int, end: int, known: Vocabulary) -> bool:
    """True where nothing in the chunk ``low[start:end]`` is put together, wherever it stands."""
    return not _in_chunk(low[start:end], known)


def are_clear_singles(low: str, start: int, end: int, known: Vocabulary) -> bool:
    """True where no single letters between ``start`` and ``end`` make a known word."""
    runs = (_put_together(low, _parts(low, *found.span()), known, set()) for found in _SINGLES.finditer(low, start, end))
    return not any(True for edits in runs for _ in edits)


def _widened(low: str, edit: Edit, known: Vocabulary, flags: set[str]) -> Edit:
    """ "f-a-k-e" alone is a form of its own; in "f-a-k-e loại 1" it is a word of a longer one."""
    wider = _with_neighbours(low, edit.start, edit.end, known, flags) if is_spelled(edit.new) else None
    return edit if wider is None else wider


def _tokens(low: str, seen: Letters, leet: Places, outside: Places, known: Vocabulary, flags: set[str]) -> Iterator[Edit]:
    """Single words with digits for letters or letters repeated: "n1ke", "g00gle", "faaake"."""
    kinds = seen.kinds
    doubled = (seen.codes[1:] == seen.codes[:-1]).nonzero()[0]
    doubled = doubled[(kinds[doubled] & LETTER) > 0]
    leet = leet[((kinds[leet - 1] | kinds[leet + 1]) & LETTER) > 0]
    places = [*doubled.tolist(), *leet.tolist()]
    if not places:
        return
    signs = bool((kinds[leet] & OUTSIDE).any())
    for start, end in _spans(places, outside[(kinds[outside] & LEET_SIGN) == 0] if signs else outside):
        for first, last in (found.span() for found in _SIGNED.finditer(low, start, end)) if signs else ((start, end),):
            undone: set[str] = set()
            edit = _token(low, first, last, known, undone)
            if edit is not None and not _URL.search(_run_around(low, first, last)):
                flags |= undone
                yield edit


def _run_around(low: str, start: int, end: int) -> str:
    behind = low.find(" ", end)
    return low[low.rfind(" ", 0, start) + 1 : behind if behind >= 0 else len(low)]


def _token(low: str, start: int, end: int, known: Vocabulary, flags: set[str]) -> Edit | None:
    token = low[start:end]
    bare, repair = _repaired(token, known)
    if (repair is None or not repair.sure) and known.needs_neighbours(token):
        wider = _with_neighbours(low, start, end, known, flags)
        if wider is not None:
            return wider
    if repair is None:
        return None
    flags.add(repair.how)
    return Edit(start, start + (len(token) if repair.kept[-1] >= len(bare) else len(bare)), repair.new, [start + place for place in repair.kept])


def _repaired(token: str, known: Vocabulary) -> tuple[str, Repair | None]:
    """The token without its exclamation marks, and what it is a writing of."""
    bare = token.rstrip("!")
    repair = known.repair(bare)
    if repair is None and len(bare) + 1 == len(token) > _LEAST_EXCLAIMED:
        # "gucc!" is a name, "nha!" a word with its mark.
        repair = known.repair(token)
    return bare, repair


def is_clear_token(low: str, start: int, end: int, known: Vocabulary) -> bool:
    """True where ``low[start:end]`` is no writing of a known word, alone or with its neighbours; most tokens need no look at those."""
    token = low[start:end]
    clear: bool | None = known.clear.get(token)
    if clear is None:
        clear = known.clear[token] = _repaired(token, known)[1] is None and not known.needs_neighbours(token)
    return clear or (_repaired(token, known)[1] is None and _with_neighbours(low, start, end, known, set()) is None)


def _with_neighbours(low: str, start: int, end: int, known: Vocabulary, flags: set[str]) -> Edit | None:
    """The longest known phrase around a word that makes none alone."""
    parts = [(start, end)]
    for _ in range(_BESIDE):
        parts[:0] = [span for span in [_part_ending(low, parts[0][0] - 1)] if span is not None]
    for _ in range(_BESIDE):
        found = _SIGNED.match(low, parts[-1][1] + 1) if low[parts[-1][1] : parts[-1][1] + 1] in tuple(_BETWEEN) else None
        parts += [found.span()] if found else []
    here = parts.index((start, end))
    reaches = [(first, last) for first in range(here + 1) for last in range(here + 1, len(parts) + 1) if last - first > 1]
    for first, last in sorted(reaches, key=lambda one: one[0] - one[1]):
        places = [at for left, right in parts[first:last] for at in _kept(low, left, right)]
        if len(places) <= MAX_LETTERS and (form := known.phrase_like(one_tone("".join(low[at] for at in places)))) is not None:
            flags.add("leet")
            return Edit(parts[first][0], parts[last - 1][1], form, _align(form, places))
    return None


def _part_ending(low: str, end: int) -> Part | None:
    """The word that ends at the blank or sign at ``end``."""
    if end < 1 or low[end] not in _BETWEEN:
        return None
    start = end
    while start and end - start < MAX_LETTERS and (low[start - 1].isalnum() or low[start - 1] in "@$€!"):
        start -= 1
    return (start, end) if start < end else None


def _kept(low: str, start: int, end: int) -> list[int]:
    places = [start + place for place in stretched(low[start:end])[1]]
    return [at for at in places if low[at].isalnum() or low[at] in LEET]


def _spans(places: list[int], outside: Places) -> list[Part]:
    """Return the stretches between two of ``outside`` around each place, once each, as positions in the text."""
    behind = np.array(sorted(set(outside.searchsorted(places).tolist())))
    return list(zip(outside[behind - 1].tolist(), (outside[behind] - 1).tolist(), strict=True))


def _parts(low: str, start: int, end: int) -> list[Part]:
    return [found.span() for found in _PARTS.finditer(low, start, end)]


def _moved(edit: Edit, by: int) -> Edit:
    return Edit(edit.start + by, edit.end + by, edit.new, None if edit.at is None else [place + by for place in edit.at])


def _put_together(low: str, parts: list[Part], known: Vocabulary, flags: set[str]) -> Iterator[Edit]:
    first = 0
    while first < len(parts) - 1:
        last, form = _longest(low, parts, first, known)
        if form is None:
            first += 1
            continue
        start, end = parts[first][0], parts[last - 1][1]
        if low[start:end] != form:
            places = [place for part in parts[first:last] for place in range(*part)]
            flags.add("spaced")
            yield Edit(start, end, form, _align(form, places))
        first = last


def _longest(low: str, parts: list[Part], first: int, known: Vocabulary) -> tuple[int, str | None]:
    """Return the longest known phrase that begins with part ``first``, and the part behind it."""
    letters = ""
    best: tuple[int, str | None] = (first, None)
    for last in range(first, min(len(parts), first + _MAX_PARTS)):
        letters += low[slice(*parts[last])]
        if len(letters) > MAX_LETTERS:
            break
        if last > first and (form := _form(letters, last + 1 - first == len(letters), known)) is not None:
            best = (last + 1, form)
    return best


def _form(letters: str, single: bool, known: Vocabulary) -> str | None:
    form = known.phrase(one_tone(letters))
    if form is None and single and letters[0].isalpha() and letters[-1].isalpha() and not letters.isalpha():
        # "r.3.p": digits for letters, each kept apart.
        repaired = known.repair(letters)
        return repaired.new if repaired is not None and len(repaired.new) == len(letters) else None
    return form


def _align(form: str, places: list[int]) -> list[int]:
    """Places for each character of ``form``: its letters and digits stand at ``places``, what is between them right behind the one before."""
    at: list[int] = []
    used = 0
    for letter in form:
        if letter.isalnum():
            at.append(places[used])
            used += 1
        else:
            at.append(at[-1] + 1)
    return at
