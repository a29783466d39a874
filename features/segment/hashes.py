"""Words and pairs of words as 64-bit numbers, straight from token numbers: what a hashed linear text model reads.

A word's hash depends on its lower-case letters alone: the same alone and in a batch, in every run and on every machine, so a model that was
fitted on hashes can be kept. To get a column, take the lowest bits: every bit is mixed.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from features.segment.chunks import token_hash
from features.segment.decide import Ints, compiled

Hashes64 = npt.NDArray[np.uint64]
#: Multipliers that keep two syllables of a word apart from two words.
WORD_KIND, PAIR_KIND = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xD1B54A32D192ED03)


class Hashes(NamedTuple):
    """``values[indptr[i]:indptr[i + 1]]`` are text ``i``'s, in the order of the text (as in a SciPy CSR matrix)."""

    indptr: npt.NDArray[np.int64]
    values: Hashes64


def word_hash(word: str) -> int:
    """Return the hash of one word, its syllables parted by spaces.

    >>> word_hash("túi xách") == word_hash("Túi Xách"), word_hash("túi xách") == word_hash("xách túi")
    (True, False)
    """
    first, *more = [np.uint64(token_hash(token)) for token in word.split(" ")]
    for one in more:
        first = np.uint64(joined(first, one, WORD_KIND))
    return int(first)


def hashes_of(texts: Iterable[list[str]]) -> Hashes:
    """Return the hashes of words that stand as strings already."""
    numbers: dict[str, int] = {}
    lines = [[numbers[word] if word in numbers else numbers.setdefault(word, word_hash(word)) for word in words] for words in texts]
    indptr = np.zeros(len(lines) + 1, dtype=np.int64)
    np.cumsum([len(line) for line in lines], out=indptr[1:])
    return Hashes(indptr, np.array([one for line in lines for one in line], dtype=np.uint64))


def pair_hashes(words: Hashes) -> Hashes:
    """Return a hash for every two words that follow one another: one less than a text has words. ("a", "b") is not ("b", "a") nor "a b"."""
    indptr = np.zeros_like(words.indptr)
    np.cumsum(np.maximum(np.diff(words.indptr) - 1, 0), out=indptr[1:])
    return Hashes(indptr, pairs_in(words.indptr, words.values, PAIR_KIND))


@compiled
def joined(first: np.uint64, second: np.uint64, kind: np.uint64) -> np.uint64:
    """Mix two hashes, in order (the finaliser of SplitMix64, Steele et al. 2014)."""
    h = first * kind + second
    h = (h ^ (h >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    h = (h ^ (h >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return h ^ (h >> np.uint64(31))


@compiled
def words_in(tokens: Ints, labels: npt.NDArray[np.uint8], ends: Ints, by_token: Hashes64, kind: np.uint64) -> Hashes64:
    """Return the words' hashes, and in ``ends`` (overwritten) where each text's words end."""
    values = np.empty(len(tokens), np.uint64)
    count, start = 0, 0
    for text in range(len(ends)):
        for i in range(start, ends[text]):
            h = by_token[tokens[i]]
            if labels[i]:
                values[count - 1] = joined(values[count - 1], h, kind)
            else:
                values[count] = h
                count += 1
        start = ends[text]
        ends[text] = count
    return values[:count].copy()


@compiled
def pairs_in(indptr: npt.NDArray[np.int64], values: Hashes64, kind: np.uint64) -> Hashes64:
    """Return the pairs' hashes, text after text."""
    pairs = np.empty(len(values), np.uint64)
    count = 0
    for text in range(len(indptr) - 1):
        for i in range(indptr[text], indptr[text + 1] - 1):
            pairs[count] = joined(values[i], values[i + 1], kind)
            count += 1
    return pairs[:count].copy()
