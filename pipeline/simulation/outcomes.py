"""What inspections and desk reviews of the invented market would bring back: selective, late, and sometimes wrong.

Inspectors go where something shows (loud words, a very low price) and where chance takes them; so labels exist only where somebody
looked. A small random desk review each month has a recorded probability.
"""

from __future__ import annotations

import math
import random
from datetime import timedelta
from typing import Any

import numpy as np
import pandas as pd

_LOUD = r"rep|fake|replica|like auth|siêu cấp|1:1|ib giá|chuyển khoản"
_INSPECTIONS_A_MONTH = 0.012     # of all sellers
_DESK_REVIEW_A_MONTH = 0.012     # of all listings
_MISSED = 0.05                   # a confirmed case taken for an innocent one, or the reverse in a desk review
_NOT_FOUND = 0.06


def outcomes_of(listings: pd.DataFrame, truth: pd.DataFrame, *, seed: int) -> pd.DataFrame:
    """Return outcomes (``platform, listing_id, seller_id, status, behaviours, happened_at, known_at, source, selection_probability``)."""
    draw = random.Random(f"outcomes {seed}")
    table = listings.assign(behaviour=truth["behaviour"].to_numpy())
    table["month"] = table["captured_at"].dt.strftime("%Y-%m")
    rows: list[dict[str, Any]] = []
    for _, month in table.groupby("month", sort=True):
        rows += _inspections(month, draw)
        rows += _desk_reviews(month, draw)
    return pd.DataFrame(rows).drop_duplicates(["platform", "listing_id", "source"]).reset_index(drop=True)


def _inspections(month: pd.DataFrame, draw: random.Random) -> list[dict[str, Any]]:
    by_category = month.groupby("category", dropna=False)["price_vnd"].transform("median")
    shows = 1.6 * month["title"].str.contains(_LOUD, case=False) + 1.0 * (month["price_vnd"] < 0.15 * by_category)
    sellers = shows.groupby(month["seller_id"]).max()
    n = max(3, round(len(sellers) * _INSPECTIONS_A_MONTH * 8))
    weights = np.exp(sellers.to_numpy(dtype=float) * 1.5)
    chosen = _weighted_sample(list(sellers.index), weights, min(n, len(sellers)), draw)
    rows = []
    for seller in chosen:
        theirs = month[month["seller_id"] == seller].head(6)
        found = draw.random() >= _NOT_FOUND
        happened = theirs["captured_at"].max() + timedelta(days=draw.randint(5, 40))
        known = happened + timedelta(days=round(draw.lognormvariate(math.log(15), 0.6)))
        for listing in theirs.itertuples():
            guilty = isinstance(listing.behaviour, str) and draw.random() >= _MISSED
            status = ("confirmed" if guilty else "cleared") if found else "not_found"
            rows.append(_outcome(listing, status, listing.behaviour if guilty and found else None, happened, known, "inspection", None))
    return rows


def _desk_reviews(month: pd.DataFrame, draw: random.Random) -> list[dict[str, Any]]:
    n = max(10, round(len(month) * _DESK_REVIEW_A_MONTH * 4))
    n = min(n, len(month))
    rows = []
    for at in draw.sample(range(len(month)), n):
        listing: Any = next(month.iloc[[at]].itertuples())
        guilty = isinstance(listing.behaviour, str) != (draw.random() < _MISSED / 2)
        happened = listing.captured_at + timedelta(days=draw.randint(1, 10))
        behaviour = (listing.behaviour if isinstance(listing.behaviour, str) else "counterfeit") if guilty else None
        status = "confirmed" if guilty else "cleared"
        rows.append(_outcome(listing, status, behaviour, happened, happened + timedelta(days=2), "desk_review", n / len(month)))
    return rows


def _outcome(
    listing: Any, status: str, behaviour: str | None, happened: pd.Timestamp, known: pd.Timestamp, source: str, probability: float | None
) -> dict[str, Any]:
    return {
        "platform": listing.platform,
        "listing_id": listing.listing_id,
        "seller_id": listing.seller_id,
        "status": status,
        "behaviours": behaviour,
        "happened_at": happened,
        "known_at": known,
        "source": source,
        "selection_probability": probability,
        "x_synthetic": True,
    }


def _weighted_sample(items: list[Any], weights: np.ndarray, n: int, draw: random.Random) -> list[Any]:
    """Efraimidis and Spirakis (2006): the n largest of u^(1/w)."""
    keys = [draw.random() ** (1 / weight) for weight in weights]
    order = sorted(range(len(items)), key=lambda at: -keys[at])
    return [items[at] for at in order[:n]]
