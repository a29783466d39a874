"""What is known of the shops that a listing's shop is linked with, as of the end of the listing's capture day.

A shop's own outcomes are never counted, nor outcomes whose date nobody wrote down: they could have become known after the listing was seen.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import NamedTuple

import numpy as np
import pandas as pd
import scipy.sparse as sp
from scipy.sparse.csgraph import connected_components

from features.days import NEVER, Ints, day_number, first_days
from features.link_rows import LinkRows
from features.networks import Linked, Networks

NETWORK_COLUMNS = ["seller_network", "network_ties", "network_n_sellers", "network_n_confirmed", "network_n_judged"]
#: What was found of the goods. A takedown is the platform's verdict; a desk review is none.
_CONFIRMED, _CLEARED = "confirmed", "cleared"


class Neighbourhood(NamedTuple):
    """``columns``: ``NETWORK_COLUMNS`` for each row; ``linked``: as of the last day; ``ever``: equal for sellers that were once one network.

    ``ever`` has one entry a seller: whoever splits sellers for training must keep these together.
    """

    columns: pd.DataFrame
    linked: Linked
    ever: Ints


def neighbourhood(rows: LinkRows, networks: Networks, found: tuple[Ints, Ints]) -> Neighbourhood:
    """Return the networks of each row's seller; ``found``: from `first_found`.

    ``seller_network``: id by the network's oldest seller, missing where the shop stands alone or none is shown. ``network_ties``: the kinds of
    keys that tie it (`features.ties.KINDS`, joined by ','). ``network_n_sellers``: 1 where it stands alone. ``network_n_confirmed``,
    ``network_n_judged``: *other* sellers of the network with a listing confirmed, or either confirmed or cleared.
    """
    n = len(rows.sellers)
    at = np.flatnonzero((rows.seller >= 0) & (rows.day < NEVER))
    at = at[np.argsort(rows.day[at], kind="stable")]
    days, begins = np.unique(rows.day[at], return_index=True)
    network = np.full(len(rows.day), -1, dtype=np.int64)
    counts = np.full((len(rows.day), 3), np.nan)
    changes, linked, pairs = networks.changes, networks.on(-1), []
    ties, tied = np.full(len(rows.day), "", dtype=object), linked.ties(n)
    last = -1
    for day, part in zip(days, np.split(at, begins[1:]) if len(days) else [], strict=True):
        # Most days of a long crawl tie nobody anew.
        if np.searchsorted(changes, day, side="right") > np.searchsorted(changes, last, side="right"):
            linked = networks.on(int(day))
            tied = linked.ties(n)
            pairs.append(np.stack([np.arange(n), linked.network]))
        last = day
        seller = rows.seller[part]
        mine = linked.network[seller]
        network[part], ties[part] = mine, tied[seller]
        counts[part, 0] = np.bincount(linked.network, minlength=n)[mine]
        for column, first in enumerate(found, start=1):
            known = first <= day
            others = np.bincount(linked.network[known], minlength=n)[mine] - known[seller]
            counts[part, column] = others
    columns = pd.DataFrame(counts, columns=NETWORK_COLUMNS[2:])
    columns.insert(0, "network_ties", pd.Series(ties, dtype="str").where(counts[:, 0] > 1))
    columns.insert(0, "seller_network", _ids(network, counts[:, 0], rows))
    return Neighbourhood(columns, linked, _ever(pairs, n))


def first_found(outcomes: pd.DataFrame | None, crawl: pd.DataFrame, rows: LinkRows) -> tuple[Ints, Ints]:
    """Return from which day each seller has a listing that was confirmed, and one that was confirmed or cleared; `NEVER` where none.

    ``outcomes`` has ``platform, listing_id, status, known_at``; a listing's outcome is its seller's once the crawl has shown whose it is.
    """
    n = len(rows.sellers)
    never = np.full(n, NEVER, dtype=np.int64)
    if outcomes is None or not len(outcomes):
        return never, never
    told = outcomes[outcomes["status"].isin([_CONFIRMED, _CLEARED]) & outcomes["listing_id"].notna()]
    told = told.assign(known=day_number(told["known_at"]))[["platform", "listing_id", "status", "known"]]
    at = np.flatnonzero((rows.seller >= 0) & crawl["listing_id"].isin(set(told["listing_id"])).to_numpy())
    seen = crawl[["platform", "listing_id"]].iloc[at].astype("str").assign(seller=rows.seller[at], day=rows.day[at])
    both = told.merge(seen, on=["platform", "listing_id"])
    day = np.maximum(both["known"], both["day"]).to_numpy(np.int64)
    seller, confirmed = both["seller"].to_numpy(np.int64), both["status"].eq(_CONFIRMED).to_numpy()
    return first_days(seller[confirmed], day[confirmed], n), first_days(seller, day, n)


def network_id(seller: str) -> str:
    """Return the id of the network whose oldest seller is ``seller``.

    >>> network_id("shopee|id|7")
    'M-8a41f0b5'
    """
    return "M-" + blake2b(seller.encode(), digest_size=6).hexdigest()


def _ids(network: Ints, sizes: np.ndarray, rows: LinkRows) -> pd.Series:
    linked = np.flatnonzero(sizes > 1)
    codes, networks = pd.factorize(network[linked])
    names = np.array([network_id(rows.sellers[one]) for one in networks], dtype=object)
    out = np.full(len(network), np.nan, dtype=object)
    out[linked] = names[codes]
    return pd.Series(out, dtype="str")


def _ever(pairs: list[Ints], n: int) -> Ints:
    if not pairs:
        return np.arange(n)
    both = np.concatenate(pairs, axis=1)
    graph = sp.coo_matrix((np.ones(both.shape[1], dtype=np.int8), (both[0], both[1])), shape=(n, n))
    return np.asarray(connected_components(graph, directed=False)[1], dtype=np.int64)
