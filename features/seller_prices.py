"""How cheap a shop is over its *other* listings, as of each capture: the middle of the shop's price gaps and its cheaper quarter.

One cheap listing is a bargain; a shop whose every brand-name article costs a third of what others ask is a pattern. What counts of
each listing is the price gap last seen; the listing asked about is left out.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np

from features.days import Floats, Ints
from features.segment.state import numba_cache
from features.seller_rows import SellerRows
from features.shrink import shrunken_mean

#: Gaps are added up in millionths, so that their sum does not depend on its order.
_UNIT = 1e6


def price_level(rows: SellerRows, gap: Floats, *, prior: float) -> dict[str, Floats]:
    """Return ``seller_n_priced`` (other listings with a price gap), ``seller_price_level`` and ``seller_price_low``: mean and lower quartile of
    their gaps (natural log of price over what other sellers ask; negative is cheaper), shrunk to 0 as if ``prior`` listings more stood there.

    ``gap`` is each row's own price gap as of its day, missing where the price is not comparable.
    """
    seller, day, offer = rows.seller, rows.day, rows.offer
    n, total, quartile = _others(seller, day, offer, gap, _ranks(seller, gap), len(rows.offer_first))
    return {
        "seller_n_priced": n.astype(float),
        "seller_price_level": shrunken_mean(total / _UNIT, n, 0.0, prior=prior),
        "seller_price_low": shrunken_mean(quartile * n, n, 0.0, prior=prior),
    }


def _ranks(seller: Ints, gap: Floats) -> Ints:
    """Place of each row among its seller's gaps, from 1; 0 where it has none."""
    priced = np.flatnonzero(np.isfinite(gap))
    order = priced[np.lexsort((gap[priced], seller[priced]))]
    ranks = np.zeros(len(gap), dtype=np.int64)
    if len(order):
        new = np.concatenate([[True], seller[order][1:] != seller[order][:-1]])
        begins = np.flatnonzero(new)
        ranks[order] = np.arange(len(order)) - begins[np.cumsum(new) - 1] + 1
    return ranks


def _compiled(function: Any) -> Any:
    with numba_cache() as on_disk:
        return numba.njit(cache=on_disk, nogil=True)(function)


@_compiled
def _add(tree: Ints, place: int, change: int) -> None:
    while place < len(tree):
        tree[place] += change
        place += place & -place


@_compiled
def _find(tree: Ints, nth: int) -> int:
    """The smallest place up to which the tree holds at least ``nth`` (from 1) members."""
    step = 1
    while step * 2 < len(tree):
        step *= 2
    place = 0
    while step > 0:
        if place + step < len(tree) and tree[place + step] < nth:
            place += step
            nth -= tree[place]
        step //= 2
    return place + 1


@_compiled
def _others(seller: Ints, day: Ints, offer: Ints, gap: Floats, rank: Ints, n_offers: int) -> tuple[Ints, Ints, Floats]:
    """Number, sum (millionths) and lower quartile of the gaps last seen on the seller's other offers; rows lie by seller and day."""
    n_rows = len(seller)
    count, total, quartile = np.zeros(n_rows, np.int64), np.zeros(n_rows, np.int64), np.zeros(n_rows)
    last = np.full(n_offers, -1, np.int64)  # row whose gap counts for the offer
    start = 0
    while start < n_rows:
        end = start
        most = 0
        while end < n_rows and seller[end] == seller[start]:
            most = max(most, rank[end])
            end += 1
        if most > 0:
            tree, by_rank = np.zeros(most + 1, np.int64), np.zeros(most + 1)
            for row in range(start, end):
                by_rank[rank[row]] = gap[row]
            n, of_all = 0, 0
            begin = start
            while begin < end:
                until = begin
                while until < end and day[until] == day[begin]:
                    old = last[offer[until]]
                    # Of two captures of one day the cheaper counts, whatever their order.
                    if rank[until] > 0 and (old < 0 or day[old] < day[until] or rank[until] < rank[old]):
                        if old >= 0:
                            _add(tree, rank[old], -1)
                            n, of_all = n - 1, of_all - round(gap[old] * _UNIT)
                        _add(tree, rank[until], 1)
                        n, of_all = n + 1, of_all + round(gap[until] * _UNIT)
                        last[offer[until]] = until
                    until += 1
                for row in range(begin, until):
                    own = last[offer[row]]
                    if own >= 0:
                        _add(tree, rank[own], -1)
                    count[row] = n - (own >= 0)
                    total[row] = of_all - (round(gap[own] * _UNIT) if own >= 0 else 0)
                    if count[row] > 0:
                        place = 0.25 * (count[row] - 1)
                        low = int(np.floor(place))
                        under = by_rank[_find(tree, low + 1)]
                        over = by_rank[_find(tree, min(low + 2, count[row]))]
                        quartile[row] = under + (place - low) * (over - under)
                    if own >= 0:
                        _add(tree, rank[own], 1)
                begin = until
        start = end
    return count, total, quartile
