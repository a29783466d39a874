"""A linear score of the text: hashed words of title and description, hashed character pieces of the title.

Out of fold for training rows (folds are groups of sellers), so that a later model does not trust it more than it deserves; the fold models'
average for new rows. Nothing but an array of weights is kept.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp
from sklearn.feature_extraction.text import HashingVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedGroupKFold

WORD_BITS, PIECE_BITS = 17, 16
_DESCRIPTION_LENGTH = 1500

_WORDS = HashingVectorizer(n_features=2**WORD_BITS, ngram_range=(1, 2), token_pattern=r"\S+", lowercase=True, alternate_sign=False)
_PIECES = HashingVectorizer(n_features=2**PIECE_BITS, analyzer="char_wb", ngram_range=(2, 4), lowercase=True, alternate_sign=False)

Floats = npt.NDArray[np.float64]


def hashed(titles: list[str], descriptions: list[str]) -> sp.csr_matrix:
    """Return ``(n, 2**17 + 2**16)`` counts, each half of length one."""
    texts = [f"{title} {text[:_DESCRIPTION_LENGTH]}" for title, text in zip(titles, descriptions, strict=True)]
    return sp.hstack([_WORDS.transform(texts), _PIECES.transform(titles)], format="csr", dtype=np.float32)


@dataclass(frozen=True)
class TextLinear:
    """``weights``: ``(n_folds, n_features + 1)`` float32, the intercept last."""

    weights: npt.NDArray[np.float32]

    def score(self, text: sp.csr_matrix) -> Floats:
        """Return the fold models' mean log-odds."""
        each = text @ self.weights[:, :-1].T + self.weights[:, -1]
        mean: Floats = np.asarray(each, dtype=float).mean(axis=1)
        return mean


def fit_text(text: sp.csr_matrix, y: npt.NDArray[np.bool_], groups: npt.NDArray[np.int64], *, n_folds: int, seed: int) -> tuple[TextLinear, Floats]:
    """Fit fold models; returns them and the out-of-fold log-odds of the training rows.

    Raises ``ValueError`` where a fold would have only one class.
    """
    folds = StratifiedGroupKFold(n_splits=n_folds, shuffle=True, random_state=seed)
    weights = np.zeros((n_folds, text.shape[1] + 1), dtype=np.float32)
    out = np.zeros(text.shape[0])
    for fold, (train, held) in enumerate(folds.split(text, y, groups)):
        model = LogisticRegression(C=4.0, solver="liblinear", random_state=seed, max_iter=200).fit(text[train], y[train])
        weights[fold, :-1], weights[fold, -1] = model.coef_[0], model.intercept_[0]
        out[held] = model.decision_function(text[held])
    return TextLinear(weights), out
