"""One target for one hand: shops that seem to be one network are looked at together, in one visit that is counted once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from pipeline.reasons import TIES
from pipeline.store import read_parquet

#: Other shops named under a target; the rest are counted.
_MOST_NAMED = 5
#: What the key of a network begins with.
NETWORK = "network|"
SHOP_COLUMNS = ["seller", "platform", "seller_id", "seller_name"]


def network_of(features: Path) -> pd.Series:
    """Return the network's id by seller's key, as `pipeline.stages.links` left it under ``features``; empty where it left none."""
    path = features / "links" / "networks.parquet"
    if not path.is_file():
        return pd.Series(dtype="str", index=pd.Index([], dtype="str"))
    return read_parquet(path, columns=["seller", "network"]).set_index("seller")["network"]


def join_networks(seller: pd.Series, networks: pd.Series) -> pd.Series:
    """Return ``seller`` (keys, or missing) with one key for all shops of a network: ``network|`` and its id; all others stay as they are."""
    if not len(networks):
        return seller.astype("str")
    return (NETWORK + seller.map(networks).astype("str")).fillna(seller).astype("str")


def name_networks(targets: pd.DataFrame, shops: pd.DataFrame) -> pd.DataFrame:
    """Return ``targets`` (index: subject) in which a network's name is its main shop's "và N gian hàng liên kết", with ``network_shops``, and a
    reason that says what ties them.

    ``shops`` has `SHOP_COLUMNS` of all sellers in networks. The main shop is the one with the strongest listing.
    """
    table = targets.assign(network_shops=pd.Series([[] for _ in range(len(targets))], index=targets.index, dtype="object"))
    known = shops.set_index("seller")
    for subject in table.index[table["network"].notna()]:
        main = f"{_shop(table.loc[subject])} ({table.at[subject, 'platform']})"
        members = known.loc[known.index.intersection(table.at[subject, "members"])].sort_index()
        others = [name for row in members.itertuples() if (name := f"{_shop(row)} ({row.platform})") != main]
        more = f" và {len(others) - _MOST_NAMED} gian hàng khác" if len(others) > _MOST_NAMED else ""
        kinds = table.at[subject, "network_ties"].split(",")
        shared = ", ".join(text for kind, text in TIES.items() if kind in kinds)
        table.at[subject, "network_shops"] = [main, *others]
        table.at[subject, "seller_name"] = f"{_shop(table.loc[subject])} và {len(table.at[subject, 'members']) - 1} gian hàng liên kết"
        reason = f"Liên kết (chung {shared}): {', '.join(others[:_MOST_NAMED])}{more}"
        table.at[subject, "reasons"] = [*table.at[subject, "reasons"], reason]
    return table


def _shop(row: Any) -> str:
    return next((value for value in (row.seller_name, row.seller_id) if isinstance(value, str) and value), "chưa rõ tên")
