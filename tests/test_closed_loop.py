"""The closed loop of the benchmark, on a made-up market of numbers: nobody learns from tomorrow, nobody visits more than they can, luck is shared."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest

from benchmarks.closed_loop import POLICIES, Ledger, LoopSettings, Week, compare, run_policy, simulator_hash
from benchmarks.closed_loop_market import History, LoopMarket
from features.text_hashes import text_counts
from pipeline.config import load_run_config

GOODS = ["da", "vải", "cao su", "trẻ em"]
N_SELLERS, WEEKS, A_WEEK = 120, 9, 60


@pytest.fixture(scope="module")
def market() -> LoopMarket:
    """Sixty listings a week; a seller in six is bad, half of them show it in the evidence and all of them in ``tell``."""
    draw = np.random.default_rng(3)
    n = WEEKS * A_WEEK
    seller = draw.integers(0, N_SELLERS, n)
    guilty = (seller % 6 == 0) & (draw.random(n) < 0.8)
    points = np.where(guilty & (seller % 12 == 0), 2.0, 0.0) + draw.random(n).round(1)
    table = pd.DataFrame({"evidence_points": points, "tell": guilty + draw.normal(0, 0.3, n)}).astype("float32")
    titles = [f"Giày mẫu {GOODS[number]}" for number in draw.integers(0, len(GOODS), n)]
    text = text_counts(titles, titles, tokenizer="simple")
    past = np.arange(3 * A_WEEK)
    day = np.repeat(7 * np.arange(WEEKS), A_WEEK)
    history = History(past, day[past] + 1, day[past] + 9, guilty[past], np.full(len(past), 0.2), seller[past] % 5 == 0)
    return LoopMarket(
        table=table, text=text, points=points, seller=seller, group=seller, day=day, guilty=guilty,
        platform=pd.Series(["thử"] * n), on_visit=guilty, on_desk=guilty, delay=draw.integers(5, 30, N_SELLERS), there=draw.random(N_SELLERS) < 0.9,
        history=history,
    )  # fmt: skip


@pytest.fixture(scope="module")
def settings() -> LoopSettings:
    learn = load_run_config().learn.model_copy(update={"text_folds": 2, "boosters": 1})
    return LoopSettings(learn, first_week=4, weeks=4, visits=2, reviews=6, every=2, seed=4)


@pytest.fixture(scope="module")
def weeks(market: LoopMarket, settings: LoopSettings) -> dict[str, list[Week]]:
    return {policy: run_policy(market, policy, settings) for policy in POLICIES}


def test_no_outcome_is_learned_from_before_it_is_known() -> None:
    nothing = np.zeros(0)
    ledger = Ledger(*(nothing.astype(kind) for kind in (int, int, int, bool, float, bool)))
    ledger = ledger.add(np.array([7, 8]), 10, np.array([12, 30]), np.array([True, False]), np.full(2, np.nan), True)
    assert ledger.row[ledger.learned_from(11)].tolist() == []
    assert ledger.row[ledger.learned_from(12)].tolist() == [7]
    assert ledger.row[ledger.learned_from(29)].tolist() == [7]
    assert ledger.row[ledger.learned_from(30)].tolist() == [7, 8]


def test_a_visit_overrules_a_desk_review_and_a_listing_is_learned_from_once() -> None:
    ledger = Ledger(*(np.zeros(0).astype(kind) for kind in (int, int, int, bool, float, bool)))
    ledger = ledger.add(np.array([7]), 1, np.array([20]), np.array([False]), np.array([np.nan]), True)
    ledger = ledger.add(np.array([7]), 2, np.array([25]), np.array([True]), np.array([0.5]), False)
    assert ledger.found[ledger.learned_from(30)].tolist() == [False]
    assert len(ledger.learned_from(22)) == 1


def test_what_becomes_known_after_the_last_week_changes_nothing(market: LoopMarket, settings: LoopSettings, weeks: dict[str, list[Week]]) -> None:
    """The loop asks on days 28 to 49. Turning around everything that would be known later than that leaves it as it was."""
    past = market.history
    late = 7 * (settings.first_week + settings.weeks - 1)
    added = History(
        np.r_[past.row, past.row], np.r_[past.looked, past.looked], np.r_[past.known, np.full(len(past.row), late + 1)],
        np.r_[past.found, ~past.found], np.r_[past.chance, past.chance], np.r_[past.visit, past.visit],
    )  # fmt: skip
    again = run_policy(dataclasses.replace(market, history=added), "soihang", settings)
    assert _told(again) == _told(weeks["soihang"])


def test_what_becomes_known_in_time_is_learned_from(market: LoopMarket, settings: LoopSettings, weeks: dict[str, list[Week]]) -> None:
    turned = dataclasses.replace(market, history=dataclasses.replace(market.history, found=~market.history.found))
    assert _told(run_policy(turned, "soihang", settings)) != _told(weeks["soihang"])
    assert weeks["soihang"][-1].rung != "evidence", "or nothing was learned at all"


@pytest.mark.parametrize("policy", POLICIES)
def test_capacity_is_kept_and_nobody_is_visited_twice(policy: str, market: LoopMarket, settings: LoopSettings, weeks: dict[str, list[Week]]) -> None:
    visited = np.concatenate([week.visited for week in weeks[policy]])
    assert all(len(week.visited) == settings.visits and len(week.read) <= settings.reviews for week in weeks[policy])
    assert len(set(visited)) == len(visited)
    before = market.history.row[market.history.visit & (market.history.looked < 7 * settings.first_week)]
    assert not set(visited) & set(market.seller[before])


def test_only_listings_of_the_week_are_chosen(market: LoopMarket, weeks: dict[str, list[Week]]) -> None:
    for week in (week for run in weeks.values() for week in run):
        assert set(week.visited) <= set(market.seller[market.day == week.day])
        assert (market.day[week.read] == week.day).all()


def test_exploration_is_read_at_a_desk_with_a_recorded_chance_and_sets_no_visit(market: LoopMarket, weeks: dict[str, list[Week]]) -> None:
    for week in weeks["soihang"]:
        assert len(week.read) and ((week.chance > 0) & (week.chance <= 1)).all()
        assert not set(market.seller[week.read]) & set(week.visited)
    assert all(np.isnan(week.chance).all() and len(week.read) for week in weeks["exploitation"])
    assert not any(len(week.read) for policy in ("visits_only", "evidence", "random") for week in weeks[policy])


def test_desk_reviews_feed_labels(weeks: dict[str, list[Week]]) -> None:
    assert weeks["soihang"][-1].labels > weeks["visits_only"][-1].labels


def test_nobody_finds_more_than_who_knows_the_truth(weeks: dict[str, list[Week]]) -> None:
    finds = {policy: sum(week.finds for week in run) for policy, run in weeks.items()}
    assert finds["ceiling"] == max(finds.values()) > finds["random"]


def test_the_same_market_gives_the_same_bytes(market: LoopMarket, settings: LoopSettings, weeks: dict[str, list[Week]]) -> None:
    assert _told(run_policy(market, "soihang", settings)) == _told(weeks["soihang"])


def _week(finds: int) -> Week:
    nothing = np.zeros(0, dtype=np.int64)
    return Week(0, np.arange(2), finds, nothing, np.zeros(0), 5, 1, "evidence")


def test_a_difference_inside_the_noise_is_a_tie_and_one_outside_is_not(settings: LoopSettings) -> None:
    """Three seeds of two weeks of two visits: 2, 1, 2 finds a week against 1, 2, 1 is noise; against none it is not."""
    runs = []
    for ours, theirs in ((2, 1), (1, 2), (2, 1)):
        runs.append({policy: [_week(0)] * 2 for policy in POLICIES} | {"soihang": [_week(ours)] * 2, "exploitation": [_week(theirs)] * 2})
    said = compare(runs, dataclasses.replace(settings, weeks=2))["soihang against"]
    assert said["exploitation"]["all weeks"]["verdict"] == "tie"
    # 1, .5 and 1 finds a visit: .833 on average, less 4.303 × .289 / √3 = .717
    assert said["random"]["all weeks"]["ci"] == pytest.approx([0.116, 1.55], abs=0.001)
    assert said["random"]["all weeks"]["verdict"] == "better"


def test_the_simulator_is_named_by_a_hash() -> None:
    assert len(simulator_hash()) == 16 and simulator_hash() == simulator_hash()


def _told(weeks: list[Week]) -> list[str]:
    return [f"{week.day} {week.visited.tobytes()!r} {week.finds} {week.read.tobytes()!r} {week.chance.tobytes()!r} {week.rung}" for week in weeks]
