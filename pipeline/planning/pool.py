"""Every scored listing once with the little that ranking needs, and the few that carry signs with all that a target shows.

Titles and addresses are kept for listings with signs alone, so that a million listings fit into memory.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path

import numpy as np
import pandas as pd

from features.errors import DataError
from features.seller import seller_key
from models.seller_calibration import SellerCalibration
from pipeline.planning.networks import SHOP_COLUMNS, join_networks, network_of
from pipeline.sources.times import VIETNAM
from pipeline.store import parts, read_parquet

KEY = ["platform", "listing_id", "captured_at"]
_SHOWN = ["url", "title", "price_vnd", "seller_id", "seller_name", "location", "captured_precision", "source_file", "source_line", "row_hash"]
_SHOWN += ["n_sold", "n_reviews"]
_MARKET = ["price_ref_mid", "genuine_floor"]


@dataclass(frozen=True)
class Pool:
    """``rows``: one a listing, ``subject, seller`` (keys), ``points, band`` and the probabilities there are; ``flagged``: those with signs, in full.

    Both share their index. ``shops``: name and place of each seller in a network.
    """

    rows: pd.DataFrame
    flagged: pd.DataFrame
    shops: pd.DataFrame


def read_pool(listings: Path, features: Path, scores: pd.DataFrame, *, as_of: date, flagged_points: float) -> Pool:
    """Return what was captured up to ``as_of`` (Vietnamese day, inclusive), of each listing the capture with most points and then the latest.

    ``scores`` has the rows of ``listings`` in their order. Raises `DataError` where nothing was captured by then.
    """
    networks = network_of(features)
    light, heavy, shops, begin = [], [], [], 0
    for part in parts(listings):
        rows = read_parquet(part, columns=[*KEY, "seller_id", "seller_name"])
        rows.index += begin
        rows["seller"] = seller_key(rows)
        points = scores["points"].iloc[begin : begin + len(rows)].to_numpy()
        if (at := np.flatnonzero(points >= flagged_points)).size:
            heavy.append(_in_full(part, features, at).set_axis(rows.index[at]))
        light.append(rows[[*KEY, "seller"]])
        shops.append(rows.loc[rows["seller"].isin(networks.index), SHOP_COLUMNS].drop_duplicates("seller"))
        begin += len(rows)
    if begin != len(scores):
        raise DataError(f"{listings} holds {begin:,} listings, the scores {len(scores):,}; run soihang score again")
    rows = pd.concat([pd.concat(light), _scored(scores)], axis=1)
    kept = _once(rows, as_of)
    if not len(kept):
        raise DataError(f"no listing was captured up to {as_of}; give a later --as-of")
    rows = rows.loc[kept].drop(columns=KEY)
    rows["subject"] = join_networks(rows["seller"], networks)
    shown = pd.concat(heavy) if heavy else _in_full(parts(listings)[0], features, np.zeros(0, dtype=np.int64))
    shown = shown[shown.index.isin(kept)]
    alone = rows["subject"].isna()
    named = shown["platform"] + "|listing|" + shown["listing_id"]
    rows["subject"] = rows["subject"].fillna(named[alone.reindex(named.index)])
    named_shops = pd.concat(shops).drop_duplicates("seller")
    return Pool(rows, shown.join(rows[["subject", "seller", "points", "band"]]), named_shops)


def seller_probabilities(pool: Pool, models: Mapping[str, SellerCalibration]) -> pd.DataFrame:
    """Return per subject and behaviour ``probability, low, high`` (columns ``(behaviour, part)``), missing where the model says nothing of a
    listing with signs.

    The bounds come from the bounds of the listings: they hold what is uncertain about listings, not about the sellers' calibration.
    """
    found = {}
    for behaviour, model in models.items():
        names = [f"probability_{behaviour}", f"probability_low_{behaviour}", f"probability_high_{behaviour}"]
        known = pool.rows[[*names, "subject"]].dropna() if set(names) <= set(pool.rows) else pool.rows.iloc[:0]
        if not len(known):
            continue
        codes, subjects = pd.factorize(known["subject"])
        silent = pool.rows.loc[pool.flagged.index, [*names, "subject"]].isna().any(axis=1)
        unknown = set(pool.rows.loc[silent[silent].index, "subject"].dropna())
        for part, name in zip(("probability", "low", "high"), names, strict=True):
            said = model.probability(known[name].to_numpy(), codes).sort_index().set_axis(subjects)
            found[behaviour, part] = said[~said.index.isin(unknown)]
    return pd.DataFrame(found) if found else pd.DataFrame(columns=pd.MultiIndex.from_tuples([], names=["behaviour", "part"]))


def _in_full(part: Path, features: Path, at: np.ndarray) -> pd.DataFrame:
    tables = [
        read_parquet(part, columns=[*KEY, *_SHOWN]),
        read_parquet(features / "rows" / part.name, columns=["brand", "brand_role", "goods_group", "item_type"]),
        read_parquet(features / "market" / part.name, columns=_MARKET),
    ]
    return pd.concat([table.iloc[at] for table in tables], axis=1)


def _scored(scores: pd.DataFrame) -> pd.DataFrame:
    said = [name for name in scores if name.startswith("probability") and scores[name].notna().any()]
    return scores[["points", "band", *said]].reset_index(drop=True)


def _once(rows: pd.DataFrame, as_of: date) -> pd.Index:
    end = datetime.combine(as_of + timedelta(days=1), time(), tzinfo=VIETNAM)
    known = rows.loc[rows["captured_at"] < end, [*KEY, "points"]]
    if known.duplicated(["platform", "listing_id"]).any():
        known = known.sort_values(["points", "captured_at"], ascending=[False, False], kind="stable")
        known = known.drop_duplicates(["platform", "listing_id"])
    return known.index.sort_values()
