"""Platt's scaling with shrunken targets (Platt 1999): two numbers, fitted on a block that the model has not seen."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from scipy.special import expit, logit

Floats = npt.NDArray[np.float64]
_EDGE = 1e-6


@dataclass(frozen=True)
class Platt:
    """``probability = expit(slope * logit(raw) + shift)``."""

    slope: float
    shift: float

    def probability(self, raw: Floats) -> Floats:
        """Return calibrated probabilities; the order of ``raw`` stays."""
        return np.asarray(expit(self.slope * logit(np.clip(raw, _EDGE, 1 - _EDGE)) + self.shift), dtype=float)


def fit_platt(raw: Floats, y: npt.NDArray[np.bool_]) -> Platt:
    """Fit on raw probabilities; the slope stays positive, and with no positive (or no negative) only the shift moves."""
    z = logit(np.clip(raw, _EDGE, 1 - _EDGE))
    n_positive, n_negative = int(y.sum()), int((~y).sum())
    target = np.where(y, (n_positive + 1) / (n_positive + 2), 1 / (n_negative + 2))
    free_slope = n_positive >= 10 and n_negative >= 10

    def loss(parameters: Floats) -> float:
        slope = np.exp(parameters[0]) if free_slope else 1.0
        p = np.clip(expit(slope * z + parameters[1]), 1e-12, 1 - 1e-12)
        return float(-(target * np.log(p) + (1 - target) * np.log(1 - p)).mean() + 1e-3 * parameters[0] ** 2)

    best = minimize(loss, np.zeros(2), method="L-BFGS-B", bounds=[(-2, 2), (-12, 12)])
    return Platt(float(np.exp(best.x[0])) if free_slope else 1.0, float(best.x[1]))
