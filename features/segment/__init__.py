"""Vietnamese words: which syllables belong together, as underthesea's published model decides."""

from __future__ import annotations

from collections.abc import Sequence


def words(texts: Sequence[str]) -> list[list[str]]:
    """Return the words of each text, in order; a text that stands there twice is segmented once.

    Feed canonical text: the model was trained on clean text and glues disguised words to their neighbours.
    """
    from underthesea import word_tokenize  # takes about two seconds to import: only who segments pays

    known: dict[str, list[str]] = {}
    for text in texts:
        if text not in known:
            known[text] = list(word_tokenize(text)) if text.strip() else []
    return [known[text] for text in texts]
