"""How often the kind of thing is read right: figures over titles that a person has read.

A listing without any goods group counts as its own answer, ``none``: a bicycle called a handbag is an error, a bicycle left alone is right.
Some titles have two honest answers ("Sách vải cho bé" is a book and a toy); the second ones stand in ``also`` and count as right.
"""

from __future__ import annotations

from typing import Any

import pandas as pd
from scipy.stats import binomtest

GOLD_COLUMNS = ["title", "category", "goods_group", "item_type", "also", "half", "stands_for"]
NONE = "none"


def judged(gold: pd.DataFrame, answers: pd.DataFrame) -> pd.DataFrame:
    """Return ``gold`` with the ``answers`` of `features.kind.classify` beside it, rows in the same order.

    Adds ``said_group`` and ``said_item`` (``none`` where nothing was said), ``group_right`` and ``right`` (group and item type, where an
    answer of ``also`` is as good as the first), and ``item_right`` (item type, whatever the group).
    """
    table = gold.reset_index(drop=True).copy()
    table["said_group"] = answers["goods_group"].fillna(NONE).to_numpy()
    table["said_item"] = answers["item_type"].fillna(NONE).to_numpy()
    group_right, item_right, right = [], [], []
    for row in table.itertuples():
        honest = {(str(row.goods_group), str(row.item_type)), *_pairs(row.also)}
        group_right.append(row.said_group in {group for group, _ in honest})
        item_right.append(row.said_item in {item for _, item in honest})
        right.append((row.said_group, row.said_item) in honest)
    return table.assign(group_right=group_right, item_right=item_right, right=right)


def figures(table: pd.DataFrame) -> dict[str, Any]:
    """Return accuracy, coverage and precision over rows of `judged`, each as ``[share, low, high]`` (95 %, Wilson) with its counts.

    ``coverage`` is the share answered of those that belong to a group, ``precision`` the share right of those answered. ``weighted`` takes
    each row for the ``stands_for`` listings it was drawn from, without an interval.
    """
    belongs, answered = table["goods_group"].ne(NONE), table["said_group"].ne(NONE)
    weight = table["stands_for"].astype(float)
    return {
        "n": len(table),
        "group_accuracy": share(table["group_right"]),
        "item_accuracy": share(table["item_right"]),
        "both_accuracy": share(table["right"]),
        "coverage": share(answered[belongs]),
        "precision": share(table.loc[answered, "group_right"]),
        "weighted": {
            "group_accuracy": round(float((table["group_right"] * weight).sum() / weight.sum()), 4),
            "both_accuracy": round(float((table["right"] * weight).sum() / weight.sum()), 4),
        },
    }


def by_class(table: pd.DataFrame, *, truth: str, said: str, right: str) -> list[dict[str, Any]]:
    """Return recall and precision of every class of ``truth`` or ``said``, most frequent first."""
    rows = []
    for name in table[truth].value_counts().index.union(table[said].unique(), sort=False):
        of, to = table[truth].eq(name), table[said].eq(name)
        rows.append({"class": name, "recall": share(table.loc[of, right]), "precision": share(table.loc[to, right])})
    return rows


def confusion(table: pd.DataFrame, *, truth: str, said: str, right: str) -> list[dict[str, Any]]:
    """Return the wrong answers: what it is, what was said, how often; most frequent first."""
    wrong = table[~table[right]]
    counts = wrong.groupby([truth, said]).size().sort_values(ascending=False, kind="stable")
    return [{"is": key[0], "said": key[1], "n": int(n)} for key, n in counts.items() if isinstance(key, tuple)]


def share(right: pd.Series) -> list[Any]:
    """Return ``[share, low, high, "k of n"]``, a Wilson interval of 95 %; no share of nothing."""
    n, k = len(right), int(right.sum())
    if not n:
        return [None, None, None, "0 of 0"]
    reach = binomtest(k, n).proportion_ci(confidence_level=0.95, method="wilson")
    return [round(k / n, 3), round(float(reach.low), 3), round(float(reach.high), 3), f"{k} of {n}"]


def _pairs(cell: object) -> list[tuple[str, str]]:
    if not isinstance(cell, str) or not cell:
        return []
    return [(group, item) for group, _, item in (one.partition("/") for one in cell.split("|"))]
