"""One path for words and for hashed words: chunks, tokens, labels."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from features.segment.chunks import Chunks
from features.segment.decide import decide, expand
from features.segment.tables import Tables, load_tables

#: Characters decided at a time: bounds the working memory whatever the caller hands over.
BATCH_CHARACTERS = 400_000


class Decided(NamedTuple):
    """Token numbers of a batch of texts, a label each (1: inside a word), and where each text's end."""

    tokens: npt.NDArray[np.int64]
    labels: npt.NDArray[np.uint8]
    ends: npt.NDArray[np.int64]


class Segmenter:
    """Words as the published model decides them. One an interpreter is enough; threads take turns."""

    def __init__(self, tables: Tables | None = None) -> None:
        self._tables = tables or load_tables()
        self._chunks = Chunks(self._tables)
        self._lock = threading.RLock()

    def words(self, texts: Sequence[str]) -> list[list[str]]:
        """Return the words of each text, in order."""
        found: list[list[str]] = []
        with self._lock:
            for batch in batches(texts):
                tokens, labels, ends = self.decide(batch)
                pieces = self._chunks.pieces
                codes = (2 * tokens + labels).tolist()
                start = 0
                for end in ends.tolist():
                    found.append("".join(map(pieces.__getitem__, codes[start:end]))[1:].split("\n") if end > start else [])
                    start = end
        return found

    def decide(self, texts: Sequence[str]) -> Decided:
        """Decide a batch; the token numbers hold until the next one."""
        if self._chunks.full():
            self._chunks.forget()
        chunks, chunk_ends = self._chunks.numbers(texts)
        tokens, ends = expand(chunks, chunk_ends, *self._chunks.layout())
        labels, _ = decide(tokens, ends, *self._chunks.classes(), self._tables.weights)
        return Decided(tokens, labels, ends)


def batches(texts: Sequence[str]) -> Iterator[Sequence[str]]:
    """Cut texts into runs of at most ``BATCH_CHARACTERS`` (a longer text alone)."""
    start = held = 0
    for number, text in enumerate(texts):
        if number > start and held + len(text) > BATCH_CHARACTERS:
            yield texts[start:number]
            start, held = number, 0
        held += len(text)
    if start < len(texts):
        yield texts[start:]
