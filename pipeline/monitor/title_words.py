"""How much of what titles say was not said the night before: new goods, new slang, new ways round a filter.

Words as the seller spelt them, lower case, without digits: canonical text would hide just the new spellings that are looked for.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from pipeline.store import parts, read_parquet

_WORD = r"[^\W\d_]{2,}"


class NewWords(NamedTuple):
    """``words`` of all titles (each use counts), the ``share`` of them that is new, and how many ``titles`` they stand in."""

    titles: int
    words: int
    share: float


def new_words(now: Path, before: Path) -> NewWords | None:
    """Compare two folders of listings (``work/listings``); ``None`` where tonight's titles have no words. 16 bytes a different word are held."""
    known = np.unique(np.concatenate([_words(part)[0] for part in parts(before)]))
    titles = words = new = 0
    for part in parts(now):
        hashes, uses, n_titles = _words(part)
        titles, words = titles + n_titles, words + int(uses.sum())
        new += int(uses[~np.isin(hashes, known)].sum())
    return NewWords(titles, words, round(new / words, 6)) if words else None


def _words(part: Path) -> tuple[np.ndarray, np.ndarray, int]:
    """Hash and number of uses of each word of a partition's titles, and the number of titles."""
    titles = read_parquet(part, ["title"])["title"].astype("object")
    found = titles.str.normalize("NFC").str.lower().str.findall(_WORD).explode().dropna()
    counts = found.value_counts()
    return pd.util.hash_array(counts.index.to_numpy(dtype=object)), counts.to_numpy(dtype=np.int64), len(titles)
