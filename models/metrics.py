"""How good an order is, with intervals over sellers, because a seller's listings rise and fall together.

Ties are counted as a random order of the tied rows would count on average. Intervals: percentile bootstrap over groups.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from models.reliability import brier_skill, observed_over_expected

__all__ = ["BUDGETS", "Ranked", "average_precision", "brier_skill", "interval", "judge", "measures", "observed_over_expected", "paired", "resamples"]

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
BUDGETS = (0.01, 0.02, 0.05, 0.1)
CAPACITY = "capacity"


@dataclass(frozen=True)
class Ranked:
    """Rows sorted by score, tied rows in blocks; made once, evaluated under many weights. ``harm``: of positives, zero for others."""

    y: Floats
    order: npt.NDArray[np.int64]
    starts: npt.NDArray[np.int64]
    harm: Floats

    @classmethod
    def of(cls, y: Bools, score: Floats, harm: Floats | None = None) -> Ranked:
        order = np.argsort(-score, kind="stable")
        ranked = score[order]
        starts = np.flatnonzero(np.r_[True, ranked[1:] != ranked[:-1]])
        hits = y[order].astype(float)
        return cls(hits, order, starts, hits if harm is None else hits * harm[order])

    def curve(self, weight: Floats) -> tuple[Floats, Floats]:
        """Cumulated weight of all rows and of positives at the end of each block of ties."""
        w = weight[self.order]
        return self._cumulated(w), self._cumulated(w * self.y)

    def harm_curve(self, weight: Floats) -> Floats:
        """Cumulated harm of the positives at the end of each block of ties."""
        return self._cumulated(weight[self.order] * self.harm)

    def _cumulated(self, values: Floats) -> Floats:
        total: Floats = np.cumsum(np.add.reduceat(values, self.starts))
        return total


def average_precision(ranked: Ranked, weight: Floats) -> float:
    """Return the PR-AUC (average precision); missing without a positive."""
    return _average_precision(*ranked.curve(weight))


def measures(ranked: Ranked, weight: Floats, *, flagged: float, capacity: float | None = None) -> dict[str, float]:
    """Return ROC-AUC, PR-AUC (average precision), F1 with the top ``flagged`` share flagged, and precision, recall and share of harm captured
    at each budget (and with the top ``capacity`` rows).
    """
    rows, hits = ranked.curve(weight)
    harm = ranked.harm_curve(weight)
    n, positives = rows[-1], hits[-1]
    out = {"roc_auc": float("nan"), "pr_auc": _average_precision(rows, hits), "f1": float("nan")}
    if positives > 0:
        if n > positives:
            gain, misses = np.diff(hits, prepend=0.0), rows - hits
            out["roc_auc"] = float(np.sum(np.diff(misses, prepend=0.0) * (hits - gain / 2)) / (positives * (n - positives)))
        out["f1"] = float(2 * _at(flagged * n, rows, hits) / (flagged * n + positives))
    budgets: list[tuple[float | str, float]] = [(share, share * n) for share in BUDGETS]
    if capacity is not None:
        # A resample has a little more or less than the rows there are; capacity stays the same share of them.
        budgets.append((CAPACITY, min(1.0, capacity / len(ranked.y)) * n))
    for name, size in budgets:
        found = _at(size, rows, hits)
        out[f"precision_at_{name}"] = float(found / size) if size else float("nan")
        out[f"recall_at_{name}"] = float(found / positives) if positives > 0 else float("nan")
        out[f"harm_at_{name}"] = float(_at(size, rows, harm) / harm[-1]) if harm[-1] > 0 else float("nan")
    return out


def _average_precision(rows: Floats, hits: Floats) -> float:
    if not len(hits) or hits[-1] <= 0:
        return float("nan")
    gain = np.diff(hits, prepend=0.0)
    return float(np.sum(gain * np.divide(hits, rows, out=np.zeros_like(hits), where=rows > 0)) / hits[-1])


def _at(budget: float, rows: Floats, cumulated: Floats) -> float:
    return float(np.interp(budget, np.r_[0.0, rows], np.r_[0.0, cumulated]))


def resamples(groups: npt.NDArray[np.int64], n: int, *, seed: int) -> list[Floats]:
    """Return ``n`` weight vectors: how often each row's group was drawn with replacement."""
    generator = np.random.default_rng(seed)
    codes = np.unique(groups, return_inverse=True)[1]
    n_groups = int(codes.max()) + 1 if len(codes) else 0
    drawn = (generator.multinomial(n_groups, np.full(n_groups, 1 / n_groups)) for _ in range(n))
    return [counts[codes].astype(float) for counts in drawn]


def judge(
    y: Bools, score: Floats, weights: Sequence[Floats], *, flagged: float, harm: Floats | None = None, capacity: float | None = None
) -> tuple[dict[str, Any], list[dict[str, float]]]:
    """Return the measures with 95 % intervals, and the measures of each resample for pairing."""
    ranked = Ranked.of(y, score, harm)
    point = measures(ranked, np.ones(len(y)), flagged=flagged, capacity=capacity)
    each = [measures(ranked, weight, flagged=flagged, capacity=capacity) for weight in weights]
    return {name: {"value": value, "ci": interval([one[name] for one in each])} for name, value in point.items()}, each


def interval(values: list[float]) -> list[float] | None:
    """Return the middle 95 %; missing where fewer than 20 resamples gave a value."""
    kept = [value for value in values if np.isfinite(value)]
    return [float(bound) for bound in np.quantile(kept, [0.025, 0.975])] if len(kept) >= 20 else None


def paired(left: list[dict[str, float]], right: list[dict[str, float]], name: str, point: float) -> dict[str, Any]:
    """Return the difference of a measure on the same resamples, its interval, and in words ``better``, ``worse`` or ``tie`` (inside the noise)."""
    bounds = interval([a[name] - b[name] for a, b in zip(left, right, strict=True)])
    return {"difference": point, "ci": bounds, "verdict": verdict(bounds)}


def verdict(bounds: list[float] | None) -> str:
    """Return ``better``, ``worse``, or ``tie`` where the interval holds zero or is missing."""
    if bounds is None or bounds[0] <= 0 <= bounds[1]:
        return "tie"
    return "better" if bounds[0] > 0 else "worse"
