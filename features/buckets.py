"""A hash table in three arrays: which item came first, and which last, under a 64-bit key. Compiled code fills and reads it.

It only grows, so an index over a crawl can be kept and extended by the next day's rows. Keys must be well mixed; 0 stands for 1.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from features.segment.decide import compiled

Keys = npt.NDArray[np.uint64]
Items = npt.NDArray[np.int32]
_LEAST = 1024
_FULLEST = 0.7


class Buckets(NamedTuple):
    """``keys[slot] == 0``: free. ``first`` and ``last``: the items that were put there first and last."""

    keys: Keys
    first: Items
    last: Items


def empty_buckets(capacity: int) -> Buckets:
    """Return a table for ``capacity`` keys without growing."""
    slots = max(_LEAST, int(capacity / _FULLEST) + 1)
    return Buckets(np.zeros(slots, np.uint64), np.full(slots, -1, np.int32), np.full(slots, -1, np.int32))


def with_room(table: Buckets, more: int) -> Buckets:
    """Return ``table`` itself, or a larger copy, that takes ``more`` further keys."""
    used = n_keys(table)
    if (used + more) <= len(table.keys) * _FULLEST:
        return table
    grown = empty_buckets(max(used + more, 3 * used // 2))
    _copy(table, grown)
    return grown


def n_keys(table: Buckets) -> int:
    """Return how many keys stand in ``table``."""
    return int(np.count_nonzero(table.keys))


@compiled
def mixed(h: np.uint64) -> np.uint64:
    """Return ``h`` with every bit depending on every other (the finaliser of SplitMix64, Steele et al. 2014), never 0."""
    h = (h ^ (h >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    h = (h ^ (h >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    h ^= h >> np.uint64(31)
    return h if h else np.uint64(1)


@compiled
def slot_of(keys: Keys, key: np.uint64) -> int:
    """Return where ``key`` stands, or the free slot where it would."""
    # Lemire's reduction (2019): any number of slots, no division.
    slot: Any = np.int64(((key >> np.uint64(32)) * np.uint64(len(keys))) >> np.uint64(32))
    while keys[slot] != np.uint64(0) and keys[slot] != key:
        slot += 1
        if slot == len(keys):
            slot = 0
    return slot  # type: ignore[no-any-return]


@compiled
def put(table: Buckets, key: np.uint64, item: int) -> None:
    """Note that ``item`` came last under ``key``, and first where nothing had."""
    slot = slot_of(table.keys, key)
    if table.keys[slot] == np.uint64(0):
        table.keys[slot] = key
        table.first[slot] = item
    table.last[slot] = item


@compiled
def _copy(old: Buckets, new: Buckets) -> None:
    for at in range(len(old.keys)):
        key = old.keys[at]
        if key != np.uint64(0):
            slot = slot_of(new.keys, key)
            new.keys[slot] = key
            new.first[slot] = old.first[at]
            new.last[slot] = old.last[at]
