"""One path for words and for hashed words: chunks, tokens, labels."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from features.segment.chunks import MAX_CHUNKS, Chunks
from features.segment.decide import decide, expand
from features.segment.hashes import WORD_KIND, Hashes, words_in
from features.segment.tables import Tables

#: Characters decided at a time: bounds the working memory whatever the caller hands over.
BATCH_CHARACTERS = 400_000


class Decided(NamedTuple):
    """Token numbers of a batch of texts, a label each (1: inside a word), where each text's end, and the score of each text's best path."""

    tokens: npt.NDArray[np.int64]
    labels: npt.NDArray[np.uint8]
    ends: npt.NDArray[np.int64]
    scores: npt.NDArray[np.float64]


class Segmenter:
    """Words as the published model decides them. One in a process is enough; threads take turns."""

    def __init__(self, tables: Tables, *, max_chunks: int = MAX_CHUNKS) -> None:
        self.tables = tables
        self.chunks = Chunks(tables, max_chunks=max_chunks)
        self._lock = threading.Lock()

    def words(self, texts: Sequence[str]) -> list[list[str]]:
        """Return the words of each text, in order.

        Raises ``UnicodeEncodeError`` where a text holds half a surrogate pair, as underthesea does.
        """
        found: list[list[str]] = []
        with self._lock:
            for batch in batches(texts, BATCH_CHARACTERS):
                tokens, labels, ends, _ = self.decide(batch)
                piece = self.chunks.pieces.__getitem__
                codes = (2 * tokens + labels).tolist()
                start = 0
                for end in ends.tolist():
                    # Every word begins with a line feed, and no token holds one.
                    found.append("".join(map(piece, codes[start:end]))[1:].split("\n") if end > start else [])
                    start = end
        return found

    def word_hashes(self, texts: Sequence[str]) -> Hashes:
        """Return the hashes of the words of each text, without making a string."""
        return self.word_and_syllable_hashes(texts)[0]

    def word_and_syllable_hashes(self, texts: Sequence[str]) -> tuple[Hashes, Hashes]:
        """Return what `word_hashes` does, and the hashes of the same texts' tokens before they are joined, from one pass."""
        indptr, values = [np.zeros(1, dtype=np.int64)], [np.empty(0, dtype=np.uint64)]
        token_indptr, token_values = list(indptr), list(values)
        with self._lock:
            for batch in batches(texts, BATCH_CHARACTERS):
                tokens, labels, ends, _ = self.decide(batch)
                by_token = self.chunks.hashes()
                token_values.append(by_token[tokens])
                token_indptr.append(ends + token_indptr[-1][-1])
                values.append(words_in(tokens, labels, ends, by_token, WORD_KIND))
                indptr.append(ends + indptr[-1][-1])
        return Hashes(np.concatenate(indptr), np.concatenate(values)), Hashes(np.concatenate(token_indptr), np.concatenate(token_values))

    def decide(self, texts: Sequence[str]) -> Decided:
        """Decide a batch, under the lock; token numbers hold until the next one."""
        if self.chunks.full():
            self.chunks.forget()
        chunks, chunk_ends = self.chunks.numbers(texts)
        tokens, ends = expand(chunks, chunk_ends, *self.chunks.layout())
        labels, scores = decide(tokens, ends, *self.chunks.classes(), self.tables.weights)
        return Decided(tokens, labels, ends, scores)


def batches(texts: Sequence[str], characters: int) -> Iterator[Sequence[str]]:
    """Cut texts into runs of at most so many ``characters`` (a longer text alone)."""
    start = held = 0
    for number, text in enumerate(texts):
        if number > start and held + len(text) > characters:
            yield texts[start:number]
            start, held = number, 0
        held += len(text)
    if start < len(texts):
        yield texts[start:]
