"""Which texts say nearly the same, found as they come in: each new text joins the group of an earlier one, or founds its own.

Nothing that is known is ever regrouped, so a text's group depends on what came before it alone: that is what makes a feature as of a day, and
what lets an index over a million texts be extended by the next day's. Candidates share a band of the signature (locality-sensitive hashing,
Indyk and Motwani 1998); of each band only the first and the last text are compared, so the work grows with the texts and not with their pairs.
A bin whose shingle stands in very many texts is boilerplate ("miễn phí giao hàng toàn quốc") and is left out of bands and comparisons.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from features.buckets import Buckets, empty_buckets, mixed, n_keys, slot_of, with_room
from features.errors import DataError
from features.segment.decide import compiled
from features.signatures import BINS, WIDTH, Signatures

Ints = npt.NDArray[np.int64]
#: 25 bands of 5 bins: a pair that agrees in 60 % of its bins shares one with 87 % chance, in 70 % with 99 %.
ROWS, BANDS = 5, 25
#: Values of a bin.
VALUES = 0x10000
#: What a slot with no group says.
NO_GROUP = -1


@dataclass(frozen=True)
class TextLimits:
    """When two texts are nearly the same. Shares are of bins that either text fills, boilerplate left out."""

    #: Inclusive: estimated overlap with the text it is nearest to.
    similar: float = 0.6
    #: Inclusive: with the first text of the group, so that a chain of small changes ends.
    similar_to_first: float = 0.45
    #: Bins a text must fill besides boilerplate: about 20 syllables. Shorter ones are names of goods, which everybody writes alike.
    fewest_bins: int = 16
    #: A shingle is boilerplate above this many texts and above this share of all.
    common_texts: int = 50
    common_share: float = 0.001


@dataclass(frozen=True)
class TextIndex:
    """All texts so far, in order of arrival; `extended` returns a larger index. ``groups[t]`` is the number of the text that founded t's group.

    ``seen`` finds equal signatures, ``bands`` candidates; ``frequency[bin, value]`` counts texts.
    """

    limits: TextLimits
    signatures: Signatures
    groups: npt.NDArray[np.int32]
    seen: Buckets
    bands: Buckets
    frequency: npt.NDArray[np.int32]
    last_day: int

    def extended(self, new: Signatures, days: Ints) -> tuple[TextIndex, Ints]:
        """Return the index with ``new`` rows and each row's text number; ``days`` (since 1970) must all lie after those already in.

        The order of rows does not matter. The new index takes over this one's tables, half a gigabyte a million texts: this one can still say
        groups, but not be extended again. Raises `DataError` where it was, or where a day lies before the index's last one.
        """
        if n_keys(self.seen) != len(self.groups):
            raise DataError("this text index was extended already; extend the one that came of it")
        if len(days) and days.min() <= self.last_day:
            raise DataError(f"the text index already holds day {self.last_day}; rows of day {days.min()} need it built anew")
        keys = signature_keys(new)
        order = np.lexsort((keys, days))
        n_distinct = len(np.unique(keys))
        grown = replace(
            self,
            signatures=np.concatenate([self.signatures, np.empty((n_distinct, WIDTH), np.uint16)]),
            groups=np.concatenate([self.groups, np.empty(n_distinct, np.int32)]),
            seen=with_room(self.seen, n_distinct),
            bands=with_room(self.bands, n_distinct * BANDS),
            last_day=int(days.max()) if len(days) else self.last_day,
        )
        numbers = np.empty(len(new), np.int64)
        limits = self.limits
        total = _insert(
            new, keys, days, order, len(self.groups), grown.signatures, grown.groups, grown.seen, grown.bands, grown.frequency, numbers,
            limits.similar, limits.similar_to_first, limits.fewest_bins, limits.common_texts, limits.common_share,
        )  # fmt: skip
        return replace(grown, signatures=grown.signatures[:total], groups=grown.groups[:total]), numbers

    def group_keys(self, numbers: Ints) -> npt.NDArray[np.int64]:
        """Return each text's group as the hash of the group's first text, `NO_GROUP` for texts too short to compare: the same in every run."""
        groups = self.groups[numbers].astype(np.int64)
        founders, back = np.unique(groups, return_inverse=True)
        known = founders >= 0
        out = np.full(len(founders), NO_GROUP, dtype=np.int64)
        if known.any():
            out[known] = (signature_keys(self.signatures[founders[known]]) >> np.uint64(1)).astype(np.int64)
        return out[back]


def empty_index(limits: TextLimits = TextLimits()) -> TextIndex:
    """Return an index that holds nothing."""
    return TextIndex(
        limits, np.empty((0, WIDTH), np.uint16), np.empty(0, np.int32), empty_buckets(0), empty_buckets(0),
        np.zeros((BINS, VALUES), np.int32), np.iinfo(np.int64).min,
    )  # fmt: skip


@compiled
def signature_keys(table: Signatures) -> npt.NDArray[np.uint64]:
    """Return one 64-bit hash a row, never 0."""
    out = np.empty(len(table), np.uint64)
    for row in range(len(table)):
        h = np.uint64(0)
        for at in range(0, WIDTH):
            h = (h ^ np.uint64(table[row, at])) * np.uint64(0x9E3779B97F4A7C15)
            h ^= h >> np.uint64(32)
        out[row] = mixed(h)
    return out


@compiled
def _insert(new, keys, days, order, total, texts, groups, seen, bands, frequency, numbers, similar, to_first, fewest, common, share):  # type: ignore[no-untyped-def]
    """Number the rows in ``order``; returns how many texts there are now. Boilerplate is what it is at the end of a text's first day."""
    rare = np.empty(BINS, np.bool_)
    filled = np.empty(BINS, np.uint64)
    begin = 0
    while begin < len(order):
        end, before = begin, total
        while end < len(order) and days[order[end]] == days[order[begin]]:
            row = order[end]
            slot = slot_of(seen.keys, keys[row])
            if seen.keys[slot] == np.uint64(0):
                seen.keys[slot] = keys[row]
                seen.first[slot] = seen.last[slot] = total
                texts[total] = new[row]
                for place in range(BINS):
                    frequency[place, new[row, 1 + place]] += 1
                total += 1
            numbers[row] = seen.first[slot]
            end += 1
        limit = max(common, share * total)
        for text in range(before, total):
            groups[text] = _group_of(text, texts, groups, bands, frequency, rare, filled, limit, similar, to_first, fewest)
        begin = end
    return total


@compiled
def _group_of(text, texts, groups, bands, frequency, rare, filled, limit, similar, to_first, fewest):  # type: ignore[no-untyped-def]
    """The number of the text that founded the group of ``text``; notes its bands."""
    n_rare = 0
    for place in range(BINS):
        value = texts[text, 1 + place]
        rare[place] = value != 0 and frequency[place, value] <= limit
        n_rare += rare[place]
    if n_rare < fewest:
        return np.int32(-1)
    _fill(texts[text], rare, filled)
    best, group = similar, np.int32(text)
    previous = np.int32(-1)
    for band in range(BANDS):
        key = np.uint64(band + 1)
        for place in range(band * ROWS, (band + 1) * ROWS):
            key = mixed(key * np.uint64(0x9E3779B97F4A7C15) + filled[place])
        slot = slot_of(bands.keys, key)
        if bands.keys[slot] == np.uint64(0):
            bands.keys[slot] = key
            bands.first[slot] = text
        else:
            for candidate in (bands.first[slot], bands.last[slot]):
                if candidate != previous:
                    previous = candidate
                    found = overlap(texts[text], texts[candidate], rare, frequency, limit)
                    if found >= best and overlap(texts[text], texts[groups[candidate]], rare, frequency, limit) >= to_first:
                        # Of two equally near ones the earlier counts.
                        if found > best or groups[candidate] < group:
                            best, group = found, groups[candidate]
        bands.last[slot] = text
    return group


@compiled
def _fill(signature, rare, filled):  # type: ignore[no-untyped-def]
    """Densify: an empty or common bin borrows from the next that is neither (Shrivastava and Li 2014), so that short texts fill their bands."""
    for place in range(BINS):
        step = 0
        while not rare[(place + step) % BINS]:
            step += 1
        filled[place] = filled_bin(signature, place, step)


@compiled
def filled_bin(signature, place, step):  # type: ignore[no-untyped-def]
    """What bin ``place`` of a text holds where it borrows from ``step`` bins further on."""
    return np.uint64(signature[1 + (place + step) % BINS]) + np.uint64(step) * np.uint64(0x10001)


@compiled
def overlap(text, other, rare, frequency, limit):  # type: ignore[no-untyped-def]
    """The share of bins that agree, of those that either fills with something rare."""
    both, either = 0, 0
    for place in range(BINS):
        mine, theirs = text[1 + place], other[1 + place]
        if rare[place]:
            either += 1
            both += mine == theirs
        elif mine == 0 and theirs != 0 and frequency[place, theirs] <= limit:
            either += 1
    return both / either if either else 0.0
