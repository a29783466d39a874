"""Several scores of the same rows into one: log-odds with weights of zero or more, drawn towards equal ones.

Fitted on rows that none of the scores has seen, a blend leans on whichever score wins there; with few positives it stays near the mean.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from scipy.special import expit

Floats = npt.NDArray[np.float64]
#: Pull towards equal weights: as much as this many rows.
_RIDGE_ROWS = 10.0
#: A score surer than this is counted as this sure: one wild row must not decide.
_SUREST = 12.0


@dataclass(frozen=True)
class Blend:
    """``weights`` by name of score, and the ``shift`` added to their sum."""

    weights: dict[str, float]
    shift: float

    def log_odds(self, scores: dict[str, Floats]) -> Floats:
        """Return the blended log-odds; scores without weight need not be given."""
        parts = [weight * np.clip(scores[name], -_SUREST, _SUREST) for name, weight in self.weights.items() if weight]
        n = len(next(iter(scores.values())))
        return np.asarray(np.sum(parts, axis=0) if parts else np.zeros(n), dtype=float) + self.shift

    @property
    def used(self) -> list[str]:
        """Names of the scores that count."""
        return [name for name, weight in self.weights.items() if weight]


def fit_blend(scores: dict[str, Floats], y: npt.NDArray[np.bool_]) -> Blend:
    """Fit on held rows: logistic loss, ridge towards ``1 / n`` each, none below zero."""
    names = list(scores)
    design = np.clip(np.column_stack([scores[name] for name in names]), -_SUREST, _SUREST)
    equal = np.full(len(names), 1 / len(names))
    ridge = _RIDGE_ROWS / len(y)

    def loss(parameters: Floats) -> tuple[float, Floats]:
        weights, shift = parameters[:-1], parameters[-1]
        margin = design @ weights + shift
        wrong = expit(margin) - y
        value = float((np.logaddexp(0, margin) - y * margin).mean() + ridge * ((weights - equal) ** 2).sum())
        slope = design.T @ wrong / len(y) + 2 * ridge * (weights - equal)
        return value, np.append(slope, wrong.mean())

    bounds: list[tuple[float | None, float | None]] = [(0.0, None)] * len(names)
    best = minimize(loss, np.append(equal, 0.0), jac=True, method="L-BFGS-B", bounds=[*bounds, (None, None)])
    # A weight of no consequence would make every scoring run compute its score.
    weights = {name: float(weight) if weight > 1e-4 else 0.0 for name, weight in zip(names, best.x, strict=False)}
    return Blend(weights, float(best.x[-1]))
