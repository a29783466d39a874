"""Signs as rules that speak or abstain: how often each fires, with whom, against whom, and how right it was where people looked.

A sign votes for (it raises the score), against (it lowers it) or, being a mere fact, not at all. Precision is that of the looks there were:
people look where signs show, so it says nothing about listings nobody would have looked at.
"""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import pandas as pd
import scipy.sparse as sp

from models.proportions import share

QUALITY_COLUMNS = ["sign_id", "vote", "n_fired", "coverage", "overlap", "conflict", "n_labelled", "n_sellers", "n_positive"]
QUALITY_COLUMNS += ["precision", "low", "high"]
PAIR_COLUMNS = ["sign_id", "other", "n_both", "jaccard"]


def sign_quality(
    signs: pd.DataFrame, n_rows: int, *, y: pd.Series | None = None, sellers: pd.Series | None = None, facts: Collection[str] = ()
) -> pd.DataFrame:
    """Return one row a sign (``QUALITY_COLUMNS``), most frequent first.

    ``signs``: ``row`` (0 to ``n_rows`` - 1), ``sign_id``, ``behaviour``, ``points``. ``y``: labels indexed by row, labelled rows only;
    ``sellers``: by row, for the interval. Signs of behaviours in ``facts`` vote for nothing.

    ``coverage``: share of rows where it fires; ``overlap``: share of its firings beside another sign that votes; ``conflict``: beside one
    that votes the other way; ``precision``: share of positives among its labelled firings, with a 95 % interval over sellers.
    """
    fired = _fired(signs, facts)
    names = sorted(fired["sign_id"].unique())
    vote = fired.groupby("sign_id")["vote"].agg(lambda votes: np.sign(votes.sum())).reindex(names).to_numpy(dtype=float)
    matrix = _indicator(fired, names, n_rows)
    count = np.asarray(matrix.sum(axis=0)).ravel()
    votes_for, votes_against = (np.asarray(matrix[:, vote == way].sum(axis=1)).ravel() for way in (1.0, -1.0))
    rows = []
    for at, name in enumerate(names):
        mine = matrix[:, [at]].tocoo().row
        others = votes_for[mine] + votes_against[mine] - abs(vote[at])
        against = votes_against[mine] if vote[at] >= 0 else votes_for[mine]
        conflict = float((against > 0).mean()) if vote[at] else 0.0
        rows.append((name, int(vote[at]), int(count[at]), count[at] / n_rows, float((others > 0).mean()), conflict, *_judged(mine, y, sellers)))
    table = pd.DataFrame(rows, columns=QUALITY_COLUMNS)
    return table.sort_values(["n_fired", "sign_id"], ascending=[False, True], ignore_index=True)


def sign_pairs(signs: pd.DataFrame, n_rows: int, *, most: int = 20) -> pd.DataFrame:
    """Return the pairs of signs that fire together most (``PAIR_COLUMNS``); ``jaccard``: both over either."""
    fired = _fired(signs, ())
    names = sorted(fired["sign_id"].unique())
    matrix = _indicator(fired, names, n_rows)
    both = sp.triu(matrix.T @ matrix, k=1).tocoo()
    count = np.asarray(matrix.sum(axis=0)).ravel()
    either = count[both.row] + count[both.col] - both.data
    left, right = ([names[at] for at in side] for side in (both.row, both.col))
    table = pd.DataFrame({"sign_id": left, "other": right, "n_both": both.data.astype(int), "jaccard": both.data / either})
    return table.sort_values(["n_both", "sign_id", "other"], ascending=[False, True, True], ignore_index=True).head(most)


def _fired(signs: pd.DataFrame, facts: Collection[str]) -> pd.DataFrame:
    """One row a listing and sign: a sign at its cap earns nothing, but it did fire."""
    votes = np.sign(signs["points"]).where(~signs["behaviour"].isin(list(facts)), 0.0)
    return signs[["row", "sign_id"]].assign(vote=votes).groupby(["row", "sign_id"], as_index=False)["vote"].sum()


def _indicator(fired: pd.DataFrame, names: list[str], n_rows: int) -> sp.csc_matrix:
    columns = pd.Index(names).get_indexer(pd.Index(fired["sign_id"]))
    return sp.csc_matrix((np.ones(len(fired)), (fired["row"].to_numpy(), columns)), shape=(n_rows, len(names)))


def _judged(rows: np.ndarray, y: pd.Series | None, sellers: pd.Series | None) -> tuple[int, int, int, float, float, float]:
    if y is None:
        return 0, 0, 0, float("nan"), 0.0, 1.0
    mine = y.reindex(rows).dropna()
    known = pd.Series(mine.index, index=mine.index).astype(str) if sellers is None else sellers.reindex(mine.index)
    # A listing without a known seller stands alone.
    who = known.where(known.notna(), pd.Series(mine.index, index=mine.index).map("row {}".format))
    found = share(mine.to_numpy(dtype=bool), cluster=pd.factorize(who)[0])
    return len(mine), int(who.nunique()), int(mine.sum()), found.value, found.low, found.high
