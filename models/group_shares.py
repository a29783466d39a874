"""Shares of many groups at once, each with the interval that `models.proportions.share` gives one by one.

A situation report has thousands of cells; sums by seller within each cell are all that their intervals need.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.special import betaincinv, stdtrit

_TAIL = 0.025
#: Stands in for no hits at all, where the quantile is not used.
_TINY = 1e-9


def group_shares(table: pd.DataFrame, by: Sequence[str], signs: Sequence[str], cluster: str) -> pd.DataFrame:
    """Return ``by, sign, n, hits, clusters, value, low, high`` (shares 0 to 1, 95 %), for each of ``signs`` its groups in their order.

    ``signs`` are columns of true and false, ``cluster`` names who a row belongs to: rows of one seller rise and fall together.
    """
    by = list(by)
    rows = table.groupby([*by, cluster], observed=True, sort=True)
    per_cluster = rows[list(signs)].sum().assign(n=rows.size())
    # Which groups there are, and which of them each seller's rows belong to: one look serves every sign.
    groups = per_cluster.groupby(by, observed=True, sort=True)
    sizes = groups["n"].agg(n="sum", clusters="size")
    group = groups.ngroup().to_numpy()
    n, n_own = sizes["n"].to_numpy(dtype="float64"), per_cluster["n"].to_numpy(dtype="float64")
    # A row for each sign from here on; the groups lie side by side in it.
    own_hits = per_cluster[list(signs)].to_numpy(dtype="float64").T
    hits = _summed(own_hits, group, len(n))
    value = hits / n
    off_squared = _summed((own_hits - value[:, group] * n_own) ** 2, group, len(n))
    rows_squared = np.bincount(group, weights=n_own**2)
    effective = _effective(n, sizes["clusters"].to_numpy(dtype="float64"), value, off_squared, rows_squared)
    low, high = _clopper_pearson(value * effective, effective)
    out = sizes.index.to_frame(index=False).assign(n=sizes["n"].to_numpy(), clusters=sizes["clusters"].to_numpy())
    out = out.iloc[np.tile(np.arange(len(n)), len(signs))].reset_index(drop=True)
    ranges = {"low": np.minimum(low, value).ravel(), "high": np.maximum(high, value).ravel()}
    out = out.assign(sign=np.repeat(list(signs), len(n)), hits=hits.ravel().astype("int64"), value=value.ravel(), **ranges)
    return out[[*by, "sign", "n", "hits", "clusters", "value", "low", "high"]]


def _summed(rows: np.ndarray, group: np.ndarray, n_groups: int) -> np.ndarray:
    """Each row's sums by group."""
    return np.array([np.bincount(group, weights=row, minlength=n_groups) for row in rows]).reshape(len(rows), n_groups)


def _effective(n: np.ndarray, m: np.ndarray, value: np.ndarray, off_squared: np.ndarray, rows_squared: np.ndarray) -> np.ndarray:
    """Independent rows that would tell as much; the formulas are those of `models.proportions`."""
    with np.errstate(divide="ignore", invalid="ignore"):
        students = (stdtrit(n - 1, 1 - _TAIL) / stdtrit(m - 1, 1 - _TAIL)) ** 2
        variance = m / (m - 1) * off_squared / n**2
        spread = np.where(variance > 0, n / (n - 1) * value * (1 - value) / variance, n) * students
    alike = n**2 / rows_squared
    known = (value > 0) & (value < 1) & (m > 1)
    return np.asarray(np.maximum(1.0, np.minimum(n, np.where(known, spread, alike))))


def _clopper_pearson(hits: np.ndarray, n: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    low = np.where(hits <= 0, 0.0, betaincinv(np.maximum(hits, _TINY), n - hits + 1, _TAIL))
    high = np.where(hits >= n, 1.0, betaincinv(hits + 1, np.maximum(n - hits, _TINY), 1 - _TAIL))
    return low, high
