"""How much of the way from the evidence score to a ceiling the model goes on the invented market, and what it promises there.

The ceiling is the same learner, given the truth of every early listing. Both are judged on late listings that nobody looked at. The market may not
be tuned to the model: the hash of its code and settings is printed with the figures.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

import pipeline.simulation
from models.learner import Learner, fit_learner
from models.metrics import resamples
from models.reliability import calibration_slope, calibration_slope_interval, observed_over_expected_top
from models.selection import fitting_weights
from pipeline.config import LearnConfig, configs_dir
from pipeline.stages.dataset import Dataset

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
BUDGET, _LATE = 0.05, 0.7


def market_hash() -> str:
    """Return the first 16 digits of the SHA-256 of the invented market's code and settings, names and bytes in order."""
    here = Path(pipeline.simulation.__file__).parent
    files = [*sorted(here.glob("*.py")), *sorted((configs_dir() / "simulation").glob("*.yaml"))]
    whole = hashlib.sha256()
    for path in files:
        whole.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return whole.hexdigest()[:16]


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
    learner = _learned(looked, early, settings, seed)
    model = _said(learner, everything, test)
    ceiling = _said(_learned(everything, np.flatnonzero((everything.when < cut).to_numpy()), settings, seed), everything, test)
    out: dict[str, Any] = {"market": market_hash(), "n": len(test), "positive": int(y[test].sum()), "outcomes learned from": len(early)}
    out |= {"budget": BUDGET, "rung": learner.rung}
    out["recall"] = {name: round(_recall_of(score, y[test]), 3) for name, score in (("evidence", evidence), ("model", model), ("ceiling", ceiling))}
    out["gap closed"] = _closed(*out["recall"].values())
    out["against the truth"] = _promises(y[test], model, everything.groups[test], settings.capacity_a_week)
    later = np.flatnonzero((looked.when >= cut).to_numpy() & ~np.isin(looked.groups, looked.groups[early]))
    found = looked.labels.table["y"].to_numpy(dtype=bool)[later]
    promised = _promises(found, _said(learner, looked, later), looked.groups[later], settings.capacity_a_week)
    out["against recorded outcomes of later listings, new sellers"] = promised
    named = looked.labels.table[keys].merge(truth[[*keys, "tactic"]], on=keys, how="left")["tactic"].to_numpy()
    by_tactic = {}
    for tactic in sorted(facts.dropna().unique()):
        # What nobody has found yet: the outcomes hold no listing of this tactic.
        mine = facts.to_numpy()[test] == tactic
        if mine.sum() >= 10:
            without = _learned(looked, early[named[early] != tactic], settings, seed)
            recalls = [round(_recall_of(score, mine), 3) for score in (evidence, _said(without, everything, test), ceiling)]
            by_tactic[str(tactic)] = dict(zip(("evidence", "model without it", "ceiling"), recalls, strict=True)) | {
                "gap closed": _closed(*recalls), "n": int(mine.sum()), "rung": without.rung, "say": without.say,
            }  # fmt: skip
    closed = {name: one["gap closed"] for name, one in by_tactic.items() if one["gap closed"] is not None}
    worse = [name for name, one in by_tactic.items() if one["model without it"] < one["evidence"]]
    out["by tactic never found before"] = by_tactic
    out["mean and worst tactic"] = [round(float(np.mean(list(closed.values()))), 2), min(closed, key=lambda name: closed[name])] if closed else None
    return out | {"tactics where evidence alone finds more": worse}


def _promises(y: Bools, said: Floats, groups: npt.NDArray[np.int64], a_week: int) -> dict[str, Any]:
    """Outcomes are sometimes wrong and the truth is not: a model that is right about the first is too careful about the second."""
    tops = {"top 1 %": round(0.01 * len(y)), "top 5 %": round(0.05 * len(y)), "capacity": min(len(y), a_week), "all": len(y)}
    ratios = {name: round(observed_over_expected_top(y, said, n)["value"], 2) for name, n in tops.items()}
    bounds = calibration_slope_interval(y, said, resamples(groups, 200, seed=1))
    slope = [round(value, 2) for value in (calibration_slope(y, said), *(bounds or []))]
    return {"n": len(y), "positive": int(y.sum()), "found over promised": ratios, "calibration slope, with interval": slope}


def _learned(learned: Dataset, rows: npt.NDArray[np.int64], settings: LearnConfig, seed: int) -> Learner:
    y = learned.labels.table["y"].to_numpy(dtype=bool)
    chance = learned.labels.table["selection_probability"].to_numpy(dtype=float)[rows]
    late = (learned.when.iloc[rows] >= learned.when.iloc[rows].quantile(0.75)).to_numpy()
    return fit_learner(
        learned.table.iloc[rows].reset_index(drop=True), learned.text[rows], y[rows], learned.groups[rows], late, seed=seed,
        n_folds=settings.text_folds, n_boosters=settings.boosters, weight=fitting_weights(chance) if np.isfinite(chance).any() else None,
        sources=learned.rows["platform"].iloc[rows].reset_index(drop=True),
    )  # fmt: skip


def _said(learner: Learner, asked: Dataset, test: npt.NDArray[np.int64]) -> Floats:
    return learner.predict(asked.table.iloc[test].reset_index(drop=True), asked.text[test])["probability"].to_numpy()


def _recall_of(score: Floats, mine: Bools) -> float:
    top = np.argsort(-score, kind="stable")[: round(BUDGET * len(score))]
    return float(mine[top].sum() / mine.sum())


def _closed(evidence: float, model: float, ceiling: float) -> float | None:
    return round((model - evidence) / (ceiling - evidence), 2) if ceiling > evidence + 0.01 else None
