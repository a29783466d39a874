"""A model of the genuine price against the hierarchy: LightGBM's median regression, out of fold by seller, on the same held-out prices.

It learns from official shops' and retailers' listings (and, as a second trial, from all sellers') what a listing's words, kind, brand and size cost.
It stays out of the product unless it beats the hierarchy by more than chance.
"""

from __future__ import annotations

from typing import Any

import lightgbm as lgb
import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.feature_extraction.text import HashingVectorizer
from sklearn.model_selection import GroupKFold

from features.price import unit_price
from features.seller import seller_key

Floats = npt.NDArray[np.float64]

FOLDS, ROUNDS, WORD_COLUMNS = 5, 400, 512
_PARAMETERS = {"objective": "quantile", "alpha": 0.5, "learning_rate": 0.05, "num_leaves": 31, "min_data_in_leaf": 10, "feature_fraction": 0.6}
_PARAMETERS |= {"verbosity": -1, "num_threads": 1, "deterministic": True, "force_row_wise": True}
_REFERENCE = ["price_expected", "price_ref_low", "price_ref_mid", "price_ref_high", "price_n_peers"]


def compare(crawl: pd.DataFrame, prices: pd.DataFrame, *, seed: int, resamples: int) -> dict[str, Any]:
    """Return absolute errors (natural log; median of the sellers' medians) on official listings that the hierarchy answers, and the differences.

    ``crawl`` are compared rows, ``prices`` what the hierarchy says of them. Sellers are held out whole and drawn with replacement.
    """
    able = crawl["price_vnd"].gt(0) & crawl["brand"].notna() & crawl["goods_group"].notna() & crawl["brand_role"].eq("mark")
    judged = able & crawl["is_official"] & prices["price_level"].notna()
    target = np.log(unit_price(crawl))
    hierarchy = prices["price_gap"].abs()[judged]
    who = seller_key(crawl[judged])
    out: dict[str, Any] = {"official listings judged": int(judged.sum()), "sellers": int(who.nunique())}
    out["error of the hierarchy"] = round(float(hierarchy.groupby(who).median().median()), 3)
    trials = {
        "LightGBM from official prices": (able & crawl["is_official"], False),
        "LightGBM from all sellers' prices": (able, False),
        "LightGBM with the hierarchy's answer, from official prices": (judged, True),
    }
    for name, (learned_from, with_reference) in trials.items():
        guess = _out_of_fold(crawl, prices, target, learned_from, judged, with_reference=with_reference, seed=seed)
        error = (target[judged] - guess).abs()
        each = error.groupby(who).median() - hierarchy.groupby(who).median()
        drawn = np.median(np.random.default_rng(seed).choice(each.to_numpy(), (resamples, len(each))), axis=1)
        low, high = (round(float(bound), 3) for bound in np.quantile(drawn, [0.05, 0.95]))
        out[name] = {"error": round(float(error.groupby(who).median().median()), 3), "minus the hierarchy's, nine in ten": [low, high]}
    return out


def _out_of_fold(
    crawl: pd.DataFrame, prices: pd.DataFrame, target: pd.Series, learned_from: pd.Series, judged: pd.Series, *, with_reference: bool, seed: int
) -> pd.Series:
    rows = crawl[learned_from | judged]
    table = _columns(rows, prices.loc[rows.index] if with_reference else None)
    who = seller_key(rows).fillna(rows["listing_id"])
    guess = pd.Series(np.nan, index=rows.index)
    usable, wanted = learned_from[rows.index].to_numpy(), judged[rows.index].to_numpy()
    for train, test in GroupKFold(FOLDS, shuffle=True, random_state=seed).split(table, groups=who):
        train, test = train[usable[train]], test[wanted[test]]
        data = lgb.Dataset(table[train], label=target.loc[rows.index].to_numpy()[train], categorical_feature=[0, 1, 2])
        model = lgb.train(_PARAMETERS | {"seed": seed}, data, num_boost_round=ROUNDS)
        guess.iloc[test] = np.asarray(model.predict(table[test]))
    return guess[judged[rows.index]]


def _columns(rows: pd.DataFrame, prices: pd.DataFrame | None) -> Floats:
    codes = [pd.factorize(rows[name].fillna(""), sort=True)[0] for name in ("goods_group", "kind_why", "brand")]
    plain = [rows["n_units"], rows["for_children"].astype(float), rows["captured_at"].dt.year.astype(float)]
    words = HashingVectorizer(n_features=WORD_COLUMNS, alternate_sign=False, norm=None, token_pattern=r"\S+")
    hashed = words.transform(rows["product_words"].fillna("") + " " + rows["model_key"].fillna("")).toarray()
    further = [] if prices is None else [np.log(prices[name]).to_numpy() for name in _REFERENCE]
    return np.column_stack([*codes, *(column.to_numpy(dtype=float) for column in plain), *further, hashed])
