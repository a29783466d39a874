"""How far up the ladder labels carry it: evidence, signs with a known direction, the logistic stack, trees. Each rung is kept only where it beats
the one kept below.

Judged on rows that no rung has seen, by PR-AUC under a paired bootstrap over sellers. A simpler score that ties is the better score: it can
be read.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from models.metrics import Ranked, average_precision, resamples
from models.signs import PREMIUM, SAYS, added

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]

RUNGS = ("evidence", "signs", "logistic", "boosted")
#: A rung must be better in at least this share of the resamples.
SURE = 0.9
_RESAMPLES = 200


@dataclass(frozen=True)
class Climb:
    """``rung`` that was kept; ``steps``: rung, PR-AUC, gain over the kept one below and in which share of resamples it was better."""

    rung: str
    steps: list[dict[str, float | str]]


def climb(scores: dict[str, Floats], y: Bools, groups: Ints, *, seed: int) -> Climb:
    """Compare the rungs in ``scores`` (held rows, higher is riskier) from the bottom."""
    weights = resamples(groups, _RESAMPLES, seed=seed)
    kept, below = "", np.zeros(0)
    steps: list[dict[str, float | str]] = []
    for rung in (name for name in RUNGS if name in scores):
        each = _drawn(scores[rung], y, weights)
        point = average_precision(Ranked.of(y, scores[rung]), np.ones(len(y)))
        better = _better_in(each, below) if kept and np.isfinite(each).any() else 1.0
        steps.append({"rung": rung, "pr_auc": round(point, 4), "better_in": round(better, 3)})
        if better >= SURE:
            kept, below = rung, each
    return Climb(kept, steps)


def most_say(alone: Floats, signs: Floats, y: Bools) -> float:
    """Return the largest of `models.signs.SAYS` that costs no more than its premium of the PR-AUC on held rows.

    What outcomes have shown is found either way; what they have not shown yet is found by its signs or not at all.
    """
    whole = np.ones(len(y))
    least = (1 - PREMIUM) * average_precision(Ranked.of(y, alone), whole)
    return next((say for say in SAYS if average_precision(Ranked.of(y, added(alone, signs, say)), whole) >= least), SAYS[-1])


def _drawn(score: Floats, y: Bools, weights: list[Floats]) -> Floats:
    ranked = Ranked.of(y, score)
    return np.array([average_precision(ranked, weight) for weight in weights])


def _better_in(one: Floats, other: Floats) -> float:
    finite = np.isfinite(one) & np.isfinite(other)
    return float(np.mean((one > other)[finite])) if finite.any() else 0.0
