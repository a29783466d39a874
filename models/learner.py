"""The learned score of one behaviour: readings of the text, a logistic stack, trees and their blend, as far up as labels carry it.

What each part says of rows it has not seen decides three things: how much each counts in the blend, which rung of the ladder is kept, and
what a score promises (calibration). Then every part is fitted again on all the rows there are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
import scipy.sparse as sp

from models.blend import Blend, fit_blend
from models.boosted import Boosted, fit_boosted, rounds_needed
from models.calibrate import Platt, fit_platt_log_odds, fit_shift
from models.ladder import Climb, climb
from models.seller_calibration import UNKNOWN_SELLERS, SellerCalibration, fit_sellers
from models.stack import LogisticStack, fit_stack
from models.support import ANYTHING, Support
from models.text_linear import READINGS, TextLinear, fit_text, text_folds
from models.workers import in_order

Floats = npt.NDArray[np.float64]
Floats32 = npt.NDArray[np.float32]
Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]

TEXT_COLUMNS = [f"text_{name}" for name in READINGS]
EVIDENCE = "evidence_points"
#: Words that the trees see one by one.
_N_WORDS = 200
#: From here one fold of unseen rows is plenty.
_MANY_ROWS = 30_000
#: Fewer of a class among the latest rows set no level.
_LEAST_LATEST = 10
#: The source's own columns; trees over them alone are what any newcomer would try first.
_RAW = {"category", "log_price_vnd", "log_list_price_vnd", "seller_rating", "log_seller_n_products", "log_seller_n_followers", "rating"}
_RAW |= {"log_n_reviews", "log_n_sold", "n_images"}


@dataclass(frozen=True)
class Learner:
    """Fitted. ``rung`` says which part orders; ``words`` are the text columns that the trees of ``full`` see."""

    columns: list[str]
    text: TextLinear
    words: Ints
    stack: LogisticStack
    raw: Boosted | None
    full: Boosted
    blend: Blend
    rung: str
    platt: Platt
    steps: list[dict[str, float | str]]
    support: Support = ANYTHING
    sellers: SellerCalibration = UNKNOWN_SELLERS

    @property
    def categories(self) -> dict[str, list[str]]:
        """The known values of each column of words; any other counts as missing."""
        return self.full.categories

    def predict(self, table: pd.DataFrame, text: sp.csr_matrix) -> pd.DataFrame:
        """Return ``probability, low, high`` (RangeIndex); the bounds come from trees of different seeds. ``KeyError`` where a column is missing."""
        missing = [name for name in self.columns if name not in table]
        if missing:
            raise KeyError(f"columns {missing[:5]} are missing")
        each = self._log_odds(table, text)
        middle = self.platt.of_log_odds(each.mean(axis=1))
        low, high = (self.platt.of_log_odds(pick(each, axis=1)) for pick in (np.min, np.max))
        return pd.DataFrame({"probability": middle, "low": np.minimum(low, middle), "high": np.maximum(high, middle)})

    def importance(self) -> pd.Series:
        """Return mean gain per column in the trees, largest first; single words are added up."""
        gain = self.full.gain([*TEXT_COLUMNS, *("single words" for _ in self.words)])
        return gain.groupby(level=0).sum().sort_values(ascending=False)

    def _log_odds(self, table: pd.DataFrame, text: sp.csr_matrix) -> Floats:
        """``(n, n_boosters)`` on the kept rung; one column where no trees count."""
        if self.rung == "evidence":
            evidence: Floats = table[EVIDENCE].to_numpy(dtype=float)[:, None]
            return evidence
        said = self.text.score(text)
        stacked = self.stack.log_odds(table, said)
        if self.rung == "logistic":
            return stacked[:, None]
        scores = {**_by_reading(said), "stack": stacked}
        if self.raw is not None and "raw" in self.blend.used:
            scores["raw"] = self.raw.log_odds(table, np.empty((len(table), 0), dtype=np.float32)).mean(axis=1)
        if "full" not in self.blend.used:
            return self.blend.log_odds(scores)[:, None]
        trees = self.full.log_odds(table, _further(text, said, self.words))
        return np.column_stack([self.blend.log_odds({**scores, "full": one}) for one in trees.T])


def fit_learner(
    table: pd.DataFrame,
    text: sp.csr_matrix,
    y: Bools,
    groups: Ints,
    calibration: Bools | None,
    *,
    seed: int,
    n_folds: int = 4,
    n_boosters: int = 3,
    weight: Floats | None = None,
    support: Support = ANYTHING,
) -> Learner:
    """Fit one behaviour's learner on all rows.

    What is said of unseen rows comes from folds of ``groups`` (with very many rows, from the first of them). ``calibration`` marks the latest
    rows: how many of them are positive sets the level of the probabilities, how steep they are comes from all. ``weight``: clipped inverse
    selection probabilities for the calibration. The same input and seed give the same learner; raises ``ValueError`` where a fold would have
    only one class.
    """
    linear, out_of_fold = fit_text(text, y, groups, n_folds=n_folds, seed=seed)
    folds = text_folds(y, groups, n_folds=n_folds, seed=seed)[: 1 if len(y) > _MANY_ROWS else n_folds]
    held = _held(table, text, y, folds, out_of_fold, [linear.weights_of("words", fold) for fold in range(len(folds))], seed)
    at = held.rows
    blend = fit_blend(held.scores, y[at])
    kept = _climb(held, table, y, groups, seed)
    chosen = held.scores["stack"] if kept.rung == "logistic" else blend.log_odds(held.scores)
    if kept.rung == "evidence" and held.evidence is not None:
        chosen = held.evidence
    platt = _calibrated(chosen, y[at], None if calibration is None else calibration[at], None if weight is None else weight[at])
    sellers = fit_sellers(platt.of_log_odds(chosen), y[at], groups[at])
    words = _telling(text, linear.weights_of("words"), np.arange(len(y)))
    raw_columns = _raw_columns(table)
    nothing = np.empty((len(y), 0), dtype=np.float32)
    uses_raw = bool(raw_columns) and "raw" in blend.used
    raw = fit_boosted(table[raw_columns], nothing, y, rounds=held.rounds["raw"], n_boosters=1, seed=seed) if uses_raw else None
    full = fit_boosted(table, _further(text, out_of_fold, words), y, rounds=held.rounds["full"], n_boosters=n_boosters, seed=seed)
    stack = fit_stack(table, out_of_fold, y, seed=seed)
    return Learner(list(table.columns), linear, words, stack, raw, full, blend, kept.rung, platt, kept.steps, support, sellers)


class _Held(NamedTuple):
    """What each part says of rows it was not fitted on: ``rows`` are their positions, ``scores`` log-odds in that order."""

    rows: Ints
    scores: dict[str, Floats]
    evidence: Floats | None
    rounds: dict[str, int]


def _held(
    table: pd.DataFrame, text: sp.csr_matrix, y: Bools, folds: list[tuple[Ints, Ints]], said: Floats, word_weights: list[Floats], seed: int
) -> _Held:
    raw_columns = _raw_columns(table)
    trees = ["full", *(["raw"] if raw_columns else [])]

    def one(task: tuple[str, int]) -> tuple[int, Floats]:
        kind, number = task
        train, apart = folds[number]
        if kind == "stack":
            stack = fit_stack(table.iloc[train], said[train], y[train], seed=seed)
            return 0, stack.log_odds(table.iloc[apart], said[apart])
        if kind == "raw":
            columns, further = raw_columns, np.empty((len(y), 0), dtype=np.float32)
        else:
            # The words are chosen without the held rows: chosen with them, chance words would look telling.
            columns, further = list(table), _further(text, said, _telling(text, word_weights[number], train))
        return rounds_needed(
            table[columns].iloc[train], further[train], y[train], table[columns].iloc[apart], further[apart], y[apart], seed=seed
        )

    tasks = [(kind, number) for kind in ("stack", *trees) for number in range(len(folds))]
    done = dict(zip(tasks, in_order(one, tasks), strict=True))
    rows = np.concatenate([apart for _, apart in folds])
    scores = _by_reading(said[rows])
    scores |= {kind: np.concatenate([done[kind, number][1] for number in range(len(folds))]) for kind in ("stack", *trees)}
    rounds = {kind: round(float(np.mean([done[kind, number][0] for number in range(len(folds))]))) for kind in trees}
    evidence = table[EVIDENCE].to_numpy(dtype=float)[rows] if EVIDENCE in table else None
    return _Held(rows, scores, evidence, rounds)


def _calibrated(log_odds: Floats, y: Bools, latest: Bools | None, weight: Floats | None) -> Platt:
    platt = fit_platt_log_odds(log_odds, y, weight)
    if latest is None or min(y[latest].sum(), (~y[latest]).sum()) < _LEAST_LATEST:
        return platt
    # Shares of positives drift faster than what tells them apart.
    return fit_shift(platt.slope, log_odds[latest], y[latest], None if weight is None else weight[latest])


def _climb(held: _Held, table: pd.DataFrame, y: Bools, groups: Ints, seed: int) -> Climb:
    """The blend is judged on halves of the held rows that it was not fitted on."""
    at = held.rows
    half = np.random.default_rng(seed).permutation(int(groups.max()) + 1)[groups[at]] % 2 == 0
    mixed = np.zeros(len(at))
    for mine in (half, ~half):
        # A half with one class teaches nothing; then every score counts the same.
        fit = {name: values[~mine] for name, values in held.scores.items()}
        blend = fit_blend(fit, y[at][~mine]) if y[at][~mine].any() and (~y[at][~mine]).any() else fit_blend(held.scores, y[at])
        mixed[mine] = blend.log_odds({name: values[mine] for name, values in held.scores.items()})
    rungs = {"logistic": held.scores["stack"], "boosted": mixed}
    if held.evidence is not None:
        rungs["evidence"] = held.evidence
    return climb(rungs, y[at], groups[at], seed=seed)


def _raw_columns(table: pd.DataFrame) -> list[str]:
    return [name for name in table if (name in _RAW or name.startswith("x_")) and table[name].nunique() > 1]


def _by_reading(said: Floats) -> dict[str, Floats]:
    return {name: said[:, at] for at, name in enumerate(READINGS)}


def _telling(text: sp.csr_matrix, weights: Floats, rows: Ints) -> Ints:
    """The word columns that move the linear score most often and farthest; in order of column, equal ones by column."""
    frequency = np.bincount(text[rows].indices, minlength=text.shape[1])[: len(weights)]
    pull = np.abs(weights) * np.sqrt(frequency)
    best = np.argsort(-pull, kind="stable")[:_N_WORDS]
    return np.sort(best[pull[best] > 0]).astype(np.int64)


def _further(text: sp.csr_matrix, said: Floats, words: Ints) -> Floats32:
    return np.column_stack([said, np.log1p(text[:, words].toarray())]).astype(np.float32)
