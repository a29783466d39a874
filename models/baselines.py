"""What the model must beat, each fitted and judged on the same rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import lightgbm as lgb
import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from models.boosted import PARAMETERS, ROUNDS, encode, known_values
from models.free_text import free_text_columns, joined_free_text

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
_RAW = ["category", "price_vnd", "list_price_vnd", "seller_rating", "seller_n_products", "seller_n_followers", "rating", "n_reviews"]
_RAW += ["n_sold", "n_images"]
#: A seller's share of finds is drawn to the overall one as if so many ordinary rows had been seen.
_PRIOR_ROWS = 5.0


@dataclass(frozen=True)
class Side:
    """Rows of one side: raw listing columns with joined price columns, and evidence points."""

    rows: pd.DataFrame
    points: Floats


def random_order(train: Side, y: Bools, test: Side, seed: int) -> Floats:
    """Chance."""
    return np.random.default_rng(seed).random(len(test.rows))


def missingness(train: Side, y: Bools, test: Side, seed: int) -> Floats:
    """LightGBM that sees only which fields are empty: what a source gives away."""
    names = [name for name in train.rows if name not in ("platform", "listing_id")]
    return _boosted(train.rows[names].isna().astype(float), y, test.rows[names].isna().astype(float), seed)


def price_only(train: Side, y: Bools, test: Side, seed: int) -> Floats:
    """How far below other sellers or the genuine floor; without either, how low within the category."""
    rows = test.rows
    below = (-rows["price_gap"]).fillna(-np.log(rows["price_to_genuine"].where(rows["price_to_genuine"] > 0)))
    price = np.log(rows["price_vnd"].where(rows["price_vnd"] > 0))
    relative = price.groupby(rows["category"].astype("str").fillna("")).transform("median") - price
    return np.asarray(below.fillna(0.3 * relative).fillna(0.0), dtype=float)


def evidence_only(train: Side, y: Bools, test: Side, seed: int) -> Floats:
    """The day-one score."""
    return test.points.astype(float)


def tfidf_logistic(train: Side, y: Bools, test: Side, seed: int) -> Floats:
    """TF-IDF of the words of title, description and further sentences with logistic regression: the textbook answer."""
    sentences = free_text_columns(train.rows)
    words = TfidfVectorizer(ngram_range=(1, 2), min_df=2, max_features=200_000, sublinear_tf=True)
    model = LogisticRegression(C=4.0, solver="liblinear", dual=True, max_iter=300, random_state=seed)
    model.fit(words.fit_transform(_texts(train.rows, sentences)), y)
    return np.asarray(model.predict_proba(words.transform(_texts(test.rows, sentences)))[:, 1], dtype=float)


def lightgbm_raw(train: Side, y: Bools, test: Side, seed: int) -> Floats:
    """LightGBM on the raw columns, as they came: numbers, and words as categories."""
    names = [name for name in train.rows if name in _RAW or (name.startswith("x_") and name != "x_synthetic")]
    left, right = train.rows[names], test.rows[names]
    categories = known_values(left)
    table = pd.DataFrame(encode(left, categories), columns=names)
    return _boosted(table, y, pd.DataFrame(encode(right, categories), columns=names), seed, words=list(categories))


def seller_history(y: Bools, sellers: pd.Series, when: pd.Series, known: pd.Series, test: npt.NDArray[np.int64]) -> Floats:
    """What was known of a row's seller on the day of its capture: its share of confirmed listings, drawn to the overall one.

    Without dates nothing was known yet. The row's own outcome never counts.
    """
    prior = float(y.mean())
    table = pd.DataFrame({"seller": sellers, "when": when, "known": known, "y": y.astype(float)}).reset_index(drop=True)
    past = table.dropna(subset=["seller", "known"]).sort_values("known", kind="stable")
    grouped = past.groupby("seller")["y"]
    past = past.assign(n=grouped.cumcount() + 1.0, found=grouped.cumsum()).rename(columns={"known": "past_known"})
    past = past[["seller", "past_known", "n", "found"]]
    asked = table.iloc[test].assign(place=np.arange(len(test))).dropna(subset=["seller", "when"]).sort_values("when", kind="stable")
    out = np.full(len(test), prior)
    if len(past) and len(asked):
        joined = pd.merge_asof(asked, past, left_on="when", right_on="past_known", by="seller", allow_exact_matches=False)
        joined = joined.fillna({"n": 0.0, "found": 0.0})
        own = (joined["known"] < joined["when"]).astype(float)
        n, found = joined["n"] - own, joined["found"] - own * joined["y"]
        out[joined["place"].to_numpy()] = (found + prior * _PRIOR_ROWS) / (n + _PRIOR_ROWS)
    return out


BASELINES: dict[str, Callable[[Side, Bools, Side, int], Floats]] = {
    "random": random_order,
    "missingness_only": missingness,
    "price_only": price_only,
    "evidence_only": evidence_only,
    "tfidf_logistic": tfidf_logistic,
    "lightgbm_raw": lightgbm_raw,
}


#: Those that learn from outcomes as the model does: what somebody might train instead of it.
LEARNERS = frozenset({"tfidf_logistic", "lightgbm_raw"})


def _boosted(train: pd.DataFrame, y: Bools, test: pd.DataFrame, seed: int, words: Sequence[str] = ()) -> Floats:
    at = [place for place, name in enumerate(train) if name in words]
    data = lgb.Dataset(train.to_numpy(dtype=np.float32), label=y.astype(float), categorical_feature=at)
    model = lgb.train({**PARAMETERS, "seed": seed}, data, num_boost_round=ROUNDS)
    return np.asarray(model.predict(test.to_numpy(dtype=np.float32)), dtype=float)


def _texts(rows: pd.DataFrame, sentences: Sequence[str]) -> list[str]:
    texts = rows["title"].fillna("") + " " + rows["description"].fillna("").str.slice(0, 1500)
    return [f"{text} {further}" for text, further in zip(texts, joined_free_text(rows, sentences), strict=True)]
