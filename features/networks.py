"""Sellers that seem to be one hand: weighed edges between them, hubs that must not glue, and communities of bounded size.

A shared tax code, licence, phone or bank account says much; a picture or text says little, because a supplier gives both to everybody, and
never enough alone unless two shops share half of all they show with hardly anyone else. What many sellers share says nothing about any two of
them: a marketplace's hotline, a courier's number, a brand's text. Such keys are *hubs*; they are kept for people to read and tie nobody.
Everything is as of a day: `Networks.on` looks at nothing that came later.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from features.communities import communities
from features.days import NEVER, Events, Ints
from features.ties import CONTACT, IDENTITY, IMAGE, KINDS, TEXT, Ties

Bools = npt.NDArray[np.bool_]
_MILLI = 1000
#: Why a key ties nobody; the last only makes it count little.
TOO_MANY, OFFICIAL, COPIED = "too many sellers", "an official shop shows it", "stands in copied listings only"
BESIDE_OWN = "many of its sellers have a number of their own"


@dataclass(frozen=True)
class LinkWeights:
    """All of ``configs/links.yaml``, by kind in the order of `features.ties.KINDS`."""

    points: tuple[float, ...] = (4.0, 4.0, 3.5, 1.0, 1.0)
    most_sellers: tuple[int, ...] = (30, 30, 15, 15, 15)
    strong: float = 3.0
    doubtful_from: int = 3
    doubtful_factor: float = 0.25
    copied_share: float = 0.9
    own_share: float = 0.33
    most_from_content: float = 2.0
    catalogue_points: float = 1.5
    catalogue_least: int = 3
    catalogue_share: float = 0.5
    catalogue_sellers: int = 5
    largest: int = 40


class Linked(NamedTuple):
    """What is known on a day. ``a < b``: positions of sellers; ``shared[:, kind]``: keys that tie them; ``points``: in thousandths.

    ``strong``: enough for one network.
    ``network[s]``: the oldest seller of s's community, itself where it stands alone. ``hub``: keys that tie nobody, ``why`` beside them.
    """

    a: Ints
    b: Ints
    points: Ints
    shared: Ints
    strong: Bools
    network: Ints
    hub: Ints
    hub_sellers: Ints
    why: list[str]

    def ties(self, n: int) -> npt.NDArray[np.object_]:
        """Return for each of ``n`` sellers the kinds of keys, joined by ',', that tie it strongly to others of its network."""
        inside = self.strong & (self.network[self.a] == self.network[self.b])
        mask = np.zeros(n, dtype=np.int64)
        bits = (self.shared[inside] > 0) @ (1 << np.arange(len(KINDS)))
        for end in (self.a[inside], self.b[inside]):
            np.bitwise_or.at(mask, end, bits)
        names = [",".join(kind for place, kind in enumerate(KINDS) if number >> place & 1) for number in range(1 << len(KINDS))]
        return np.array(names, dtype=object)[mask]


class Networks:
    """All that `on` needs, put in order once. ``sellers``: how many there are; ``official_day``: from when each is known to be official."""

    def __init__(self, ties: Ties, sellers: int, official_day: Ints, first_day: Ints, weights: LinkWeights = LinkWeights()) -> None:
        self._n, self._weights = sellers, weights
        self._ties, self._keys = _shared(ties)
        self._official, self._first = official_day, first_day
        self._n_keys = len(self._keys)
        self._most = np.array(weights.most_sellers, dtype=np.int64)[self._ties.kind]
        kinds = ties.kind[ties.key]
        self._shown = {kind: Events(ties.seller[kinds == kind], ties.day[kinds == kind]) for kind in (IMAGE, TEXT)}
        self._contacts = np.flatnonzero(self._ties.kind[self._ties.key] == CONTACT)
        self._pairs()

    @property
    def changes(self) -> Ints:
        """The days on which any two sellers may have become linked or parted, ascending."""
        return np.unique(self._ties.day[np.isin(self._ties.key, self._pair_key)])

    def on(self, day: int) -> Linked:
        """Return edges, communities and hubs as of the end of ``day``."""
        ties, weights = self._ties, self._weights
        known = int(np.searchsorted(ties.day, day, side="right"))
        degree = np.bincount(ties.key[:known], minlength=self._n_keys)
        vouched = np.bincount(ties.key[:known], weights=self._official[ties.seller[:known]] <= day, minlength=self._n_keys) > 0
        # One company's shops share its tax code, official or not.
        vouched &= ties.kind >= CONTACT
        crowded = degree > self._most
        copied, beside_own = self._doubts(known, degree, day)
        worth = np.rint(np.array(weights.points)[ties.kind] * _MILLI)
        content = ties.kind >= IMAGE
        worth = np.where(content, worth * 2 / np.maximum(degree, 2), worth * np.where(beside_own, weights.doubtful_factor, 1.0))
        worth = np.where(crowded | vouched | copied, 0, worth).astype(np.int64)
        at = np.flatnonzero((self._pair_day <= day) & (worth[self._pair_key] > 0))
        a, b, points, shared = self._weigh(at, worth, degree, day)
        strong = points >= weights.strong * _MILLI
        network = communities(a[strong], b[strong], points[strong], self._first, largest=weights.largest)
        return Linked(a, b, points, shared, strong, network, *self._hubs(degree, crowded, vouched, copied, beside_own))

    def _pairs(self) -> None:
        """Every two of the first sellers of a key; a key with more ties nobody, so its later sellers need no pairs."""
        ties = self._ties
        order = np.lexsort((ties.seller, ties.day, ties.key))
        key, seller, day = ties.key[order], ties.seller[order], ties.day[order]
        place = np.arange(len(key)) - np.searchsorted(key, key)
        # Partners come before: the k-th seller of a key has k pairs.
        n_pairs = np.where(place < self._most[key], place, 0)
        later = np.repeat(np.arange(len(key)), n_pairs)
        back = np.arange(len(later)) - np.repeat(np.cumsum(n_pairs) - n_pairs, n_pairs) + 1
        earlier = later - back
        a, b = np.minimum(seller[earlier], seller[later]), np.maximum(seller[earlier], seller[later])
        value = ties.value[key[later]]
        by_pair = np.lexsort((value, ties.kind[key[later]], b, a))
        self._pair_key, self._pair_day = key[later][by_pair], day[later][by_pair]
        self._a, self._b = a[by_pair], b[by_pair]

    def _doubts(self, known: int, degree: Ints, day: int) -> tuple[Bools, Bools]:
        """Contact keys that may have come with what a supplier gives to all, and those that stand beside many of their sellers' own numbers."""
        ties = self._ties
        seen = int(np.searchsorted(ties.stand_day, day, side="right"))
        beside = ties.beside_content[: int(np.searchsorted(ties.beside_stand, seen))]
        copied_listing = np.zeros(seen, dtype=bool)
        copied_listing[ties.beside_stand[: len(beside)][degree[beside] > 1]] = True
        contact = ties.stand_contact[:seen]
        n_copied = np.bincount(contact, weights=copied_listing, minlength=self._n_keys)
        copied = n_copied >= self._weights.copied_share * np.bincount(contact, minlength=self._n_keys)
        at = self._contacts[: int(np.searchsorted(self._contacts, known))]
        own = np.zeros(self._n, dtype=bool)
        own[ties.seller[at][degree[ties.key[at]] == 1]] = True
        with_own = np.bincount(ties.key[at], weights=own[ties.seller[at]], minlength=self._n_keys)
        many = (degree >= self._weights.doubtful_from) & (ties.kind == CONTACT)
        return many & copied, many & (with_own >= self._weights.own_share * degree)

    def _weigh(self, at: Ints, worth: Ints, degree: Ints, day: int) -> tuple[Ints, Ints, Ints, Ints]:
        weights = self._weights
        a, b, key = self._a[at], self._b[at], self._pair_key[at]
        begins = np.flatnonzero((np.diff(a, prepend=-1) != 0) | (np.diff(b, prepend=-1) != 0))
        if not len(begins):
            nothing = np.empty(0, dtype=np.int64)
            return nothing, nothing, nothing, np.empty((0, len(KINDS)), dtype=np.int64)
        kind = self._ties.kind[key]
        shared = np.stack([np.add.reduceat((kind == one).astype(np.int64), begins) for one in range(len(KINDS))], axis=1)
        identity = np.add.reduceat(np.where(np.isin(kind, IDENTITY), worth[key], 0), begins)
        content = np.add.reduceat(np.where(kind >= IMAGE, worth[key], 0), begins)
        a, b = a[begins], b[begins]
        alike = np.zeros(len(a), dtype=bool)
        for one, events in self._shown.items():
            rare = np.add.reduceat(((kind == one) & (degree[key] <= weights.catalogue_sellers)).astype(np.int64), begins)
            shown = np.maximum(events.until(a, np.full(len(a), day)), events.until(b, np.full(len(b), day)))
            alike |= (rare >= weights.catalogue_least) & (rare >= weights.catalogue_share * shown)
        points = identity + np.minimum(content, round(weights.most_from_content * _MILLI)) + alike * round(weights.catalogue_points * _MILLI)
        return a, b, points, shared

    def _hubs(self, degree: Ints, crowded: Bools, vouched: Bools, copied: Bools, beside_own: Bools) -> tuple[Ints, Ints, list[str]]:
        rules = {TOO_MANY: crowded, OFFICIAL: vouched & (degree > 1), COPIED: copied, BESIDE_OWN: beside_own}
        found = np.flatnonzero(np.logical_or.reduce(list(rules.values())))
        kinds, values = self._ties.kind[found], self._ties.value[found]
        found = found[np.lexsort((values, kinds, -degree[found]))]
        return self._keys[found], degree[found], ["; ".join(name for name, rule in rules.items() if rule[key]) for key in found]


def _shared(ties: Ties) -> tuple[Ties, Ints]:
    """The ties of keys that several sellers show in the end, and of all phones, by new codes; and the codes that they had.

    Most pictures and texts are one shop's own. They tie nobody, and every day's networks would count them again.
    """
    degree = np.bincount(ties.key, minlength=len(ties.kind))
    useful = (degree > 1) | (ties.kind == CONTACT)
    code = np.cumsum(useful) - 1
    tie, beside = useful[ties.key], useful[ties.beside_content]
    few = Ties(
        code[ties.key[tie]], ties.seller[tie], ties.day[tie], ties.kind[useful], ties.value[useful], code[ties.stand_contact], ties.stand_day,
        ties.beside_stand[beside], code[ties.beside_content[beside]],
    )  # fmt: skip
    return few, np.flatnonzero(useful)


def first_official_day(seller: Ints, official: Bools, day: Ints, n: int) -> Ints:
    """Return from which day each of ``n`` sellers is known to be official, `NEVER` where it is not."""
    out = np.full(n, NEVER, dtype=np.int64)
    at = official & (seller >= 0)
    np.minimum.at(out, seller[at], day[at])
    return out
