"""Splits by what the data allow: rolling origins, linked sellers together, templates that are no re-posts."""

from __future__ import annotations

import numpy as np
import pandas as pd

from models.split import choose_split, group_codes, without_templates


def world(n: int, *, days: int, seed: int = 0) -> tuple[np.ndarray, pd.Series, pd.Series, pd.Series, np.ndarray]:
    draw = np.random.default_rng(seed)
    y = draw.random(n) < 0.2
    day = draw.integers(0, days, n)
    when = pd.Series(pd.Timestamp("2025-01-01", tz="UTC") + pd.to_timedelta(day, unit="D")).astype("datetime64[us, UTC]")
    # Shops live for a month, so that early and late rows have different sellers.
    sellers = pd.Series([f"s{part}-{k}" for part, k in zip(day // 30, draw.integers(0, 60, n), strict=True)], dtype="str")
    return y, when, when + pd.Timedelta(days=5), sellers, np.arange(n)


def test_a_long_time_is_tested_from_several_origins_and_no_row_twice() -> None:
    y, when, known, sellers, texts = world(6000, days=700)
    split = choose_split(y, when, known, sellers, texts, seed=1)
    assert split.kind == "time+seller" and len(split.folds) == 3 and "3 origins" in split.why
    tested = np.concatenate([fold.test for fold in split.folds])
    assert len(np.unique(tested)) == len(tested) and len(tested) >= 0.29 * len(y)
    for fold in split.folds:
        begin = when.iloc[fold.test].min()
        assert fold.later and known.iloc[fold.learn].max() < begin and when.iloc[fold.train].max() <= when.iloc[fold.calibration].min()
        assert not set(sellers.iloc[fold.learn]) & set(sellers.iloc[fold.test])
    assert len(split.folds[0].learn) < len(split.folds[-1].learn), "later origins know more"


def test_a_short_time_has_one_origin() -> None:
    y, when, known, sellers, texts = world(4000, days=150)
    assert len(choose_split(y, when, known, sellers, texts, seed=1).folds) == 1


def test_sellers_of_one_network_stay_together() -> None:
    y, when, known, sellers, texts = world(1200, days=1)
    networks = pd.Series(np.where(sellers.str.endswith("7"), "ring", None), dtype="str")
    groups = group_codes(sellers, texts, networks)
    ring = networks.eq("ring").to_numpy()
    assert len(set(groups[ring])) == 1 and not set(groups[ring]) & set(groups[~ring])
    for fold in choose_split(y, when, known, sellers, texts, seed=1, groups=groups).folds:
        assert ring[fold.test].all() or not ring[fold.test].any() or set(groups[fold.test]).isdisjoint(groups[fold.learn])


def test_a_template_that_many_rows_share_makes_no_two_of_them_the_same() -> None:
    texts = np.array([7] * 900 + list(range(100, 200)))
    own = without_templates(texts)
    assert len(set(own[:900])) == 900 and len(set(own)) == 1000
    assert len(set(without_templates(np.repeat(np.arange(100), 5)))) == 100, "five re-posts are re-posts"


def test_rows_that_all_use_the_same_words_can_still_be_split() -> None:
    draw = np.random.default_rng(1)
    y = draw.random(3000) < 0.1
    nothing = pd.Series(pd.NaT, index=range(3000), dtype="datetime64[us, UTC]")
    split = choose_split(y, nothing, nothing, pd.Series([None] * 3000, dtype="str"), np.zeros(3000, dtype=np.int64), seed=1)
    assert split.kind == "group" and sorted(np.concatenate([fold.test for fold in split.folds])) == list(range(3000))
    assert all(len(fold.learn) > 1500 for fold in split.folds)


def test_very_many_rows_are_judged_on_one_fold_and_it_is_said() -> None:
    y, when, known, sellers, texts = world(60_000, days=1)
    split = choose_split(y, when, known, sellers, texts, seed=1)
    assert len(split.folds) == 1 and "60,000 rows" in split.why


def test_three_sellers_are_too_few_to_be_held_apart_and_it_is_said() -> None:
    y, when, known, _, texts = world(600, days=1)
    split = choose_split(y, when, known, pd.Series(np.resize(["a", "b", "c"], 600), dtype="str"), texts, seed=1)
    assert split.kind == "group" and "only 3 groups" in split.why and len(split.folds) == 3
