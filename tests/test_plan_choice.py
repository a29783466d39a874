"""The choice within limits: nothing better exists, limits hold, floors that cannot be met say so, prices are right, ties go by the stated rule."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.errors import DataError
from pipeline.monitor.settings import load_monitor_rules
from pipeline.planning.choose import Limit, choose
from pipeline.planning.drift import Drift, drift_since
from pipeline.planning.lottery import draw_reviews
from pipeline.tables.targets import CHOSEN, WAITING


def limit(members: list[int], bound: int, *, floor: bool = False) -> Limit:
    return Limit("test", f"{members} {bound}", np.array(members, dtype=np.int64), bound, floor)


def test_the_most_harm_within_capacity_is_chosen() -> None:
    found = choose(np.array([5.0, 3.0, 2.0]), [limit([0, 1, 2], 2)])
    assert list(found.taken) == [True, True, False] and found.harm == 8.0 and found.gap == pytest.approx(0.0)


def test_one_more_place_is_worth_what_it_would_gain() -> None:
    # With a third place the 2.0 would come in.
    assert choose(np.array([5.0, 3.0, 2.0]), [limit([0, 1, 2], 2)]).prices["price"].tolist() == pytest.approx([2.0])


def test_a_floor_costs_the_difference_to_whom_it_displaces() -> None:
    # Two places; the floor takes the 1.0 in and pushes the 4.0 out.
    found = choose(np.array([5.0, 4.0, 1.0]), [limit([0, 1, 2], 2), limit([2], 1, floor=True)])
    assert list(found.taken) == [True, False, True] and found.harm == 6.0
    assert found.prices["price"].tolist() == pytest.approx([4.0, 3.0])


def test_a_ceiling_makes_room_for_other_goods() -> None:
    found = choose(np.array([5.0, 4.0, 1.0]), [limit([0, 1, 2], 2), limit([0, 1], 1)])
    assert list(found.taken) == [True, False, True]


def test_a_floor_that_cannot_be_met_is_met_as_far_as_it_goes_and_says_so() -> None:
    found = choose(np.array([5.0, 4.0]), [limit([0, 1], 1), limit([0, 1], 2, floor=True)])
    assert list(found.taken) == [True, False] and found.prices["short"].tolist() == [0, 1]
    assert found.prices["price"].le(5.0).all(), "nothing can be worth more than the most harmful target"


def test_nobody_to_choose_from_is_no_error() -> None:
    assert choose(np.zeros(0), []).harm == 0.0
    assert choose(np.zeros(0), [limit([], 3)]).prices["used"].tolist() == [0]


def test_among_equals_the_earlier_key_is_taken() -> None:
    # 1 and 2 stand equal under different limits, both of which allow either.
    found = choose(np.array([5.0, 4.0, 4.0]), [limit([0, 1, 2], 2), limit([1], 1), limit([2], 1)])
    assert list(found.taken) == [True, True, False]


def test_harm_out_of_order_is_refused() -> None:
    with pytest.raises(DataError, match="falling order"):
        choose(np.array([1.0, 2.0]), [])


@st.composite
def problems(draw: st.DrawFn) -> tuple[np.ndarray, list[Limit]]:
    n = draw(st.integers(1, 8))
    harm = np.sort(draw(st.lists(st.integers(1, 6), min_size=n, max_size=n)))[::-1].astype(float)
    limits = [limit(list(range(n)), draw(st.integers(0, n)))]
    for _ in range(draw(st.integers(0, 3))):
        members = draw(st.lists(st.integers(0, n - 1), min_size=1, max_size=n, unique=True))
        limits.append(limit(sorted(members), draw(st.integers(0, 3)), floor=draw(st.booleans())))
    return harm, limits


def shortfall(taken: set[int], limits: list[Limit]) -> int:
    return sum(max(0, one.bound - len(taken & set(one.members))) for one in limits if one.floor)


def allowed(taken: set[int], limits: list[Limit]) -> bool:
    return all(len(taken & set(one.members)) <= one.bound for one in limits if not one.floor)


@given(problems())
def test_no_other_choice_misses_less_and_harms_more(problem: tuple[np.ndarray, list[Limit]]) -> None:
    harm, limits = problem
    found = choose(harm, limits)
    mine = set(np.flatnonzero(found.taken))
    assert allowed(mine, limits)
    every = [set(some) for size in range(len(harm) + 1) for some in combinations(range(len(harm)), size) if allowed(set(some), limits)]
    best = max((-shortfall(some, limits), harm[list(some)].sum()) for some in every)
    assert (-shortfall(mine, limits), harm[list(mine)].sum()) == pytest.approx(best)


def waiting(n: int, authority: str = "A") -> pd.DataFrame:
    return pd.DataFrame({"authority": authority, "harm": np.linspace(1, 2, n)}, index=[f"s{at:03d}" for at in range(n)])


DRAW = {"slots": 2, "near": 0.5, "as_of": pd.Timestamp("2026-11-24").date(), "seed": 7}


def test_each_in_the_pool_has_the_recorded_chance_and_those_far_from_the_cut_have_none() -> None:
    rows = pd.concat([waiting(8), pd.DataFrame({"authority": "A", "harm": 0.4}, index=["far"])])
    drawn = draw_reviews(rows, {"A": 2.0}, **DRAW)
    assert drawn["drawn"].sum() == 2 and drawn.loc["far", "probability"] == 0.0 and not drawn.loc["far", "drawn"]
    assert drawn["probability"].drop("far").eq(0.25).all()


def test_the_lot_does_not_depend_on_the_order_of_rows_or_on_other_authorities() -> None:
    alone = draw_reviews(waiting(20), {}, **DRAW)
    turned = draw_reviews(pd.concat([waiting(5, "B").rename(index=lambda key: f"b{key}"), waiting(20)[::-1]]), {}, **DRAW)
    assert set(alone.index[alone["drawn"]]) == set(turned.index[turned["drawn"] & ~turned.index.str.startswith("b")])


def test_over_many_weeks_everyone_in_the_pool_is_drawn_about_as_often_as_recorded() -> None:
    rows = waiting(10)
    weeks = pd.date_range("2026-01-05", periods=300, freq="7D")
    hits = sum(draw_reviews(rows, {}, **(DRAW | {"as_of": week.date()}))["drawn"].astype(int) for week in weeks)
    # 300 draws with chance 0.2: 60 on average, four standard deviations are 28.
    assert hits.between(32, 88).all() and hits.sum() == 600


def mix(**counts: int) -> pd.DataFrame:
    rows = [(["counterfeit"], goods.replace("_", " "), "sàn a", CHOSEN) for goods, n in counts.items() for _ in range(n)]
    return pd.DataFrame(rows, columns=["behaviours", "goods", "platform", "standing"])


def test_a_moved_list_proposes_what_the_monitor_would_and_a_steady_or_short_one_nothing() -> None:
    def since(now: pd.DataFrame, before: pd.DataFrame | None, slots: int = 2) -> Drift | None:
        return drift_since(now, before, slots=slots, rules=load_monitor_rules())

    before = mix(giày=160, túi=40)
    assert since(mix(giày=320, túi=80), before) == Drift(pytest.approx(0.0, abs=0.001), None)
    # The night's rules say "list [goods]" and from it twice the slots, at most ten.
    moved = since(mix(giày=40, sữa=160), before)
    assert moved is not None and moved.shift > 0.25 and moved.slots == 4
    assert since(mix(giày=40, sữa=160), before, slots=8) == Drift(moved.shift, 10)
    assert since(mix(giày=40, sữa=160), before, slots=10) == Drift(moved.shift, None)
    # Only those within capacity count, as in a night's figures; of fewer than 87 in both nothing is said.
    waiting = mix(sữa=400).assign(standing=WAITING)
    assert since(pd.concat([before, waiting]), before) == Drift(0.0, None)
    assert since(mix(sữa=80), mix(giày=80)) is None and since(before, None) is None
