"""How likely a look at a seller finds something, from the probabilities of its listings: the strongest few and a shrunken share.

A sum, or one minus the chance that all are innocent, grows with the shop: it ranks shops by size. The strongest three say what is worst there, the
shrunken share how much of it there is; what both are worth is fitted on sellers that were looked at.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.optimize import minimize
from scipy.special import expit, logit

from models.metrics import Ranked, average_precision, interval
from models.reliability import calibration_slope, observed_over_expected_top

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]
#: Weights of the strongest, second and third listing; of fewer, as much as there is.
_TOP = (0.6, 0.25, 0.15)
#: The share is shrunk as if so many listings of the mean probability had been seen beside the real ones.
_PRIOR_LISTINGS = 20.0
_RIDGE_SELLERS = 5.0
_EDGE = 1e-6


@dataclass(frozen=True)
class SellerCalibration:
    """``probability = expit(top * strongest + share * log-odds of the shrunken share + shift)``; ``prior``: mean probability of a listing."""

    top: float
    share: float
    shift: float
    prior: float

    def probability(self, listings: Floats, sellers: Ints) -> pd.Series:
        """Return one probability a seller, indexed by its code in ``sellers``; ``listings`` are calibrated probabilities."""
        found = _features(listings, sellers, self.prior)
        said = expit(self.top * found["strongest"] + self.share * found["share"] + self.shift)
        return pd.Series(said, index=found.index)


#: Both parts count half, as they do before anything was fitted.
UNKNOWN_SELLERS = SellerCalibration(0.5, 0.5, 0.0, 0.5)


def fit_sellers(listings: Floats, y: Bools, sellers: Ints) -> SellerCalibration:
    """Fit on listings that the scores have not seen; a seller is positive with one confirmed listing. Neither weight goes below zero."""
    prior = float(np.clip(listings.mean(), _EDGE, 1 - _EDGE))
    found = _features(listings, sellers, prior)
    guilty = pd.Series(y).groupby(sellers).any().reindex(found.index).to_numpy(dtype=float)
    design = found[["strongest", "share"]].to_numpy()
    begin = np.array([0.5, 0.5, 0.0])
    ridge = _RIDGE_SELLERS / len(found)

    def loss(parameters: Floats) -> float:
        margin = design @ parameters[:2] + parameters[2]
        return float((np.logaddexp(0, margin) - guilty * margin).mean() + ridge * ((parameters[:2] - begin[:2]) ** 2).sum())

    best = minimize(loss, begin, method="L-BFGS-B", bounds=[(0, None), (0, None), (-20, 20)]).x
    return SellerCalibration(float(best[0]), float(best[1]), float(best[2]), prior)


def judge_sellers(fitted: SellerCalibration, listings: Floats, y: Bools, sellers: Ints, *, n_resamples: int, seed: int) -> dict[str, Any]:
    """Return how the sellers' probabilities do on sellers apart: PR-AUC with interval, slope, found over promised at the top, and the rank
    correlation with the number of listings, which should be small.
    """
    said = fitted.probability(listings, sellers)
    guilty = pd.Series(y).groupby(sellers).any().reindex(said.index).to_numpy(dtype=bool)
    size = pd.Series(sellers).value_counts().reindex(said.index)
    out: dict[str, Any] = {"n": len(said), "n_positive": int(guilty.sum())}
    if not 0 < guilty.sum() < len(guilty):
        return out
    ranked, probability = Ranked.of(guilty, said.to_numpy()), said.to_numpy()
    generator = np.random.default_rng(seed)
    weights = [generator.multinomial(len(said), np.full(len(said), 1 / len(said))).astype(float) for _ in range(n_resamples)]
    bounds = interval([average_precision(ranked, weight) for weight in weights])
    correlation = said.corr(size, method="spearman") if size.nunique() > 1 else float("nan")
    return {
        **out,
        "pr_auc": {"value": average_precision(ranked, np.ones(len(said))), "ci": bounds},
        "calibration_slope": calibration_slope(guilty, probability),
        "observed_over_expected_at": {
            str(share): observed_over_expected_top(guilty, probability, max(1, round(share * len(said))), weights)["value"] for share in (0.05, 0.1)
        },
        "rank_correlation_with_size": None if np.isnan(correlation) else round(float(correlation), 3),
    }


def _features(listings: Floats, sellers: Ints, prior: float) -> pd.DataFrame:
    table = pd.DataFrame({"seller": sellers, "p": np.clip(listings, _EDGE, 1 - _EDGE)}).sort_values(["seller", "p"], ascending=[True, False])
    place = table.groupby("seller").cumcount().to_numpy()
    weight = np.select([place == at for at in range(len(_TOP))], _TOP, 0.0)
    table = table.assign(weight=weight, weighted=weight * logit(table["p"]))
    grouped = table.groupby("seller")
    share = (grouped["p"].sum() + prior * _PRIOR_LISTINGS) / (grouped.size() + _PRIOR_LISTINGS)
    return pd.DataFrame({"strongest": grouped["weighted"].sum() / grouped["weight"].sum(), "share": logit(share)})
