"""Linear scores of the text, from its hashed words and pieces (`features.text_hashes`): three readings, because no one wins everywhere.

``words``
    counts damped (1 + log) and weighted by inverse document frequency; a word seen once says nothing.
``ratio``
    presence weighted by how much more often positives have it (Wang and Manning 2012, "Baselines and Bigrams"): strong on short texts.
``pieces``
    character pieces of the title, weighted as words: what misspelt words have in common.

Each reading's row has length one. Out of fold for training rows (folds are groups of sellers), so that a later model does not trust them
more than they deserve; the fold models' average for new rows. Nothing but arrays is kept.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedGroupKFold

from features.text_hashes import N_COLUMNS, WORD_COLUMNS
from models.split import apart

Floats = npt.NDArray[np.float64]
Floats32 = npt.NDArray[np.float32]
Bools = npt.NDArray[np.bool_]
Folds = list[tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]]

READINGS = ("words", "ratio", "pieces")
_SPANS = {"words": slice(0, WORD_COLUMNS), "ratio": slice(0, WORD_COLUMNS), "pieces": slice(WORD_COLUMNS, N_COLUMNS)}
_STRENGTH = 4.0
#: A word of fewer rows is chance (or one seller's); pieces of one row are left to the ridge.
_LEAST_ROWS = {"words": 2, "ratio": 2, "pieces": 1}


@dataclass(frozen=True)
class Reading:
    """``scale``: what a column's count is multiplied with, ``(n_columns, n_folds)``; ``weights``: of the scaled rows of length one,
    ``(n_columns + 1, n_folds)``, the intercept last; both float32.
    """

    name: str
    scale: Floats32
    weights: Floats32

    def log_odds(self, counts: sp.csr_matrix) -> Floats:
        """Return the fold models' log-odds, ``(n, n_folds)``."""
        part = _taken(counts, self.name)
        along = part @ (self.scale * self.weights[:-1])
        squares = sp.csr_matrix((part.data**2, part.indices, part.indptr), shape=part.shape)
        length = np.sqrt(squares @ (self.scale**2))
        return np.asarray(along / np.where(length > 0, length, 1.0) + self.weights[-1], dtype=float)


@dataclass(frozen=True)
class TextLinear:
    """One `Reading` each of ``READINGS``."""

    readings: tuple[Reading, ...]

    def score(self, counts: sp.csr_matrix) -> Floats:
        """Return the fold models' mean log-odds, ``(n, 3)`` in the order of ``READINGS``."""
        return np.column_stack([one.log_odds(counts).mean(axis=1) for one in self.readings])

    def weights_of(self, reading: str, fold: int | None = None) -> Floats:
        """Return a reading's weights, one a column: of one fold model, or of all on average."""
        weights = next(one.weights for one in self.readings if one.name == reading)[:-1].astype(float)
        mean: Floats = weights.mean(axis=1) if fold is None else weights[:, fold]
        return mean


def text_folds(y: Bools, groups: npt.NDArray[np.int64], *, n_folds: int, seed: int) -> Folds:
    """Return the folds of `fit_text`: positions to fit on and held positions; a group is never on both sides."""
    return list(StratifiedGroupKFold(n_splits=n_folds, shuffle=True, random_state=seed).split(np.zeros(len(y)), y, apart(groups, n_folds)))


def fit_text(
    counts: sp.csr_matrix,
    y: Bools,
    groups: npt.NDArray[np.int64],
    *,
    n_folds: int,
    seed: int,
    balance: Floats | None = None,
    folds: Folds | None = None,
) -> tuple[TextLinear, Floats]:
    """Fit fold models; returns them and the out-of-fold log-odds of the training rows, ``(n, 3)``. ``balance`` weighs the rows; ``folds``: those of
    `text_folds`, where they are known already.

    Raises ``ValueError`` where a fold would have only one class.
    """
    folds = text_folds(y, groups, n_folds=n_folds, seed=seed) if folds is None else folds
    parts = {name: _taken(counts, name) for name in READINGS}

    def one(task: tuple[str, int]) -> tuple[Floats32, Floats32, Floats]:
        name, fold = task
        train, held = folds[fold]
        return _fit_reading(name, parts[name], y, train, held, seed, balance)

    # One after another: liblinear draws from one source of random numbers for the whole process.
    fitted = {(name, fold): one((name, fold)) for name in READINGS for fold in range(n_folds)}
    out = np.zeros((len(y), len(READINGS)))
    readings = []
    for at, name in enumerate(READINGS):
        mine = [fitted[name, fold] for fold in range(n_folds)]
        for (_, held), (_, _, log_odds) in zip(folds, mine, strict=True):
            out[held, at] = log_odds
        readings.append(Reading(name, np.column_stack([scale for scale, _, _ in mine]), np.column_stack([weights for _, weights, _ in mine])))
    return TextLinear(tuple(readings)), out


def _fit_reading(
    name: str,
    part: sp.csr_matrix,
    y: Bools,
    train: npt.NDArray[np.int64],
    held: npt.NDArray[np.int64],
    seed: int,
    balance: Floats | None,
) -> tuple[Floats32, Floats32, Floats]:
    learned = part[train]
    scale = _ratio(learned, y[train]) if name == "ratio" else _inverse_frequency(learned)
    rows_with = np.bincount(learned.indices, minlength=part.shape[1])
    scale[rows_with < _LEAST_ROWS[name]] = 0.0
    model = _logistic(_scaled(learned, scale), y[train], seed, None if balance is None else balance[train])
    weights = np.append(model.coef_[0], model.intercept_[0]).astype(np.float32)
    return scale, weights, np.asarray(model.decision_function(_scaled(part[held], scale)), dtype=float)


def _logistic(rows: sp.csr_matrix, y: Bools, seed: int, balance: Floats | None) -> LogisticRegression:
    # The dual is ten times faster here and ends at the same weights, within a tolerance that depends on the order in which rows are taken.
    model = LogisticRegression(C=_STRENGTH, solver="liblinear", dual=True, random_state=seed, max_iter=300)
    return model.fit(rows, y, sample_weight=balance)


def _taken(counts: sp.csr_matrix, name: str) -> sp.csr_matrix:
    """The reading's columns: present or not for ``ratio``, damped counts for the others."""
    part = counts[:, _SPANS[name]]
    data = np.ones_like(part.data, dtype=np.float32) if name == "ratio" else (1 + np.log(part.data)).astype(np.float32)
    return sp.csr_matrix((data, part.indices, part.indptr), shape=part.shape)


def _scaled(part: sp.csr_matrix, scale: Floats32) -> sp.csr_matrix:
    data = part.data * scale[part.indices]
    length = np.sqrt(np.add.reduceat(np.append(data**2, 0.0), part.indptr[:-1])) if part.nnz else np.zeros(part.shape[0])
    length = np.where(np.diff(part.indptr) > 0, length, 0.0)
    per_row = np.where(length > 0, length, 1.0)
    return sp.csr_matrix((data / np.repeat(per_row, np.diff(part.indptr)), part.indices, part.indptr), shape=part.shape)


def _inverse_frequency(part: sp.csr_matrix) -> Floats32:
    """Smoothed, as in scikit-learn: ``log((1 + n) / (1 + rows that have it)) + 1``."""
    rows_with = np.bincount(part.indices, minlength=part.shape[1])
    return np.asarray(np.log((1 + part.shape[0]) / (1 + rows_with)) + 1, dtype=np.float32)


def _ratio(part: sp.csr_matrix, y: Bools) -> Floats32:
    """Log of the column's smoothed share among positives over its share among the others."""
    positive = np.bincount(part[y].indices, minlength=part.shape[1]) + 1.0
    other = np.bincount(part[~y].indices, minlength=part.shape[1]) + 1.0
    return np.asarray(np.log((positive / positive.sum()) / (other / other.sum())), dtype=np.float32)
