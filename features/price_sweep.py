"""What the *other* sellers of a group ask on a row's day: quantiles, how many, whether there are two markets in one group.

One pass through time over each group: prices come and go in a Fenwick tree over their order, so that an answer costs a few dozen steps however
many sellers and days there are. Weights are whole numbers and nothing is summed up along the way, so that an answer depends on the prices that
stand on that day alone, bit for bit.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from features.price_peers import Entries, add, below, place
from features.segment.decide import compiled

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

#: A seller the platform vouches for weighs as much as this many others.
OFFICIAL_WEIGHT = 3
#: Fewest other sellers in which two markets can be told apart.
TWO_MODES_FROM = 8
#: Smallest share of the weight that the upper market must hold: three dreamers above fifty sellers are not the norm.
UPPER_SHARE = 0.15
#: How far apart two markets lie at least, in their common standard deviation (Ashman's D, 1994, asks for 2).
ASHMAN_D = 3.0
_BIN = 0.1  # natural log: prices are told apart to a tenth when looking for two markets
_MOST_BINS = 400

QUANTILES = (0.1, 0.25, 0.5, 0.75)


class Asked(NamedTuple):
    """One row a question: other sellers, of them official, of them in the lower of two markets (0: one market), four quantiles (log), and the
    share of the others' weight that asks less (ties by half)."""

    others: Ints
    officials: Ints
    low: Ints
    quantiles: Floats
    share_below: Floats


def ask(entries: Entries, *, group: Ints, seller: Ints, day: Ints, log_price: Floats, apart: Floats) -> Asked:
    """Answer each row from the entries of its ``group`` (-1: no answer) that stand on its ``day``, without its own ``seller``.

    ``apart`` is how far (natural log, positive) below the upper market a lower one must lie to be suspected, per row.
    """
    n = len(group)
    others, officials, low = (np.zeros(n, dtype=np.int64) for _ in range(3))
    answer = Asked(others, officials, low, np.full((n, len(QUANTILES)), np.nan), np.full(n, np.nan))
    if not len(entries.group) or not n:
        return answer
    begins, ends = np.lexsort((entries.begin, entries.group)), np.lexsort((entries.end, entries.group))
    groups, first = np.unique(entries.group, return_index=True)
    bounds = np.append(first, len(entries.group)).astype(np.int64)
    at = np.searchsorted(groups, group)
    at[at >= len(groups)] = 0
    known = groups[at] == group
    order = np.lexsort((seller, day, group))
    order = order[known[order]]
    asked = np.searchsorted(group[order], groups, side="left"), np.searchsorted(group[order], groups, side="right")
    _sweep(
        bounds, entries.begin, entries.end, begins, ends, entries.log_price, entries.official, _own(entries, group, seller, day),
        asked[0], asked[1], order, day, log_price, apart, np.array(QUANTILES),
        answer.others, answer.officials, answer.low, answer.quantiles, answer.share_below,
    )  # fmt: skip
    return answer


def _own(entries: Entries, group: Ints, seller: Ints, day: Ints) -> Ints:
    """Place of the row's own seller's standing entry, -1 where it has none."""
    order = np.lexsort((entries.begin, entries.seller, entries.group))
    keys = np.stack([entries.group[order], entries.seller[order], entries.begin[order]])
    both = np.concatenate([keys, np.stack([group, seller, day])], axis=1)
    # Entries go before questions of the same day: what begins today stands today.
    side = np.concatenate([np.zeros(keys.shape[1], dtype=np.int64), np.ones(len(group), dtype=np.int64)])
    merged = np.lexsort((side, both[2], both[1], both[0]))
    is_entry = side[merged] == 0
    before = np.cumsum(is_entry) - 1
    latest = np.empty(len(group), dtype=np.int64)
    questions = merged[~is_entry] - keys.shape[1]
    latest[questions] = before[~is_entry]
    place_of = np.where(latest >= 0, order[np.maximum(latest, 0)], 0)
    mine = (latest >= 0) & (entries.group[place_of] == group) & (entries.seller[place_of] == seller) & (entries.end[place_of] > day)
    own: Ints = np.where(mine, place_of, -1)
    return own


@compiled
def _sweep(
    bounds: Ints, begin: Ints, end: Ints, begins: Ints, ends: Ints, price: Floats, official: Bools, own: Ints,
    asked_from: Ints, asked_to: Ints, order: Ints, day: Ints, own_price: Floats, apart: Floats, quantiles: Floats,
    others: Ints, officials: Ints, low: Ints, out: Floats, share: Floats,
) -> None:  # fmt: skip
    tree = np.zeros(np.max(np.diff(bounds)) + 1, dtype=np.int64)
    weights, sellers, badges = np.zeros(_MOST_BINS, dtype=np.int64), np.zeros(_MOST_BINS, dtype=np.int64), np.zeros(_MOST_BINS, dtype=np.int64)
    bins = np.zeros(2, dtype=np.int64)  # first bin of the group and the one behind its last
    state = np.zeros(3, dtype=np.int64)  # weight, sellers, official sellers that stand
    for group in range(len(bounds) - 1):
        if asked_from[group] == asked_to[group]:
            continue
        first, last = bounds[group], bounds[group + 1]
        size = last - first
        tree[: size + 1] = 0
        bins[0], bins[1] = _bin(price[first]), _bin(price[last - 1]) + 1
        weights[bins[0] : bins[1]] = 0
        sellers[bins[0] : bins[1]] = 0
        badges[bins[0] : bins[1]] = 0
        state[:] = 0
        coming, going = first, first
        previous = -1
        for at in range(asked_from[group], asked_to[group]):
            row = order[at]
            while coming < last and begin[begins[coming]] <= day[row]:
                _put(begins[coming], 1, first, size, tree, weights, sellers, badges, state, price, official)
                coming += 1
            while going < last and end[ends[going]] <= day[row]:
                _put(ends[going], -1, first, size, tree, weights, sellers, badges, state, price, official)
                going += 1
            mine = own[row]
            if mine >= 0:
                _put(mine, -1, first, size, tree, weights, sellers, badges, state, price, official)
            others[row], officials[row] = state[1], state[2]
            if state[1] > 0:
                if previous >= 0 and day[previous] == day[row] and own[previous] == mine and apart[previous] == apart[row]:
                    low[row] = low[previous]
                    out[row] = out[previous]
                else:
                    _answer(row, first, size, bins, tree, weights, sellers, badges, state, price, apart[row], quantiles, low, out)
                share[row] = _share_below(own_price[row], first, last, tree, state[0], price)
            if mine >= 0:
                _put(mine, 1, first, size, tree, weights, sellers, badges, state, price, official)
            previous = row


@compiled
def _bin(log_price: float) -> int:
    """Bins are the same for every group and day, whatever prices there are."""
    return int(min(max(np.floor(log_price / _BIN), 0.0), _MOST_BINS - 1.0))


@compiled
def _put(
    entry: int, sign: int, first: int, size: int, tree: Ints, weights: Ints, sellers: Ints, badges: Ints, state: Ints,
    price: Floats, official: Bools,
) -> None:  # fmt: skip
    weight = OFFICIAL_WEIGHT if official[entry] else 1
    add(tree, size, entry - first, sign * weight)
    at = _bin(price[entry])
    weights[at] += sign * weight
    sellers[at] += sign
    state[0] += sign * weight
    state[1] += sign
    if official[entry]:
        badges[at] += sign
        state[2] += sign


@compiled
def _answer(
    row: int, first: int, size: int, bins: Ints, tree: Ints, weights: Ints, sellers: Ints, badges: Ints, state: Ints, price: Floats, apart: float,
    quantiles: Floats, low: Ints, out: Floats,
) -> None:  # fmt: skip
    cut = _cut(weights, sellers, badges, bins, state, apart)
    skipped = 0
    for at in range(bins[0], cut):
        skipped += weights[at]
        low[row] += sellers[at]
    total = state[0] - skipped
    for number in range(len(quantiles)):
        wanted = quantiles[number] * (total - 1)
        under = int(np.floor(wanted))
        left = price[first + place(tree, size, skipped + under)]
        right = left if wanted == under else price[first + place(tree, size, skipped + under + 1)]
        out[row, number] = left + (wanted - under) * (right - left)


@compiled
def _cut(weights: Ints, sellers: Ints, badges: Ints, bins: Ints, state: Ints, apart: float) -> int:
    """The bin from which the upper of two markets begins, 0 where there is one market.

    The best split in two (Otsu, 1979) counts only where the lower part lies ``apart`` below, both are narrow beside their distance, at least three
    sellers and `UPPER_SHARE` of the weight are above, and no official seller is below: what an official shop asks is a genuine price.
    """
    if state[1] < TWO_MODES_FROM or (bins[1] - bins[0] - 1) * _BIN < apart:
        return 0
    total, moment, square = 0.0, 0.0, 0.0
    for at in range(bins[0], bins[1]):
        total += weights[at]
        moment += weights[at] * at
        square += weights[at] * at * at
    best, cut = 0.0, 0
    weight, sum_low, sum_square, sold, cut_sold = 0.0, 0.0, 0.0, 0, 0
    low_weight, low_sum, low_square = 0.0, 0.0, 0.0
    for at in range(bins[0], bins[1] - 1):
        weight += weights[at]
        sum_low += weights[at] * at
        sum_square += weights[at] * at * at
        sold += sellers[at]
        if badges[at] > 0:
            break
        if weight == 0.0 or weight == total or weights[at] == 0:
            continue
        gap = (moment - sum_low) / (total - weight) - sum_low / weight
        between = weight * (total - weight) * gap * gap
        if between > best:
            best, cut, cut_sold = between, at + 1, sold
            low_weight, low_sum, low_square = weight, sum_low, sum_square
    if cut == 0 or state[1] - cut_sold < 3 or cut_sold < 3 or total - low_weight < UPPER_SHARE * total:
        return 0
    high_weight = total - low_weight
    low_mean, high_mean = low_sum / low_weight, (moment - low_sum) / high_weight
    spread = max(low_square / low_weight - low_mean**2, 0.0) + max((square - low_square) / high_weight - high_mean**2, 0.0) + 1.0 / 6.0
    gap = high_mean - low_mean
    return cut if gap * _BIN >= apart and gap >= ASHMAN_D * np.sqrt(spread / 2.0) else 0


@compiled
def _share_below(own: float, first: int, last: int, tree: Ints, total: int, price: Floats) -> float:
    if np.isnan(own):
        return np.nan
    left = np.searchsorted(price[first:last], own, side="left")
    right = np.searchsorted(price[first:last], own, side="right")
    return float(0.5 * (below(tree, left) + below(tree, right)) / total)
