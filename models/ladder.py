"""How far up the ladder labels carry: evidence, then the logistic stack, then trees; each rung is kept only where it beats the one below.

Judged on rows that no rung has seen, by PR-AUC under a paired bootstrap over sellers. A simpler score that ties is the better score: it can
be read.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from models.metrics import Ranked, average_precision, resamples

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

RUNGS = ("evidence", "logistic", "boosted")
#: A rung must be better in at least this share of the resamples.
SURE = 0.9
_RESAMPLES = 200


@dataclass(frozen=True)
class Climb:
    """``rung`` that was kept; ``steps``: rung, PR-AUC, gain over the kept one below and in which share of resamples it was better."""

    rung: str
    steps: list[dict[str, float | str]]


def climb(scores: dict[str, Floats], y: Bools, groups: npt.NDArray[np.int64], *, seed: int) -> Climb:
    """Compare the rungs in ``scores`` (held rows, higher is riskier) from the bottom."""
    weights = resamples(groups, _RESAMPLES, seed=seed)
    kept, below = "", np.zeros(0)
    steps: list[dict[str, float | str]] = []
    for rung in (name for name in RUNGS if name in scores):
        ranked = Ranked.of(y, scores[rung])
        each = np.array([average_precision(ranked, weight) for weight in weights])
        point = average_precision(ranked, np.ones(len(y)))
        better = float(np.mean((each > below)[np.isfinite(each)])) if kept and np.isfinite(each).any() else 1.0
        steps.append({"rung": rung, "pr_auc": round(point, 4), "better_in": round(better, 3)})
        if better >= SURE:
            kept, below = rung, each
    return Climb(kept, steps)
