"""The logistic stack: standardised columns, one-hot words and the text's log-odds in one additive model that can be read.

Numbers are cut at their first and last percentile, centred on the median and scaled; a missing number counts as the median, so that
missingness by itself says nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.linear_model import LogisticRegression

from models.boosted import known_values

Floats = npt.NDArray[np.float64]
Floats32 = npt.NDArray[np.float32]
Bools = npt.NDArray[np.bool_]
_EDGES = (0.01, 0.99)
_STRENGTH = 0.1


@dataclass(frozen=True)
class LogisticStack:
    """``scale``: ``(n_numbers, 4)``, low edge, high edge, median, spread, the text's log-odds last; ``weights`` end with the intercept."""

    numbers: list[str]
    categories: dict[str, list[str]]
    scale: Floats
    weights: Floats

    def log_odds(self, table: pd.DataFrame, text: Floats) -> Floats:
        """Return one number a row; raises ``KeyError`` where a column is missing."""
        design = _design(table, text, self.numbers, self.categories, self.scale)
        return np.asarray(design @ self.weights[:-1] + self.weights[-1], dtype=float)


def fit_stack(table: pd.DataFrame, text: Floats, y: Bools, *, seed: int, balance: Floats | None = None) -> LogisticStack:
    """Fit on ``table`` and the rows' out-of-fold text log-odds; columns that never vary are left out, ``balance`` weighs the rows."""
    categories = known_values(table)
    numbers = [str(name) for name in table if name not in categories and table[name].nunique() > 1]
    scale = _scale(table, text, numbers)
    design = _design(table, text, numbers, categories, scale)
    model = LogisticRegression(C=_STRENGTH, max_iter=300, random_state=seed).fit(design, y, sample_weight=balance)
    return LogisticStack(numbers, categories, scale, np.append(model.coef_[0], model.intercept_[0]).astype(float))


def _numbers(table: pd.DataFrame, text: Floats, numbers: list[str]) -> Floats:
    return np.column_stack([table[numbers].to_numpy(dtype=float), text])


def _scale(table: pd.DataFrame, text: Floats, numbers: list[str]) -> Floats:
    values = _numbers(table, text, numbers)
    known = np.where(np.isfinite(values), values, np.nan)
    low, middle, high = np.nanquantile(known, [_EDGES[0], 0.5, _EDGES[1]], axis=0)
    # A flag that is set in fewer than one row in a hundred has no spread between its edges.
    flat = high <= low
    low, high = np.where(flat, np.nanmin(known, axis=0), low), np.where(flat, np.nanmax(known, axis=0), high)
    spread = np.nanstd(np.clip(known, low, high), axis=0)
    return np.column_stack([low, high, middle, np.where(spread > 0, spread, 1.0)])


def _design(table: pd.DataFrame, text: Floats, numbers: list[str], categories: dict[str, list[str]], scale: Floats) -> Floats32:
    values = _numbers(table, text, numbers)
    standard = (np.clip(values, scale[:, 0], scale[:, 1]) - scale[:, 2]) / scale[:, 3]
    blocks = [np.nan_to_num(standard, nan=0.0)]
    for name, known in categories.items():
        words = table[name].astype("str").to_numpy()
        blocks.append(np.asarray(words[:, None] == np.asarray(known, dtype=object)[None, :], dtype=float).reshape(len(table), len(known)))
    return np.column_stack(blocks).astype(np.float32)
