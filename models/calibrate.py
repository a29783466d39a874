"""Platt's scaling with shrunken targets (Platt 1999): two numbers, fitted on rows that the model has not seen.

Rows that were likelier to be looked at can weigh less (clipped inverse selection probability), so that the promise holds for what was drawn
from, not for what was picked.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import brentq, minimize
from scipy.special import expit, logit

Floats = npt.NDArray[np.float64]
_EDGE = 1e-6
_FEW = 10


@dataclass(frozen=True)
class Platt:
    """``probability = expit(slope * log_odds + shift)``."""

    slope: float
    shift: float

    def probability(self, raw: Floats) -> Floats:
        """Return calibrated probabilities of raw ones; the order stays."""
        return self.of_log_odds(np.asarray(logit(np.clip(raw, _EDGE, 1 - _EDGE)), dtype=float))

    def of_log_odds(self, log_odds: Floats) -> Floats:
        """Return calibrated probabilities of raw log-odds; the order stays."""
        return np.asarray(expit(self.slope * log_odds + self.shift), dtype=float)


def fit_platt(raw: Floats, y: npt.NDArray[np.bool_], weight: Floats | None = None) -> Platt:
    """Fit on raw probabilities; see `fit_platt_log_odds`."""
    return fit_platt_log_odds(np.asarray(logit(np.clip(raw, _EDGE, 1 - _EDGE)), dtype=float), y, weight)


def fit_platt_log_odds(log_odds: Floats, y: npt.NDArray[np.bool_], weight: Floats | None = None) -> Platt:
    """Fit on raw log-odds; the slope stays positive, and with few of a class only the shift moves.

    ``weight``: how many rows of the population each row stands for, up to a factor; none = one each.
    """
    each = np.ones(len(y)) if weight is None else weight * (len(weight) / weight.sum())
    n_positive, n_negative = int(y.sum()), int((~y).sum())
    target = np.where(y, (n_positive + 1) / (n_positive + 2), 1 / (n_negative + 2))
    free_slope = n_positive >= _FEW and n_negative >= _FEW

    def loss(parameters: Floats) -> float:
        slope = np.exp(parameters[0]) if free_slope else 1.0
        p = np.clip(expit(slope * log_odds + parameters[1]), 1e-12, 1 - 1e-12)
        fit = each * (target * np.log(p) + (1 - target) * np.log(1 - p))
        return float(-fit.mean() + 1e-3 * parameters[0] ** 2)

    best = minimize(loss, np.zeros(2), method="L-BFGS-B", bounds=[(-4, 2), (-12, 12)])
    return Platt(float(np.exp(best.x[0])) if free_slope else 1.0, float(best.x[1]))


def fit_shift(slope: float, log_odds: Floats, y: npt.NDArray[np.bool_], weight: Floats | None = None) -> Platt:
    """Return the scaling of a given slope under which the rows' probabilities add up to their (weighted) positives."""
    each = np.ones(len(y)) if weight is None else weight
    wanted = float(each @ y)

    def surplus(shift: float) -> float:
        return float(each @ expit(slope * log_odds + shift)) - wanted

    return Platt(slope, float(brentq(surplus, -40.0, 40.0)))
