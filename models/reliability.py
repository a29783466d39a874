"""Whether a score keeps its promises: found over promised where it matters, and the slope between the two."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from scipy.special import expit, logit

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
_EDGE = 1e-6
_BINS = 10
#: Log-odds this near to each other count as one.
_STEP = 0.02


def brier_skill(y: Bools, probability: Floats, prevalence: float) -> float:
    """Return one minus the Brier score over that of always saying ``prevalence``; 0 is no better, negative is worse."""
    reference = float(np.mean((prevalence - y) ** 2))
    return float(1 - np.mean((probability - y) ** 2) / reference) if reference > 0 else float("nan")


def observed_over_expected(y: Bools, probability: Floats, share: float) -> float:
    """Return positives found over positives promised in the top ``share``; 1 is calibrated where it matters."""
    return _ratio(y, probability, max(1, round(share * len(y))))


def observed_over_expected_top(y: Bools, probability: Floats, n: int, weights: Sequence[Floats] = ()) -> dict[str, Any]:
    """Return the same for the top ``n`` rows, with a 95 % interval over the resamples ``weights``."""
    top = np.argsort(-probability, kind="stable")[: max(1, n)]
    found, promised = y[top].astype(float), probability[top]
    drawn = [weight[top] for weight in weights]
    ratios = [float(w @ found / (w @ promised)) for w in drawn if w @ promised > 0]
    bounds = [float(bound) for bound in np.quantile(ratios, [0.025, 0.975])] if len(ratios) >= 20 else None
    return {"value": _ratio(y, probability, n), "ci": bounds, "found": int(found.sum()), "promised": round(float(promised.sum()), 1)}


def calibration_slope(y: Bools, probability: Floats) -> float:
    """Return the slope of outcomes on promised log-odds (Cox 1958): 1 is right, below 1 the score is too sure of itself."""
    if not 0 < y.sum() < len(y):
        return float("nan")
    return _slope_of(logit(np.clip(probability, _EDGE, 1 - _EDGE)), np.ones(len(y)), y.astype(float))


def calibration_slope_interval(y: Bools, probability: Floats, weights: Sequence[Floats]) -> list[float] | None:
    """Return the middle 95 % of `calibration_slope` over the resamples ``weights``; missing where fewer than 20 of them have both classes.

    Rows of nearly equal log-odds are counted together, so that a resample costs as much as some hundred rows.
    """
    z = logit(np.clip(probability, _EDGE, 1 - _EDGE))
    middle, group = np.unique(np.round(z / _STEP) * _STEP, return_inverse=True)
    n_groups = len(middle)
    drawn = [(np.bincount(group, w, n_groups).astype(float), np.bincount(group, w * y, n_groups).astype(float)) for w in weights]
    slopes = [_slope_of(middle, rows, found) for rows, found in drawn if 0 < found.sum() < rows.sum()]
    return [float(bound) for bound in np.quantile(slopes, [0.025, 0.975])] if len(slopes) >= 20 else None


def _slope_of(z: Floats, rows: Floats, found: Floats) -> float:
    def loss(parameters: Floats) -> tuple[float, Floats]:
        margin = parameters[0] * z + parameters[1]
        wrong = rows * expit(margin) - found
        return float((rows * np.logaddexp(0, margin) - found * margin).sum() / rows.sum()), np.array([wrong @ z, wrong.sum()]) / rows.sum()

    return float(minimize(loss, np.array([1.0, 0.0]), jac=True, method="L-BFGS-B", bounds=[(-10, 10), (-20, 20)]).x[0])


def reliability_table(y: Bools, probability: Floats) -> list[dict[str, float]]:
    """Return bins of equal size by promised probability: ``n, promised, found, low, high`` (Wilson, 95 %), lowest first."""
    order = np.argsort(probability, kind="stable")
    rows = []
    for part in np.array_split(order, min(_BINS, len(order))):
        low, high = wilson(int(y[part].sum()), len(part))
        rows.append({"n": len(part), "promised": float(probability[part].mean()), "found": float(y[part].mean()), "low": low, "high": high})
    return rows


def wilson(hits: int, n: int) -> tuple[float, float]:
    """Return the 95 % interval of a share (Wilson 1927); 0 to 1 without rows."""
    if n == 0:
        return 0.0, 1.0
    z, share = 1.96, hits / n
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z * np.sqrt(share * (1 - share) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return float(max(0.0, middle - half)), float(min(1.0, middle + half))


def _ratio(y: Bools, probability: Floats, n: int) -> float:
    top = np.argsort(-probability, kind="stable")[: max(1, n)]
    expected = float(probability[top].sum())
    return float(y[top].sum() / expected) if expected > 0 else float("nan")
