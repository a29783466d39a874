"""How well the learned score would have done on rows it could not know, beside everything it must beat."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from features.errors import DataError
from models.baselines import BASELINES, Side
from models.learner import Learner, fit_learner
from models.metrics import BUDGETS, brier_skill, judge, observed_over_expected, paired, resamples
from models.split import Fold, Split, choose_split
from pipeline.config import LearnConfig
from pipeline.stages.dataset import Dataset

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
_PAIRED = ("pr_auc", "precision_at_0.05")


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
    if y.sum() < 10 or (~y).sum() < 10:
        raise DataError(f"{int(y.sum())} positive and {int((~y).sum())} negative labels: at least 10 of each are needed to evaluate anything")
    split = choose_split(y, data.when, data.known, data.sellers, data.text_keys, seed=seed)
    scores: dict[str, list[Floats]] = {name: [] for name in ("model", *BASELINES)}
    order, prevalence = [], []
    for fold in split.folds:
        learner, said = _one_fold(data, y, fold, settings, seed)
        for name, values in said.items():
            scores[name].append(values)
        order.append(fold.test)
        prevalence.append(float(y[np.r_[fold.train, fold.calibration]].mean()))
    at = np.concatenate(order)
    pooled = {name: np.concatenate(values) for name, values in scores.items()}
    summary = summarise(y[at], pooled, data.groups[at], split, prevalence=float(np.mean(prevalence)), settings=settings, seed=seed)
    summary["notes"] = _notes(data, split)
    last = split.folds[-1]
    return Judged(summary, learner, y[at], pooled["model"], test=at, learned=np.sort(np.r_[last.train, last.calibration]))


def _one_fold(data: Dataset, y: Bools, fold: Fold, settings: LearnConfig, seed: int) -> tuple[Learner, dict[str, Floats]]:
    learn = np.sort(np.r_[fold.train, fold.calibration])
    calibration = np.isin(learn, fold.calibration)
    learner = fit_learner(
        data.table.iloc[learn].reset_index(drop=True), data.text[learn], y[learn], data.groups[learn], calibration,
        seed=seed, n_folds=settings.text_folds, n_boosters=settings.boosters,
    )  # fmt: skip
    said = {"model": learner.predict(data.table.iloc[fold.test].reset_index(drop=True), data.text[fold.test])["probability"].to_numpy()}
    train = Side(data.rows.iloc[learn].reset_index(drop=True), data.points[learn])
    test = Side(data.rows.iloc[fold.test].reset_index(drop=True), data.points[fold.test])
    for name, baseline in BASELINES.items():
        said[name] = baseline(train, y[learn], test, seed)
    return learner, said


def summarise(
    y: Bools, scores: dict[str, Floats], groups: npt.NDArray[np.int64], split: Split, *, prevalence: float, settings: LearnConfig, seed: int
) -> dict[str, Any]:
    """Return the figures of every scorer on the same rows and resamples, in the order of the documentation."""
    weights = resamples(groups, settings.resamples, seed=seed)
    flat, each = {}, {}
    for name, values in scores.items():
        flat[name], each[name] = judge(y, values, weights, flagged=max(prevalence, 1 / len(y)))
    shaped = {name: _shape(one) for name, one in flat.items()}
    probability = scores["model"]
    shaped["model"]["brier_skill"] = brier_skill(y, probability, prevalence)
    shaped["model"]["observed_over_expected_at"] = {str(share): observed_over_expected(y, probability, share) for share in BUDGETS}
    compared = {}
    for name in scores:
        if name != "model":
            compared[name] = {
                measure: paired(each["model"], each[name], measure, flat["model"][measure]["value"] - flat[name][measure]["value"])
                for measure in _PAIRED
            }
    return {
        "n": len(y),
        "n_positive": int(y.sum()),
        "split": {"kind": split.kind, "why": split.why, "purged": sum(fold.n_purged for fold in split.folds)},
        "model": shaped.pop("model"),
        "baselines": shaped,
        "paired": compared,
    }


def wins(summary: dict[str, Any]) -> bool:
    """True where the whole interval of the PR-AUC difference lies above zero for every baseline."""
    intervals = [one["pr_auc"]["ci"] for one in summary["paired"].values()]
    return all(bounds is not None and bounds[0] > 0 for bounds in intervals)


def _shape(flat: dict[str, Any]) -> dict[str, Any]:
    out = {name: flat[name] for name in ("roc_auc", "pr_auc", "f1")}
    for name in ("precision_at", "recall_at"):
        out[name] = {str(share): flat[f"{name}_{share}"] for share in BUDGETS}
    return out


def _notes(data: Dataset, split: Split) -> list[str]:
    notes = list(data.labels.notes)
    if data.n_unmatched:
        notes.append(f"{data.n_unmatched:,} outcomes name no listing of the crawl and are left out")
    notes.append("labels exist only where somebody looked; the figures hold for such rows, not for the whole market")
    return notes


def evaluate_lines(summary: dict[str, Any]) -> list[str]:
    """Return the summary for a terminal."""
    lines = [
        f"{summary['n']:,} labelled test rows, {summary['n_positive']:,} positive",
        f"split: {summary['split']['kind']} ({summary['split']['why']}); {summary['split']['purged']:,} look-alike training rows purged",
        f"{'':<18} {'PR-AUC':>22} {'ROC-AUC':>8} {'P@1%':>6} {'P@5%':>6} {'P@10%':>6}",
    ]
    for name, one in {"model": summary["model"], **summary["baselines"]}.items():
        ci = one["pr_auc"]["ci"]
        bounds = f" [{ci[0]:.3f}, {ci[1]:.3f}]" if ci else ""
        precision = " ".join(f"{one['precision_at'][str(share)]['value']:>6.3f}" for share in BUDGETS)
        lines.append(f"{name:<18} {one['pr_auc']['value']:>6.3f}{bounds:<16} {one['roc_auc']['value']:>8.3f} {precision}")
    for name, one in summary["paired"].items():
        ci = one["pr_auc"]["ci"]
        verdict = "a tie" if ci is None or ci[0] <= 0 <= ci[1] else ("better" if ci[0] > 0 else "WORSE")
        lines.append(f"model against {name:<18} PR-AUC {one['pr_auc']['difference']:+.3f} {verdict}")
    expected = summary["model"]["observed_over_expected_at"]
    lines.append("observed over expected: " + ", ".join(f"top {float(share):.0%} {value:.2f}" for share, value in expected.items()))
    return lines + [f"note: {note}" for note in summary["notes"]]
