"""How high a seller stands, from the points of its listings: the strongest few and a shrunken share, never a sum.

A sum (or a noisy-or) would rank shops by how much they sell: a clean department store beats a small counterfeiter. Here ten further clean
listings lower a seller a little and a thousand further suspicious ones cannot lift it past its own strongest signs.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

#: Weights of a seller's strongest, second and third listing; a seller with one listing of signs keeps 60 % of it.
TOP_WEIGHTS = (0.6, 0.25, 0.15)
#: The share is shrunk as if this many clean listings had been seen beside the real ones.
PRIOR_LISTINGS = 20.0
#: Points a seller gains when nearly everything it lists carries signs.
SHARE_POINTS = 1.5


def seller_priority(points: pd.Series, sellers: pd.Series, *, flagged_from: float) -> pd.DataFrame:
    """Return one row per seller: ``priority, strongest, n_flagged, n_collected``, indexed by seller, highest first.

    ``points`` are listing points (higher is riskier), ``flagged_from`` the inclusive bound from which a listing counts as
    carrying signs. Ties are broken by the seller's key, so two runs give the same order.
    """
    table = pd.DataFrame({"seller": sellers, "points": points}).dropna()
    ordered = table.sort_values(["seller", "points"], ascending=[True, False], kind="stable")
    place = ordered.groupby("seller", sort=False).cumcount().to_numpy()
    weight = np.select([place == i for i in range(len(TOP_WEIGHTS))], TOP_WEIGHTS, 0.0)
    ordered = ordered.assign(weighted=ordered["points"] * weight, flagged=ordered["points"] >= flagged_from)
    grouped = ordered.groupby("seller", sort=True)
    out = pd.DataFrame(
        {
            "strongest": grouped["points"].max(),
            "top": grouped["weighted"].sum(),
            "n_flagged": grouped["flagged"].sum().astype(int),
            "n_collected": grouped.size().astype(int),
        }
    )
    share = out["n_flagged"] / (out["n_collected"] + PRIOR_LISTINGS)
    out["priority"] = out["top"] + SHARE_POINTS * share
    out = out.drop(columns=["top"]).reset_index()
    return out.sort_values(["priority", "seller"], ascending=[False, True], kind="stable").set_index("seller")
