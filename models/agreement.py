"""How far two readers agree beyond chance: Cohen's kappa (1960), with an interval that does not collapse when they never differ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

_DRAWS = 4000


@dataclass(frozen=True)
class Agreement:
    """``kappa`` (1 full agreement, 0 no better than chance, missing where chance explains all) with its 95 % interval; ``same`` of ``n`` alike."""

    kappa: float
    low: float
    high: float
    n: int
    same: int


def agreement(first: Sequence[str], second: Sequence[str], answers: Sequence[str], *, seed: int = 0) -> Agreement:
    """Compare two readers' answers to the same listings, in the same order; ``answers`` names the possible ones.

    The interval is the middle 95 % of kappa under the posterior of the answers' table (Dirichlet, prior of one listing in all): after ten
    listings read alike it still says that ten are few. Raises ``ValueError`` on an answer that is not possible.
    """
    places = {answer: at for at, answer in enumerate(answers)}
    strange = sorted({*first, *second} - set(places))
    if strange or len(first) != len(second):
        raise ValueError(f"answers {strange} are not among {list(answers)}, or the readers' lists differ in length ({len(first)}, {len(second)})")
    table = np.zeros((len(answers), len(answers)))
    for one, other in zip(first, second, strict=True):
        table[places[one], places[other]] += 1
    n = len(first)
    if not n:
        return Agreement(float("nan"), -1.0, 1.0, 0, 0)
    drawn = np.random.default_rng(seed).dirichlet(table.ravel() + 1 / table.size, size=_DRAWS).reshape(-1, *table.shape)
    low, high = np.quantile(_kappa(drawn), [0.025, 0.975])
    value = float(_kappa(table[None] / n)[0])
    return Agreement(value, min(float(low), value), max(float(high), value), n, int(np.trace(table)))


def _kappa(tables: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Kappa of each table of shares."""
    seen = np.trace(tables, axis1=1, axis2=2)
    chance = (tables.sum(axis=1) * tables.sum(axis=2)).sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.where(chance < 1, (seen - chance) / (1 - chance), np.nan))
