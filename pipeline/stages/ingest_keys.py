"""Which listings are there twice, by 64-bit hashes of their keys: within a group as it is read, and between groups afterwards."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

Keys = np.ndarray
"""64-bit hashes, ``uint64``."""

NONE: Keys = np.empty(0, dtype="uint64")


def key_hashes(table: pd.DataFrame) -> Keys:
    """Return the hash of each listing's key."""
    hashes: Keys = pd.util.hash_pandas_object(table[["platform", "listing_id", "captured_at"]], index=False).to_numpy()
    return hashes


class KeysSeen:
    """The keys seen so far, 8 bytes each."""

    def __init__(self, taken: Keys = NONE) -> None:
        self._sorted = np.sort(taken)

    def first_seen(self, keys: Keys) -> np.ndarray:
        """Return which of ``keys`` were not there before, neither earlier nor further up in ``keys``, and remember them."""
        first: np.ndarray = ~pd.Series(keys).duplicated().to_numpy() & ~_among(keys, self._sorted)
        self._sorted = np.sort(np.concatenate([self._sorted, keys[first]]), kind="stable")
        return first


def lost_to_earlier(groups: Sequence[Keys]) -> list[Keys]:
    """Return, for each group, its keys that an earlier group has too, sorted. No group has a key twice."""
    twice = _twice(groups)
    lost, before = [], NONE
    for keys in groups:
        shared = np.sort(keys[_among(keys, twice)])
        lost.append(shared[_among(shared, before)])
        before = np.union1d(before, shared)
    return lost


def _twice(groups: Sequence[Keys]) -> Keys:
    every = np.concatenate([NONE, *groups])
    every.sort()
    return np.unique(every[1:][every[1:] == every[:-1]])


def _among(keys: Keys, ordered: Keys) -> np.ndarray:
    if not len(ordered):
        return np.zeros(len(keys), dtype=bool)
    at = np.searchsorted(ordered, keys)
    found: np.ndarray = ordered[np.minimum(at, len(ordered) - 1)] == keys
    return found
