"""Learning and judging within a source: a model must tell fakes from other goods, not one platform's rows from another's.

Where one platform has more finds than another, every column that tells the two apart looks like a sign. Weighting the rows so that each platform
has the same share of finds takes that away (Kamiran and Calders 2012, "reweighing").
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from models.metrics import Ranked, average_precision, interval, verdict

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
#: With fewer finds, or fewer others, a platform's own share is chance.
_LEAST = 5
#: No row counts more than so many times, nor less than one such part.
_MOST = 10.0


def balance_sources(sources: pd.Series, y: Bools) -> Floats | None:
    """Return each row's weight, mean one; ``None`` where there is but one source to learn from, or where none has both kinds of rows.

    A source with fewer than five finds or five others would only teach which rows are its own: its rows weigh nothing.
    """
    codes, names = pd.factorize(sources.astype("str"), sort=True)
    if len(names) < 2:
        return None
    found = np.bincount(codes[y], minlength=len(names)).astype(float)
    other = np.bincount(codes[~y], minlength=len(names)).astype(float)
    both = (found >= _LEAST) & (other >= _LEAST)
    if not both.any():
        return None
    size = np.where(both, found + other, 0.0)
    share = found[both].sum() / size.sum()
    factor = np.column_stack([(1 - share) * size / np.maximum(other, 1.0), share * size / np.maximum(found, 1.0)])
    weight = np.clip(factor, 1 / _MOST, _MOST)[codes, y.astype(int)] * both[codes]
    return np.asarray(weight / weight.mean(), dtype=float)


def judge_within(y: Bools, scores: Mapping[str, Floats], sources: pd.Series, weights: Sequence[Floats], *, of: str) -> dict[str, Any] | None:
    """Return each scorer's PR-AUC within sources (their mean, weighted by finds), and what ``of`` gains on every other; ``None`` with one source.

    What a scorer earns by knowing which source has more finds is worth nothing here. A source with fewer than five finds or five others is left
    out and named.
    """
    names = sorted(sources.astype("str").unique())
    masks = {name: sources.astype("str").eq(name).to_numpy() for name in names}
    judged = [name for name in names if min(int(y[masks[name]].sum()), int((~y[masks[name]]).sum())) >= _LEAST]
    if len(names) < 2 or not judged:
        return None
    each = {name: _mean_within(y, score, [masks[one] for one in judged], weights) for name, score in scores.items()}
    out: dict[str, Any] = {"sources": judged, "left_out": [name for name in names if name not in judged]}
    out["pr_auc"] = {name: {"value": float(said[0]), "ci": interval(said[1:].tolist())} for name, said in each.items()}
    out["paired"] = {}
    for name, said in each.items():
        if name != of:
            bounds = interval((each[of][1:] - said[1:]).tolist())
            out["paired"][name] = {"pr_auc": {"difference": float(each[of][0] - said[0]), "ci": bounds, "verdict": verdict(bounds)}}
    return out


def _mean_within(y: Bools, score: Floats, masks: Sequence[Bools], weights: Sequence[Floats]) -> Floats:
    """The figure itself first, then one of each resample; a resample without a find in some source leaves that source out."""
    ranked = [Ranked.of(y[mask], score[mask]) for mask in masks]
    drawn = [np.ones(len(y)), *weights]
    values = np.array([[average_precision(one, weight[mask]) for one, mask in zip(ranked, masks, strict=True)] for weight in drawn])
    finds = np.array([[float(weight[mask] @ y[mask]) for mask in masks] for weight in drawn])
    finds = np.where(np.isfinite(values), finds, 0.0)
    total = finds.sum(axis=1)
    return np.asarray((np.nan_to_num(values) * finds).sum(axis=1) / np.where(total > 0, total, np.nan), dtype=float)
