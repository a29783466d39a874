"""Two models on the same labelled rows: gain, calibration and slices, each with an interval over sellers.

A model that does not take a behaviour over orders it by evidence, as it does in use; evidence promises nothing, so it has no calibration.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from models.metrics import interval, judge, observed_over_expected, paired, resamples

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Said:
    """What a model says of rows: ``order`` (higher is riskier) and, where it takes the behaviour over, ``probability``."""

    order: Floats
    probability: Floats | None


@dataclass(frozen=True)
class SliceGap:
    """PR-AUC of one slice: challenger minus champion, with its interval."""

    slice: str
    value: str
    n: int
    n_positive: int
    difference: float
    ci: list[float] | None


@dataclass(frozen=True)
class Comparison:
    """One behaviour: each ``*_gap`` is challenger minus champion. ``brier_gap`` is missing unless both promise something."""

    behaviour: str
    n: int
    n_positive: int
    champion: dict[str, Any]
    challenger: dict[str, Any]
    pr_auc_gap: dict[str, Any]
    precision_gap: dict[str, Any]
    brier_gap: dict[str, Any] | None
    observed_over_expected: dict[str, float | None]
    slices: list[SliceGap]

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return asdict(self)


def compare(
    behaviour: str,
    y: Bools,
    champion: Said,
    challenger: Said,
    groups: npt.NDArray[np.int64],
    slices: Mapping[str, pd.Series],
    *,
    top_share: float,
    least_positives: int,
    n_resamples: int,
    seed: int,
) -> Comparison:
    """Compare on the same rows and resamples; ``y`` needs positives and negatives, ``slices`` names the columns to look into."""
    weights = resamples(groups, n_resamples, seed=seed)
    (old, old_each), (new, new_each) = (judge(y, one.order, weights, flagged=max(y.mean(), 1 / len(y))) for one in (champion, challenger))

    def gap(measure: str) -> dict[str, Any]:
        return paired(new_each, old_each, measure, new[measure]["value"] - old[measure]["value"])

    expected = {
        name: None if one.probability is None else observed_over_expected(y, one.probability, top_share)
        for name, one in (("champion", champion), ("challenger", challenger))
    }
    gaps = [
        found
        for name, values in slices.items()
        for value in sorted(values.dropna().unique())
        if (found := _slice_gap(name, str(value), values.eq(value).to_numpy(bool), y, champion, challenger, weights, least_positives))
    ]
    brier = _brier_gap(y, champion, challenger, weights)
    return Comparison(behaviour, len(y), int(y.sum()), old, new, gap("pr_auc"), gap("precision_at_0.05"), brier, expected, gaps)


def _brier_gap(y: Bools, champion: Said, challenger: Said, weights: list[Floats]) -> dict[str, Any] | None:
    if champion.probability is None or challenger.probability is None:
        return None
    each = (challenger.probability - y) ** 2 - (champion.probability - y) ** 2
    drawn = [float(np.average(each, weights=weight)) if weight.sum() > 0 else float("nan") for weight in weights]
    return {"difference": float(each.mean()), "ci": interval(drawn)}


def _slice_gap(
    name: str, value: str, inside: Bools, y: Bools, champion: Said, challenger: Said, weights: list[Floats], least: int
) -> SliceGap | None:
    mine = y[inside]
    if mine.sum() < least or mine.all():
        return None
    cut = [weight[inside] for weight in weights]
    (old, old_each), (new, new_each) = (judge(mine, one.order[inside], cut, flagged=float(mine.mean())) for one in (champion, challenger))
    found = paired(new_each, old_each, "pr_auc", new["pr_auc"]["value"] - old["pr_auc"]["value"])
    return SliceGap(name, value, int(inside.sum()), int(mine.sum()), found["difference"], found["ci"])
