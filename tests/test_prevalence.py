"""How many listings are bad is said only from looks whose chances were recorded, and then it is right."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.prevalence import prevalence, sensitivity, total
from models.proportions import share
from models.sampling import allocate, draw_sample

EDGES = (1e-9, 0.5, 1.0, 3.0)


def market(n: int = 4000, seed: int = 3) -> tuple[np.ndarray, np.ndarray]:
    """Scores, most of them zero, and what is really bad: often where the score is high, sometimes where it is zero."""
    draw = np.random.default_rng(seed)
    score = np.where(draw.random(n) < 0.9, 0.0, draw.exponential(1.0, n))
    return score, draw.random(n) < np.where(score > 2, 0.7, np.where(score > 0, 0.15, 0.01))


# The sample


def test_the_recorded_chance_is_how_often_a_listing_is_really_drawn() -> None:
    score = np.r_[np.zeros(30), np.full(8, 0.7), np.full(4, 2.0), [9.0, 8.0]]
    drawn, said = np.zeros(len(score)), np.full(len(score), np.nan)
    n = 2000
    for seed in range(n):
        sample = draw_sample(score, top=2, random=6, stratified=9, edges=EDGES, seed=seed)
        drawn[sample["row"]] += 1
        said[sample["row"]] = sample["selection_probability"]
    # 42 rows are not the highest: 6/42 by chance; strata of 30, 8 and 4 rows share 9 looks as 3 + 3 + 3.
    by_hand = {0: 1 - (1 - 6 / 42) * (1 - 3 / 30), 30: 1 - (1 - 6 / 42) * (1 - 3 / 8), 38: 1 - (1 - 6 / 42) * (1 - 3 / 4), 42: 1.0}
    for row, chance in by_hand.items():
        assert said[row] == pytest.approx(chance)
    # Five standard errors of a share over 2,000 draws.
    assert np.all(np.abs(drawn / n - said) <= 5 * np.sqrt(said * (1 - said) / n) + 1e-12)


def test_horvitz_thompson_hits_the_truth_on_average_where_counting_the_looks_does_not() -> None:
    score, bad = market()
    estimates, naive = [], []
    for seed in range(600):
        sample = draw_sample(score, top=50, random=50, stratified=100, edges=EDGES, seed=seed)
        y, chance = bad[sample["row"]], sample["selection_probability"].to_numpy()
        estimates.append(total(y, chance) / len(score))
        naive.append(y.mean())
    error = np.std(estimates) / np.sqrt(len(estimates))
    assert abs(np.mean(estimates) - bad.mean()) < 4 * error
    assert np.mean(naive) > 3 * bad.mean()


def test_the_interval_covers_the_truth_as_often_as_it_says() -> None:
    score, bad = market()
    inside = []
    for seed in range(400):
        sample = draw_sample(score, top=50, random=50, stratified=100, edges=EDGES, seed=seed)
        found = prevalence(bad[sample["row"]], sample["selection_probability"], population=len(score))
        inside.append(found.low <= bad.mean() <= found.high)
    # 95 % promised; 92 % would be three standard errors below.
    assert np.mean(inside) >= 0.93


def test_no_find_among_thirty_random_looks_is_not_zero() -> None:
    found = prevalence(np.zeros(30), np.full(30, 30 / 10_000), population=10_000)
    # Exact: 1 - 0.025^(1/30) = 11.6 %.
    assert found.value == 0.0 and found.low == 0.0 and found.high == pytest.approx(0.1157, abs=5e-4)


def test_what_was_certainly_drawn_is_known_exactly() -> None:
    found = prevalence([1, 1, 0, 0], [1.0, 1.0, 1.0, 1.0], population=4)
    assert (found.value, found.low, found.high) == (0.5, 0.5, 0.5)


def test_undecided_looks_are_counted_and_what_they_could_hide_is_said() -> None:
    y = np.r_[np.ones(5), np.zeros(95)]
    sure = prevalence(y, np.full(100, 0.1))
    unsure = prevalence(np.r_[y, np.full(20, np.nan)], np.full(120, 0.1))
    assert unsure.n_undecided == 20 and (unsure.value, unsure.low, unsure.high) == pytest.approx((sure.value, sure.low, sure.high))
    # Five of 120 at least, 25 of 120 at most, with what chance adds to either side.
    assert unsure.least < sure.low < 5 / 120 and 25 / 120 < unsure.most < 0.35
    assert (sure.least, sure.most) == (sure.low, sure.high)


def test_a_sample_with_nothing_decided_says_nothing() -> None:
    found = prevalence([np.nan, np.nan], [0.5, 0.5])
    assert np.isnan(found.value) and (found.low, found.high) == (0.0, 1.0)


@pytest.mark.parametrize("chance", [0.0, -0.1, 1.2, float("nan")])
def test_a_chance_that_is_none_is_refused(chance: float) -> None:
    with pytest.raises(ValueError, match="above 0 and up to 1"):
        prevalence([1.0, 0.0], [0.5, chance])


@given(st.lists(st.integers(0, 300), min_size=1, max_size=6), st.integers(0, 400))
def test_looks_are_shared_out_to_the_last_one_and_no_stratum_gets_more_than_it_has(sizes: list[int], wanted: int) -> None:
    given_ = allocate(np.array(sizes), wanted)
    assert given_.sum() == min(wanted, sum(sizes)) and (given_ <= np.array(sizes)).all()
    open_ = [looks for looks, size in zip(given_, sizes, strict=True) if looks < size]
    assert not open_ or max(given_) - min(open_) <= 1


@given(st.integers(1, 60), st.integers(0, 70), st.integers(0, 70), st.integers(0, 70), st.integers(0, 5))
def test_any_sample_holds_each_listing_once_with_a_chance(n: int, top: int, random: int, stratified: int, seed: int) -> None:
    score = np.random.default_rng(seed).integers(0, 4, n).astype(float)
    sample = draw_sample(score, top=top, random=random, stratified=stratified, edges=EDGES, seed=seed)
    assert sample["row"].is_unique and sample["selection_probability"].between(0, 1, inclusive="right").all()
    again = draw_sample(score, top=top, random=random, stratified=stratified, edges=EDGES, seed=seed)
    assert sample.equals(again)


# Without recorded chances


def test_without_recorded_chances_only_bounds_and_what_an_assumption_would_imply_are_given() -> None:
    found = sensitivity(n_positive=20, n_negative=180, population=10_000)
    # Between "all unknown are clean" and "all unknown are bad"; had a fifth been found, there would be 100.
    assert (found.low, found.high) == (0.002, 0.982)
    assert found.implied[0.2] == pytest.approx(0.01) and found.implied[0.02] == pytest.approx(0.1)
    with pytest.raises(ValueError, match="population of 10"):
        sensitivity(n_positive=20, n_negative=0, population=10)


# Shares


def test_a_share_of_equal_rows_is_the_textbook_interval() -> None:
    found = share([1] * 8 + [0] * 2)
    # Clopper and Pearson's table: 8 of 10.
    assert found.value == 0.8 and (found.low, found.high) == pytest.approx((0.4439, 0.9748), abs=1e-4)


def test_listings_of_one_seller_are_worth_less_than_those_of_many() -> None:
    y = np.repeat([1, 0, 1, 0, 1, 1], 50)
    alone, together = share(y), share(y, cluster=np.repeat(np.arange(6), 50))
    assert together.n_effective < 10 < alone.n_effective and together.high - together.low > 3 * (alone.high - alone.low)


def test_one_seller_whose_listings_are_all_confirmed_proves_little() -> None:
    found = share(np.ones(200), cluster=np.zeros(200))
    assert found.value == 1.0 and found.low == pytest.approx(0.025)


@given(st.lists(st.tuples(st.booleans(), st.floats(0.01, 50), st.integers(0, 8)), min_size=1, max_size=80))
def test_a_share_lies_within_its_interval_and_the_interval_within_zero_and_one(rows: list[tuple[bool, float, int]]) -> None:
    y, weight, cluster = zip(*rows, strict=True)
    found = share(y, weight=weight, cluster=cluster)
    assert 0 <= found.low <= found.value <= found.high <= 1 + 1e-12 and found.n_effective <= len(rows) + 1e-9
