"""What was found at a shop before, as of each capture, fading with age and never about the listing itself.

Only findings count (confirmed, cleared): a desk review says what is worth a look, not what is illegal. An outcome exists from the day it was
known, and for a listing known by its id alone from that listing's first capture on. A listing's own outcome is left out of its own
columns, earlier or later, so that a model that trains on that outcome cannot read it there.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numba
import numpy as np
import pandas as pd

from features.days import NEVER, Bools, Events, Floats, Ints, day_number
from features.segment.state import numba_cache
from features.seller_rows import SellerRows, listing_codes, whose

#: Until outcomes have shown anything, half of them confirm.
_GUESS, _GUESS_CASES = 0.5, 20.0
#: Left-overs of adding and taking away fractions; a tree could read a listing's own outcome in them.
_DECIMALS = 6


class Found(NamedTuple):
    """Findings about sellers: ``seller``, ``listing`` (-1: about the seller as a whole), ``day`` known, ``confirmed``."""

    seller: Ints
    listing: Ints
    day: Ints
    confirmed: Bools


def past_outcomes(rows: SellerRows, named: pd.DataFrame, outcomes: pd.DataFrame | None, *, half_life_days: float, prior: float) -> dict[str, Floats]:
    """Return ``seller_past_confirmed`` and ``seller_past_cleared`` (findings about the shop and its *other* listings known by the capture
    day, each worth half after ``half_life_days``) and ``seller_past_share``: the confirmed share, shrunk to that of all other findings.

    ``outcomes`` has ``platform, listing_id, known_at, status`` (or ``y``) and may have ``seller_id, source, happened_at``. Of several findings
    about one listing the one known last counts from its day on. ``None``: nothing is known, and the share is missing.
    """
    if outcomes is None:
        nothing = np.zeros(len(rows.at))
        return {"seller_past_confirmed": nothing, "seller_past_cleared": nothing, "seller_past_share": np.full(len(rows.at), np.nan)}
    listing = listing_codes(named)
    findings = _findings(outcomes)
    everything = Found(
        np.full(len(findings), -1, dtype=np.int64),
        _own(named, listing, findings),
        findings["day"].to_numpy(dtype=np.int64),
        findings["confirmed"].to_numpy(dtype=bool),
    )
    found = _by_seller(rows, named, findings, everything)
    confirmed, cleared = (_others(rows, listing, found, found.confirmed == what, half_life_days) for what in (True, False))
    usual = _usual(rows, listing, everything, found)
    return {
        "seller_past_confirmed": confirmed,
        "seller_past_cleared": cleared,
        "seller_past_share": (confirmed + prior * usual) / (confirmed + cleared + prior),
    }


def _findings(outcomes: pd.DataFrame) -> pd.DataFrame:
    """The outcomes that find something and say when: ``platform, listing_id, seller_id, confirmed, day``."""
    table = pd.DataFrame({name: outcomes[name] if name in outcomes else np.nan for name in ("platform", "listing_id", "seller_id")})
    table = table.astype("str").reset_index(drop=True)
    table["confirmed"] = _confirmed(outcomes).to_numpy()
    table["day"] = day_number(_known(outcomes))
    if "source" in outcomes:
        table.loc[outcomes["source"].eq("desk_review").to_numpy(), "confirmed"] = np.nan
    return table[table["confirmed"].notna() & table["day"].lt(NEVER)].reset_index(drop=True)


def _by_seller(rows: SellerRows, named: pd.DataFrame, findings: pd.DataFrame, everything: Found) -> Found:
    """The findings about sellers of the crawl, by seller, listing and day."""
    who = whose(rows, named, findings, everything.day)
    listing, confirmed = everything.listing[who.row], everything.confirmed[who.row]
    order = np.lexsort((confirmed, who.day, listing, who.seller))
    return Found(who.seller[order], listing[order], who.day[order], confirmed[order])


def _own(named: pd.DataFrame, listing: Ints, table: pd.DataFrame) -> Ints:
    """The code of each finding's listing, -1 where it is about a seller as a whole; a listing that the crawl never saw has one too."""
    told_of = named["listing_id"].isin(set(table["listing_id"].dropna())).to_numpy()
    known = named.loc[told_of, ["platform", "listing_id"]].astype("str").assign(listing=listing[told_of])
    known = known.drop_duplicates(["platform", "listing_id"])
    found = table[["platform", "listing_id"]].merge(known, how="left", on=["platform", "listing_id"])["listing"]
    own: Ints = found.fillna(-1).to_numpy(dtype=np.int64, copy=True)
    unseen = (found.isna() & table["listing_id"].notna()).to_numpy()
    own[unseen] = int(listing.max(initial=-1)) + 1 + pd.factorize(table.loc[unseen, "platform"] + "|" + table.loc[unseen, "listing_id"])[0]
    return own


def _known(outcomes: pd.DataFrame) -> pd.Series:
    # Missing means known at once: when somebody looked. Without any day nobody can tell whether it was known, so it never counts.
    return outcomes["known_at"].fillna(outcomes["happened_at"]) if "happened_at" in outcomes else outcomes["known_at"]


def _confirmed(outcomes: pd.DataFrame) -> pd.Series:
    if "status" not in outcomes:
        return outcomes["y"].astype(float)
    return outcomes["status"].map({"confirmed": 1.0, "cleared": 0.0}).astype(float)


def _lasts(found: Found) -> Ints:
    """Day from which each finding is overtaken by a later one about the same listing; `NEVER` where it stands."""
    until = np.full(len(found.day), NEVER, dtype=np.int64)
    same = (found.listing[1:] == found.listing[:-1]) & (found.listing[1:] >= 0) & (found.seller[1:] == found.seller[:-1])
    until[:-1][same] = found.day[1:][same]
    return until


def _others(rows: SellerRows, listing: Ints, found: Found, wanted: Bools, half_life: float) -> Floats:
    """Decayed number of ``wanted`` findings per row: all of its seller's less its own listing's."""
    until = _lasts(found)
    stands = wanted & (until > found.day)
    ended = stands & (until < NEVER)
    seller = np.concatenate([found.seller[stands], found.seller[ended]])
    day = np.concatenate([found.day[stands], until[ended]])
    # Taken away is what was left of it on that day.
    worth = np.concatenate([np.ones(int(stands.sum())), -np.exp2(-(until[ended] - found.day[ended]) / half_life)])
    order = np.lexsort((worth, day, seller))
    everything = _decayed(seller[order], day[order], worth[order], rows.seller, rows.day, half_life)
    own = np.zeros(len(rows.day))
    mine, known = _last_own(rows, listing, found)
    counted = known >= 0
    counted[counted] &= wanted[mine[counted]]
    own[counted] = np.exp2(-(rows.day[counted] - known[counted]) / half_life)
    left: Floats = np.round(np.maximum(everything - own, 0.0), _DECIMALS)
    return left


def _last_own(rows: SellerRows, listing: Ints, found: Found) -> tuple[Ints, Ints]:
    """Place and day of the last finding about each row's own listing at this seller known by its day; day -1 where there is none."""
    if not len(found.day):
        return np.zeros(len(listing), dtype=np.int64), np.full(len(listing), -1, dtype=np.int64)
    span = int(max(listing.max(initial=0), found.listing.max())) + 2
    of_found = found.seller * span + found.listing + 1
    # Findings lie by seller, listing and day: the number of their pair keeps that order.
    pairs, pair = np.unique(of_found, return_inverse=True)
    at = np.searchsorted(pairs, rows.seller * span + listing + 1)
    at = np.minimum(at, len(pairs) - 1)
    there = pairs[at] == rows.seller * span + listing + 1
    place = np.searchsorted(pair * (NEVER + 1) + found.day, at * (NEVER + 1) + rows.day, side="right") - 1
    there &= (place >= 0) & (pair[np.maximum(place, 0)] == at)
    place = np.where(there, place, 0)
    return place, np.where(there, found.day[place], -1)


def _usual(rows: SellerRows, listing: Ints, everything: Found, found: Found) -> Floats:
    """Confirmed share of all findings known by each row's day, undecayed, but for those at its seller and about its own listing."""
    counts = []
    for of_all, of_crawl in ((everything.day >= 0, found.day >= 0), (everything.confirmed, found.confirmed)):
        day = everything.day[of_all]
        everywhere = Events(np.zeros(len(day), dtype=np.int64), day).until(np.zeros(len(rows.day), dtype=np.int64), rows.day)
        at_seller = Events(found.seller[of_crawl], found.day[of_crawl]).until(rows.seller, rows.day)
        about_own = Events(*_of_listings(everything.listing[of_all], day)).until(listing, rows.day)
        both = _own_at_seller(rows, listing, found.listing[of_crawl], found.seller[of_crawl], found.day[of_crawl])
        counts.append(everywhere - at_seller - about_own + both)
    usual: Floats = (counts[1] + _GUESS * _GUESS_CASES) / (counts[0] + _GUESS_CASES)
    return usual


def _of_listings(listing: Ints, day: Ints) -> tuple[Ints, Ints]:
    return listing[listing >= 0], day[listing >= 0]


def _own_at_seller(rows: SellerRows, listing: Ints, of: Ints, seller: Ints, day: Ints) -> Ints:
    """Findings about each row's listing at its seller known by its day."""
    about = of >= 0
    span = int(max(listing.max(initial=0), of.max(initial=0))) + 1
    pairs = pd.Index(np.unique(seller[about] * span + of[about]))
    pair = pairs.get_indexer(seller[about] * span + of[about]).astype(np.int64)
    mine = pairs.get_indexer(rows.seller * span + listing).astype(np.int64)
    return np.where(mine >= 0, Events(pair, day[about]).until(np.maximum(mine, 0), rows.day), 0)


def _compiled(function: Any) -> Any:
    with numba_cache() as on_disk:
        return numba.njit(cache=on_disk, nogil=True)(function)


@_compiled
def _decayed(seller: Ints, day: Ints, worth: Floats, asked: Ints, asked_day: Ints, half_life: float) -> Floats:
    """Sum of what is left of each seller's events by the end of each day asked; both tables lie by seller and day."""
    out = np.zeros(len(asked))
    at, row = 0, 0
    while row < len(asked):
        who = asked[row]
        while at < len(seller) and seller[at] < who:
            at += 1
        left, last = 0.0, 0
        while row < len(asked) and asked[row] == who:
            while at < len(seller) and seller[at] == who and day[at] <= asked_day[row]:
                left = left * 2.0 ** (-(day[at] - last) / half_life) + worth[at]
                last = day[at]
                at += 1
            out[row] = left * 2.0 ** (-(asked_day[row] - last) / half_life)
            row += 1
    return out
