"""What each family of columns adds: the same trees without it, on the same test rows and resamples.

The evidence score's own columns are left out on both sides, because they already hold every family's signs; what they add is asked like any
family's. One learner of fixed size (trees over named columns and the text's readings), so that a family is judged and not the ladder.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from models.boosted import ROUNDS, fit_boosted
from models.families import by_family
from models.metrics import judge, paired, resamples
from models.split import Fold
from models.text_linear import READINGS, fit_text
from models.workers import in_order
from pipeline.config import LearnConfig
from pipeline.stages.dataset import Dataset
from pipeline.stages.evaluate import split_of

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
_MEASURES = ("pr_auc", "precision_at_0.05")
_EVIDENCE, _TEXT, _WHOLE = "evidence", "text", "all families"
_SAID = {"better": "adds", "worse": "costs", "tie": "adds nothing"}


def ablate(data: Dataset, y: Bools, *, settings: LearnConfig, seed: int) -> dict[str, Any]:
    """Return per family how much PR-AUC and precision at 5 % fall without it, with paired intervals over sellers; ``y`` marks the positives.

    Raises `DataError` where there are too few of a class.
    """
    split = split_of(data, y, seed=seed)
    families = {name: columns for name, columns in by_family(data.table.columns).items() if _varies(data, columns)}
    families.setdefault(_TEXT, [])
    names = [_WHOLE, *families]
    scores: dict[str, list[Floats]] = {name: [] for name in names}
    for fold in split.folds:
        for name, values in _one_fold(data, y, fold, families, names, settings, seed).items():
            scores[name].append(values)
    at = np.concatenate([fold.test for fold in split.folds])
    weights = resamples(data.groups[at], settings.resamples, seed=seed)
    flagged = max(float(y[at].mean()), 1 / len(at))
    judged = {name: judge(y[at], np.concatenate(values), weights, flagged=flagged) for name, values in scores.items()}
    return {
        "n": len(at),
        "n_positive": int(y[at].sum()),
        "split": {"kind": split.kind, "why": split.why},
        _WHOLE: {measure: judged[_WHOLE][0][measure] for measure in _MEASURES},
        "families": {name: {"columns": len(columns), **_gain(judged, name)} for name, columns in families.items()},
        "notes": list(data.labels.notes),
    }


def ablate_lines(summary: dict[str, Any]) -> list[str]:
    """Return the summary for a terminal."""
    whole = summary[_WHOLE]
    lines = [
        f"{summary['n']:,} labelled test rows, {summary['n_positive']:,} positive; split: {summary['split']['kind']} ({summary['split']['why']})",
        f"all families but the evidence score's own columns: PR-AUC {whole['pr_auc']['value']:.3f}, P@5% {whole['precision_at_0.05']['value']:.3f}",
        f"{'family':<16} {'columns':>7}  {'PR-AUC':>24}  {'P@5%':>24}",
    ]
    for name, one in summary["families"].items():
        lines.append(f"{name:<16} {one['columns']:>7}  {_figure(one['pr_auc']):>24}  {_figure(one['precision_at_0.05']):>24}  {one['verdict']}")
    return lines + [f"note: {note}" for note in summary["notes"]]


def _one_fold(
    data: Dataset, y: Bools, fold: Fold, families: dict[str, list[str]], names: list[str], settings: LearnConfig, seed: int
) -> dict[str, Floats]:
    learn = fold.learn
    linear, inside = fit_text(data.text[learn], y[learn], data.groups[learn], n_folds=settings.text_folds, seed=seed)
    outside = linear.score(data.text[fold.test])
    train, test = data.table.iloc[learn].reset_index(drop=True), data.table.iloc[fold.test].reset_index(drop=True)

    def one(name: str) -> Floats:
        gone = set(families.get(_EVIDENCE, [])) if name != _EVIDENCE else set()
        gone |= set(families[name]) if name not in (_WHOLE, _EVIDENCE) else set()
        kept = [column for column in train if column not in gone]
        width = 0 if name == _TEXT else len(READINGS)
        trees = fit_boosted(train[kept], inside[:, :width].astype(np.float32), y[learn], rounds=ROUNDS, n_boosters=settings.boosters, seed=seed)
        return np.asarray(trees.log_odds(test, outside[:, :width].astype(np.float32)).mean(axis=1), dtype=float)

    return dict(zip(names, in_order(one, names), strict=True))


def _gain(judged: dict[str, Any], name: str) -> dict[str, Any]:
    """A family's gain: with it less without it. For the evidence's own columns the larger set is their side."""
    more, less = (name, _WHOLE) if name == _EVIDENCE else (_WHOLE, name)
    out: dict[str, Any] = {}
    for measure in _MEASURES:
        point = judged[more][0][measure]["value"] - judged[less][0][measure]["value"]
        out[measure] = paired(judged[more][1], judged[less][1], measure, point)
    verdicts = {_SAID[out[measure]["verdict"]] for measure in _MEASURES} - {"adds nothing"}
    return {**out, "verdict": "adds nothing" if not verdicts else " and ".join(sorted(verdicts))}


def _varies(data: Dataset, columns: list[str]) -> bool:
    return any(data.table[name].nunique() > 1 for name in columns)


def _figure(one: dict[str, Any]) -> str:
    bounds = f" [{one['ci'][0]:+.3f}, {one['ci'][1]:+.3f}]" if one["ci"] else ""
    return f"{one['difference']:+.3f}{bounds}"
