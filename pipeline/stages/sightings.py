"""What the page draws beside a listing: its price among those of its peers, and every day on which it was seen."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from pipeline.store import parts, read_parquet

_NAME = ["platform", "listing_id"]
_PRICES = {"price_ref_low": "peer_low", "price_ref_mid": "peer_middle", "price_ref_high": "peer_high", "genuine_floor": "genuine_floor"}


def with_sightings(listings: pd.DataFrame, work: Path) -> pd.DataFrame:
    """Return rows of ``target_listings`` with ``peer_low, peer_middle, peer_high, genuine_floor`` (VND) and ``sightings``.

    ``sightings`` lists ``(captured_at, price_vnd)``, oldest first, of the same listing in all captures read. Only the rows wanted are kept
    in memory.
    """
    wanted = set(_names(listings))
    found = [rows for part in parts(work / "listings") if len(rows := _rows(part, work / "market" / part.name, wanted))]
    if not found:
        return listings.assign(**dict.fromkeys(_PRICES.values(), float("nan")), sightings=[[] for _ in range(len(listings))])
    seen = pd.concat(found, ignore_index=True).sort_values([*_NAME, "captured_at"], kind="stable")
    pairs = pd.Series(list(zip(seen["captured_at"], seen["price_vnd"], strict=True)), index=seen.index)
    history = {name: list(rows) for name, rows in pairs.groupby(_names(seen), sort=False)}
    prices = seen.drop_duplicates([*_NAME, "captured_at"]).set_index([*_NAME, "captured_at"])[list(_PRICES)].rename(columns=_PRICES)
    out = listings.join(prices, on=[*_NAME, "captured_at"])
    return out.assign(sightings=[history.get(name, []) for name in _names(out)])


def _rows(listings: Path, market: Path, wanted: set[str]) -> pd.DataFrame:
    left = read_parquet(listings, columns=[*_NAME, "captured_at", "price_vnd"])
    mine = _names(left).isin(wanted)
    if not mine.any():
        return left[mine]
    return left[mine].join(read_parquet(market, columns=list(_PRICES))[mine])


def _names(table: pd.DataFrame) -> pd.Series:
    return table["platform"].astype("str") + "\x1f" + table["listing_id"].astype("str")
