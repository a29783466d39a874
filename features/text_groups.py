"""The groups of `features.text_index`, found for a whole crawl at once: the same groups in a quarter of the memory.

Which earlier texts a text is compared with depends on their order alone, not on the groups they are in. So the candidates are found one band after
the other, with a table for one band instead of twenty-five that stay, and only those are kept that there are; then each text chooses among its own.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from features.buckets import Buckets, empty_buckets, mixed, slot_of
from features.segment.decide import compiled
from features.signatures import BINS, Signatures
from features.text_index import BANDS, NO_GROUP, ROWS, VALUES, TextLimits, filled_bin, overlap, signature_keys

Ints = npt.NDArray[np.int64]
Items = npt.NDArray[np.int32]
Bits = npt.NDArray[np.uint64]
_LIMITS = TextLimits()


def text_groups(signatures: Signatures, days: Ints, limits: TextLimits = _LIMITS) -> tuple[Ints, Ints]:
    """Return the text number and the group key of each row, as `TextIndex.extended` and `TextIndex.group_keys` give them; any order of rows."""
    keys = signature_keys(signatures)
    numbers, row_of = _in_order(keys, days)
    day_of = days[row_of]
    rare, comparable = _rare(signatures, row_of, day_of, limits.fewest_bins, limits.common_texts, limits.common_share)
    begins, places, pairs = _all_candidates(signatures, numbers, row_of, rare, comparable)
    groups = _choose(
        signatures, row_of, day_of, rare, comparable, begins, places, pairs, limits.similar, limits.similar_to_first, limits.common_texts,
        limits.common_share,
    )  # fmt: skip
    said = np.where(groups >= 0, (keys[row_of[np.maximum(groups, 0)]] >> np.uint64(1)).astype(np.int64), NO_GROUP)
    return numbers, said[numbers]


def _in_order(keys: npt.NDArray[np.uint64], days: Ints) -> tuple[Ints, Ints]:
    """The number of each row's text, by day and key, and the first row of each text."""
    order = np.lexsort((keys, days))
    found, first, back = np.unique(keys[order], return_index=True, return_inverse=True)
    arrival = np.argsort(first)
    place = np.empty(len(found), dtype=np.int64)
    place[arrival] = np.arange(len(found))
    numbers = np.empty(len(keys), dtype=np.int64)
    numbers[order] = place[back]
    return numbers, order[first[arrival]]


def _all_candidates(signatures: Signatures, numbers: Ints, row_of: Ints, rare: Bits, comparable: npt.NDArray[np.bool_]) -> tuple[Ints, Items, Items]:
    """For each band the texts that met others in it, in order (``places[begins[band]:begins[band + 1]]``), and the first and last they met."""
    table = empty_buckets(int(comparable.sum()))
    keys = np.empty(len(row_of), dtype=np.uint64)
    before = np.full((len(row_of), 2), -1, dtype=np.int32)
    places, pairs = [], []
    for band in range(BANDS):
        _band_keys(signatures, numbers, row_of, rare, comparable, band, keys)
        place, pair = _meetings(keys, comparable, table, before)
        places.append(place)
        pairs.append(pair)
    return np.concatenate([[0], np.cumsum([len(place) for place in places])]), np.concatenate(places), np.concatenate(pairs)


@compiled
def _rare(signatures, row_of, day_of, fewest, common, share):  # type: ignore[no-untyped-def]
    """Which bins of each text hold something rare at the end of its first day, as bits, and whether they are enough to compare it by."""
    frequency = np.zeros((BINS, VALUES), np.int32)
    rare = np.zeros((len(row_of), 2), np.uint64)
    comparable = np.zeros(len(row_of), np.bool_)
    begin = 0
    while begin < len(row_of):
        end = _count_day(signatures, row_of, day_of, begin, frequency)
        limit = max(common, share * end)
        for text in range(begin, end):
            n = 0
            for place in range(BINS):
                value = signatures[row_of[text], 1 + place]
                if value != 0 and frequency[place, value] <= limit:
                    rare[text, place >> 6] |= np.uint64(1) << np.uint64(place & 63)
                    n += 1
            comparable[text] = n >= fewest
        begin = end
    return rare, comparable


@compiled
def _count_day(signatures, row_of, day_of, begin, frequency):  # type: ignore[no-untyped-def]
    """Count the bins of the texts that came on the day of text ``begin``; returns the first text of the next day."""
    end = begin
    while end < len(row_of) and day_of[end] == day_of[begin]:
        for place in range(BINS):
            frequency[place, signatures[row_of[end], 1 + place]] += 1
        end += 1
    return end


@compiled
def _is_rare(bits, place):  # type: ignore[no-untyped-def]
    return (bits[place >> 6] >> np.uint64(place & 63)) & np.uint64(1) != np.uint64(0)


@compiled
def _band_keys(signatures, numbers, row_of, rare, comparable, band, keys):  # type: ignore[no-untyped-def]
    """Fill ``keys``, one a text; rows are read as they lie, which is far faster than as they came."""
    for row in range(len(numbers)):
        text = numbers[row]
        if row_of[text] != row or not comparable[text]:
            continue
        key = np.uint64(band + 1)
        for place in range(band * ROWS, (band + 1) * ROWS):
            step = 0
            while not _is_rare(rare[text], (place + step) % BINS):
                step += 1
            key = mixed(key * np.uint64(0x9E3779B97F4A7C15) + filled_bin(signatures[row], place, step))
        keys[text] = key


@compiled
def _meetings(keys: Bits, comparable: npt.NDArray[np.bool_], table: Buckets, before: Items) -> tuple[Items, Items]:
    """The texts that share their key with an earlier one, and the first and the latest of these; unless they met the same two a band before."""
    table.keys[:] = np.uint64(0)
    n = 0
    place, pair = np.empty(len(keys), np.int32), np.empty((len(keys), 2), np.int32)
    for text in range(len(keys)):
        if not comparable[text]:
            continue
        slot = slot_of(table.keys, keys[text])
        if table.keys[slot] == np.uint64(0):
            table.keys[slot] = keys[text]
            table.first[slot] = text
        else:
            first, last = table.first[slot], table.last[slot]
            if before[text, 0] != first or before[text, 1] != last:
                place[n], pair[n, 0], pair[n, 1] = text, first, last
                before[text, 0], before[text, 1] = first, last
                n += 1
        table.last[slot] = text
    return place[:n].copy(), pair[:n].copy()


@compiled
def _choose(signatures, row_of, day_of, rare, comparable, begins, places, pairs, similar, to_first, common, share):  # type: ignore[no-untyped-def]
    """The text that founded each text's group, -1 where it cannot be compared: of its candidates the nearest, of equally near ones the earliest."""
    frequency = np.zeros((BINS, VALUES), np.int32)
    groups = np.full(len(row_of), -1, np.int32)
    at = begins[:-1].copy()
    mine = np.empty(BINS, np.bool_)
    begin = 0
    while begin < len(row_of):
        end = _count_day(signatures, row_of, day_of, begin, frequency)
        limit = max(common, share * end)
        for text in range(begin, end):
            if not comparable[text]:
                continue
            best, group = similar, np.int32(text)
            known = False
            for band in range(BANDS):
                if at[band] == begins[band + 1] or places[at[band]] != text:
                    continue
                if not known:
                    for place in range(BINS):
                        mine[place] = _is_rare(rare[text], place)
                    known = True
                for one in range(2):
                    other = pairs[at[band], one]
                    if one == 1 and other == pairs[at[band], 0]:
                        continue
                    found = overlap(signatures[row_of[text]], signatures[row_of[other]], mine, frequency, limit)
                    if found < best or (found == best and groups[other] >= group):
                        continue
                    if overlap(signatures[row_of[text]], signatures[row_of[groups[other]]], mine, frequency, limit) >= to_first:
                        best, group = found, groups[other]
                at[band] += 1
            groups[text] = group
        begin = end
    return groups
