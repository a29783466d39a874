"""A text as 258 bytes that can be compared with any other's: a one-permutation MinHash over runs of three syllables.

Copied text is found by what it shares, not by its words' meaning, so syllables are enough: no segmentation, no marks, no case. A shingle is
hashed once, its first bits choose one of 128 bins, and each bin keeps its smallest hash (Li, Owen and Zhang 2012); two texts agree in about
as many of the bins that either fills as their shingles overlap (Jaccard). A bin that no shingle fell into is 0 and is never counted, so short
texts are compared exactly rather than badly. A row's signature depends on its text alone: the same alone and in any batch, on every machine.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from features.fold import lower, plain
from features.segment.decide import compiled

BINS = 128
#: Column 0 counts shingles (repeats included, at most 65,535); column 1 + b is bin b.
WIDTH = 1 + BINS
SIGNATURE_BYTES = 2 * WIDTH
_BIN_SHIFT = np.uint64(57)
_LETTERS = 0x10000
#: Texts handled at once: four bytes a character while they are read.
_CHUNK = 1000

Signatures = npt.NDArray[np.uint16]


def signatures(titles: Sequence[str], descriptions: Sequence[str]) -> Signatures:
    """Return ``(n, WIDTH)`` signatures of title and description together; feed folded canonical texts.

    >>> first, second = signatures(["giày chạy bộ nam"] * 2, ["", "GIAY CHAY BO NAM"])[:, 0]
    >>> int(first), int(second)
    (2, 6)
    """
    out = np.zeros((len(titles), WIDTH), dtype=np.uint16)
    for begin in range(0, len(titles), _CHUNK):
        texts = [f"{title}\n{text}\n" for title, text in zip(titles[begin : begin + _CHUNK], descriptions[begin : begin + _CHUNK], strict=True)]
        ends = np.cumsum([len(text) for text in texts])
        # A lone surrogate is no letter; it must not stop a batch.
        codes = np.frombuffer("".join(texts).encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
        _sign(codes, ends, _letters(), out[begin : begin + _CHUNK])
    return out


def as_bytes(table: Signatures) -> list[bytes]:
    """Return one little-endian byte string a row: how a table on disk holds them."""
    packed = np.ascontiguousarray(table, dtype="<u2").tobytes()
    return [packed[at : at + SIGNATURE_BYTES] for at in range(0, len(packed), SIGNATURE_BYTES)]


def from_bytes(packed: bytes | memoryview) -> Signatures:
    """Return the signatures whose byte strings stand one after the other in ``packed``."""
    return np.frombuffer(packed, dtype="<u2").reshape(-1, WIDTH)


@lru_cache(maxsize=1)
def _letters() -> npt.NDArray[np.uint32]:
    """For every character the letter or digit it stands for without case and marks; 0 where a syllable ends."""
    table = np.zeros(_LETTERS, dtype=np.uint32)
    for code in range(_LETTERS):
        character = chr(code)
        if character.isalnum():
            table[code] = ord(plain(lower(character))[0])
    return table


@compiled
def _mixed(h: np.uint64) -> np.uint64:
    """The finaliser of SplitMix64 (Steele et al. 2014)."""
    h = (h ^ (h >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    h = (h ^ (h >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return h ^ (h >> np.uint64(31))


@compiled
def _sign(codes: npt.NDArray[np.uint32], ends: npt.NDArray[np.int64], letters: npt.NDArray[np.uint32], out: Signatures) -> None:
    """Fill ``out`` (zeros): one row a text, ``codes[ends[i - 1]:ends[i]]``, which ends with a character that is no letter."""
    least = np.empty(BINS, np.uint64)
    nothing = np.uint64(0xFFFFFFFFFFFFFFFF)
    begin = 0
    for text in range(len(ends)):
        least[:] = nothing
        older, old, word = np.uint64(0), np.uint64(0), np.uint64(0)
        n_words, count = 0, 0
        for at in range(begin, ends[text]):
            code = codes[at]
            letter = letters[code] if code < _LETTERS else np.uint32(0)
            if letter:
                word = (word + np.uint64(letter)) * np.uint64(0x100000001B3)
                word ^= word >> np.uint64(29)
            elif word:
                n_words += 1
                if n_words >= 3:
                    h = _mixed(_mixed(older * np.uint64(0x9E3779B97F4A7C15) + old) * np.uint64(0xD1B54A32D192ED03) + word)
                    count += 1
                    place = h >> _BIN_SHIFT
                    least[place] = min(least[place], h)
                older, old, word = old, word, np.uint64(0)
        out[text, 0] = min(count, 65_535)
        for place in range(BINS):
            if least[place] != nothing:
                out[text, 1 + place] = max(least[place] & np.uint64(0xFFFF), np.uint64(1))
        begin = ends[text]
