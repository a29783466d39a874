"""Vietnamese words: which syllables belong together, exactly as underthesea's published model decides, some thirty times faster.

``words`` gives strings, ``word_hashes`` and ``pair_hashes`` numbers for hashed text models; both take the same path (``docs/words.md``):

    text → chunks (``chunks.py``: remembered) → token numbers → labels (``decide.py``: compiled) → words or hashes

Where another underthesea is installed than the one this is proven against (``published.py``), they ask underthesea itself, and a warning
says so once.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from features.segment.hashes import Hashes

__all__ = ["pair_hashes", "word_and_syllable_hashes", "word_hash", "word_hashes", "words"]


def words(texts: Sequence[str]) -> list[list[str]]:
    """Return the words of each text, in order.

    Feed canonical text: the model was trained on clean text and glues disguised words to their neighbours.
    """
    return _installed().words(texts)


def word_hashes(texts: Sequence[str]) -> Hashes:
    """Return ``(indptr, values)``: a 64-bit hash for each word of each text, as ``word_hash`` gives it; case does not count."""
    return _installed().word_hashes(texts)


def word_and_syllable_hashes(texts: Sequence[str]) -> tuple[Hashes, Hashes]:
    """Return what `word_hashes` does, and beside it the hashes of each text's tokens (syllables, numbers, signs), from one pass."""
    return _installed().word_and_syllable_hashes(texts)


def pair_hashes(words: Hashes) -> Hashes:
    """Return ``(indptr, values)``: a 64-bit hash for every two neighbouring words, made from what ``word_hashes`` returned."""
    from features.segment import hashes

    return hashes.pair_hashes(words)


def word_hash(word: str) -> int:
    """Return the 64-bit hash of one word, its syllables parted by spaces: to find the column of a word one knows."""
    from features.segment import hashes

    return hashes.word_hash(word)


class _Segments(Protocol):
    def words(self, texts: Sequence[str]) -> list[list[str]]: ...

    def word_hashes(self, texts: Sequence[str]) -> Hashes: ...

    def word_and_syllable_hashes(self, texts: Sequence[str]) -> tuple[Hashes, Hashes]: ...


class _Underthesea:
    """The same promises, kept by underthesea itself."""

    def words(self, texts: Sequence[str]) -> list[list[str]]:
        from underthesea import word_tokenize

        known = {text: list(word_tokenize(text)) if text.strip() else [] for text in set(texts)}
        return [list(known[text]) for text in texts]

    def word_hashes(self, texts: Sequence[str]) -> Hashes:
        from features.segment.hashes import hashes_of

        return hashes_of(self.words(texts))

    def word_and_syllable_hashes(self, texts: Sequence[str]) -> tuple[Hashes, Hashes]:
        from features.segment.hashes import hashes_of

        found = self.words(texts)
        return hashes_of(found), hashes_of([syllable for word in line for syllable in word.split(" ")] for line in found)


@cache
def _installed() -> _Segments:
    # Numba and the tables load here, at the first word: only who segments pays.
    from features.segment.published import read_published, unknown_parts

    differing = unknown_parts()
    if differing:
        return _slowly(f"the installed underthesea is not the one that fast segmentation is proven against ({', '.join(differing[:3])})")
    from features.segment.proof import agrees_with_tagger
    from features.segment.segmenter import Segmenter
    from features.segment.tables import build_tables, keep_tables, kept_tables

    kept = kept_tables()
    if kept is not None:
        return Segmenter(kept)
    built = Segmenter(build_tables(read_published()))
    if not agrees_with_tagger(built):
        return _slowly("fast segmentation does not agree with underthesea's tagger on this machine")
    keep_tables(built.tables)
    return built


def _slowly(why: str) -> _Segments:
    warnings.warn(f"{why}: words come from underthesea itself, the same but some thirty times slower", RuntimeWarning, stacklevel=4)
    return _Underthesea()
