"""How large, how broad and how restless a shop is, as of each capture: listings, growth, brands, kinds of goods, sales, vanished listings."""

from __future__ import annotations

import numpy as np
import pandas as pd

from features.days import NEVER, Bools, Events, Floats, Ints, day_number, first_days
from features.seller_rows import SellerRows, by_capture
from features.shrink import shrunken_mean, shrunken_share

#: Growth looks back this many days.
GROWTH_DAYS = 28
#: Platform-wide share of listings that must be seen again for a listing not seen again to say anything.
_TRACKED = 0.5
#: Until a market has shown anything, its usual stars count as this, seen in so many reviews.
_USUAL_STARS, _USUAL_REVIEWS = 4.7, 100.0


def size(rows: SellerRows, named: pd.DataFrame, *, prior: float) -> dict[str, Floats]:
    """Return the columns of shop size for ``rows``; ``named`` is the crawl at ``rows.at``, ``prior`` the cases a share or mean is shrunk by.

    ``seller_n_collected`` listings captured to date · ``seller_new_per_week`` of them put up in the last 28 days, a week; missing where
    neither a date nor an older capture of the platform tells new from newly seen · ``seller_n_famous_brands``, ``seller_n_goods_groups``,
    ``seller_n_brand_groups`` (kinds of goods under famous names) · ``seller_n_sold``, ``seller_n_reviews`` sums of what its listings last
    showed · ``seller_stars`` mean rating weighted by reviews, shrunk to the platform's · ``seller_churn`` share of earlier listings that its
    latest capture no longer shows, shrunk to the platform's; missing where the crawl samples listings rather than following them.
    """
    listed = Events(rows.offer_seller, rows.offer_first)
    return {
        "seller_n_collected": listed.until(rows.seller, rows.day).astype(float),
        "seller_new_per_week": _new_per_week(rows, named, listed),
        **_breadth(rows, named),
        **_sales(rows, named, prior=prior),
        "seller_churn": _churn(rows, listed, prior=prior),
    }


def _breadth(rows: SellerRows, named: pd.DataFrame) -> dict[str, Floats]:
    famous = named["brand_famous"].fillna(False).to_numpy(dtype=bool) & named["brand_role"].eq("mark").to_numpy(dtype=bool)
    everything = np.ones(len(rows.at), dtype=bool)
    counted = {
        "seller_n_famous_brands": rows.distinct(named["brand"], famous),
        "seller_n_goods_groups": rows.distinct(named["goods_group"], everything),
        "seller_n_brand_groups": rows.distinct(named["goods_group"], famous),
    }
    return {name: events.until(rows.seller, rows.day).astype(float) for name, events in counted.items()}


def _new_per_week(rows: SellerRows, named: pd.DataFrame, listed: Events) -> Floats:
    created = day_number(named["created_at"])
    watched = first_days(rows.platform, rows.day, int(rows.platform.max(initial=-1)) + 1)
    # Where the platform has long been crawled, a listing first seen today is new even if the source tells no date.
    followed = rows.first - watched[rows.platform] >= GROWTH_DAYS
    born = np.where(created < NEVER, np.minimum(created, rows.first), np.where(followed, rows.first, NEVER))
    # What the first capture says stands: a later one must not change what was known before it.
    begun = rows.day == rows.first
    offer_born = first_days(rows.offer[begun], born[begun], len(rows.offer_first))
    dated = np.where(offer_born < NEVER, rows.offer_first, NEVER)
    aged = by_capture(rows.offer_first, np.where(offer_born < NEVER, offer_born + GROWTH_DAYS, NEVER))
    n_dated = Events(rows.offer_seller, dated).until(rows.seller, rows.day)
    new = n_dated - Events(rows.offer_seller, aged).until(rows.seller, rows.day)
    enough = (n_dated > 0) & (2 * n_dated >= listed.until(rows.seller, rows.day))
    return np.where(enough, new / (GROWTH_DAYS / 7), np.nan)


def _sales(rows: SellerRows, named: pd.DataFrame, *, prior: float) -> dict[str, Floats]:
    sold, reviews = named["n_sold"], named["n_reviews"]
    # Hundredths of stars, so that sums are exact.
    stars = (named["rating"].where(named["rating"] > 0) * 100).round()
    rated = reviews.where(stars.notna())
    n_rated, total = _latest(rows, rated, rows.seller), _latest(rows, stars * rated, rows.seller)
    n_all, total_all = _latest(rows, rated, rows.platform), _latest(rows, stars * rated, rows.platform)
    usual = shrunken_mean((total_all - total) / 100, n_all - n_rated, _USUAL_STARS, prior=_USUAL_REVIEWS)
    return {
        "seller_n_sold": _where_shown(rows, sold),
        "seller_n_reviews": _where_shown(rows, reviews),
        "seller_stars": shrunken_mean(total / 100, n_rated, usual, prior=prior),
    }


def _where_shown(rows: SellerRows, value: pd.Series) -> Floats:
    ever = Events(rows.seller[value.notna()], rows.day[value.notna()]).until(rows.seller, rows.day)
    return np.where(ever > 0, _latest(rows, value, rows.seller).astype(float), np.nan)


def _latest(rows: SellerRows, value: pd.Series, group: Ints) -> Ints:
    """Return, for each row, the sum over its ``group`` of what each offer last showed: every capture adds what changed since the one before.

    Of several captures of one day the largest counts, whatever their order; one that shows nothing changes nothing.
    """
    shown = value.notna().to_numpy()
    whole = value[shown].clip(lower=0.0, upper=1e12).round().to_numpy(dtype=np.int64)
    order = np.lexsort((whole, rows.day[shown], rows.offer[shown]))
    offer, whole = rows.offer[shown][order], whole[order]
    change = whole.copy()
    change[1:] -= np.where(offer[1:] == offer[:-1], whole[:-1], 0)
    return Events(group[shown][order], rows.day[shown][order], change).until(group, rows.day)


def _churn(rows: SellerRows, listed: Events, *, prior: float) -> Floats:
    block, again = _blocks(rows)
    seller, platform, day = rows.seller[block.start], rows.platform[block.start], rows.day[block.start]
    earlier = listed.until(seller, day - 1)
    gone = earlier - again
    others_earlier = Events(platform, day, earlier).until(platform, day) - Events(seller, day, earlier).until(seller, day)
    others_gone = Events(platform, day, gone).until(platform, day) - Events(seller, day, gone).until(seller, day)
    usual = np.divide(others_gone, others_earlier, out=np.ones(len(day)), where=others_earlier > 0)
    share = shrunken_share(gone, earlier, usual, prior=prior)
    follows = (earlier > 0) & (usual <= 1 - _TRACKED)
    by_row: Floats = np.where(follows, share, np.nan)[block.of_row]
    return by_row


class _Blocks:
    """Runs of rows of one seller and day: where each begins and which one each row is in."""

    def __init__(self, rows: SellerRows) -> None:
        new = np.ones(len(rows.at), dtype=bool)
        new[1:] = (rows.seller[1:] != rows.seller[:-1]) | (rows.day[1:] != rows.day[:-1])
        self.start = np.flatnonzero(new)
        self.of_row = np.cumsum(new) - 1


def _blocks(rows: SellerRows) -> tuple[_Blocks, Ints]:
    """Return the blocks, and how many offers of earlier days each one shows again."""
    block = _Blocks(rows)
    seen: Bools = rows.first < rows.day
    pairs = np.unique(block.of_row[seen] * (len(rows.offer_first) + 1) + rows.offer[seen])
    again = np.bincount(pairs // (len(rows.offer_first) + 1), minlength=len(block.start))
    return block, again.astype(np.int64)
