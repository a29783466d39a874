"""Shops that look like a shop that went: the same name or the same contact under a new id, after the old one was last seen.

It takes a crawl of several days. A name or number that many shops share (a chain, a supplier's hotline) ties nobody: an id counts as a
successor only where few came before it, and not where both were there at once.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from features.days import NEVER, Bools, Events, Floats, Ints, day_number, first_days
from features.fold import fold
from features.seller_rows import SellerRows

#: More predecessors than this and a name or contact is common property.
MOST_PREDECESSORS = 3
_SHORTEST_NAME = 5


def reopened(rows: SellerRows, named: pd.DataFrame) -> Floats:
    """Return 1.0 where, as of the capture, the seller's id carries the name or a contact of an earlier id of the platform not seen since, else 0.0.

    ``named`` is the crawl at ``rows.at``. Sellers known only by their name have no id to be renewed and count as 0.0.
    """
    ties = _ties(rows, named)
    begun, predecessor, since = _predecessors(ties)
    sights = Events(rows.seller, rows.day)
    successor = ties["seller"].to_numpy(dtype=np.int64)[begun]
    last = sights.last_before(predecessor, since)
    joined = _joined(rows, named)[successor]
    # Who had joined while the other was still there stood beside it and did not follow it.
    follows = (last >= 0) & ((joined >= NEVER) | (joined > last))
    back = sights.next_from(predecessor, since)
    opened = Events(successor[follows], since[follows])
    closed = Events(successor[follows], back[follows])
    return (opened.until(rows.seller, rows.day) > closed.until(rows.seller, rows.day)).astype(float)


def _ties(rows: SellerRows, named: pd.DataFrame) -> pd.DataFrame:
    """When each seller with an id first showed each name and contact: ``tie, seller, day``, by tie and day."""
    has_id = named["seller_id"].notna().to_numpy()
    by_name = _first_shown(rows, named["seller_name"], has_id)
    by_name = by_name[by_name["text"].str.len() >= _SHORTEST_NAME]
    by_name = by_name.assign(text="name " + by_name["text"].map(fold).astype("str"))
    by_contact = _first_shown(rows, named["contact_keys"], has_id)
    by_contact = by_contact.assign(text=by_contact["text"].str.split(";")).explode("text")
    by_contact["text"] = "contact " + by_contact["text"].astype("str")
    ties = pd.concat([by_name, by_contact], ignore_index=True)
    ties = ties.groupby(["platform", "text", "seller"], as_index=False)["day"].min()
    ties["tie"] = pd.factorize(ties["platform"].astype(str) + ties["text"])[0]
    return ties.sort_values(["tie", "day", "seller"], kind="stable").reset_index(drop=True)


def _first_shown(rows: SellerRows, text: pd.Series, when: Bools) -> pd.DataFrame:
    """The day on which each seller first showed each ``text``, of the rows where ``when`` holds: ``platform, seller, text, day``."""
    codes, texts = pd.factorize(text)
    at = np.flatnonzero(when & (codes >= 0))
    pair, pairs = pd.factorize(rows.seller[at] * max(len(texts), 1) + codes[at])
    first = first_days(pair.astype(np.int64), rows.day[at], len(pairs))
    platform = np.zeros(len(pairs), dtype=np.int64)
    platform[pair] = rows.platform[at]
    seller, code = np.divmod(np.asarray(pairs, dtype=np.int64), max(len(texts), 1))
    shown = pd.Index(texts).astype("str").take(code)
    return pd.DataFrame({"platform": platform, "seller": seller, "text": pd.Series(shown, dtype="str"), "day": first})


def _predecessors(ties: pd.DataFrame) -> tuple[Ints, Ints, Ints]:
    """Pairs of a tie's row and a seller that had shown the same on an earlier day, and the day the row's seller showed it."""
    tie, day, seller = (ties[name].to_numpy(dtype=np.int64) for name in ("tie", "day", "seller"))
    place = np.arange(len(ties))
    group = np.searchsorted(tie, tie, side="left")
    key = tie * NEVER + day
    earlier = np.searchsorted(key, key, side="left") - group
    few = np.flatnonzero((earlier > 0) & (earlier <= MOST_PREDECESSORS))
    pairs = [(place[few][earlier[few] > nth], group[few][earlier[few] > nth] + nth) for nth in range(MOST_PREDECESSORS)]
    begun = np.concatenate([successor for successor, _ in pairs])
    before = np.concatenate([predecessor for _, predecessor in pairs])
    return begun, seller[before], day[begun]


def _joined(rows: SellerRows, named: pd.DataFrame) -> Ints:
    """Day on which each seller opened, as its first capture says; `NEVER` where it does not say."""
    joined = day_number(named["seller_joined_at"])
    n_sellers = int(rows.seller.max(initial=-1)) + 1
    first = np.full(n_sellers, NEVER, dtype=np.int64)
    np.minimum.at(first, rows.seller, rows.day)
    begun = rows.day == first[rows.seller]
    out = np.full(n_sellers, NEVER, dtype=np.int64)
    np.minimum.at(out, rows.seller[begun], joined[begun])
    return out
