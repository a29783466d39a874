"""How much of the way from the evidence score to a ceiling the model goes on the invented market, and what it promises there.

The ceiling is the same learner, given the truth of every early listing. Both are judged on late listings that nobody looked at.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from models.learner import fit_learner
from models.reliability import calibration_slope, observed_over_expected_top
from models.selection import fitting_weights
from pipeline.config import LearnConfig
from pipeline.stages.dataset import Dataset

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
BUDGET, _LATE = 0.05, 0.7


def gap_to_ceiling(looked: Dataset, everything: Dataset, truth: pd.DataFrame, *, settings: LearnConfig, seed: int) -> dict[str, Any]:
    """Return recall at 5 % of evidence, model and ceiling, the share of the gap that is closed, by tactic left out of the outcomes, and found over
    promised. ``looked`` holds the outcomes, ``everything`` the truth of all listings.
    """
    keys = ["platform", "listing_id"]
    facts = everything.labels.table[keys].merge(truth[[*keys, "tactic"]], on=keys, how="left")["tactic"]
    cut = everything.when.quantile(_LATE)
    seen = pd.MultiIndex.from_frame(everything.labels.table[keys]).isin(pd.MultiIndex.from_frame(looked.labels.table[keys]))
    test = np.flatnonzero((everything.when >= cut).to_numpy() & ~seen)
    y = everything.labels.table["y"].to_numpy(dtype=bool)
    early = np.flatnonzero((looked.when < cut).to_numpy() & (looked.known < cut).to_numpy())
    evidence = everything.points[test]
    model = _said(looked, early, everything, test, settings, seed)
    ceiling = _said(everything, np.flatnonzero((everything.when < cut).to_numpy()), everything, test, settings, seed)
    out: dict[str, Any] = {"n": len(test), "positive": int(y[test].sum()), "outcomes learned from": len(early), "budget": BUDGET}
    out["recall"] = {name: round(_recall_of(score, y[test]), 3) for name, score in (("evidence", evidence), ("model", model), ("ceiling", ceiling))}
    out["gap closed"] = _closed(*out["recall"].values())
    tops = {"top 1 %": round(0.01 * len(test)), "top 5 %": round(0.05 * len(test)), "capacity": min(len(test), settings.capacity_a_week)}
    out["found over promised"] = {name: round(observed_over_expected_top(y[test], model, n)["value"], 2) for name, n in tops.items()}
    out["calibration slope"] = round(calibration_slope(y[test], model), 2)
    named = looked.labels.table[keys].merge(truth[[*keys, "tactic"]], on=keys, how="left")["tactic"].to_numpy()
    by_tactic = {}
    for tactic in sorted(facts.dropna().unique()):
        # What nobody has found yet: the outcomes hold no listing of this tactic.
        without = _said(looked, early[named[early] != tactic], everything, test, settings, seed)
        mine = facts.to_numpy()[test] == tactic
        if mine.sum() >= 10:
            recalls = [round(_recall_of(score, mine), 3) for score in (evidence, without, ceiling)]
            by_tactic[str(tactic)] = dict(zip(("evidence", "model without it", "ceiling"), recalls, strict=True)) | {"gap closed": _closed(*recalls)}
    closed = {name: one["gap closed"] for name, one in by_tactic.items() if one["gap closed"] is not None}
    out["by tactic never found before"] = by_tactic
    out["mean and worst tactic"] = [round(float(np.mean(list(closed.values()))), 2), min(closed, key=lambda name: closed[name])] if closed else None
    return out


def _said(learned: Dataset, rows: npt.NDArray[np.int64], asked: Dataset, test: npt.NDArray[np.int64], settings: LearnConfig, seed: int) -> Floats:
    y = learned.labels.table["y"].to_numpy(dtype=bool)
    chance = learned.labels.table["selection_probability"].to_numpy(dtype=float)[rows]
    late = (learned.when.iloc[rows] >= learned.when.iloc[rows].quantile(0.75)).to_numpy()
    learner = fit_learner(
        learned.table.iloc[rows].reset_index(drop=True), learned.text[rows], y[rows], learned.groups[rows], late, seed=seed,
        n_folds=settings.text_folds, n_boosters=settings.boosters, weight=fitting_weights(chance) if np.isfinite(chance).any() else None,
        sources=learned.rows["platform"].iloc[rows].reset_index(drop=True),
    )  # fmt: skip
    return learner.predict(asked.table.iloc[test].reset_index(drop=True), asked.text[test])["probability"].to_numpy()



def _recall_of(score: Floats, mine: Bools) -> float:
    top = np.argsort(-score, kind="stable")[: round(BUDGET * len(score))]
    return float(mine[top].sum() / mine.sum())


def _closed(evidence: float, model: float, ceiling: float) -> float | None:
    return round((model - evidence) / (ceiling - evidence), 2) if ceiling > evidence + 0.01 else None
