"""Who else says nearly the same, shows the same picture, and at what price: as of the end of each listing's capture day.

Resellers of one supplier share its text, so many sellers with one text are no sign of anything. An official shop's text under a shop that is
not official is another thing, and what it asks beside the official price another again; each has its own column and none judges.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from features.days import NEVER, Events, Floats, Ints, first_days
from features.link_rows import LinkRows

DUPLICATE_COLUMNS = ["dup_n_sellers", "dup_n_platforms", "dup_n_image_sellers", "dup_price_ratio", "dup_official_text", "dup_official_price_ratio"]
#: Logarithms are summed in whole millionths, so that no sum depends on its order.
_MILLIONTHS = 1_000_000
_SPAN = NEVER + 1


def near_duplicates(rows: LinkRows, platform: pd.Series, price: pd.Series) -> pd.DataFrame:
    """Return ``DUPLICATE_COLUMNS``, one row a row of the crawl (RangeIndex).

    ``dup_n_sellers``, ``dup_n_platforms``: *other* sellers, and platforms in all, with nearly the same text; missing where the text is too
    short to say (about 20 syllables). ``dup_n_image_sellers``: other sellers with the picture most of them share; missing without pictures.
    ``dup_price_ratio``: asked price over the geometric mean of other sellers' listings with that text. ``dup_official_text``: 1 where an
    official shop had that text no later than this one, which is not official. ``dup_official_price_ratio``: asked price over the lowest
    that an official shop asks beside that text.
    """
    out = pd.DataFrame(np.nan, index=pd.RangeIndex(len(rows.day)), columns=DUPLICATE_COLUMNS)
    out["dup_n_image_sellers"] = _other_image_sellers(rows)
    at = np.flatnonzero(rows.group >= 0)
    if not len(at):
        return out
    group = pd.factorize(rows.group[at])[0].astype(np.int64)
    day, seller, asked = rows.day[at], rows.seller[at], price.to_numpy(dtype=float)[at]
    out.loc[at, "dup_n_sellers"] = _distinct(group, seller, day).until(group, day) - (seller >= 0)
    places = pd.factorize(platform.iloc[at])[0].astype(np.int64)
    out.loc[at, "dup_n_platforms"] = _distinct(group, places, day).until(group, day)
    out.loc[at, "dup_price_ratio"] = asked / _others_price(group, seller, day, asked)
    vouched = rows.official[at]
    first = first_days(group[vouched], day[vouched], int(group.max()) + 1)[group]
    pair = pd.factorize(group * (seller.max() + 2) + seller)[0].astype(np.int64)
    mine = np.where(seller >= 0, first_days(pair, day, int(pair.max()) + 1)[pair], day)
    out.loc[at, "dup_official_text"] = (~vouched & (first <= mine)).astype(float)
    lowest = _lowest_until(group, day, np.where(vouched, asked, np.nan))
    out.loc[at, "dup_official_price_ratio"] = np.where(vouched, np.nan, asked / lowest)
    return out


def _distinct(group: Ints, member: Ints, day: Ints) -> Events:
    """When each group first had each member; a member below 0 is none."""
    known = member >= 0
    pair, pairs = pd.factorize(group[known] * (member.max(initial=0) + 1) + member[known])
    first = first_days(pair.astype(np.int64), day[known], len(pairs))
    return Events(np.asarray(pairs, dtype=np.int64) // (member.max(initial=0) + 1), first)


def _other_image_sellers(rows: LinkRows) -> Floats:
    out = np.full(len(rows.day), np.nan)
    if len(rows.image):
        image = pd.factorize(rows.image)[0].astype(np.int64)
        seller, day = rows.seller[rows.image_row], rows.day[rows.image_row]
        others = _distinct(image, seller, day).until(image, day) - (seller >= 0)
        starts = np.flatnonzero(np.diff(rows.image_row, prepend=-1))
        out[rows.image_row[starts]] = np.maximum.reduceat(others, starts)
    return out


def _others_price(group: Ints, seller: Ints, day: Ints, asked: Floats) -> Floats:
    """The geometric mean of the prices that other sellers' listings of the group showed by the end of ``day``."""
    priced = asked > 0
    log = np.zeros(len(asked), dtype=np.int64)
    log[priced] = np.rint(np.log(asked[priced]) * _MILLIONTHS).astype(np.int64)
    # A row whose seller is unknown is set against everybody.
    own = pd.factorize(group * (seller.max() + 2) + seller)[0].astype(np.int64)
    sold = priced & (seller >= 0)
    total = Events(group[priced], day[priced], log[priced]).until(group, day) - Events(own[sold], day[sold], log[sold]).until(own, day)
    count = Events(group[priced], day[priced]).until(group, day) - Events(own[sold], day[sold]).until(own, day)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(count > 0, np.exp(total / np.maximum(count, 1) / _MILLIONTHS), np.nan)


def _lowest_until(group: Ints, day: Ints, value: Floats) -> Floats:
    """The least ``value`` that stood in the row's group by the end of its day; missing where none did."""
    real = value > 0
    table = pd.DataFrame({"key": group[real] * _SPAN + day[real], "group": group[real], "value": value[real]})
    table = table.sort_values(["key", "value"], kind="stable")
    lowest = table.groupby("group", sort=False)["value"].cummin().to_numpy()
    place = np.searchsorted(table["key"].to_numpy(), group * _SPAN + day, side="right") - 1
    found = place >= 0
    found[found] = table["group"].to_numpy()[place[found]] == group[found]
    out = np.full(len(group), np.nan)
    out[found] = lowest[place[found]]
    return out
