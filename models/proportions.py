"""A share and how far it may be off, when rows weigh differently and a seller's rows rise and fall together.

Clopper and Pearson's interval on the effective number of rows (Korn and Graubard 1998, Survey Methodology 24): it stays honest where the
usual plus-minus would say "0 % exactly" because none of thirty rows was positive.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import betaincinv, stdtrit

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Share:
    """``value`` with its 95 % interval, all 0 to 1; missing (nan) and 0 to 1 where there is no row.

    ``n`` rows; ``n_effective``: how many independent rows of equal weight would tell as much.
    """

    value: float
    low: float
    high: float
    n: int
    n_effective: float


def share(y: npt.ArrayLike, *, weight: npt.ArrayLike | None = None, cluster: npt.ArrayLike | None = None) -> Share:
    """Return the weighted share of true values of ``y``; rows of one ``cluster`` count as dependent.

    Raises ``ValueError`` where a weight is not positive.
    """
    values = np.asarray(y, dtype=float)
    n = len(values)
    if n == 0:
        return Share(float("nan"), 0.0, 1.0, 0, 0.0)
    w = np.ones(n) if weight is None else np.asarray(weight, dtype=float)
    if not (w > 0).all():
        raise ValueError(f"{int((~(w > 0)).sum())} of {n} weights are not positive")
    codes = np.arange(n) if cluster is None else np.unique(np.asarray(cluster), return_inverse=True)[1]
    value = float(w @ values / w.sum())
    n_effective = _effective(values, w, codes, value)
    low, high = clopper_pearson(value * n_effective, n_effective)
    return Share(value, min(low, value), max(high, value), n, n_effective)


def clopper_pearson(hits: float, n: float, level: float = 0.95) -> tuple[float, float]:
    """Return the interval of a share of ``hits`` among ``n`` (either may be fractional)."""
    tail = (1 - level) / 2
    low = 0.0 if hits <= 0 else float(betaincinv(hits, n - hits + 1, tail))
    high = 1.0 if hits >= n else float(betaincinv(hits + 1, n - hits, 1 - tail))
    return low, high


def _effective(y: Floats, w: Floats, codes: npt.NDArray[np.intp], value: float) -> float:
    """Rows' worth of knowledge: never more than the weights alone would leave (Kish 1965), less where clusters hang together."""
    per_cluster = np.bincount(codes, weights=w)
    m = len(per_cluster)
    most = float(w.sum() ** 2 / (w @ w))
    if 0 < value < 1 and m > 1:
        influence = np.bincount(codes, weights=w * (y - value) / w.sum())
        variance = float(m / (m - 1) * (influence @ influence))
        n = len(y)
        by_variance = n / (n - 1) * value * (1 - value) / variance if variance > 0 else most
        # Few clusters tell their own variance badly.
        by_variance *= float((stdtrit(n - 1, 0.975) / stdtrit(m - 1, 0.975)) ** 2)
        return max(1.0, min(most, by_variance))
    # All rows alike: their spread cannot be seen, so each cluster counts as one look.
    return max(1.0, min(most, float(per_cluster.sum() ** 2 / (per_cluster @ per_cluster))))
