"""Labels that the other labels do not believe, and the listings whose label would teach most.

A small logistic regression over title words and evidence points says, for each labelled listing, what labels of *other* sellers would have
led one to expect. It orders what a person should look at again; it changes no label, and it is not the learned score.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import scipy.sparse as sp
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedGroupKFold

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
#: Fewest labels of each class, and sellers with either, from which expectations are formed at all.
LEAST_OF_EACH, LEAST_SELLERS = 30, 20
_FOLDS = 5


@dataclass(frozen=True)
class Expectation:
    """What labels lead one to expect of a listing: fitted words and weights."""

    words: TfidfVectorizer
    model: LogisticRegression
    scale: Floats

    def probability(self, titles: Sequence[str], points: Floats) -> Floats:
        """Return the expected probability of a positive label, 0 to 1, for titles and their evidence points (one row each)."""
        return np.asarray(self.model.predict_proba(_table(self.words.transform(titles), points, self.scale))[:, 1], dtype=float)


def enough(y: Bools, groups: npt.NDArray[np.int64]) -> bool:
    """True where there are enough labels of both classes, of enough sellers, to expect anything."""
    return min(int(y.sum()), int((~y).sum())) >= LEAST_OF_EACH and len(np.unique(groups)) >= LEAST_SELLERS


def fit_expectation(titles: Sequence[str], points: Floats, y: Bools) -> Expectation:
    """Fit on all rows given."""
    words = TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True, token_pattern=r"(?u)\b\w+\b")
    text = words.fit_transform(titles)
    scale = np.maximum(points.std(axis=0), 1e-9)
    model = LogisticRegression(C=2.0, solver="liblinear").fit(_table(text, points, scale), y)
    return Expectation(words, model, scale)


def doubtful(titles: Sequence[str], points: Floats, y: Bools, groups: npt.NDArray[np.int64], *, seed: int) -> pd.DataFrame:
    """Return ``row, y, expected`` of labels that stand against what other sellers' labels lead one to expect, the most surprising first.

    Doubtful by the rule of confident learning (Northcutt, Jiang and Chuang 2021): expected to be of the other class at least as surely as the
    rows labelled so are on average. Raises ``ValueError`` where `enough` says there are too few.
    """
    if not enough(y, groups):
        raise ValueError(f"{int(y.sum())} positive and {int((~y).sum())} negative labels are too few to doubt any of them")
    text = np.asarray(titles, dtype=object)
    expected = np.zeros(len(y))
    for learn, test in StratifiedGroupKFold(_FOLDS, shuffle=True, random_state=seed).split(points, y, groups):
        expected[test] = fit_expectation(list(text[learn]), points[learn], y[learn]).probability(list(text[test]), points[test])
    usual_positive, usual_negative = expected[y].mean(), (1 - expected[~y]).mean()
    against = np.where(y, 1 - expected >= usual_negative, expected >= usual_positive) & ((expected < 0.5) == y)
    table = pd.DataFrame({"row": np.flatnonzero(against), "y": y[against], "expected": expected[against]})
    surprise = np.where(table["y"], table["expected"], 1 - table["expected"])
    return table.assign(surprise=surprise).sort_values(["surprise", "row"], ignore_index=True).drop(columns="surprise")


def next_looks(
    uncertainty: Floats, goods: pd.Series, sellers: pd.Series, labelled: pd.Series, *, n: int
) -> pd.DataFrame:
    """Return ``row, goods, n_candidates, n_labelled`` of the ``n`` rows whose label would teach most.

    Looks go to the goods groups with the most candidates per label (rows without a group count as one), and within a group to the rows with
    the highest ``uncertainty`` (any scale), one a seller. ``labelled``: how many labels a group has, by group. Ties keep their order.
    """
    group = goods.astype("object").where(goods.notna(), "?").reset_index(drop=True)
    # A row without a seller stands alone.
    who = sellers.astype("object").reset_index(drop=True)
    who = who.where(who.notna(), pd.Series(range(len(who))).map("row {}".format))
    table = pd.DataFrame({"row": range(len(group)), "goods": group, "seller": who, "uncertainty": uncertainty})
    best = table.sort_values(["uncertainty", "row"], ascending=[False, True], kind="stable").drop_duplicates("seller")
    candidates = table["goods"].value_counts()
    names = sorted(candidates.index)
    known = labelled.reindex(names).fillna(0.0).to_numpy(dtype=float)
    need = candidates.reindex(names).to_numpy(dtype=float) / (known + 1)
    room = best["goods"].value_counts().reindex(names).fillna(0).to_numpy(dtype=np.int64)
    share = _by_need(need, room, n)
    chosen = pd.concat([best[best["goods"].eq(name)].head(count) for name, count in zip(names, share, strict=True)])
    order = pd.Series(-need, index=names)
    chosen = chosen.assign(
        n_candidates=chosen["goods"].map(candidates), n_labelled=chosen["goods"].map(pd.Series(known, index=names)), place=chosen["goods"].map(order)
    )
    return chosen.sort_values(["place", "uncertainty", "row"], ascending=[True, False, True], ignore_index=True)[
        ["row", "goods", "n_candidates", "n_labelled"]
    ]


def _by_need(need: Floats, room: npt.NDArray[np.int64], n: int) -> npt.NDArray[np.int64]:
    """Share ``n`` looks by the square root of ``need`` (highest averages), so that one large group does not take all."""
    given = np.zeros(len(room), dtype=np.int64)
    for _ in range(min(n, int(room.sum()))):
        given[np.argmax(np.where(given < room, np.sqrt(need) / (given + 1), -1.0))] += 1
    return given


def _table(text: sp.csr_matrix, points: Floats, scale: Floats) -> sp.csr_matrix:
    return sp.hstack([text, sp.csr_matrix(points / scale)], format="csr")
