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
    day = day_number(crawl["captured_at"].iloc[at])
    # By name, so that no tie is broken by the order of the rows.
    seller = pd.factorize(keys.iloc[at], sort=True)[0].astype(np.int64)
    order = np.lexsort((day, seller))
    at, day, seller = at[order], day[order], seller[order]
    named = crawl[["platform", "listing_id"]].iloc[at]
    platform = pd.factorize(named["platform"])[0].astype(np.int64)
    listing = pd.factorize(named["listing_id"])[0].astype(np.int64)
    offer, offers = pd.factorize(seller * (listing.max(initial=0) + 1) + listing)
    offer = offer.astype(np.int64)
    offer_seller = np.asarray(offers, dtype=np.int64) // (listing.max(initial=0) + 1)
    offer_platform = np.zeros(len(offers), dtype=np.int64)
    offer_platform[offer] = platform
    return SellerRows(at, seller, platform, day, offer, offer_seller, offer_platform, first_days(offer, day, len(offers)))


def listing_codes(rows: pd.DataFrame) -> Ints:
    """Return a number from 0 for each listing of a platform (``platform, listing_id``), in the order in which they appear."""
    listing = pd.factorize(rows["listing_id"])[0].astype(np.int64)
    platform = pd.factorize(rows["platform"])[0].astype(np.int64)
    return np.asarray(pd.factorize(platform * (listing.max(initial=0) + 1) + listing)[0], dtype=np.int64)


def by_capture(first: Ints, other: Ints) -> Ints:
    """Return the day from which a thing dated ``other`` can be known of an offer first captured on ``first``: the later of both."""
    return np.where(other >= NEVER, NEVER, np.maximum(first, other))


class Whose(NamedTuple):
    """``row``: place in another table; ``seller``: a seller of the crawl that the row is about; ``day``: from when that is known."""

    row: Ints
    seller: Ints
    day: Ints


def whose(rows: SellerRows, named: pd.DataFrame, table: pd.DataFrame, day: Ints) -> Whose:
    """Say which sellers the rows of ``table`` (``platform, listing_id, seller_id``, dated ``day``) are about; those about nobody are left out.

    By the seller's id, and by the listing's where ``table`` names no seller or the crawl shows no id: then the seller that was captured with the
    listing first, from that day on. A row may thus stand for two: the seller of its id and the one that another crawl shows by name only. What
    the crawl sees later never takes away what was known before. ``named`` is the crawl at ``rows.at``.
    """
    # Few rows are ever told of: only these are looked at closely.
    told_of = (named["listing_id"].isin(set(table["listing_id"].dropna())) | named["seller_id"].isin(set(table["seller_id"].dropna()))).to_numpy()
    known = named.loc[told_of, ["platform", "listing_id", "seller_id"]].astype("str").reset_index(drop=True)
    known = known.assign(code=rows.seller[told_of], first=rows.day[told_of]).sort_values(["first", "code"], kind="stable")
    by_id = known.dropna(subset=["seller_id"]).drop_duplicates(["platform", "seller_id"])[["platform", "seller_id", "code"]]
    told = table[["platform", "seller_id"]].merge(by_id, how="left", on=["platform", "seller_id"])["code"].to_numpy(dtype=float)
    by_listing = known.drop_duplicates(["platform", "listing_id"])
    by_listing = by_listing.assign(nameless=by_listing["seller_id"].isna()).drop(columns=["seller_id"])
    seen = table[["platform", "listing_id"]].merge(by_listing, how="left", on=["platform", "listing_id"])
    told_at = np.flatnonzero(np.isfinite(told))
    unnamed = table["seller_id"].isna().to_numpy() | seen["nameless"].eq(True).to_numpy()
    seen_at = np.flatnonzero(unnamed & seen["code"].notna().to_numpy())
    first = seen["first"].fillna(NEVER).to_numpy(dtype=np.int64)[seen_at]
    return Whose(
        np.concatenate([told_at, seen_at]),
        np.concatenate([told[told_at], seen["code"].to_numpy(dtype=float)[seen_at]]).astype(np.int64),
        np.concatenate([day[told_at], by_capture(first, day[seen_at])]),
    )
