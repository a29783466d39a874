"""How well the learned score would have done on rows it could not know, beside everything it must beat."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from features.errors import DataError
from models.baselines import BASELINES, LEARNERS, Side, seller_history
from models.learner import Learner, fit_learner
from models.metrics import BUDGETS, CAPACITY, brier_skill, judge, observed_over_expected, paired, resamples
from models.reliability import calibration_slope, calibration_slope_interval, observed_over_expected_top, reliability_table
from models.selection import fitting_weights
from models.seller_calibration import judge_sellers
from models.split import Fold, Split, choose_split
from models.support import support_of
from pipeline.config import LearnConfig
from pipeline.stages.dataset import Dataset
from pipeline.stages.evaluation_parts import Tested, parts_of
from pipeline.stages.evaluation_report import evaluate_lines

__all__ = ["Judged", "evaluate", "evaluate_lines", "summarise", "wins"]

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
MODEL, HISTORY = "model", "seller_history"
_PAIRED = ("pr_auc", "roc_auc", "precision_at_0.05", "recall_at_0.05", "harm_at_0.05", f"precision_at_{CAPACITY}")


@dataclass(frozen=True)
class Judged:
    """``summary`` is what ``soihang evaluate --json`` prints; ``learner`` the one of the last fold, which ``learned`` from those rows of the
    dataset; ``test``, ``y`` and ``probability`` are the test rows of all folds.
    """

    summary: dict[str, Any]
    learner: Learner
    y: Bools
    probability: Floats
    test: npt.NDArray[np.int64]
    learned: npt.NDArray[np.int64]


def evaluate(data: Dataset, y: Bools, *, settings: LearnConfig, seed: int) -> Judged:
    """Split, fit, compare; ``y`` marks the positives of ``data``. Raises `DataError` where there are too few of a class."""
    split = split_of(data, y, seed=seed)
    scores: dict[str, list[Floats]] = {}
    order, prevalence, crowd = [], [], []
    for fold in split.folds:
        learner, said = _one_fold(data, y, fold, settings, seed)
        for name, values in said.items():
            scores.setdefault(name, []).append(values)
        order.append(fold.test)
        prevalence.append(float(y[fold.learn].mean()))
        if data.crowd is not None:
            crowd.append(learner.predict(data.crowd.table, data.crowd.text)["probability"].to_numpy())
    at = np.concatenate(order)
    pooled = {name: np.concatenate(values) for name, values in scores.items()}
    tested = Tested(data, at, y[at], pooled, settings.capacity_a_week, np.mean(crowd, axis=0) if crowd else None)
    weights = resamples(data.groups[at], settings.resamples, seed=seed)
    summary = summarise(tested, weights, split, prevalence=float(np.mean(prevalence)))
    summary[MODEL]["rung"], summary[MODEL]["steps"] = learner.rung, learner.steps
    summary |= parts_of(tested, weights, split)
    # Judged on the last fold's sellers only: each learner has its own calibration of sellers.
    last = slice(len(at) - len(order[-1]), None)
    summary["sellers"] = judge_sellers(
        learner.sellers, pooled[MODEL][last], y[at][last], data.groups[at][last], n_resamples=settings.resamples, seed=seed
    )
    summary["notes"] = _notes(data)
    return Judged(summary, learner, y[at], pooled[MODEL], test=at, learned=split.folds[-1].learn)


def split_of(data: Dataset, y: Bools, *, seed: int) -> Split:
    """Return the split that the data allow; raises `DataError` where there are too few of a class."""
    if y.sum() < 10 or (~y).sum() < 10:
        raise DataError(f"{int(y.sum())} positive and {int((~y).sum())} negative labels: at least 10 of each are needed to evaluate anything")
    return choose_split(y, data.when, data.known, data.sellers, data.text_keys, seed=seed, groups=data.groups)


def _one_fold(data: Dataset, y: Bools, fold: Fold, settings: LearnConfig, seed: int) -> tuple[Learner, dict[str, Floats]]:
    learn = fold.learn
    latest = np.isin(learn, fold.calibration) if fold.later else None
    learner = fit_learner(
        data.table.iloc[learn].reset_index(drop=True), data.text[learn], y[learn], data.groups[learn], latest,
        seed=seed, n_folds=settings.text_folds, n_boosters=settings.boosters, weight=_weights(data, learn),
        support=support_of(data.rows.iloc[learn]), sources=data.rows["platform"].iloc[learn].reset_index(drop=True),
    )  # fmt: skip
    said = {MODEL: learner.predict(data.table.iloc[fold.test].reset_index(drop=True), data.text[fold.test])["probability"].to_numpy()}
    train = Side(data.rows.iloc[learn].reset_index(drop=True), data.points[learn])
    test = Side(data.rows.iloc[fold.test].reset_index(drop=True), data.points[fold.test])
    for name, baseline in BASELINES.items():
        said[name] = baseline(train, y[learn], test, seed)
    said[HISTORY] = seller_history(y, data.sellers, data.when, data.known, fold.test)
    return learner, said


def _weights(data: Dataset, rows: npt.NDArray[np.int64]) -> Floats | None:
    table = data.labels.table
    if "selection_probability" not in table or not table["selection_probability"].notna().any():
        return None
    return fitting_weights(table["selection_probability"].to_numpy(dtype=float)[rows])


def summarise(tested: Tested, weights: list[Floats], split: Split, *, prevalence: float) -> dict[str, Any]:
    """Return the figures of every scorer on the same rows and resamples, in the order of the documentation."""
    y = tested.y
    flat, each = {}, {}
    for name, values in tested.scores.items():
        flat[name], each[name] = judge(
            y, values, weights, flagged=max(prevalence, 1 / len(y)), harm=tested.data.harm[tested.rows], capacity=tested.capacity
        )
    shaped = {name: _shape(one) for name, one in flat.items()}
    shaped[MODEL] |= _promises(y, tested.scores[MODEL], weights, prevalence, tested.capacity)
    compared = {}
    for name in tested.scores:
        if name != MODEL:
            compared[name] = {
                measure: paired(each[MODEL], each[name], measure, flat[MODEL][measure]["value"] - flat[name][measure]["value"])
                for measure in _PAIRED
            }
    return {
        "n": len(y),
        "n_positive": int(y.sum()),
        "split": {"kind": split.kind, "why": split.why, "purged": sum(fold.n_purged for fold in split.folds), "folds": len(split.folds)},
        "capacity": {"rows": tested.capacity, "a_week": tested.capacity_a_week, "weeks": tested.weeks},
        "model": shaped.pop(MODEL),
        "baselines": shaped,
        "paired": compared,
    }


def wins(summary: dict[str, Any]) -> bool:
    """True where the PR-AUC is surely better than that of everything that could order without this learner, and nothing learned is surely better.

    A tie with another learner is no reason to go back to evidence that both beat.
    """
    against = {name: one["pr_auc"]["ci"] for name, one in summary["paired"].items()}
    if any(bounds is None or bounds[1 if name in LEARNERS else 0] <= 0 for name, bounds in against.items()):
        return False
    within = (summary.get("within_source") or {}).get("paired", {}).values()
    return all(one["pr_auc"]["verdict"] != "worse" for one in within)


def _shape(flat: dict[str, Any]) -> dict[str, Any]:
    out = {name: flat[name] for name in ("roc_auc", "pr_auc", "f1")}
    for name in ("precision_at", "recall_at", "harm_at"):
        out[name] = {str(share): flat[f"{name}_{share}"] for share in (*BUDGETS, CAPACITY)}
    return out


def _promises(y: Bools, probability: Floats, weights: list[Floats], prevalence: float, capacity: int) -> dict[str, Any]:
    tops = {**{str(share): max(1, round(share * len(y))) for share in BUDGETS}, CAPACITY: capacity}
    return {
        "brier_skill": brier_skill(y, probability, prevalence),
        "calibration_slope": calibration_slope(y, probability),
        "calibration_slope_ci": calibration_slope_interval(y, probability, weights),
        "observed_over_expected_at": {str(share): observed_over_expected(y, probability, share) for share in BUDGETS},
        "observed_over_expected": {name: observed_over_expected_top(y, probability, n, weights) for name, n in tops.items()},
        "reliability": reliability_table(y, probability),
    }


def _notes(data: Dataset) -> list[str]:
    notes = list(data.labels.notes)
    if data.n_unmatched:
        notes.append(f"{data.n_unmatched:,} outcomes name no listing of the crawl and are left out")
    if data.when.isna().all() or pd.isna(data.known).all():
        notes.append("without dates of capture and outcome a seller has no history, and nothing can be said about earlier finds")
    notes.append("labels exist only where somebody looked; the figures hold for such rows, not for the whole market")
    return notes
