"""How good an order is, with intervals over sellers, because a seller's listings rise and fall together.

Ties are counted as a random order of the tied rows would count on average. Intervals: percentile bootstrap over groups.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
BUDGETS = (0.01, 0.05, 0.1)


@dataclass(frozen=True)
class Ranked:
    """Rows sorted by score, tied rows in blocks; made once, evaluated under many weights."""

    y: Floats
    order: npt.NDArray[np.int64]
    starts: npt.NDArray[np.int64]

    @classmethod
    def of(cls, y: Bools, score: Floats) -> Ranked:
        order = np.argsort(-score, kind="stable")
        ranked = score[order]
        starts = np.flatnonzero(np.r_[True, ranked[1:] != ranked[:-1]])
        return cls(y[order].astype(float), order, starts)

    def curve(self, weight: Floats) -> tuple[Floats, Floats]:
        """Cumulated weight of all rows and of positives at the end of each block of ties."""
        w = weight[self.order]
        rows = np.add.reduceat(w, self.starts)
        hits = np.add.reduceat(w * self.y, self.starts)
        return np.cumsum(rows), np.cumsum(hits)


def measures(ranked: Ranked, weight: Floats, *, flagged: float) -> dict[str, float]:
    """Return ROC-AUC, PR-AUC (average precision), F1 with the top ``flagged`` share flagged, and precision and recall at each budget."""
    rows, hits = ranked.curve(weight)
    n, positives = rows[-1], hits[-1]
    out = {"roc_auc": float("nan"), "pr_auc": float("nan"), "f1": float("nan")}
    found = {share: _hits_at(share * n, rows, hits) for share in (*BUDGETS, flagged)}
    if positives > 0:
        gain = np.diff(hits, prepend=0.0)
        out["pr_auc"] = float(np.sum(gain * np.divide(hits, rows, out=np.zeros_like(hits), where=rows > 0)) / positives)
        if n > positives:
            misses = rows - hits
            area = np.sum(np.diff(misses, prepend=0.0) * (hits - gain / 2))
            out["roc_auc"] = float(area / (positives * (n - positives)))
        out["f1"] = float(2 * found[flagged] / (flagged * n + positives))
    for share in BUDGETS:
        out[f"precision_at_{share}"] = float(found[share] / (share * n)) if n else float("nan")
        out[f"recall_at_{share}"] = float(found[share] / positives) if positives > 0 else float("nan")
    return out


def _hits_at(budget: float, rows: Floats, hits: Floats) -> float:
    return float(np.interp(budget, np.r_[0.0, rows], np.r_[0.0, hits]))


def resamples(groups: npt.NDArray[np.int64], n: int, *, seed: int) -> list[Floats]:
    """Return ``n`` weight vectors: how often each row's group was drawn with replacement."""
    generator = np.random.default_rng(seed)
    codes = np.unique(groups, return_inverse=True)[1]
    n_groups = int(codes.max()) + 1 if len(codes) else 0
    drawn = (generator.multinomial(n_groups, np.full(n_groups, 1 / n_groups)) for _ in range(n))
    return [counts[codes].astype(float) for counts in drawn]


def judge(y: Bools, score: Floats, weights: list[Floats], *, flagged: float) -> tuple[dict[str, Any], list[dict[str, float]]]:
    """Return the measures with 95 % intervals, and the measures of each resample for pairing."""
    ranked = Ranked.of(y, score)
    point = measures(ranked, np.ones(len(y)), flagged=flagged)
    each = [measures(ranked, weight, flagged=flagged) for weight in weights]
    return {name: {"value": value, "ci": interval([one[name] for one in each])} for name, value in point.items()}, each


def interval(values: list[float]) -> list[float] | None:
    """Return the middle 95 %; missing where fewer than 20 resamples gave a value."""
    kept = [value for value in values if np.isfinite(value)]
    return [float(bound) for bound in np.quantile(kept, [0.025, 0.975])] if len(kept) >= 20 else None


def paired(left: list[dict[str, float]], right: list[dict[str, float]], name: str, point: float) -> dict[str, Any]:
    """Return the difference of a measure on the same resamples, with its interval."""
    return {"difference": point, "ci": interval([a[name] - b[name] for a, b in zip(left, right, strict=True)])}


def brier_skill(y: Bools, probability: Floats, prevalence: float) -> float:
    """Return one minus the Brier score over that of always saying ``prevalence``; 0 is no better, negative is worse."""
    reference = float(np.mean((prevalence - y) ** 2))
    return float(1 - np.mean((probability - y) ** 2) / reference) if reference > 0 else float("nan")


def observed_over_expected(y: Bools, probability: Floats, share: float) -> float:
    """Return positives found over positives promised in the top ``share``; 1 is calibrated where it matters."""
    top = np.argsort(-probability, kind="stable")[: max(1, round(share * len(y)))]
    expected = float(probability[top].sum())
    return float(y[top].sum() / expected) if expected > 0 else float("nan")
