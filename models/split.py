"""Which rows to learn from and which to be judged on, by what the data allow: time and sellers apart, sellers apart, or look-alike groups apart.

Random splits flatter: a seller's listings resemble each other, and so do re-posted texts. Rows of the training side that say the same as a
test row are purged.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.model_selection import StratifiedGroupKFold

Bools = npt.NDArray[np.bool_]
_TOKEN = re.compile(r"[^\W\d_]+")
_LEAST_POSITIVES = 15
_LEAST_DAYS = 42
_TEST_SHARE = 0.3
_CALIBRATION_SHARE = 0.25


@dataclass(frozen=True)
class Fold:
    """Row positions. ``calibration`` lies after ``train`` where there is time, and shares no seller with it otherwise."""

    train: npt.NDArray[np.int64]
    calibration: npt.NDArray[np.int64]
    test: npt.NDArray[np.int64]
    n_purged: int


@dataclass(frozen=True)
class Split:
    """``kind``: ``time+seller``, ``seller`` or ``group``; ``why`` in words."""

    kind: str
    why: str
    folds: list[Fold]


def text_keys(titles: pd.Series, descriptions: pd.Series) -> npt.NDArray[np.int64]:
    """Return equal numbers for rows that use the same words (order, digits, marks and case aside)."""
    texts = titles.fillna("").astype(str) + " " + descriptions.fillna("").astype(str).str.slice(0, 2000)
    keys = [" ".join(sorted(set(_TOKEN.findall(unicodedata.normalize("NFKC", text).lower())))) for text in texts]
    return np.asarray(pd.factorize(pd.Series(keys, dtype="str"))[0], dtype=np.int64)


def choose_split(y: Bools, when: pd.Series, known: pd.Series, sellers: pd.Series, texts: npt.NDArray[np.int64], *, seed: int) -> Split:
    """Choose by what is there: dates far enough apart with positives on both sides, then sellers, then texts.

    ``when``: capture times, missing where only a file's date is known; ``known``: when the outcome was known, missing = at once;
    ``sellers``: keys, missing = its own seller.
    """
    groups = group_codes(sellers, texts)
    timed = _by_time(y, when, known, groups, texts)
    if isinstance(timed, Fold):
        days = (when.max() - when.min()).days
        return Split("time+seller", f"captures span {days} days; the last {_TEST_SHARE:.0%} are the test, their sellers are held out", [timed])
    kind = "seller" if sellers.notna().mean() >= 0.5 else "group"
    what = "sellers" if kind == "seller" else "groups of the same words"
    n_folds = max(2, min(3, int(y.sum()), len(np.unique(groups[y])) if y.any() else 2))
    outer = StratifiedGroupKFold(n_splits=n_folds, shuffle=True, random_state=seed)
    folds = []
    for learn, test in outer.split(np.zeros(len(y)), y, groups):
        learn, n_purged = _purge(learn, test, texts)
        inner = StratifiedGroupKFold(n_splits=4, shuffle=True, random_state=seed)
        train, calibration = next(iter(inner.split(np.zeros(len(learn)), y[learn], groups[learn])))
        folds.append(Fold(learn[train], learn[calibration], test, n_purged))
    return Split(kind, f"{timed}; {n_folds} folds with {what} apart", folds)


def group_codes(sellers: pd.Series, texts: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Return one number a seller; rows without a seller are grouped by their words."""
    alone = pd.Series(texts, index=sellers.index).map("words {}".format)
    return np.asarray(pd.factorize(sellers.astype("object").where(sellers.notna(), alone))[0], dtype=np.int64)


def _by_time(
    y: Bools, when: pd.Series, known: pd.Series, groups: npt.NDArray[np.int64], texts: npt.NDArray[np.int64]
) -> Fold | str:
    """The fold, or in words why time cannot be used."""
    if when.notna().mean() < 0.99:
        return "capture times are not known"
    times = when.astype("int64").to_numpy()
    if (when.max() - when.min()).days < _LEAST_DAYS:
        return "captures span fewer than six weeks"
    cut = np.quantile(times, 1 - _TEST_SHARE, method="nearest")
    test = np.flatnonzero(times >= cut)
    before = times < cut
    # What was not yet known on the day of the cut cannot be learned from.
    known_by = known.astype("int64").where(known.notna(), 0).to_numpy() < cut
    learn = np.flatnonzero(before & known_by & ~np.isin(groups, groups[test]))
    learn, n_purged = _purge(learn, test, texts)
    if not len(learn):
        return "every early seller is also a late one"
    late = np.quantile(times[learn], 1 - _CALIBRATION_SHARE, method="nearest")
    calibration, train = learn[times[learn] >= late], learn[times[learn] < late]
    enough = all(y[side].sum() >= _LEAST_POSITIVES and (~y[side]).sum() >= _LEAST_POSITIVES for side in (train, calibration, test))
    return Fold(train, calibration, test, n_purged) if enough else f"a side of the cut would have fewer than {_LEAST_POSITIVES} of a class"


def _purge(
    learn: npt.NDArray[np.int64], test: npt.NDArray[np.int64], texts: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.int64], int]:
    kept = learn[~np.isin(texts[learn], texts[test])]
    # Where nearly everything is one template, purging would leave nothing to learn from; sellers still stand apart.
    if len(kept) < 0.2 * len(learn):
        return learn, 0
    return kept, len(learn) - len(kept)
