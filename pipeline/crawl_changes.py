"""What a crawl brings that the one before did not have: new, changed and vanished listings, counted without their texts in memory."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from pipeline.store import parts, read_parquet

_KEY = ["platform", "listing_id"]
#: What a buyer would call another offer; ratings and sales move every day and are none.
_OFFER = ["title", "description", "price_vnd", "seller_id", "brand", "variants", "image_hashes"]


class CrawlChanges(NamedTuple):
    """Listings by number: ``new`` were not there before, ``changed`` offer something else now, ``gone`` are no longer seen."""

    new: int
    changed: int
    gone: int


def crawl_changes(now: Path, before: Path | None) -> CrawlChanges:
    """Compare two folders of listings (``work/listings``); without an earlier one every listing is new. 16 bytes a listing are held."""
    keys, offers = _hashes(now)
    if before is None or not before.is_dir():
        return CrawlChanges(len(keys), 0, 0)
    old_keys, old_offers = _hashes(before)
    _, here, there = np.intersect1d(keys, old_keys, assume_unique=True, return_indices=True)
    return CrawlChanges(len(keys) - len(here), int((offers[here] != old_offers[there]).sum()), len(old_keys) - len(there))


def _hashes(folder: Path) -> tuple[np.ndarray, np.ndarray]:
    """Key and offer of each listing, of several captures the last."""
    pieces = []
    for part in parts(folder):
        rows = read_parquet(part, [*_KEY, *_OFFER, "captured_at"])
        pieces.append(
            pd.DataFrame(
                {
                    "key": pd.util.hash_pandas_object(rows[_KEY], index=False).to_numpy(),
                    "offer": pd.util.hash_pandas_object(rows[_OFFER], index=False).to_numpy(),
                    "at": rows["captured_at"].to_numpy(),
                }
            )
        )
    last = pd.concat(pieces, ignore_index=True).sort_values("at", kind="stable").drop_duplicates("key", keep="last")
    return last["key"].to_numpy(), last["offer"].to_numpy()
