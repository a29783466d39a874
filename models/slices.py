"""The same figures for parts of the rows, so that a good mean cannot hide a platform, a kind of goods or a kind of shop where the order fails."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from models.metrics import Ranked, average_precision, interval
from models.reliability import observed_over_expected_top

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

#: Smaller slices are named and counted, not judged.
_LEAST_ROWS, _LEAST_POSITIVES = 50, 10
_MOST_VALUES = 12


def slice_labels(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the slices of each row: ``platform, goods_group, seller_size, seller_age, language``; "unknown" where a crawl does not show it."""
    index = rows.index
    size = _number(rows, "seller_n_products").fillna(_number(rows, "seller_n_collected"))
    age = _number(rows, "seller_age_days")
    out = pd.DataFrame(index=index)
    out["platform"] = rows["platform"].astype("str")
    out["goods_group"] = rows["goods_group"].astype("str") if "goods_group" in rows else pd.Series(np.nan, index=index, dtype="str")
    out["seller_size"] = pd.cut(size, [-1, 5, 50, 500, np.inf], labels=["1-5", "6-50", "51-500", "over 500"]).astype("str")
    out["seller_age"] = pd.cut(age, [-1, 90, 365, 1095, np.inf], labels=["to 90 days", "to a year", "to 3 years", "older"]).astype("str")
    out["language"] = language(rows["title"])
    return out.fillna("unknown").replace("nan", "unknown")


def language(titles: pd.Series) -> pd.Series:
    """Return ``vi`` where Vietnamese letters stand in a title, ``latin`` for other Latin letters, ``other``, or ``none`` without letters."""
    text = titles.fillna("").astype(str).str.normalize("NFC").str.lower()
    vietnamese = text.str.contains("[àáãèéìíòóõùúýâêôăđơưạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹ]", regex=True)
    latin = text.str.contains("[a-z]", regex=True)
    letters = text.str.contains(r"[^\W\d_]", regex=True)
    return pd.Series(np.select([vietnamese, latin, letters], ["vi", "latin", "other"], "none"), index=titles.index)


def by_slice(
    y: Bools, score: Floats, labels: pd.DataFrame, weights: list[Floats], *, share: float, beside: Mapping[str, Floats] | None = None
) -> dict[str, dict[str, Any]]:
    """Return per column of ``labels`` and value: ``n, n_positive, pr_auc`` with interval, ``lift`` (PR-AUC over the slice's prevalence), found
    over promised in its top ``share`` and the PR-AUC of the scores ``beside``; only counts where rows are too few.
    """
    out: dict[str, dict[str, Any]] = {}
    for name in labels:
        values = labels[name].value_counts().rename_axis("value").reset_index(name="n").sort_values(["n", "value"], ascending=[False, True])
        largest = values["value"].head(_MOST_VALUES)
        out[str(name)] = {str(value): _one(y, score, labels[name].eq(value).to_numpy(), weights, share, beside or {}) for value in largest}
    return out


def _one(y: Bools, score: Floats, mine: Bools, weights: list[Floats], share: float, beside: Mapping[str, Floats]) -> dict[str, Any]:
    n, positives = int(mine.sum()), int(y[mine].sum())
    counts: dict[str, Any] = {"n": n, "n_positive": positives}
    if n < _LEAST_ROWS or positives < _LEAST_POSITIVES or positives == n:
        return counts
    ranked = Ranked.of(y[mine], score[mine])
    point = average_precision(ranked, np.ones(n))
    bounds = interval([average_precision(ranked, weight[mine]) for weight in weights])
    promised = observed_over_expected_top(y[mine], score[mine], max(1, round(share * n)))
    out = {**counts, "pr_auc": {"value": point, "ci": bounds}, "lift": point * n / positives, "observed_over_expected": promised["value"]}
    return out | {name: average_precision(Ranked.of(y[mine], other[mine]), np.ones(n)) for name, other in beside.items()}


def _number(rows: pd.DataFrame, name: str) -> pd.Series:
    return pd.to_numeric(rows[name], errors="coerce") if name in rows else pd.Series(np.nan, index=rows.index)
