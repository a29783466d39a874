"""One compiled look over many texts: which of them hold anything that `features.rejoin` could put together.

Nine texts in ten hold nothing of the kind, and reading each alone costs more in array calls than in letters. Here a batch of texts is one
array; a place that could be wrong becomes a span, and a span's word or chunk is asked for once and remembered (`Vocabulary`). What is not
cleared here is read by `features.rejoin` as ever, so nothing is decided twice and nothing differently.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from features.letters import ALNUM, LEET_SIGN, LETTER, ODD, OUTSIDE, SEPARATOR, TONE, kinds_table
from features.rejoin import REACH, are_clear_singles, is_clear_chunk, is_clear_token
from features.segment.decide import compiled
from features.segment.segmenter import batches
from features.vocabulary import Vocabulary

#: Characters looked at together: what stays in a core's cache.
_BATCH = 200_000
_O, _U = ord("o"), ord("u")
_SINGLES, _TOKEN, _CHUNK = 0, 1, 2
_IS_CLEAR = (are_clear_singles, is_clear_token, is_clear_chunk)

Kinds = npt.NDArray[np.uint8]
Flags = npt.NDArray[np.bool_]
Spans = npt.NDArray[np.int64]


class Screened(NamedTuple):
    """One answer a text: ``odd`` where a character may be disguised, ``toned`` where a tone may stand in the new place, ``clear`` where
    nothing can be put together."""

    odd: list[bool]
    toned: list[bool]
    clear: list[bool]


def screen(low: Sequence[str], known: Vocabulary) -> Screened:
    """Look over lower-case texts; what is neither odd nor unclear is canonical as it stands (entities and tags apart)."""
    odd: list[bool] = []
    toned: list[bool] = []
    clear: list[bool] = []
    for batch in batches(low, _BATCH):
        joined = f" {' '.join(batch)} "
        codes = np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), dtype="<u4")
        starts = np.zeros(len(batch) + 1, dtype=np.int64)
        np.cumsum([len(text) + 1 for text in batch], out=starts[1:])
        is_odd, is_toned, spans = _look(codes, kinds_table().take(codes, mode="clip"), starts)
        odd += is_odd.tolist()
        toned += is_toned.tolist()
        # `known` is false where there is nothing to put anything together into.
        unclear = _unclear(joined, spans, known) if known else set()
        clear += [number not in unclear for number in range(len(batch))]
    return Screened(odd, toned, clear)


def _unclear(joined: str, spans: Spans, known: Vocabulary) -> set[int]:
    found: set[int] = set()
    for text, what, start, end in spans.tolist():
        if text not in found and not _IS_CLEAR[what](joined, start, end, known):
            found.add(text)
    return found


@compiled
def _look(codes: npt.NDArray[np.uint32], kinds: Kinds, starts: Spans) -> tuple[Flags, Flags, Spans]:
    """Return which texts hold an odd character, which a tone in the new place, and spans ``(text, what, start, end)``.

    Text ``i`` fills ``starts[i] + 1`` to ``starts[i + 1]``, a blank before it and one behind.
    """
    odd, toned = np.zeros(len(starts) - 1, np.bool_), np.zeros(len(starts) - 1, np.bool_)
    spans = np.empty((1024, 4), np.int64)
    count = 0
    for text in range(len(starts) - 1):
        first, last = starts[text], starts[text + 1]
        signs = singles = False
        before = earlier = first - 100
        outside = first
        for i in range(first + 1, last + 1):
            kind = kinds[i]
            if kind & ODD:
                odd[text] = True
            if kind & TONE and (codes[i - 1] == _O or codes[i - 1] == _U) and not kinds[i + 1] & LETTER:
                toned[text] = True
            if kind & OUTSIDE:
                if i - outside == 2:
                    # The third single letter of three that lie near each other.
                    singles = singles or outside - earlier <= REACH
                    earlier, before = before, outside
                outside = i
                if kind & LEET_SIGN and (kinds[i - 1] | kinds[i + 1]) & LETTER:
                    signs = True
        if count + last - first + 2 > len(spans):
            spans = np.concatenate((spans, np.empty((len(spans) + last - first + 2, 4), np.int64)))
        if singles:
            spans[count] = (text, _SINGLES, first + 1, last)
            count += 1
        token = chunk = first
        token_asked = chunk_asked = False
        for i in range(first + 1, last + 1):
            kind = kinds[i]
            if kind & OUTSIDE and not (signs and kind & LEET_SIGN):
                if token_asked:
                    spans[count] = (text, _TOKEN, token + 1, i)
                    count += 1
                token, token_asked = i, False
            elif (kind & LETTER and codes[i] == codes[i - 1]) or (kind & LEET_SIGN and (kinds[i - 1] | kinds[i + 1]) & LETTER):
                token_asked = True
            if kind & OUTSIDE and not kind & SEPARATOR:
                if chunk_asked:
                    spans[count] = (text, _CHUNK, chunk + 1, i)
                    count += 1
                chunk, chunk_asked = i, False
            elif kind & SEPARATOR and kinds[i - 1] & kinds[i + 1] & ALNUM and (kinds[i - 1] | kinds[i + 1]) & LETTER:
                chunk_asked = True
    return odd, toned, spans[:count].copy()
