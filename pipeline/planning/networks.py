"""One target for one hand: shops that seem to be one network are looked at together, in one visit that is counted once."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from pipeline.reasons import TIES
from pipeline.store import read_parquet

#: Other shops named under a target; the rest are counted.
_MOST_NAMED = 5
_KIND = "network|"
_NAMED = ["platform", "seller_id", "seller_name"]


def join_networks(subject: pd.Series, features: Path) -> pd.Series:
    """Return ``subject`` (keys of sellers) with one key for all shops of a network that `pipeline.stages.links` left under ``features``.

    The network's key is ``network|`` and its id; all others stay as they are.
    """
    path = features / "links" / "networks.parquet"
    if not path.is_file():
        return subject
    networks = read_parquet(path, columns=["seller", "network"]).set_index("seller")["network"]
    return (_KIND + subject.map(networks).astype("str")).fillna(subject).astype("str")


def name_networks(targets: pd.DataFrame, pool: pd.DataFrame, features: Path) -> pd.DataFrame:
    """Return ``targets`` (index: subject) in which a network's name is its main shop's "và N gian hàng liên kết", and a reason says what ties them.

    ``pool`` has every listing with ``subject``, ``seller`` (key) and ``seller_name``. The main shop is the one with the strongest listing.
    """
    at = targets.index[targets.index.str.startswith(_KIND)]
    if not len(at):
        return targets
    table = targets.copy()
    ties = read_parquet(features / "links" / "networks.parquet").set_index("seller")["ties"]
    shops = pool[pool["subject"].isin(at)].drop_duplicates("seller").sort_values("seller", kind="stable")
    for subject, members in shops.groupby("subject", sort=True):
        main = [_text(table.at[subject, name]) for name in _NAMED]
        others = members[members[_NAMED].fillna("").ne(main).any(axis=1)]
        shown = [f"{row.seller_name if isinstance(row.seller_name, str) else row.seller_id} ({row.platform})" for row in others.itertuples()]
        more = f" và {len(shown) - _MOST_NAMED} gian hàng khác" if len(shown) > _MOST_NAMED else ""
        kinds = {kind for one in ties.reindex(members["seller"]).dropna() for kind in one.split(",")}
        shared = ", ".join(text for kind, text in TIES.items() if kind in kinds)
        table.at[subject, "seller_name"] = f"{main[2] or main[1]} và {len(shown)} gian hàng liên kết"
        table.at[subject, "reasons"] = [*table.at[subject, "reasons"], f"Liên kết (chung {shared}): {', '.join(shown[:_MOST_NAMED])}{more}"]
    return table


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
