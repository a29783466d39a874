"""Which pictures are nearly the same, found as they come in, as `text_index` does it for texts.

A picture is known by the hash its crawler gave. Equal hashes are one picture whatever they are; hashes of 64 bits (16 hexadecimal digits) are
taken for perceptual ones, and three bits apart are one picture too. Two such hashes agree in at least two of five blocks, so every pair is a
candidate under one of ten keys. Hashes that are not perceptual lose nothing: by chance no two of a million are that near.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from hashlib import blake2b
from itertools import combinations

import numpy as np
import numpy.typing as npt

from features.buckets import Buckets, empty_buckets, mixed, n_keys, put, slot_of, with_room
from features.errors import DataError
from features.segment.decide import compiled

Ints = npt.NDArray[np.int64]
Hashes = npt.NDArray[np.uint64]
_PERCEPTUAL = re.compile(r"[0-9a-fA-F]{16}")
#: Bits that may differ from the nearest picture, and from the first of its group.
_NEAR, _NEAR_FIRST = 3, 6
_BLOCKS = (13, 13, 13, 13, 12)
_PAIRS = np.array(list(combinations(range(len(_BLOCKS)), 2)), dtype=np.int64)
_STARTS = np.concatenate([[0], np.cumsum(_BLOCKS)]).astype(np.int64)


def image_codes(hashes: Iterable[str]) -> tuple[Hashes, npt.NDArray[np.bool_]]:
    """Return each hash as 64 bits, and whether its bits may be compared.

    >>> image_codes(["00000000000000ff", "file-7"])[1].tolist()
    [True, False]
    """
    codes, comparable = [], []
    for text in hashes:
        perceptual = _PERCEPTUAL.fullmatch(text) is not None
        comparable.append(perceptual)
        codes.append(int(text, 16) if perceptual else int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "little"))
    return np.array(codes, dtype=np.uint64), np.array(comparable, dtype=np.bool_)


@dataclass(frozen=True)
class ImageIndex:
    """All pictures so far, in order of arrival; ``groups[i]`` is the number of the picture that founded i's group."""

    codes: Hashes
    groups: npt.NDArray[np.int32]
    seen: Buckets
    bands: Buckets
    last_day: int

    def extended(self, codes: Hashes, comparable: npt.NDArray[np.bool_], days: Ints) -> tuple[ImageIndex, Ints]:
        """Return the index with further pictures and each one's number; days as for `TextIndex.extended`."""
        if n_keys(self.seen) != len(self.groups):
            raise DataError("this image index was extended already; extend the one that came of it")
        if len(days) and days.min() <= self.last_day:
            raise DataError(f"the image index already holds day {self.last_day}; pictures of day {days.min()} need it built anew")
        order = np.lexsort((codes, days))
        n_distinct = len(np.unique(codes))
        grown = replace(
            self,
            codes=np.concatenate([self.codes, np.empty(n_distinct, np.uint64)]),
            groups=np.concatenate([self.groups, np.empty(n_distinct, np.int32)]),
            seen=with_room(self.seen, n_distinct),
            bands=with_room(self.bands, n_distinct * len(_PAIRS)),
            last_day=int(days.max()) if len(days) else self.last_day,
        )
        numbers = np.empty(len(codes), np.int64)
        total = _insert(codes, comparable, order, len(self.groups), grown.codes, grown.groups, grown.seen, grown.bands, numbers)
        return replace(grown, codes=grown.codes[:total], groups=grown.groups[:total]), numbers

    def group_keys(self, numbers: Ints) -> Ints:
        """Return each picture's group as the hash of its first picture, at least 0: the same in every run."""
        return (self.codes[self.groups[numbers]] & np.uint64(0x7FFFFFFFFFFFFFFF)).astype(np.int64)


def empty_image_index() -> ImageIndex:
    """Return an index that holds nothing."""
    return ImageIndex(np.empty(0, np.uint64), np.empty(0, np.int32), empty_buckets(0), empty_buckets(0), int(np.iinfo(np.int64).min))


@compiled
def _insert(new, comparable, order, total, codes, groups, seen, bands, numbers):  # type: ignore[no-untyped-def]
    """Number the pictures in ``order``; returns how many there are now."""
    for row in order:
        code = new[row]
        slot = slot_of(seen.keys, mixed(code))
        if seen.keys[slot] == np.uint64(0):
            codes[total] = code
            groups[total] = _group_of(total, codes, groups, bands) if comparable[row] else total
            put(seen, mixed(code), total)
            total += 1
        numbers[row] = seen.first[slot]
    return total


@compiled
def _group_of(image, codes, groups, bands):  # type: ignore[no-untyped-def]
    code = codes[image]
    nearest, group = _NEAR + 1, np.int32(image)
    for pair in range(len(_PAIRS)):
        key = np.uint64(pair + 1)
        for block in _PAIRS[pair]:
            width = np.uint64(_STARTS[block + 1] - _STARTS[block])
            part = (code >> np.uint64(_STARTS[block])) & ((np.uint64(1) << width) - np.uint64(1))
            key = mixed(key * np.uint64(0x9E3779B97F4A7C15) + part)
        slot = slot_of(bands.keys, key)
        if bands.keys[slot] == np.uint64(0):
            bands.keys[slot] = key
            bands.first[slot] = image
        else:
            for candidate in (bands.first[slot], bands.last[slot]):
                apart = _bits(code ^ codes[candidate])
                if apart < nearest and _bits(code ^ codes[groups[candidate]]) <= _NEAR_FIRST:
                    nearest, group = apart, groups[candidate]
        bands.last[slot] = image
    return group


@compiled
def _bits(x):  # type: ignore[no-untyped-def]
    """How many bits are set (Warren, Hacker's Delight)."""
    x = x - ((x >> np.uint64(1)) & np.uint64(0x5555555555555555))
    x = (x & np.uint64(0x3333333333333333)) + ((x >> np.uint64(2)) & np.uint64(0x3333333333333333))
    x = (x + (x >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return np.int64((x * np.uint64(0x0101010101010101)) >> np.uint64(56))
