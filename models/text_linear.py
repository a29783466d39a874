"""A linear score of the text, from its hashed words and pieces (`features.text_hashes`).

Counts are damped (1 + log) and weighted by inverse document frequency, words and pieces each to length one. Out of fold for training rows
(folds are groups of sellers), so that a later model does not trust it more than it deserves; the fold models' average for new rows. Nothing
but arrays is kept.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedGroupKFold
from sklearn.preprocessing import normalize

from features.text_hashes import WORD_COLUMNS

Floats = npt.NDArray[np.float64]
Floats32 = npt.NDArray[np.float32]


@dataclass(frozen=True)
class TextLinear:
    """``idf``: ``(n_features,)``; ``weights``: ``(n_folds, n_features + 1)``, the intercept last; both float32."""

    idf: Floats32
    weights: Floats32

    def score(self, counts: sp.csr_matrix) -> Floats:
        """Return the fold models' mean log-odds: their mean weights', since they are linear."""
        mean = self.weights.astype(np.float64).mean(axis=0)
        damped = (1 + np.log(counts.data)) * self.idf[counts.indices]
        # Words and pieces each to length one, so each half of a row is added up apart.
        half = 2 * np.repeat(np.arange(counts.shape[0]), np.diff(counts.indptr)) + (counts.indices >= WORD_COLUMNS)
        said = np.bincount(half, damped * mean[counts.indices], minlength=2 * counts.shape[0])
        length = np.sqrt(np.bincount(half, damped * damped, minlength=2 * counts.shape[0]))
        log_odds: Floats = np.divide(said, length, out=said, where=length > 0).reshape(-1, 2).sum(axis=1) + mean[-1]
        return log_odds


def fit_text(counts: sp.csr_matrix, y: npt.NDArray[np.bool_], groups: npt.NDArray[np.int64], *, n_folds: int, seed: int) -> tuple[TextLinear, Floats]:
    """Fit fold models; returns them and the out-of-fold log-odds of the training rows.

    Raises ``ValueError`` where a fold would have only one class.
    """
    idf = _inverse_frequency(counts)
    text = _weighted(counts, idf)
    folds = StratifiedGroupKFold(n_splits=n_folds, shuffle=True, random_state=seed)
    weights = np.zeros((n_folds, text.shape[1] + 1), dtype=np.float32)
    out = np.zeros(text.shape[0])
    for fold, (train, held) in enumerate(folds.split(text, y, groups)):
        model = LogisticRegression(C=4.0, solver="liblinear", random_state=seed, max_iter=200).fit(text[train], y[train])
        weights[fold, :-1], weights[fold, -1] = model.coef_[0], model.intercept_[0]
        out[held] = model.decision_function(text[held])
    return TextLinear(idf, weights), out


def _inverse_frequency(counts: sp.csr_matrix) -> Floats32:
    """Smoothed, as in scikit-learn: ``log((1 + n) / (1 + rows that have it)) + 1``."""
    rows_with = np.bincount(counts.indices, minlength=counts.shape[1])
    weights: Floats32 = (np.log((1 + counts.shape[0]) / (1 + rows_with)) + 1).astype(np.float32)
    return weights


def _weighted(counts: sp.csr_matrix, idf: Floats32) -> sp.csr_matrix:
    damped = sp.csr_matrix(((1 + np.log(counts.data)) * idf[counts.indices], counts.indices, counts.indptr), shape=counts.shape)
    halves = (damped[:, :WORD_COLUMNS], damped[:, WORD_COLUMNS:])
    return sp.hstack([normalize(half) for half in halves], format="csr", dtype=np.float32)
