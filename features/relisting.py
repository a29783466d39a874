"""What was taken down or confirmed and came back: the same text, picture or title under another number, after it was known.

A fingerprint that many sellers shared when the finding became known proves nothing and is not followed. Everything is as of the new listing's
first capture: a finding counts from the day it was known, and only where the crawl had seen the old listing by then.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from features.days import NEVER, Events, Ints, day_number, first_days
from features.link_rows import LinkRows

RELISTING_COLUMNS = ["relisted_after_days", "relisted_from"]
#: More sellers with one text or picture than this, and its return says nothing about who brought it back.
MOST_SELLERS = 5
#: Another price is another article: at most this many times dearer or cheaper.
_PRICE_FACTOR = 3.0
#: Shingles of a text that is compared word for word within one shop: below, a title is only a kind of goods.
FEWEST_SHINGLES = 5


def removed_listings(outcomes: pd.DataFrame | None) -> pd.DataFrame:
    """Return ``platform, listing_id, known_at`` of listings that were confirmed or, by the platform, taken down; first knowledge counts.

    Outcomes without a date say nothing about before and after.
    """
    key = ["platform", "listing_id"]
    if outcomes is None or not len(outcomes):
        return pd.DataFrame(columns=[*key, "known_at"]).astype(dict.fromkeys(key, "str") | {"known_at": "datetime64[us, UTC]"})
    gone = outcomes["status"].eq("confirmed") | (outcomes["source"].eq("takedown") & ~outcomes["status"].eq("cleared"))
    table = outcomes.loc[gone & outcomes["known_at"].notna() & outcomes["listing_id"].notna(), [*key, "known_at"]]
    return table.sort_values("known_at", kind="stable").drop_duplicates(key).reset_index(drop=True)


def relistings(rows: LinkRows, crawl: pd.DataFrame, shingles: Ints, removed: pd.DataFrame) -> pd.DataFrame:
    """Return ``RELISTING_COLUMNS`` for each row of ``crawl`` (``platform, listing_id, captured_at, created_at, price_vnd``; RangeIndex).

    ``relisted_after_days``: days from the latest finding before the listing came up to when it did (its first capture, or its own date where
    the crawl shows one); missing where nothing came back. ``relisted_from``: ``platform:listing_id`` of what was found. ``shingles``: how
    long each row's text is (`features.signatures`).
    """
    out = pd.DataFrame({"relisted_after_days": np.nan, "relisted_from": pd.Series(np.nan, index=crawl.index).astype("str")}, index=crawl.index)
    seen = _captures(crawl, removed)
    # What shows nothing that a removed listing showed has no part in this.
    prints = _prints(rows, shingles, seen["row"].to_numpy(np.int64))
    gone = _fingerprints_gone(rows, prints, seen)
    if not len(gone):
        return out
    back = prints[prints["print"].isin(gone["print"])]
    back = back.assign(came=_came(crawl, back["row"].to_numpy(np.int64)), price=crawl["price_vnd"].to_numpy()[back["row"]])
    back["came"] = back["came"].astype(gone["known_at"].dtype)
    # The latest finding before it came: a listing cannot meet its own, which is known only after it was seen.
    met = pd.merge_asof(
        back.sort_values(["came", "row"], kind="stable"), gone, left_on="came", right_on="known_at", by="print", allow_exact_matches=False
    ).dropna(subset=["old"])
    ratio = met["price"] / met["price_old"]
    met = met[(ratio.isna() | ratio.between(1 / _PRICE_FACTOR, _PRICE_FACTOR)) & ~rows.official[met["row"]]]
    best = met.sort_values(["row", "known_at", "old"], kind="stable").drop_duplicates("row", keep="last")
    at = best["row"].to_numpy()
    out.loc[at, "relisted_after_days"] = ((best["came"] - best["known_at"]).dt.total_seconds() / 86_400).to_numpy()
    out.loc[at, "relisted_from"] = best["old"].to_numpy()
    return out


def _captures(crawl: pd.DataFrame, removed: pd.DataFrame) -> pd.DataFrame:
    """``row, platform, listing_id, captured_at, price_vnd, known_at`` of removed listings as they were captured before the finding."""
    key = ["platform", "listing_id"]
    at = np.flatnonzero(crawl["listing_id"].isin(set(removed["listing_id"])).to_numpy())
    some = crawl[[*key, "captured_at", "price_vnd"]].iloc[at].astype(dict.fromkeys(key, "str"))
    seen = some.assign(row=at).merge(removed, on=key)
    return seen[seen["captured_at"] <= seen["known_at"]].sort_values(["captured_at", "price_vnd"], kind="stable")


def _came(crawl: pd.DataFrame, row: Ints) -> npt.NDArray[Any]:
    """When the listings of some rows came up: first captured, or put up where the crawl tells. Put up before a finding is no return."""
    some = crawl["listing_id"].isin(set(crawl["listing_id"].iloc[row])).to_numpy()
    table = crawl.loc[some, ["platform", "listing_id", "captured_at", "created_at"]].astype({"platform": "str", "listing_id": "str"})
    came = table.groupby(["platform", "listing_id"], sort=False)["captured_at"].transform("min")
    came = came.where(table["created_at"].isna() | (table["created_at"] > came), table["created_at"])
    return np.asarray(came.loc[row].to_numpy())


def _fingerprints_gone(rows: LinkRows, prints: pd.DataFrame, seen: pd.DataFrame) -> pd.DataFrame:
    """``print, known_at, old, price_old`` of what was found, by ``known_at``: the last capture before the finding is what it was."""
    key = ["platform", "listing_id"]
    if not len(seen):
        return pd.DataFrame(columns=["print", "known_at", "old", "price_old"])
    gone = prints[prints["row"].isin(seen["row"])].merge(seen, on="row").drop_duplicates(["print", *key], keep="last")
    gone = gone.assign(old=gone["platform"] + ":" + gone["listing_id"], price_old=gone["price_vnd"])
    # How many showed it on the day the finding became known: what happens later must not change it.
    gone = gone[_sellers_until(prints, rows, gone) <= MOST_SELLERS]
    return gone.sort_values(["known_at", "old"], kind="stable")[["print", "known_at", "old", "price_old"]].reset_index(drop=True)


def _prints(rows: LinkRows, shingles: Ints, like: Ints) -> pd.DataFrame:
    """``row, print``: what a listing may be known by again, of those prints that any row of ``like`` has.

    Within one shop the very same text is enough, however common it is.
    """
    text = np.flatnonzero((rows.group >= 0) & np.isin(rows.group, rows.group[like]))
    image = np.flatnonzero(np.isin(rows.image, rows.image[np.isin(rows.image_row, like)]))
    same = np.flatnonzero((rows.seller >= 0) & (shingles >= FEWEST_SHINGLES) & np.isin(rows.text, rows.text[like]))
    row = np.concatenate([text, rows.image_row[image], same])
    kind = np.repeat([0, 1, 2], [len(text), len(image), len(same)])
    value = np.concatenate([rows.group[text], rows.image[image], rows.text[same]])
    owner = np.where(kind == 2, rows.seller[row], -1)
    found = pd.DataFrame({"kind": kind, "value": value, "owner": owner})
    return pd.DataFrame({"row": row, "print": found.groupby(["kind", "value", "owner"], sort=False).ngroup().to_numpy()})


def _sellers_until(prints: pd.DataFrame, rows: LinkRows, gone: pd.DataFrame) -> Ints:
    """How many sellers had shown each fingerprint of ``gone`` by the day its finding became known."""
    mine = prints[prints["print"].isin(gone["print"])]
    code, row = mine["print"].to_numpy(np.int64), mine["row"].to_numpy()
    seller = rows.seller[row]
    known = seller >= 0
    pair, pairs = pd.factorize(code[known] * (len(rows.sellers) + 1) + seller[known])
    first = first_days(pair.astype(np.int64), rows.day[row][known], len(pairs))
    shown = Events(np.asarray(pairs, dtype=np.int64) // (len(rows.sellers) + 1), first)
    return shown.until(gone["print"].to_numpy(np.int64), np.minimum(day_number(gone["known_at"]), NEVER - 1))


def time_to_relist(crawl: pd.DataFrame, columns: pd.DataFrame) -> dict[str, dict[str, float]]:
    """Return by platform of the new listing ``n`` (finds that came back) and the median and 90th percentile of ``days`` until they first did."""
    came = crawl[["platform"]].assign(old=columns["relisted_from"], days=columns["relisted_after_days"]).dropna(subset=["days"])
    first = came.sort_values(["old", "days"], kind="stable").drop_duplicates(["platform", "old"])
    return {
        str(platform): {"n": len(days), "median_days": round(float(days.median()), 1), "p90_days": round(float(days.quantile(0.9)), 1)}
        for platform, days in first.groupby("platform")["days"]
    }
