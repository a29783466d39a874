"""Figures that can be checked by hand: budgets, harm, ties, promises, weeks, slices, sellers."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score

from models.baselines import seller_history
from models.list_quality import list_quality
from models.metrics import Ranked, average_precision, judge, measures, paired, resamples, verdict
from models.reliability import calibration_slope, observed_over_expected_top, reliability_table, wilson
from models.seller_calibration import fit_sellers, judge_sellers
from models.slices import by_slice, language, slice_labels
from models.tie_bounds import tie_bounds
from models.timeline import days_earlier, taken_share, weekly_finds
from pipeline.stages.evaluate import wins


def utc(*days: str) -> pd.Series:
    return pd.Series(pd.to_datetime(list(days), utc=True)).astype("datetime64[us, UTC]")


def test_precision_recall_and_harm_at_a_budget_and_at_capacity() -> None:
    y = np.array([True, False, True, False, False, False, False, False, False, True])
    harm = np.array([1.0, 9, 3, 9, 9, 9, 9, 9, 9, 6])
    said = measures(Ranked.of(y, np.arange(10, 0, -1.0), harm), np.ones(10), flagged=0.1, capacity=3)
    # The first row is a find of harm 1 of 10 in all; the first three hold two of three finds and 4 of 10 harm.
    assert (said["precision_at_0.1"], said["recall_at_0.1"], said["harm_at_0.1"]) == pytest.approx((1.0, 1 / 3, 0.1))
    assert (said["precision_at_capacity"], said["recall_at_capacity"], said["harm_at_capacity"]) == pytest.approx((2 / 3, 2 / 3, 0.4))


def test_a_win_inside_the_noise_is_called_a_tie() -> None:
    draw = np.random.default_rng(1)
    y = draw.random(600) < 0.2
    good, same, poor = y + draw.normal(size=600), y + draw.normal(size=600), draw.normal(size=600)
    weights = resamples(np.arange(600), 200, seed=1)
    each = {name: judge(y, score, weights, flagged=0.2)[1] for name, score in (("good", good), ("same", same), ("poor", poor))}
    assert paired(each["good"], each["same"], "pr_auc", 0.0)["verdict"] == "tie"
    assert paired(each["good"], each["poor"], "pr_auc", 0.0)["verdict"] == "better"
    assert paired(each["poor"], each["good"], "pr_auc", 0.0)["verdict"] == "worse"
    assert verdict(None) == "tie"


@given(st.integers(0, 1000))
def test_average_precision_under_weights_is_that_of_the_repeated_rows(seed: int) -> None:
    draw = np.random.default_rng(seed)
    y, score, weight = draw.random(60) < 0.4, draw.normal(size=60), draw.integers(0, 3, 60)
    if not y[weight > 0].any():
        return
    again = np.repeat(np.arange(60), weight)
    assert average_precision(Ranked.of(y, score), weight.astype(float)) == pytest.approx(average_precision_score(y[again], score[again]))


def test_tied_rows_have_a_best_a_worst_and_a_mean_order() -> None:
    # One sure find, then four tied rows with one find among them, budget three: two of four tied rows get in.
    y = np.array([True, True, False, False, False, False])
    said = tie_bounds(y, np.array([9.0, 5, 5, 5, 5, 1]), 3)
    assert (said["best"], said["worst"], said["random"], said["n_tied"]) == (2 / 3, 1 / 3, pytest.approx((1 + 2 / 4) / 3), 4)
    assert tie_bounds(y, np.arange(6, 0, -1.0), 3) == {"best": 2 / 3, "worst": 2 / 3, "random": 2 / 3, "n_tied": 0}


def test_a_slope_below_one_says_that_the_score_is_too_sure() -> None:
    draw = np.random.default_rng(1)
    z = draw.normal(-1, 1.5, 20_000)
    y = draw.random(20_000) < 1 / (1 + np.exp(-z))
    assert calibration_slope(y, 1 / (1 + np.exp(-z))) == pytest.approx(1.0, abs=0.05)
    assert calibration_slope(y, 1 / (1 + np.exp(-2 * z))) == pytest.approx(0.5, abs=0.05)


def test_found_over_promised_has_an_interval_and_the_bins_hold_every_row() -> None:
    draw = np.random.default_rng(2)
    p = draw.beta(1, 6, 4000)
    y = draw.random(4000) < p
    said = observed_over_expected_top(y, p, 400, resamples(np.arange(4000), 200, seed=1))
    assert said["ci"][0] < 1.0 < said["ci"][1] and said["found"] == y[np.argsort(-p, kind="stable")[:400]].sum()
    bins = reliability_table(y, p)
    assert sum(one["n"] for one in bins) == 4000 and all(one["low"] <= one["found"] <= one["high"] for one in bins)
    assert wilson(0, 0) == (0.0, 1.0) and wilson(5, 10)[0] == pytest.approx(0.2366, abs=1e-3)


def test_each_week_takes_its_own_best_and_history_counts_by_the_day_of_the_outcome() -> None:
    rows = pd.DataFrame({"y": [True, False, True, True]})
    rows["first_seen"] = utc("2026-03-02", "2026-03-03", "2026-03-04", "2026-03-10")
    rows["happened_at"] = utc("2026-03-11", "2026-03-11", "2026-03-12", "2026-03-12")
    weeks = weekly_finds(rows, {"model": np.array([0.9, 0.5, 0.1, 0.2])}, capacity=1)
    assert [(one["week"], one["n"], one["positive"], one["history"], one["model"]) for one in weeks] == [
        ("2026-03-02", 3, 2, 0, 1.0), ("2026-03-09", 1, 1, 3, 1.0),
    ]  # fmt: skip


def test_days_earlier_are_cut_where_the_listing_was_last_seen() -> None:
    rows = pd.DataFrame({"y": [True, True]})
    rows["first_seen"], rows["last_seen"] = utc("2026-03-02", "2026-03-02"), utc("2026-03-05", "2026-04-30")
    rows["happened_at"] = utc("2026-04-01", "2026-03-12")
    said = days_earlier(rows, np.array([0.9, 0.8]), capacity=5)
    # Thirty and ten days; the first listing was gone after three.
    assert (said["n_found"], said["n_earlier"], said["median_days"], said["at_least_median_days"], said["n_censored"]) == (2, 2, 20.0, 6.5, 1)


def test_rows_tied_at_the_end_of_a_list_are_taken_in_part() -> None:
    assert taken_share(np.array([3.0, 2, 2, 2]), 2).tolist() == pytest.approx([1.0, 1 / 3, 1 / 3, 1 / 3])


def test_slices_with_too_few_rows_are_counted_and_not_judged() -> None:
    draw = np.random.default_rng(3)
    y = draw.random(400) < 0.2
    rows = pd.DataFrame({"platform": ["a"] * 380 + ["b"] * 20, "title": ["Giày da"] * 200 + ["Leather shoe"] * 200, "seller_age_days": 40.0})
    labels = slice_labels(rows)
    said = by_slice(y, y + draw.normal(size=400), labels, resamples(np.arange(400), 50, seed=1), share=0.05)
    assert "pr_auc" in said["platform"]["a"] and set(said["platform"]["b"]) == {"n", "n_positive"}
    assert set(said["language"]) == {"vi", "latin"} and set(said["seller_age"]) == {"to 90 days"} and set(said["seller_size"]) == {"unknown"}


def test_a_language_is_told_by_its_letters() -> None:
    titles = pd.Series(["Giày thể thao", "Running shoes", "кроссовки", "12345", None])
    assert language(titles).tolist() == ["vi", "latin", "other", "none", "none"]


def test_seller_history_knows_only_what_was_known_before_and_never_the_rows_own_outcome() -> None:
    y = np.array([True, True, False, True])
    sellers = pd.Series(["s", "s", "s", "t"], dtype="str")
    when = utc("2026-01-01", "2026-03-01", "2026-01-05", "2026-03-01")
    known = utc("2026-02-01", "2026-02-15", "2026-05-01", "2026-06-01")
    said = seller_history(y, sellers, when, known, np.array([0, 1, 3]))
    prior = 0.75
    # Row 1: one find known before it (row 0); its own outcome, known before its capture, does not count. Rows 0 and 3: nothing known yet.
    assert said.tolist() == pytest.approx([prior, (1 + prior * 5) / 6, prior])


def test_sellers_are_calibrated_and_a_large_shop_is_no_worse_for_being_large() -> None:
    draw = np.random.default_rng(4)
    guilty = draw.random(1200) < 0.2
    size = draw.integers(1, 30, 1200)
    sellers = np.repeat(np.arange(1200), size)
    y = np.repeat(guilty, size) & (draw.random(len(sellers)) < 0.5)
    p = np.clip(np.where(y, draw.beta(5, 2, len(sellers)), draw.beta(1, 8, len(sellers))), 0.001, 0.999)
    half = sellers < 600
    said = judge_sellers(fit_sellers(p[half], y[half], sellers[half]), p[~half], y[~half], sellers[~half], n_resamples=50, seed=1)
    assert said["pr_auc"]["value"] > 0.9 and said["observed_over_expected_at"]["0.1"] == pytest.approx(1.0, abs=0.15)
    assert abs(said["rank_correlation_with_size"]) < 0.45
    one_minus_all = pd.Series(1 - p).groupby(sellers).prod()
    naive = (1 - one_minus_all).corr(pd.Series(size), method="spearman")
    assert naive > said["rank_correlation_with_size"] + 0.2, "one minus the chance that all are innocent ranks by size"


def test_a_list_longer_than_asked_for_is_also_judged_as_a_whole() -> None:
    found = pd.Series({f"{number}": number < 5 for number in range(30)})
    assert [one["k"] for one in list_quality(found.index, found)] == [10, 20, 30]


def _paired(**bounds: list[float] | None) -> dict[str, object]:
    return {"paired": {name: {"pr_auc": {"ci": one}} for name, one in bounds.items()}}


@pytest.mark.parametrize(
    ("bounds", "wins_it"),
    [
        ({"evidence_only": [0.01, 0.1], "lightgbm_raw": [-0.01, 0.02]}, True),
        ({"evidence_only": [0.01, 0.1], "tfidf_logistic": [-0.05, -0.01]}, False),
        ({"evidence_only": [-0.01, 0.1], "lightgbm_raw": [0.01, 0.02]}, False),
        ({"evidence_only": [0.01, 0.1], "missingness_only": [0.0, 0.2]}, False),
        ({"evidence_only": [0.01, 0.1], "lightgbm_raw": None}, False),
    ],
)
def test_a_model_takes_over_from_what_does_not_learn_and_only_a_surely_better_learner_keeps_it_out(
    bounds: dict[str, list[float] | None], wins_it: bool
) -> None:
    assert wins(_paired(**bounds)) is wins_it


def test_a_baseline_that_is_better_within_platforms_keeps_a_model_out() -> None:
    summary = _paired(evidence_only=[0.01, 0.1]) | {"within_source": {"paired": {"evidence_only": {"pr_auc": {"verdict": "worse"}}}}}
    assert not wins(summary)
