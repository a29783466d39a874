"""Which rows to learn from and which to be judged on, by what the data allow: time and sellers apart, sellers apart, or look-alike groups apart.

Random splits flatter: a seller's listings resemble each other, and so do re-posted texts. Rows of the training side that say the same as a
test row are purged.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.model_selection import StratifiedGroupKFold

Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]
_TOKEN = re.compile(r"[^\W\d_]+")
_LEAST_POSITIVES = 15
LEAST_DAYS = 42
_TEST_SHARE = 0.3
_CALIBRATION_SHARE = 0.25
#: Later cuts of a rolling origin need this much more time and as many positives as any side.
_MOST_ORIGINS, _DAYS_PER_ORIGIN = 3, 60
#: From here one fold tells enough, and more would take the time of a coffee break each.
_MANY_ROWS = 50_000
#: Fewer sellers cannot be held apart in folds of folds.
_LEAST_GROUPS = 12
#: Words shared by more rows than both are a template ("Order of toys"), not one re-posted text: no group of its own; and, where it fills a fifth
#: of the rows, nothing to purge by.
_TEMPLATE_ROWS, _TEMPLATE_SHARE, _PURGE_SHARE = 50, 0.02, 0.2


@dataclass(frozen=True)
class Fold:
    """Row positions. ``calibration`` lies after ``train`` where there is time, and shares no seller with it otherwise. ``later``: time decides."""

    train: Ints
    calibration: Ints
    test: Ints
    n_purged: int
    later: bool = False

    @property
    def learn(self) -> Ints:
        """Positions of all rows that may be learned from, in order."""
        return np.sort(np.r_[self.train, self.calibration])


@dataclass(frozen=True)
class Split:
    """``kind``: ``time+seller``, ``seller`` or ``group``; ``why`` in words. Folds never test a row twice."""

    kind: str
    why: str
    folds: list[Fold]


def text_keys(titles: pd.Series, descriptions: pd.Series) -> Ints:
    """Return equal numbers for rows that use the same words (order, digits, marks and case aside)."""
    texts = titles.fillna("").astype(str) + " " + descriptions.fillna("").astype(str).str.slice(0, 2000)
    keys = [" ".join(sorted(set(_TOKEN.findall(unicodedata.normalize("NFKC", text).lower())))) for text in texts]
    return np.asarray(pd.factorize(pd.Series(keys, dtype="str"))[0], dtype=np.int64)


def without_templates(texts: Ints, share: float = _TEMPLATE_SHARE) -> Ints:
    """Return ``texts`` with a number of its own for each row of a template: words that so many share make no two rows the same."""
    _, codes, counts = np.unique(texts, return_inverse=True, return_counts=True)
    template = (counts > np.maximum(_TEMPLATE_ROWS, share * len(texts)))[codes]
    return np.where(template, len(counts) + np.arange(len(texts)), codes).astype(np.int64)


def choose_split(y: Bools, when: pd.Series, known: pd.Series, sellers: pd.Series, texts: Ints, *, seed: int, groups: Ints | None = None) -> Split:
    """Choose by what is there: dates far enough apart with positives on both sides, then sellers, then texts.

    ``when``: capture times, missing where only a file's date is known; ``known``: when the outcome was known, missing = at once;
    ``sellers``: keys, missing = its own seller; ``groups``: rows that stay together (`group_codes`), by default of the sellers alone.
    """
    groups = group_codes(sellers, texts) if groups is None else groups
    texts = without_templates(texts, _PURGE_SHARE)
    timed = _by_time(y, when, known, groups, texts)
    if not isinstance(timed, str):
        days = (when.max() - when.min()).days
        why = f"captures span {days} days; the last {_TEST_SHARE:.0%} are the test, their sellers are held out"
        if len(timed) > 1:
            why += f"; {len(timed)} origins, each tested up to the next"
        return Split("time+seller", why, timed)
    kind = "seller" if sellers.notna().mean() >= 0.5 else "group"
    what = "sellers" if kind == "seller" else "groups of the same words"
    if len(np.unique(groups)) < _LEAST_GROUPS:
        groups, kind, what = np.arange(len(y)), "group", f"rows (only {len(np.unique(groups))} groups: too few to hold any apart)"
    n_folds = max(2, min(3, int(y.sum()), len(np.unique(groups[y])) if y.any() else 2))
    outer = StratifiedGroupKFold(n_splits=n_folds, shuffle=True, random_state=seed)
    folds = []
    for learn, test in outer.split(np.zeros(len(y)), y, groups):
        learn, n_purged = _purge(learn, test, texts)
        inner = StratifiedGroupKFold(n_splits=4, shuffle=True, random_state=seed)
        train, calibration = next(iter(inner.split(np.zeros(len(learn)), y[learn], groups[learn])))
        folds.append(Fold(learn[train], learn[calibration], test, n_purged))
        if len(y) > _MANY_ROWS:
            return Split(kind, f"{timed}; with {len(y):,} rows one fold of {n_folds} is the test, {what} apart", folds)
    return Split(kind, f"{timed}; {n_folds} folds with {what} apart", folds)


def apart(groups: Ints, n_folds: int) -> Ints:
    """Return ``groups``, or each row as its own where they are too few for ``n_folds`` folds."""
    return groups if len(np.unique(groups)) >= n_folds else np.arange(len(groups))


def group_codes(sellers: pd.Series, texts: Ints, networks: pd.Series | None = None) -> Ints:
    """Return one number a seller, or a network of sellers where ``networks`` names one; rows without a seller are grouped by their words."""
    alone = pd.Series(without_templates(texts), index=sellers.index).map("words {}".format)
    keys = sellers.astype("object").where(sellers.notna(), alone)
    if networks is not None:
        keys = keys.where(networks.isna(), networks.astype("object").map("network {}".format))
    return np.asarray(pd.factorize(keys)[0], dtype=np.int64)


def _by_time(y: Bools, when: pd.Series, known: pd.Series, groups: Ints, texts: Ints) -> list[Fold] | str:
    """The folds, latest cut last, or in words why time cannot be used."""
    if when.notna().mean() < 0.99:
        return "capture times are not known"
    times = when.astype("int64").to_numpy()
    days = (when.max() - when.min()).days
    if days < LEAST_DAYS:
        return "captures span fewer than six weeks"
    known_by = known.astype("int64").where(known.notna(), 0).to_numpy()
    cut = np.quantile(times, 1 - _TEST_SHARE, method="nearest")
    whole = _fold_at(y, times, known_by, groups, texts, cut, np.inf)
    if isinstance(whole, str):
        return whole
    # A rolling origin: each part of the test is judged by what was known on its own first day.
    n_origins = min(_MOST_ORIGINS, max(1, int(days * _TEST_SHARE / _DAYS_PER_ORIGIN)))
    if n_origins == 1 or len(y) > _MANY_ROWS:
        return [whole]
    starts = [cut, *(np.quantile(times[times >= cut], place / n_origins, method="nearest") for place in range(1, n_origins)), np.inf]
    rolled = [_fold_at(y, times, known_by, groups, texts, begin, end) for begin, end in pairwise(starts)]
    return [fold for fold in rolled if isinstance(fold, Fold)] if not any(isinstance(fold, str) for fold in rolled) else [whole]


def _fold_at(y: Bools, times: Ints, known_by: Ints, groups: Ints, texts: Ints, begin: float, end: float) -> Fold | str:
    test = np.flatnonzero((times >= begin) & (times < end))
    # What was not yet known on the day of the cut cannot be learned from.
    learn = np.flatnonzero((times < begin) & (known_by < begin) & ~np.isin(groups, groups[test]))
    learn, n_purged = _purge(learn, test, texts)
    if not len(learn):
        return "every early seller is also a late one"
    late = np.quantile(times[learn], 1 - _CALIBRATION_SHARE, method="nearest")
    calibration, train = learn[times[learn] >= late], learn[times[learn] < late]
    enough = all(y[side].sum() >= _LEAST_POSITIVES and (~y[side]).sum() >= _LEAST_POSITIVES for side in (train, calibration, test))
    if not enough:
        return f"a side of the cut would have fewer than {_LEAST_POSITIVES} of a class"
    return Fold(train, calibration, test, n_purged, later=True)


def _purge(learn: Ints, test: Ints, texts: Ints) -> tuple[Ints, int]:
    kept = learn[~np.isin(texts[learn], texts[test])]
    # Where nearly everything is one template, purging would leave nothing to learn from; sellers still stand apart.
    if len(kept) < 0.2 * len(learn):
        return learn, 0
    return kept, len(learn) - len(kept)
