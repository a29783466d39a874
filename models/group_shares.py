"""Shares of many groups at once, each with the interval that `models.proportions.share` gives one by one.

A situation report has thousands of cells; sums by seller within each cell are all that their intervals need.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.stats import beta, t

_TAIL = 0.025


def group_shares(table: pd.DataFrame, by: Sequence[str], hits: str, cluster: str) -> pd.DataFrame:
    """Return ``n, hits, clusters, value, low, high`` (shares 0 to 1, 95 %) for each group of ``by``, in the groups' order.

    ``hits`` is a column of true and false, ``cluster`` names who a row belongs to: rows of one seller rise and fall together.
    """
    per_cluster = table.groupby([*by, cluster], observed=True, sort=True)[hits].agg(n="size", k="sum").reset_index()
    grouped = per_cluster.groupby(list(by), observed=True, sort=True)
    out = grouped.agg(n=("n", "sum"), hits=("k", "sum"), clusters=("n", "size"))
    out["value"] = out["hits"] / out["n"]
    value = per_cluster[list(by)].merge(out["value"].reset_index(), on=list(by), how="left")["value"].to_numpy()
    per_cluster["squared"] = (per_cluster["k"] - value * per_cluster["n"]) ** 2
    per_cluster["size_squared"] = per_cluster["n"].astype("float64") ** 2
    sums = per_cluster.groupby(list(by), observed=True, sort=True)[["squared", "size_squared"]].sum()
    effective = _effective(out, sums)
    out["low"], out["high"] = _clopper_pearson(out["value"].to_numpy() * effective, effective)
    out["low"], out["high"] = np.minimum(out["low"], out["value"]), np.maximum(out["high"], out["value"])
    return out.reset_index().astype({"hits": "int64"})


def _effective(out: pd.DataFrame, sums: pd.DataFrame) -> np.ndarray:
    """Independent rows that would tell as much; the formulas are those of `models.proportions`."""
    n, m, value = out["n"].to_numpy(dtype=float), out["clusters"].to_numpy(dtype=float), out["value"].to_numpy(dtype=float)
    with np.errstate(divide="ignore", invalid="ignore"):
        variance = m / (m - 1) * sums["squared"].to_numpy() / n**2
        spread = n / (n - 1) * value * (1 - value) / variance * (t.ppf(1 - _TAIL, n - 1) / t.ppf(1 - _TAIL, m - 1)) ** 2
        spread = np.where(variance > 0, spread, n * (t.ppf(1 - _TAIL, n - 1) / t.ppf(1 - _TAIL, m - 1)) ** 2)
    alike = n**2 / sums["size_squared"].to_numpy()
    known = (value > 0) & (value < 1) & (m > 1)
    return np.asarray(np.maximum(1.0, np.minimum(n, np.where(known, spread, alike))))


def _clopper_pearson(hits: np.ndarray, n: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    with np.errstate(invalid="ignore"):
        low = np.where(hits <= 0, 0.0, beta.ppf(_TAIL, hits, n - hits + 1))
        high = np.where(hits >= n, 1.0, beta.ppf(1 - _TAIL, hits + 1, n - hits))
    return low, high
