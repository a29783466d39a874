"""How many listings of a market are really bad: only from looks whose chance of being chosen was recorded, else "unknown".

Where inspectors go is no sample. A look drawn with probability p stands for 1/p listings (Horvitz and Thompson 1952, in Hájek's ratio form);
what was certain to be drawn (p = 1) is known exactly. Without recorded probabilities no figure is given, only what would follow from assumed
ones: every positive-unlabelled estimate rests on such an assumption, and here it is printed instead of made.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from models.proportions import Share, share

Floats = npt.NDArray[np.float64]
#: Assumed shares of all bad listings that have been found so far, for the sensitivity range.
ASSUMED_FOUND = (0.5, 0.2, 0.1, 0.05, 0.02)


@dataclass(frozen=True)
class Prevalence:
    """Share of positives in the population with its 95 % interval, 0 to 1, as if the undecided looks were like the decided ones.

    ``least`` and ``most``: the interval's ends if all undecided looks were negative, or all positive. ``n`` looks, ``n_undecided`` of them
    without an answer.
    """

    value: float
    low: float
    high: float
    least: float
    most: float
    n: int
    n_positive: int
    n_undecided: int


def total(y: npt.ArrayLike, probability: npt.ArrayLike) -> float:
    """Return the Horvitz-Thompson estimate of the number of positives in the population: the sum of y/p over the sample."""
    return float(np.sum(np.asarray(y, dtype=float) / np.asarray(probability, dtype=float)))


def prevalence(y: npt.ArrayLike, probability: npt.ArrayLike, *, population: int | None = None) -> Prevalence:
    """Estimate the share of positives from looks drawn with known ``probability`` (above 0 up to 1); ``y`` is nan where undecided.

    ``population``: number of listings drawn from, where it is known; else the weights tell it. Raises ``ValueError`` on a probability
    outside its range or a population smaller than what was certainly drawn.
    """
    values, p = np.asarray(y, dtype=float), np.asarray(probability, dtype=float)
    if not ((p > 0) & (p <= 1)).all():
        raise ValueError("selection probabilities must lie above 0 and up to 1")
    decided = ~np.isnan(values)
    if not decided.any():
        return Prevalence(float("nan"), 0.0, 1.0, 0.0, 1.0, len(values), 0, len(values))
    middle = _estimate(values[decided], p[decided], None if population is None else population - int((~decided & (p >= 1)).sum()))
    least = _estimate(np.nan_to_num(values, nan=0.0), p, population)
    most = _estimate(np.nan_to_num(values, nan=1.0), p, population)
    bounds = middle.low, middle.high, min(least.low, middle.low), max(most.high, middle.high)
    return Prevalence(middle.value, *bounds, len(values), int(np.nansum(values)), int((~decided).sum()))


def _estimate(y: Floats, p: Floats, population: int | None) -> Share:
    certain = p >= 1
    drawn = share(y[~certain], weight=1 / p[~certain])
    n_certain = int(certain.sum())
    n_rest = float((1 / p[~certain]).sum()) if population is None else float(population - n_certain)
    if n_rest < 0:
        raise ValueError(f"{n_certain} listings were certainly drawn from a population of {population}")
    found, size = float(y[certain].sum()), n_certain + n_rest
    if n_rest == 0:
        return Share(found / size, found / size, found / size, len(y), float(len(y)))
    value, low, high = (float((found + n_rest * one) / size) for one in (drawn.value, drawn.low, drawn.high))
    return Share(value, low, high, len(y), drawn.n_effective)


@dataclass(frozen=True)
class Sensitivity:
    """What is known without recorded probabilities: logical bounds, and what each assumption would imply.

    ``implied``: prevalence by the assumed share of all bad listings that has been found so far.
    """

    low: float
    high: float
    implied: dict[float, float]


def sensitivity(*, n_positive: int, n_negative: int, population: int) -> Sensitivity:
    """Return the bounds of the share of positives when ``population`` listings hold this many known positives and negatives (Manski 1989).

    Raises ``ValueError`` where more are known than there are.
    """
    if population < 1 or n_positive + n_negative > population:
        raise ValueError(f"{n_positive} positive and {n_negative} negative listings of a population of {population}")
    high = 1 - n_negative / population
    implied = {found: min(high, n_positive / found / population) for found in ASSUMED_FOUND}
    return Sensitivity(n_positive / population, high, implied)
