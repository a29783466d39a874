"""What each part of a learner says of rows that it was not fitted on: what the blend, the ladder and the calibration are decided by."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import scipy.sparse as sp

from models.boosted import rounds_needed
from models.signs import fit_signs, sign_columns, signs_say, without
from models.stack import fit_stack
from models.text_linear import READINGS, TextLinear
from models.workers import in_order

Floats = npt.NDArray[np.float64]
Floats32 = npt.NDArray[np.float32]
Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]

EVIDENCE, SIGNS = "evidence_points", "signs"
#: Words that the trees see one by one.
_N_WORDS = 200
#: The source's own columns; trees over them alone are what any newcomer would try first.
_RAW = {"category", "log_price_vnd", "log_list_price_vnd", "seller_rating", "log_seller_n_products", "log_seller_n_followers", "rating"}
_RAW |= {"log_n_reviews", "log_n_sold", "n_images"}


@dataclass(frozen=True)
class Known:
    """The rows to learn from; ``text``: their hashed words, ``said``: the readings of each row's text by models that have not seen it."""

    table: pd.DataFrame
    text: sp.csr_matrix
    y: Bools
    linear: TextLinear
    said: Floats
    balance: Floats | None
    seed: int


@dataclass(frozen=True)
class Held:
    """``rows`` are the positions of the rows that were held, ``scores`` log-odds in that order; ``rounds``: how many trees they still gained by."""

    rows: Ints
    scores: dict[str, Floats]
    evidence: Floats | None
    rounds: dict[str, int]


def hold(known: Known, folds: list[tuple[Ints, Ints]]) -> Held:
    """Fit every part on each fold's first side and ask it about the second."""
    kinds = ["stack", "full", *(["raw"] if raw_columns(known.table) else []), *([SIGNS] if sign_columns(known.table) else [])]
    tasks = [(kind, number) for kind in kinds for number in range(len(folds))]
    done = dict(zip(tasks, in_order(lambda task: _ask(known, task[0], folds[task[1]], task[1]), tasks), strict=True))
    rows = np.concatenate([apart for _, apart in folds])
    scores = by_reading(known.said[rows])
    scores |= {kind: np.concatenate([done[kind, number][1] for number in range(len(folds))]) for kind in kinds}
    trees = [kind for kind in kinds if kind in ("full", "raw")]
    rounds = {kind: round(float(np.mean([done[kind, number][0] for number in range(len(folds))]))) for kind in trees}
    return Held(rows, scores, known.table[EVIDENCE].to_numpy(dtype=float)[rows] if EVIDENCE in known.table else None, rounds)


def _ask(known: Known, kind: str, fold: tuple[Ints, Ints], number: int) -> tuple[int, Floats]:
    (train, apart), table, y = fold, known.table, known.y
    balance = None if known.balance is None else known.balance[train]
    if kind == "stack":
        stack = fit_stack(table.iloc[train], known.said[train], y[train], seed=known.seed, balance=balance)
        return 0, stack.log_odds(table.iloc[apart], known.said[apart])
    if kind == SIGNS:
        if not sign_columns(table.iloc[train]):
            return 0, np.zeros(len(apart))
        return 0, signs_say(fit_signs(table.iloc[train], y[train], seed=known.seed, balance=balance), table.iloc[apart])
    if kind == "raw":
        columns, further = raw_columns(table), without(table)
    else:
        # The words are chosen without the held rows: chosen with them, chance words would look telling.
        words = telling(known.text, known.linear.weights_of("words", number), train)
        columns, further = list(table), further_columns(known.text, known.said, words)
    mine, held = table[columns].iloc[train], table[columns].iloc[apart]
    return rounds_needed(mine, further[train], y[train], held, further[apart], y[apart], seed=known.seed, balance=balance)


def raw_columns(table: pd.DataFrame) -> list[str]:
    """Return the columns that came from the source as they are and vary."""
    return [name for name in table if (name in _RAW or name.startswith("x_")) and table[name].nunique() > 1]


def by_reading(said: Floats) -> dict[str, Floats]:
    """Return the text's readings by name."""
    return {name: said[:, at] for at, name in enumerate(READINGS)}


def telling(text: sp.csr_matrix, weights: Floats, rows: Ints) -> Ints:
    """Return the word columns that move the linear score most often and farthest; in order of column, equal ones by column."""
    frequency = np.bincount(text[rows].indices, minlength=text.shape[1])[: len(weights)]
    pull = np.abs(weights) * np.sqrt(frequency)
    best = np.argsort(-pull, kind="stable")[:_N_WORDS]
    return np.sort(best[pull[best] > 0]).astype(np.int64)


def further_columns(text: sp.csr_matrix, said: Floats, words: Ints) -> Floats32:
    """Return what trees see beside named columns: the readings of the text, then single words."""
    return np.column_stack([said, np.log1p(text[:, words].toarray())]).astype(np.float32)
