"""The crawl as its sellers see it: which seller's which listing was captured on which day, as whole numbers."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from features.days import NEVER, Bools, Events, Ints, day_number, first_days
from features.seller import seller_key


class SellerRows(NamedTuple):
    """The rows that name a seller, by seller and day; arrays of one length, except those by offer.

    An *offer* is one seller's one listing, however often it was captured. ``at`` are positions in the crawl.
    """

    at: Ints
    seller: Ints
    platform: Ints
    day: Ints
    offer: Ints
    offer_seller: Ints
    offer_platform: Ints
    offer_first: Ints

    @property
    def first(self) -> Ints:
        """The day on which each row's offer was captured first."""
        return self.offer_first[self.offer]

    def offers_since(self, when: Bools) -> Ints:
        """Return for each offer the first day on which ``when`` was true of it, `NEVER` where it never was."""
        return first_days(self.offer[when], self.day[when], len(self.offer_first))

    def distinct(self, value: pd.Series, when: Bools) -> Events:
        """Return when each seller first showed each ``value`` (of these rows), where ``when`` holds and there is one."""
        codes = pd.factorize(value)[0].astype(np.int64)
        kept = when & (codes >= 0)
        pair, pairs = pd.factorize(self.seller[kept] * (codes.max(initial=0) + 1) + codes[kept])
        first = first_days(pair.astype(np.int64), self.day[kept], len(pairs))
        return Events(np.asarray(pairs) // (codes.max(initial=0) + 1), first)


def seller_rows(crawl: pd.DataFrame) -> SellerRows:
    """Return the rows of ``crawl`` (``platform, listing_id, captured_at, seller_id, seller_name``) that name a seller."""
    keys = seller_key(crawl)
    at = np.flatnonzero(keys.notna().to_numpy())
    named = crawl.iloc[at]
    day = day_number(named["captured_at"])
    # By name, so that no tie is broken by the order of the rows.
    seller = pd.factorize(keys.iloc[at], sort=True)[0].astype(np.int64)
    order = np.lexsort((day, seller))
    at, day, seller, named = at[order], day[order], seller[order], named.iloc[order]
    platform = pd.factorize(named["platform"])[0].astype(np.int64)
    listing = pd.factorize(named["listing_id"])[0].astype(np.int64)
    offer, offers = pd.factorize(seller * (listing.max(initial=0) + 1) + listing)
    offer = offer.astype(np.int64)
    offer_seller = np.asarray(offers, dtype=np.int64) // (listing.max(initial=0) + 1)
    offer_platform = np.zeros(len(offers), dtype=np.int64)
    offer_platform[offer] = platform
    return SellerRows(at, seller, platform, day, offer, offer_seller, offer_platform, first_days(offer, day, len(offers)))


def by_capture(first: Ints, other: Ints) -> Ints:
    """Return the day from which a thing dated ``other`` can be known of an offer first captured on ``first``: the later of both."""
    return np.where(other >= NEVER, NEVER, np.maximum(first, other))


class Whose(NamedTuple):
    """``seller``: code of the seller that a row of another table is about, -1 where the crawl knows none; ``day``: from when that is known."""

    seller: Ints
    day: Ints


def whose(rows: SellerRows, named: pd.DataFrame, table: pd.DataFrame, day: Ints) -> Whose:
    """Say which seller each row of ``table`` (``platform, listing_id, seller_id``, dated ``day``) is about.

    By the seller's id or, where it has none, by the listing's: the seller that was captured with it first. A listing's seller is known from
    the crawl only once the crawl has seen the listing, so such a row counts from that day on. ``named`` is the crawl at ``rows.at``.
    """
    known = pd.DataFrame({name: named[name].to_numpy() for name in ("platform", "listing_id", "seller_id")})
    known = known.assign(code=rows.seller, first=rows.day).sort_values(["first", "code"], kind="stable")
    by_id = known.dropna(subset=["seller_id"]).drop_duplicates(["platform", "seller_id"])[["platform", "seller_id", "code"]]
    by_listing = known.drop_duplicates(["platform", "listing_id"])[["platform", "listing_id", "code", "first"]]
    told = table[["platform", "seller_id"]].merge(by_id, how="left", on=["platform", "seller_id"])["code"].to_numpy()
    seen = table[["platform", "listing_id"]].merge(by_listing, how="left", on=["platform", "listing_id"])
    # A table that names the seller is believed, even where the crawl has never seen the seller.
    named_there = table["seller_id"].notna().to_numpy()
    seller = np.where(named_there, told, seen["code"].to_numpy())
    first = seen["first"].fillna(NEVER).to_numpy(dtype=np.int64)
    seller = np.where(np.isnan(seller), -1, seller).astype(np.int64)
    return Whose(seller, np.where(named_there, day, by_capture(first, day)))
