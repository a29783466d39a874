"""The learned score of one behaviour: signs, readings of the text, a logistic stack, trees and their blend, as far up as labels carry it.

What each part says of rows it has not seen decides four things: how much each counts in the blend, which rung of the ladder is kept, how much
the signs may still say beside it, and what a score promises (calibration). Then every part is fitted again on all the rows there are.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd
import scipy.sparse as sp

from models.blend import Blend, fit_blend
from models.boosted import Boosted, fit_boosted
from models.calibrate import Platt, fit_platt_log_odds, fit_shift
from models.free_text import free_text_columns, with_free_text
from models.held import EVIDENCE, SIGNS, Held, Known, by_reading, further_columns, hold, raw_columns, telling
from models.ladder import Climb, climb, most_say
from models.seller_calibration import UNKNOWN_SELLERS, SellerCalibration, fit_sellers
from models.signs import added, fit_signs, sign_columns, signs_say, without
from models.stack import LogisticStack, fit_stack
from models.support import ANYTHING, Support
from models.text_linear import READINGS, TextLinear, fit_text, text_folds
from models.within import balance_sources

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]

TEXT_COLUMNS = [f"text_{name}" for name in READINGS]
#: From here one fold of unseen rows is plenty.
_MANY_ROWS = 30_000
#: Fewer of a class among the latest rows set no level.
_LEAST_LATEST = 10


@dataclass(frozen=True)
class Learner:
    """Fitted. ``rung`` says which part orders, ``say`` how much the odds of ``signs`` count beside it; ``words`` are the text columns that the
    trees of ``full`` see; ``free_text`` are columns that are read as text.
    """

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
    signs: Boosted | None = None
    say: float = 0.0
    free_text: list[str] = field(default_factory=list)

    @property
    def categories(self) -> dict[str, list[str]]:
        """The known values of each column of words; any other counts as missing."""
        return self.full.categories

    def predict(self, table: pd.DataFrame, text: sp.csr_matrix) -> pd.DataFrame:
        """Return ``probability, low, high`` (RangeIndex); the bounds come from trees of different seeds. ``KeyError`` where a column is missing."""
        missing = [name for name in self.columns if name not in table]
        if missing:
            raise KeyError(f"columns {missing[:5]} are missing")
        each = self._log_odds(table, with_free_text(text, table, self.free_text))
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
        signs = np.zeros(len(table)) if self.signs is None else signs_say(self.signs, table)
        return signs[:, None] if self.rung == SIGNS else added(self._from_labels(table, text, signs), signs[:, None], self.say)

    def _from_labels(self, table: pd.DataFrame, text: sp.csr_matrix, signs: Floats) -> Floats:
        said = self.text.score(text)
        stacked = self.stack.log_odds(table, said)
        if self.rung == "logistic":
            return stacked[:, None]
        scores = {**by_reading(said), "stack": stacked, SIGNS: signs}
        if self.raw is not None and "raw" in self.blend.used:
            scores["raw"] = self.raw.log_odds(table, without(table)).mean(axis=1)
        if "full" not in self.blend.used:
            return self.blend.log_odds(scores)[:, None]
        trees = self.full.log_odds(table, further_columns(text, said, self.words))
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
    sources: pd.Series | None = None,
) -> Learner:
    """Fit one behaviour's learner on all rows.

    What is said of unseen rows comes from folds of ``groups`` (with very many rows, from the first of them). ``calibration`` marks the latest
    rows: how many of them are positive sets the level of the probabilities, how steep they are comes from all. ``weight``: clipped inverse
    selection probabilities for the calibration. ``sources``: each row's platform, within which is learned (`models.within`). The same input and
    seed give the same learner; raises ``ValueError`` where a fold would have only one class.
    """
    free_text = free_text_columns(table)
    text, table = with_free_text(text, table, free_text), table.drop(columns=free_text)
    balance = None if sources is None else balance_sources(sources, y)
    folds = text_folds(y, groups, n_folds=n_folds, seed=seed)
    linear, out_of_fold = fit_text(text, y, groups, n_folds=n_folds, seed=seed, balance=balance, folds=folds)
    known = Known(table, text, y, linear, out_of_fold, balance, seed)
    held = hold(known, folds[: 1 if len(y) > _MANY_ROWS else n_folds])
    at = held.rows
    blend = fit_blend(held.scores, y[at])
    kept = _climb(held, y, groups, seed)
    chosen, say = _chosen(kept, held, blend, y)
    platt = _calibrated(chosen, y[at], None if calibration is None else calibration[at], None if weight is None else weight[at])
    sellers = fit_sellers(platt.of_log_odds(chosen), y[at], groups[at])
    words = telling(text, linear.weights_of("words"), np.arange(len(y)))
    further = further_columns(text, out_of_fold, words)
    raw = None
    if "raw" in blend.used:
        raw_table = table[raw_columns(table)]
        raw = fit_boosted(raw_table, without(table), y, rounds=held.rounds["raw"], n_boosters=1, seed=seed, balance=balance)
    return Learner(
        columns=list(table.columns),
        text=linear,
        words=words,
        stack=fit_stack(table, out_of_fold, y, seed=seed, balance=balance),
        raw=raw,
        full=fit_boosted(table, further, y, rounds=held.rounds["full"], n_boosters=n_boosters, seed=seed, balance=balance),
        blend=blend,
        rung=kept.rung,
        platt=platt,
        steps=kept.steps,
        support=support,
        sellers=sellers,
        signs=fit_signs(table, y, seed=seed, balance=balance) if sign_columns(table) else None,
        say=say,
        free_text=free_text,
    )


def _calibrated(log_odds: Floats, y: Bools, latest: Bools | None, weight: Floats | None) -> Platt:
    platt = fit_platt_log_odds(log_odds, y, weight)
    if latest is None or min(y[latest].sum(), (~y[latest]).sum()) < _LEAST_LATEST:
        return platt
    # Shares of positives drift faster than what tells them apart.
    return fit_shift(platt.slope, log_odds[latest], y[latest], None if weight is None else weight[latest])


def _climb(held: Held, y: Bools, groups: Ints, seed: int) -> Climb:
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
    rungs |= {SIGNS: held.scores[SIGNS]} if SIGNS in held.scores else {}
    rungs |= {"evidence": held.evidence} if held.evidence is not None else {}
    return climb(rungs, y[at], groups[at], seed=seed)


def _chosen(kept: Climb, held: Held, blend: Blend, y: Bools) -> tuple[Floats, float]:
    """What the kept rung says of the held rows, and how much the signs may add to it."""
    if kept.rung == "evidence" and held.evidence is not None:
        return held.evidence, 0.0
    if kept.rung == SIGNS:
        return held.scores[SIGNS], 0.0
    alone = held.scores["stack"] if kept.rung == "logistic" else blend.log_odds(held.scores)
    if SIGNS not in held.scores:
        return alone, 0.0
    say = most_say(alone, held.scores[SIGNS], y[held.rows])
    return added(alone, held.scores[SIGNS], say), say
