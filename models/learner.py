"""The learned score of one behaviour: text log-odds and named columns into LightGBM, calibrated on a later block."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import lightgbm as lgb
import numpy as np
import numpy.typing as npt
import pandas as pd
import scipy.sparse as sp

from models.calibrate import Platt, fit_platt
from models.text_linear import TextLinear, fit_text

Floats = npt.NDArray[np.float64]
TEXT_COLUMN = "text_log_odds"

#: Small and fixed: labels are few, and a search over settings would fit the evaluation. One thread: two wait for each other wherever other
#: work shares the cores (20,000 rows beside one busy process: 1.4 s with one, 45 s with two).
PARAMETERS: dict[str, Any] = {
    "objective": "binary", "num_leaves": 15, "learning_rate": 0.05, "min_data_in_leaf": 20, "feature_fraction": 0.7, "bagging_fraction": 0.8,
    "bagging_freq": 1, "lambda_l2": 5.0, "max_bin": 127, "deterministic": True, "force_row_wise": True, "num_threads": 1, "verbosity": -1,
}  # fmt: skip
ROUNDS = 150
#: A value of a column of words is learned from this many rows on, and so many of them at most.
_LEAST_ROWS, _MOST_VALUES = 20, 100


@dataclass(frozen=True)
class Learner:
    """Fitted. ``categories``: the known values of each column of words; any other counts as missing. ``boosters`` differ in their seed only;
    their spread gives the bounds of a probability.
    """

    columns: list[str]
    categories: dict[str, list[str]]
    text: TextLinear
    boosters: list[lgb.Booster]
    platt: Platt

    def predict(self, table: pd.DataFrame, text: sp.csr_matrix) -> pd.DataFrame:
        """Return ``probability, low, high`` (RangeIndex); raises ``KeyError`` where a column is missing."""
        full = _with_text(encode(table[self.columns], self.categories), self.text.score(text))
        each = np.column_stack([np.asarray(one.predict(full, num_threads=1), dtype=float) for one in self.boosters])
        middle = self.platt.probability(each.mean(axis=1))
        low, high = (self.platt.probability(pick(each, axis=1)) for pick in (np.min, np.max))
        return pd.DataFrame({"probability": middle, "low": np.minimum(low, middle), "high": np.maximum(high, middle)})

    def importance(self) -> pd.Series:
        """Return mean gain per column, largest first."""
        names = [*self.columns, TEXT_COLUMN]
        gain = np.mean([one.feature_importance("gain") for one in self.boosters], axis=0)
        return pd.Series(gain, index=names).sort_values(ascending=False)


def fit_learner(
    table: pd.DataFrame,
    text: sp.csr_matrix,
    y: npt.NDArray[np.bool_],
    groups: npt.NDArray[np.int64],
    calibration: npt.NDArray[np.bool_],
    *,
    seed: int,
    n_folds: int = 5,
    n_boosters: int = 3,
) -> Learner:
    """Fit on rows where ``calibration`` is false and calibrate on the others.

    ``groups`` keeps a seller's rows in one text fold. The same input and seed give the same learner.
    """
    train = ~calibration
    linear, out_of_fold = fit_text(text[train], y[train], groups[train], n_folds=n_folds, seed=seed)
    categories = known_values(table[train])
    full = _with_text(encode(table[train], categories), out_of_fold)
    words = [at for at, name in enumerate(table) if name in categories]
    boosters = []
    for number in range(n_boosters):
        data = lgb.Dataset(full, label=y[train].astype(float), categorical_feature=words, free_raw_data=True)
        boosters.append(lgb.train({**PARAMETERS, "seed": seed + number}, data, num_boost_round=ROUNDS))
    draft = Learner(list(table.columns), categories, linear, boosters, Platt(1.0, 0.0))
    raw = draft.predict(table[calibration].reset_index(drop=True), text[calibration])["probability"].to_numpy()
    return Learner(draft.columns, categories, linear, boosters, fit_platt(raw, y[calibration]))


def known_values(table: pd.DataFrame) -> dict[str, list[str]]:
    """Return, for each column of words, the values that stand in enough rows to learn from, most frequent first."""
    found = {}
    for name in table:
        if not pd.api.types.is_numeric_dtype(table[name]):
            counts = table[name].value_counts().rename_axis("value").reset_index(name="n").sort_values(["n", "value"], ascending=[False, True])
            found[str(name)] = counts.loc[counts["n"].ge(_LEAST_ROWS), "value"].head(_MOST_VALUES).astype(str).tolist()
    return found


def encode(table: pd.DataFrame, categories: Mapping[str, list[str]]) -> npt.NDArray[np.float32]:
    """Return the columns as numbers: words by their place among the known ones, unknown words missing."""
    columns = []
    for name in table:
        if name in categories:
            place = pd.Index(categories[str(name)], dtype="str").get_indexer(pd.Index(table[name].astype("str")))
            columns.append(np.where(place >= 0, place, np.nan))
        else:
            columns.append(table[name].to_numpy(dtype=np.float32))
    return np.column_stack(columns).astype(np.float32)


def _with_text(table: npt.NDArray[np.float32], log_odds: Floats) -> npt.NDArray[np.float32]:
    return np.column_stack([table, log_odds.astype(np.float32)])
