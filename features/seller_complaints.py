"""What people reported to the authority about a shop, as of each capture: how many independent voices, and whether they came as a flood.

A voice is what can be neither one person writing often nor one text sent by many: the lesser of how many informants and how many different
texts there are. Whoever gives no name is one informant together with all others who give none. Nothing here says that a report is true.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from features.days import NEVER, Bools, Events, Floats, Ints, day_number, first_days
from features.seller_rows import SellerRows, seller_rows, whose

COMPLAINT_COLUMNS = ["complaint_voices", "complaint_fake_voices", "complaint_scam_voices", "complaint_flood"]
#: What `complaint_columns` reads of a complaint.
COMPLAINT_FACTS = ["platform", "listing_id", "seller_id", "known_at", "informant_key", "text_group", "behaviours"]


@dataclass(frozen=True)
class FloodRule:
    """A flood: ``least`` complaints or more about one shop within ``days`` days, and at most ``share`` as many people, or as many texts."""

    least: int = 10
    days: int = 7
    share: float = 0.5


def complaint_columns(crawl: pd.DataFrame, complaints: pd.DataFrame | None, rule: FloodRule = FloodRule()) -> pd.DataFrame:
    """Return ``COMPLAINT_COLUMNS`` for every row of ``crawl`` (platform, listing_id, captured_at, seller_id, seller_name), same index.

    All missing without ``complaints`` (``COMPLAINT_FACTS``) and where a row names no seller. A complaint counts from the day it was known;
    one without a day never does. ``complaint_flood`` is 1.0 from the day on which a flood was complete.
    """
    out = pd.DataFrame(np.nan, index=crawl.index, columns=COMPLAINT_COLUMNS)
    if complaints is None:
        return out
    rows = seller_rows(crawl)
    table = complaints.reset_index(drop=True)
    about = whose(rows, crawl[["platform", "listing_id", "seller_id"]].iloc[rows.at], table, day_number(table["known_at"]))
    told = table.iloc[about.row].reset_index(drop=True)
    informant = pd.factorize(told["informant_key"].fillna(""))[0].astype(np.int64)
    text = pd.factorize(told["text_group"])[0].astype(np.int64)
    behaviours = "," + told["behaviours"].fillna("").astype("str") + ","
    heard = {"complaint_voices": np.ones(len(told), dtype=bool)}
    heard |= {f"complaint_{name}_voices": behaviours.str.contains(f",{code},", regex=False).to_numpy(dtype=bool) for name, code in _SIGNS}
    values: dict[str, Floats] = {}
    for name, when in heard.items():
        people, texts = (_distinct(rows, about.seller[when], value[when], about.day[when]) for value in (informant, text))
        values[name] = np.minimum(people, texts)
    flooded = np.full(rows.seller.max(initial=0) + 1, NEVER, dtype=np.int64)
    for seller, day in flood_days(about.seller, about.day, informant, text, rule).items():
        flooded[seller] = day
    values["complaint_flood"] = (rows.day >= flooded[rows.seller]).astype(float)
    for name, found in values.items():
        column = np.full(len(crawl), np.nan)
        column[rows.at] = found
        out[name] = column
    return out


_SIGNS = (("fake", "counterfeit"), ("scam", "scam"))


def flood_days(seller: Ints, day: Ints, informant: Ints, text: Ints, rule: FloodRule) -> dict[int, int]:
    """Return for each seller that was flooded the day on which the first flood was complete; arrays hold one entry a complaint.

    >>> many = np.zeros(10, dtype=np.int64)
    >>> flood_days(many, many + 5, np.arange(10), many, FloodRule()), flood_days(many, many + 5, np.arange(10), np.arange(10), FloodRule())
    ({0: 5}, {})
    """
    found: dict[int, int] = {}
    real = day < NEVER
    for code in np.flatnonzero(np.bincount(seller[real], minlength=1) >= rule.least):
        mine = np.flatnonzero(real & (seller == code))
        mine = mine[np.argsort(day[mine], kind="stable")]
        for last in np.unique(day[mine]):
            window = mine[(day[mine] > last - rule.days) & (day[mine] <= last)]
            few = rule.share * len(window)
            if len(window) >= rule.least and (len(np.unique(informant[window])) <= few or len(np.unique(text[window])) <= few):
                found[int(code)] = int(last)
                break
    return found


def _distinct(rows: SellerRows, seller: Ints, value: Ints, day: Ints) -> Floats:
    """How many different values each row's seller had been told of by the row's day."""
    pair, pairs = pd.factorize(seller * (value.max(initial=0) + 1) + value)
    first = first_days(pair.astype(np.int64), day, len(pairs))
    known: Bools = first < NEVER
    owner = np.asarray(pairs, dtype=np.int64)[known] // (value.max(initial=0) + 1)
    return Events(owner, first[known]).until(rows.seller, rows.day).astype(float)
