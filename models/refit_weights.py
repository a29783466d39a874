"""The evidence score's weights, corrected by outcomes: each weight times a factor that stays near one until many sellers say otherwise.

A logistic regression of the label on the points each weight has earned a listing, with a normal prior around one (standard deviation 0.5) on
every factor. With few outcomes the written judgements stay; a sign never changes its direction. A seller counts once, however much it lists.
The factors are a proposal: a person reads them and changes ``configs/evidence.yaml``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.optimize import minimize
from scipy.special import expit
from sklearn.model_selection import GroupKFold

from models.metrics import Ranked, average_precision, interval, resamples
from models.weights import EvidenceWeights, Signs, SignWeight

Floats = npt.NDArray[np.float64]
PRIOR_SPREAD = 0.5
#: Fewest labels of each class, and sellers with either, from which factors are fitted at all.
LEAST_OF_EACH, LEAST_SELLERS = 30, 20
_FOLDS, _RESAMPLES = 5, 400
_CUES = ("strong", "medium", "weak")


@dataclass(frozen=True)
class Refit:
    """``factors``: ``weight, factor, low, high, n_rows`` (95 % credible, by Laplace's approximation); ``gain``: what cross-fitting says of it."""

    factors: pd.DataFrame
    gain: dict[str, Any]

    @property
    def wins(self) -> bool:
        """True where the whole interval of the gain lies above zero."""
        return self.gain["ci"] is not None and self.gain["ci"][0] > 0

    def apply(self, weights: EvidenceWeights) -> EvidenceWeights:
        """Return ``weights`` with each weight times its factor; caps, thresholds and bands stay."""
        factor = self.factors.set_index("weight")["factor"].to_dict()
        cues = {name: points * factor.get(f"cue_points.{name}", 1.0) for name, points in weights.cue_points.items()}
        signs = {name: _scaled(getattr(weights.signs, name), factor.get(f"signs.{name}", 1.0)) for name in Signs.model_fields}
        return weights.model_copy(update={"cue_points": cues, "signs": weights.signs.model_copy(update=signs)})


def weight_points(signs: pd.DataFrame, strength: Mapping[str, str], weights: EvidenceWeights, n_rows: int) -> pd.DataFrame:
    """Return the points each weight of the settings earned each row (RangeIndex): columns ``cue_points.NAME`` and ``signs.NAME``.

    ``signs``: ``row, sign_id, behaviour, points``; ``strength`` by cue id. Behaviours that move no risk are left out.
    """
    names = [f"cue_points.{name}" for name in _CUES] + [f"signs.{name}" for name in Signs.model_fields]
    weight = signs["sign_id"].map(lambda name: f"cue_points.{strength.get(name[4:], '')}" if name.startswith("cue.") else f"signs.{name}")
    counts = signs["behaviour"].map(dict(weights.behaviour_weight)).fillna(0.0).to_numpy(dtype=float) * signs["points"].to_numpy(dtype=float)
    table = pd.DataFrame({"row": signs["row"], "weight": weight, "points": counts})
    wide = table[table["weight"].isin(names)].pivot_table(index="row", columns="weight", values="points", aggfunc="sum")
    return wide.reindex(index=pd.RangeIndex(n_rows), columns=names).fillna(0.0)


def refit(points: pd.DataFrame, y: npt.NDArray[np.bool_], sellers: npt.NDArray[Any], *, seed: int) -> Refit | None:
    """Fit factors to labelled rows of `weight_points`; ``None`` where there are too few labels to say anything.

    ``gain``: PR-AUC of the refitted sum less that of the written one, on sellers that the factors were not fitted to.
    """
    groups = np.unique(sellers, return_inverse=True)[1]
    if min(y.sum(), (~y).sum()) < LEAST_OF_EACH or len(np.unique(groups)) < LEAST_SELLERS:
        return None
    used = points.loc[:, (points != 0).any()]
    table = used.to_numpy(dtype=float)
    factor, spread = _fit(table, y, _once_a_seller(groups))
    low, high = np.clip(factor - 1.96 * spread, 0, None), factor + 1.96 * spread
    rows = (used != 0).sum().to_numpy()
    factors = pd.DataFrame({"weight": used.columns, "factor": factor, "low": low, "high": high, "n_rows": rows})
    return Refit(factors, _gain(table, y, groups, seed))


def _fit(table: Floats, y: npt.NDArray[np.bool_], row_weight: Floats) -> tuple[Floats, Floats]:
    def loss(parameters: Floats) -> tuple[float, Floats]:
        shift, factor = parameters[0], parameters[1:]
        z = shift + table @ factor
        miss = row_weight * (expit(z) - y)
        penalty = (factor - 1) / PRIOR_SPREAD**2
        value = float(row_weight @ (np.logaddexp(0, z) - y * z) + 0.5 * penalty @ (factor - 1))
        return value, np.r_[miss.sum(), table.T @ miss + penalty]

    n = table.shape[1]
    best = minimize(loss, np.r_[0.0, np.ones(n)], jac=True, method="L-BFGS-B", bounds=[(-20, 20)] + [(0.0, 10.0)] * n)
    p = expit(best.x[0] + table @ best.x[1:])
    full = np.column_stack([np.ones(len(table)), table])
    curvature = full.T @ (full * (row_weight * p * (1 - p))[:, None]) + np.diag(np.r_[1e-9, np.full(n, PRIOR_SPREAD**-2)])
    return np.asarray(best.x[1:], dtype=float), np.sqrt(np.diag(np.linalg.inv(curvature)))[1:]


def _gain(table: Floats, y: npt.NDArray[np.bool_], groups: npt.NDArray[np.intp], seed: int) -> dict[str, Any]:
    """PR-AUC on held-out sellers, averaged over folds; scores of different folds are never ranked against each other."""
    points: list[tuple[float, float]] = []
    drawn: list[list[tuple[float, float]]] = []
    for number, (learn, test) in enumerate(GroupKFold(_FOLDS, shuffle=True, random_state=seed).split(table, y, groups)):
        if not 0 < y[test].sum() < len(test):
            continue
        factor, _ = _fit(table[learn], y[learn], _once_a_seller(groups[learn]))
        new, old = (Ranked.of(y[test], score) for score in (table[test] @ factor, table[test].sum(axis=1)))
        even, *weights = [np.ones(len(test)), *resamples(groups[test], _RESAMPLES, seed=seed + number)]
        points.append((average_precision(new, even), average_precision(old, even)))
        drawn.append([(average_precision(new, weight), average_precision(old, weight)) for weight in weights])
    refitted, written = (float(np.mean([pair[side] for pair in points])) for side in (0, 1))
    differences = [float(np.mean([new - old for new, old in fold])) for fold in zip(*drawn, strict=True)]
    return {"measure": "pr_auc", "written": written, "refitted": refitted, "difference": refitted - written, "ci": interval(differences)}


def _once_a_seller(groups: npt.NDArray[np.intp]) -> Floats:
    return 1.0 / np.bincount(groups)[groups]


def _scaled(sign: SignWeight, factor: float) -> SignWeight:
    """The sign with all that it can earn times ``factor``; its thresholds stay."""
    earns = [name for name in SignWeight.model_fields if name == "max_points" or name.startswith("points")]
    known = {name: getattr(sign, name) for name in earns}
    return sign.model_copy(update={name: points * factor for name, points in known.items() if points is not None})
