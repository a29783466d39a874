"""A text as columns of a hashed linear model: words, pairs of words and syllables of title and description, character pieces of the title.

Words alone lose to syllables on short, careless texts and win on titles; together they do not lose (``benchmarks/words_or_syllables.py``).
Nothing is learned here and nothing has to be kept: a column is a hash. Words are Vietnamese words (``underthesea``) or, for other languages,
runs of letters and digits (``simple``).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Literal
from zlib import crc32

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from features.segment import pair_hashes, word_and_syllable_hashes

if TYPE_CHECKING:
    from features.segment.hashes import Hashes

Tokenizer = Literal["underthesea", "simple"]
WORD_COLUMNS, PIECE_COLUMNS = 2**17, 2**16
N_COLUMNS = WORD_COLUMNS + PIECE_COLUMNS
DESCRIPTION_LENGTH = 1500
"""Characters of a description that are read: what follows is shipping and tax boilerplate on every Vietnamese site."""

_PIECE_LENGTHS = (2, 3, 4)
_SIMPLE = re.compile(r"\w+")
#: A longer "word" is a row of signs; its beginning says as much.
_LONGEST_WORD = 60

Columns = npt.NDArray[np.int32]


def text_counts(titles: Sequence[str], descriptions: Sequence[str], *, tokenizer: Tokenizer = "underthesea") -> sp.csr_matrix:
    """Return counts ``(n, N_COLUMNS)``, float32: words, pairs and syllables of the whole text first, then the title's character pieces.

    Feed canonical texts. A row is the same alone and in any batch.
    """
    if not titles:
        return sp.csr_matrix((0, N_COLUMNS), dtype=np.float32)
    read = [part for texts in (titles, [text[:DESCRIPTION_LENGTH] for text in descriptions]) for part in _hashed(texts, tokenizer)]
    columns = [((part.values & np.uint64(WORD_COLUMNS - 1)).astype(np.int32), part.indptr) for part in read]
    return _counts([*columns, _pieces(titles)])


def _hashed(texts: Sequence[str], tokenizer: Tokenizer) -> list[Hashes]:
    if tokenizer == "underthesea":
        words, syllables = word_and_syllable_hashes(texts)
        return [words, pair_hashes(words), syllables]
    from features.segment.hashes import hashes_of

    words = hashes_of(_SIMPLE.findall(text.lower()) for text in texts)
    return [words, pair_hashes(words)]


def _pieces(titles: Sequence[str]) -> tuple[Columns, npt.NDArray[np.int64]]:
    """Pieces of two to four characters inside words, their ends marked by a blank: a word's pieces are its own, so each word is cut once."""
    lines = [title.lower().split() for title in titles]
    indptr = np.zeros(len(lines) + 1, dtype=np.int64)
    found = [_pieces_of(word) for words in lines for word in words]
    sizes = np.fromiter(map(len, found), dtype=np.int64, count=len(found))
    ends = np.concatenate([[0], np.cumsum(sizes)])
    indptr[1:] = ends[np.cumsum([len(words) for words in lines])]
    return np.concatenate([np.empty(0, dtype=np.int32), *found]), indptr


@lru_cache(maxsize=200_000)
def _pieces_of(word: str) -> Columns:
    framed = f" {word[:_LONGEST_WORD]} "
    pieces = [framed[at : at + size] for size in _PIECE_LENGTHS for at in range(len(framed) - size + 1)]
    return np.array([WORD_COLUMNS + crc32(piece.encode()) % PIECE_COLUMNS for piece in pieces], dtype=np.int32)


def _counts(parts: Sequence[tuple[Columns, npt.NDArray[np.int64]]]) -> sp.csr_matrix:
    """Count how often each column stands in each row; every part holds columns and where each row's begin. Columns come out sorted."""
    n_rows = len(parts[0][1]) - 1
    # Row and column in one number: sorting all at once is many times faster than row by row, 32 bits twice as fast as 64.
    kind: type[np.unsignedinteger[Any]] = np.uint32 if n_rows * N_COLUMNS < 2**32 else np.uint64
    begins = (np.arange(n_rows) * N_COLUMNS).astype(kind)
    keys = np.concatenate([np.repeat(begins, np.diff(indptr)) + columns.astype(kind) for columns, indptr in parts])
    keys.sort()
    first = np.flatnonzero(np.r_[True, keys[1:] != keys[:-1]]) if len(keys) else np.empty(0, dtype=np.int64)
    counts = np.diff(np.r_[first, len(keys)]).astype(np.float32)
    distinct = keys[first]
    indptr = np.searchsorted(distinct, np.r_[begins, np.iinfo(kind).max])
    return sp.csr_matrix((counts, (distinct % kind(N_COLUMNS)).astype(np.int32), indptr.astype(np.int32)), shape=(n_rows, N_COLUMNS))


def as_lists(counts: sp.csr_matrix) -> list[Columns]:
    """Return one array a row in which a column stands as often as it counts: how a table on disk holds them."""
    repeated = np.repeat(counts.indices.astype(np.int32), counts.data.astype(np.int64))
    ends = np.concatenate([[0], np.cumsum(counts.data.astype(np.int64))])[counts.indptr]
    return [repeated[start:end] for start, end in pairwise(ends)]


def from_lists(lists: Sequence[Columns]) -> sp.csr_matrix:
    """Return the counts that `as_lists` described."""
    indptr = np.zeros(len(lists) + 1, dtype=np.int64)
    np.cumsum([len(one) for one in lists], out=indptr[1:])
    columns = np.concatenate([np.empty(0, dtype=np.int32), *lists])
    counts = sp.csr_matrix((np.ones(len(columns), dtype=np.float32), columns, indptr), shape=(len(lists), N_COLUMNS))
    counts.sum_duplicates()
    return counts
