"""The finer questions about one evaluation: for whom, when, by which definition, with what luck in ties, and for the listings nobody looked at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from models.metrics import BUDGETS, interval, judge, paired, resamples
from models.selection import Looks, corrected
from models.slices import by_slice, slice_labels
from models.split import Split
from models.tie_bounds import tie_bounds
from models.timeline import days_earlier, weekly_finds
from models.within import judge_within
from pipeline.stages.dataset import Dataset

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
_SHARE = 0.05
#: Scorers whose weekly lists are shown beside the model's.
_LISTS = ("model", "evidence_only", "random")
#: What only a source's habits give away stands in every table.
_SOURCE = "missingness_only"


@dataclass(frozen=True)
class Tested:
    """Test rows (positions in ``data``), their labels and every scorer's score, in one order; ``crowd``: the model's probability for
    ``data.crowd``.
    """

    data: Dataset
    rows: npt.NDArray[np.int64]
    y: Bools
    scores: dict[str, Floats]
    capacity_a_week: int
    crowd: Floats | None = None

    @property
    def weeks(self) -> int:
        """Weeks that the test rows span; one where times are not known."""
        when = self.data.when.iloc[self.rows].dropna()
        return max(1, round((when.max() - when.min()).days / 7)) if len(when) else 1

    @property
    def capacity(self) -> int:
        """How many of the test rows could have been looked into."""
        return min(len(self.y), self.capacity_a_week * self.weeks)


def parts_of(tested: Tested, weights: list[Floats], split: Split) -> dict[str, Any]:
    """Return ``populations, definitions, slices, within_source, ties, timeline, selection`` of an evaluation."""
    said = tested.scores["model"]
    rows = tested.data.rows.iloc[tested.rows].reset_index(drop=True)
    beside = {_SOURCE: tested.scores[_SOURCE]}
    everyone = _figures(tested, np.ones(len(tested.y), dtype=bool), weights)
    return {
        "populations": {"all_future": everyone, "new_sellers": _of(_new_sellers(tested, split), everyone, tested, weights)},
        "definitions": {"primary": everyone, "strict": _of(_strict(tested), everyone, tested, weights)},
        "slices": by_slice(tested.y, said, slice_labels(rows), weights, share=_SHARE, beside=beside),
        "within_source": judge_within(tested.y, tested.scores, rows["platform"], weights, of="model"),
        "ties": {name: _ties(tested.y, score) for name, score in tested.scores.items()},
        "timeline": _timeline(tested),
        "selection": _selection(tested, weights),
    }


def _ties(y: Bools, score: Floats) -> dict[str, Any]:
    return {str(share): tie_bounds(y, score, round(share * len(y))) for share in BUDGETS}


def _new_sellers(tested: Tested, split: Split) -> Bools:
    """Rows whose seller had never been looked at before. Either way the model has seen no row of the sellers it is tested on, so without time
    these are all.
    """
    if split.kind != "time+seller":
        return np.ones(len(tested.y), dtype=bool)
    times = tested.data.when.astype("int64").to_numpy()
    first = np.full(int(tested.data.groups.max()) + 1, np.iinfo(np.int64).max)
    np.minimum.at(first, tested.data.groups, times)
    return np.asarray(first[tested.data.groups[tested.rows]] >= times[tested.rows].min(), dtype=bool)


def _strict(tested: Tested) -> Bools:
    """Rows that count by the strict definition of a negative: cleared, where the primary one takes inspected and not confirmed."""
    table = tested.data.labels.table
    if "strict" not in table:
        return np.ones(len(tested.y), dtype=bool)
    return np.asarray(table["strict"].to_numpy(dtype=bool)[tested.rows], dtype=bool)


def _of(mask: Bools, everyone: dict[str, Any], tested: Tested, weights: list[Floats]) -> dict[str, Any]:
    return everyone if mask.all() else _figures(tested, mask, weights)


def _figures(tested: Tested, mask: Bools, weights: list[Floats]) -> dict[str, Any]:
    n, positives = int(mask.sum()), int(tested.y[mask].sum())
    out: dict[str, Any] = {"n": n, "n_positive": positives}
    if positives < 5 or positives == n:
        return out
    flat, each = {}, {}
    for name in ("model", "evidence_only", _SOURCE):
        flat[name], each[name] = judge(tested.y[mask], tested.scores[name][mask], [weight[mask] for weight in weights], flagged=positives / n)
        out[name] = {measure: flat[name][measure] for measure in ("pr_auc", f"precision_at_{_SHARE}", f"recall_at_{_SHARE}")}
    gains = {name: flat["model"]["pr_auc"]["value"] - flat[name]["pr_auc"]["value"] for name in ("evidence_only", _SOURCE)}
    out["paired"] = {name: {"pr_auc": paired(each["model"], each[name], "pr_auc", gain)} for name, gain in gains.items()}
    return out


def _timeline(tested: Tested) -> dict[str, Any] | None:
    table = tested.data.labels.table
    rows = tested.data.seen.iloc[tested.rows].reset_index(drop=True)
    happened = table["happened_at"] if "happened_at" in table else table["known_at"]
    happened = happened.fillna(table["known_at"]).iloc[tested.rows].reset_index(drop=True)
    if tested.data.when.iloc[tested.rows].isna().any() or happened.isna().all():
        return None
    rows = rows.assign(happened_at=happened, y=tested.y)
    scores = {name: tested.scores[name] for name in _LISTS}
    return {
        "by_week": weekly_finds(rows, scores, capacity=tested.capacity_a_week),
        "days_earlier": {name: days_earlier(rows, score, capacity=tested.capacity_a_week) for name, score in scores.items()},
    }


def _selection(tested: Tested, weights: list[Floats]) -> dict[str, Any] | None:
    """Estimates for all captures of the test's time from the looks with recorded chances; ``None`` where there are too few."""
    table = tested.data.labels.table
    if "selection_probability" not in table:
        return None
    chance = table["selection_probability"].to_numpy(dtype=float)[tested.rows]
    drawn = np.isfinite(chance)
    if drawn.sum() < 30 or not tested.y[drawn].any():
        return None
    said = tested.scores["model"][drawn]
    groups = tested.data.groups[tested.rows][drawn]
    everyone = _crowd_in_time(tested)
    looked = resamples(groups, len(weights), seed=1)
    out: dict[str, Any] = {"n": int(drawn.sum()), "n_positive": int(tested.y[drawn].sum()), "n_crowd": 0 if everyone is None else len(everyone)}
    # The budget is a share of all listings, so the edge comes from the crowd (or from the weighted looks).
    for share in (1.0, 0.1, _SHARE):
        edge = _edge(said, 1 / chance[drawn], share) if everyone is None else float(np.quantile(everyone, 1 - share))
        looks = Looks(tested.y[drawn], chance[drawn], said, said >= edge)
        name = "prevalence" if share == 1.0 else f"precision_at_{share}"
        out[name] = corrected(looks, looked, everyone, None if everyone is None else everyone >= edge)
        # What the plain figure would be: all looks alike, those that went where something shows among them.
        taken = tested.scores["model"] >= edge
        plain = [float(weight @ (tested.y & taken) / (weight @ taken)) if weight @ taken else float("nan") for weight in weights]
        out[name]["naive"] = {"value": float(tested.y[taken].mean()) if taken.any() else float("nan"), "ci": interval(plain)}
    return out


def _crowd_in_time(tested: Tested) -> Floats | None:
    if tested.crowd is None or tested.data.crowd is None:
        return None
    begin, when = tested.data.when.iloc[tested.rows].min(), tested.data.crowd.when
    return tested.crowd if pd.isna(begin) else tested.crowd[when.ge(begin).to_numpy()]


def _edge(said: Floats, weight: Floats, share: float) -> float:
    order = np.argsort(-said, kind="stable")
    reached = np.searchsorted(np.cumsum(weight[order]), share * weight.sum())
    return float(said[order][min(int(reached), len(order) - 1)])
