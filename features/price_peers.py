"""What each seller asks in each group, day by day: one entry a seller, a group and a span of days in which its median stands.

A seller's price in a group is the median of its listings there, each at its latest capture. It stands until the seller is next seen in the group,
and no longer than `STANDS_DAYS`: what somebody asked two years ago is no market.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from features.segment.decide import compiled

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

#: Days for which a price last seen still counts.
STANDS_DAYS = 365


class Entries(NamedTuple):
    """Sorted by group, price, seller and first day. Days are whole days in Vietnam, ``end`` exclusive; prices are natural logs."""

    group: Ints
    seller: Ints
    begin: Ints
    end: Ints
    log_price: Floats
    official: Bools

    def at(self, rows: Ints | Bools) -> Entries:
        """Return some of the entries, in the order given."""
        return Entries(self.group[rows], self.seller[rows], self.begin[rows], self.end[rows], self.log_price[rows], self.official[rows])


class Offers(NamedTuple):
    """Rows that may set a reference, one a capture; ``group`` is -1 where the row belongs to none."""

    group: Ints
    seller: Ints
    listing: Ints
    day: Ints
    moment: Ints
    log_price: Floats
    official: Bools

    def at(self, rows: Ints | Bools) -> Offers:
        """Return some of the rows, in the order given."""
        one, two = self.group[rows], self.seller[rows]
        return Offers(one, two, self.listing[rows], self.day[rows], self.moment[rows], self.log_price[rows], self.official[rows])


def entries_of(offers: Offers) -> Entries:
    """Return the sellers' standing prices of every group."""
    kept = offers.at(offers.group >= 0)
    if not len(kept.group):
        return Entries(kept.group, kept.seller, kept.day, kept.day, kept.log_price, kept.official)
    order = np.lexsort((kept.log_price, kept.listing, kept.moment, kept.day, kept.seller, kept.group))
    rows = kept.at(order)
    new = np.concatenate([[True], (rows.group[1:] != rows.group[:-1]) | (rows.seller[1:] != rows.seller[:-1])])
    segment = np.cumsum(new) - 1
    listing = _dense(segment, rows.listing)
    by_price = np.lexsort((rows.log_price, segment))
    rank = np.empty(len(by_price), dtype=np.int64)
    starts = np.flatnonzero(new)
    rank[by_price] = np.arange(len(by_price)) - starts[segment[by_price]]
    first, begin, end, price, official = _standing(
        np.append(starts, len(segment)), rows.day, listing, rank, rows.log_price[by_price], rows.official, STANDS_DAYS
    )
    found = Entries(rows.group[first], rows.seller[first], begin, end, price, official)
    return found.at(np.lexsort((found.begin, found.seller, found.log_price, found.group)))


def _dense(segment: Ints, listing: Ints) -> Ints:
    """Number the listings of each segment from 0 up, all different."""
    order = np.lexsort((listing, segment))
    new = (np.diff(segment[order]) != 0) | (np.diff(listing[order]) != 0)
    out = np.empty(len(order), dtype=np.int64)
    out[order] = np.concatenate([[0], np.cumsum(new)])
    return out


@compiled
def _standing(
    starts: Ints, day: Ints, listing: Ints, rank: Ints, by_rank: Floats, official: Bools, stands: int
) -> tuple[Ints, Ints, Ints, Floats, Bools]:
    """Walk each seller's captures in a group in order of time; one entry for each span in which median and badge stay the same."""
    n = len(day)
    row, begin, end = np.empty(n, dtype=np.int64), np.empty(n, dtype=np.int64), np.empty(n, dtype=np.int64)
    price, badge = np.empty(n), np.empty(n, dtype=np.bool_)
    latest = np.full(n, -1, dtype=np.int64)
    tree = np.zeros(n + 1, dtype=np.int64)
    made = 0
    for segment in range(len(starts) - 1):
        first, last = starts[segment], starts[segment + 1]
        size = last - first
        tree[: size + 1] = 0
        held, opened, at, known_from = 0, made, first, first
        while at < last:
            today = day[at]
            badged = False
            if at > first and today - day[at - 1] >= stands:
                # What was asked before a year of silence is forgotten.
                tree[: size + 1] = 0
                held, known_from = 0, at
            while at < last and day[at] == today:
                known = latest[listing[at]]
                if known >= known_from:
                    add(tree, size, rank[known], -1)
                    held -= 1
                add(tree, size, rank[at], 1)
                held += 1
                latest[listing[at]] = at
                badged |= official[at]
                at += 1
            middle = 0.5 * (by_rank[first + place(tree, size, (held - 1) // 2)] + by_rank[first + place(tree, size, held // 2)])
            if made > opened and end[made - 1] >= today:
                end[made - 1] = today
                if price[made - 1] == middle and badge[made - 1] == badged:
                    end[made - 1] = today + stands
                    continue
            row[made], begin[made], end[made], price[made], badge[made] = first, today, today + stands, middle, badged
            made += 1
    return row[:made].copy(), begin[:made].copy(), end[:made].copy(), price[:made].copy(), badge[:made].copy()


@compiled
def add(tree: Ints, size: int, rank: int, weight: int) -> None:
    """Add ``weight`` at ``rank`` (from 0) of a Fenwick tree of ``size`` ranks (``tree[0]`` is unused)."""
    at = rank + 1
    while at <= size:
        tree[at] += weight
        at += at & -at


@compiled
def below(tree: Ints, rank: int) -> int:
    """Return the weight of all ranks below ``rank``."""
    total, at = 0, rank
    while at > 0:
        total += tree[at]
        at -= at & -at
    return total


@compiled
def place(tree: Ints, size: int, weight: int) -> int:
    """Return the rank at which the ``weight``-th unit (from 0) lies."""
    at, step = 0, 1
    while step * 2 <= size:
        step *= 2
    left = weight
    while step > 0:
        if at + step <= size and tree[at + step] <= left:
            at += step
            left -= tree[at]
        step //= 2
    return at
