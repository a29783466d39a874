"""Gradient-boosted trees over named columns: small settings, as many rounds as rows apart from the fitted ones still gain by.

Words are learned by their place among the values known from enough rows; an unknown value counts as missing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import lightgbm as lgb
import numpy as np
import numpy.typing as npt
import pandas as pd

from models.workers import in_order

Floats = npt.NDArray[np.float64]
Floats32 = npt.NDArray[np.float32]
Bools = npt.NDArray[np.bool_]

#: Small and fixed: labels are few, and a search over settings would fit the evaluation. One thread: two wait for each other wherever other
#: work shares the cores (20,000 rows beside one busy process: 1.4 s with one, 45 s with two).
PARAMETERS: dict[str, Any] = {
    "objective": "binary", "num_leaves": 15, "learning_rate": 0.05, "min_data_in_leaf": 20, "feature_fraction": 0.7, "bagging_fraction": 0.8,
    "bagging_freq": 1, "lambda_l2": 5.0, "max_bin": 127, "deterministic": True, "force_row_wise": True, "num_threads": 1, "verbosity": -1,
}  # fmt: skip
ROUNDS = 150
#: Rounds are stopped where this many more gain nothing on rows apart; never more than ``_MOST_ROUNDS``.
_PATIENCE, _MOST_ROUNDS, _FEWEST_ROUNDS = 40, 500, 30
#: A value of a column of words is learned from this many rows on, and so many of them at most.
_LEAST_ROWS, _MOST_VALUES = 20, 100


@dataclass(frozen=True)
class Boosted:
    """``columns`` in the order of the trees; ``categories``: known values of columns of words. ``boosters`` differ in their seed only."""

    columns: list[str]
    categories: dict[str, list[str]]
    boosters: list[lgb.Booster]

    def log_odds(self, table: pd.DataFrame, further: Floats32) -> Floats:
        """Return ``(n, n_boosters)``; ``further`` columns stand behind the named ones. Raises ``KeyError`` where a column is missing."""
        full = with_further(encode(table[self.columns], self.categories), further)
        each = [np.asarray(one.predict(full, num_threads=1, raw_score=True), dtype=float) for one in self.boosters]
        return np.column_stack(each)

    def gain(self, further: Sequence[str]) -> pd.Series:
        """Return mean gain per column, largest first."""
        gain = np.mean([one.feature_importance("gain") for one in self.boosters], axis=0)
        return pd.Series(gain, index=[*self.columns, *further]).sort_values(ascending=False)


def rounds_needed(
    table: pd.DataFrame,
    further: Floats32,
    y: Bools,
    held_table: pd.DataFrame,
    held_further: Floats32,
    held_y: Bools,
    *,
    seed: int,
    balance: Floats | None = None,
) -> tuple[int, Floats]:
    """Fit once, stopped early on the held rows; returns the number of rounds and the held rows' log-odds."""
    categories = known_values(table)
    words = [at for at, name in enumerate(table) if name in categories]
    full = with_further(encode(table, categories), further)
    data = lgb.Dataset(full, label=y.astype(float), weight=balance, categorical_feature=words, free_raw_data=True, params=PARAMETERS)
    held = data.create_valid(with_further(encode(held_table[list(table)], categories), held_further), label=held_y.astype(float))
    stop = lgb.early_stopping(_PATIENCE, verbose=False)
    booster = lgb.train({**PARAMETERS, "seed": seed}, data, num_boost_round=_MOST_ROUNDS, valid_sets=[held], callbacks=[stop])
    rounds = max(_FEWEST_ROUNDS, booster.best_iteration)
    full = with_further(encode(held_table[list(table)], categories), held_further)
    return rounds, np.asarray(booster.predict(full, num_threads=1, raw_score=True, num_iteration=rounds), dtype=float)


def fit_boosted(
    table: pd.DataFrame,
    further: Floats32,
    y: Bools,
    *,
    rounds: int,
    n_boosters: int,
    seed: int,
    balance: Floats | None = None,
    parameters: Mapping[str, Any] = PARAMETERS,
) -> Boosted:
    """Fit ``n_boosters`` of ``rounds`` trees each; ``balance`` weighs the rows. The same input and seed give the same trees."""
    categories = known_values(table)
    full = with_further(encode(table, categories), further)
    words = [at for at, name in enumerate(table) if name in categories]

    def one(number: int) -> lgb.Booster:
        data = lgb.Dataset(full, label=y.astype(float), weight=balance, categorical_feature=words, free_raw_data=True, params=dict(parameters))
        return lgb.train({**parameters, "seed": seed + number}, data, num_boost_round=rounds)

    return Boosted(list(table.columns), categories, in_order(one, range(n_boosters)))


def known_values(table: pd.DataFrame) -> dict[str, list[str]]:
    """Return, for each column of words, the values that stand in enough rows to learn from, most frequent first."""
    found = {}
    for name in table:
        if not pd.api.types.is_numeric_dtype(table[name]):
            counts = table[name].value_counts().rename_axis("value").reset_index(name="n").sort_values(["n", "value"], ascending=[False, True])
            found[str(name)] = counts.loc[counts["n"].ge(_LEAST_ROWS), "value"].head(_MOST_VALUES).astype(str).tolist()
    return found


def encode(table: pd.DataFrame, categories: Mapping[str, list[str]]) -> Floats32:
    """Return the columns as numbers: words by their place among the known ones, unknown words missing."""
    columns = []
    for name in table:
        if name in categories:
            place = pd.Index(categories[str(name)], dtype="str").get_indexer(pd.Index(table[name].astype("str")))
            columns.append(np.where(place >= 0, place, np.nan))
        else:
            columns.append(table[name].to_numpy(dtype=np.float32))
    return np.column_stack(columns).astype(np.float32) if columns else np.empty((len(table), 0), dtype=np.float32)


def with_further(table: Floats32, further: Floats32) -> Floats32:
    """Return both side by side."""
    return np.column_stack([table, further]) if further.shape[1] else table

