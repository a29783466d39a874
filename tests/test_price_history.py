"""What a listing asked before: discounts are measured against its own past, and what comes later changes nothing."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.price_history import HISTORY_COLUMNS, price_history


def seen(*captures: tuple[Any, ...], listing: str = "L") -> pd.DataFrame:
    """Captures of one listing: day of June 2026 (or later), price, crossed-out price if any."""
    rows = [(*one, None)[:3] for one in captures]
    day = pd.Timestamp("2026-06-01 10:00", tz="Asia/Ho_Chi_Minh").tz_convert("UTC")
    return pd.DataFrame(
        {
            "platform": "shopee",
            "listing_id": listing,
            "captured_at": [day + pd.Timedelta(days=one[0] - 1) for one in rows],
            "price_vnd": [float(one[1]) for one in rows],
            "list_price_vnd": [np.nan if one[2] is None else float(one[2]) for one in rows],
            "n_units": 1.0,
        }
    )


def told(rows: pd.DataFrame, expected: float = np.nan) -> pd.DataFrame:
    return price_history(rows, pd.Series(expected, index=rows.index))


def test_a_listing_seen_once_has_no_past() -> None:
    found = told(seen((1, 100, 400))).iloc[0]
    assert found["price_days_seen"] == 1 and found["price_below_peak"] == 0
    assert found[["price_change", "price_raised_then_cut", "discount_real", "discount_excess"]].isna().all()
    assert found["discount_claimed"] == 0.75


def test_a_real_cut_is_measured_against_the_lowest_price_of_the_thirty_days_before_it() -> None:
    # Asked 200, then 160, then 100 since day 20: the cut is from 160, however long the new price stands.
    found = told(seen((1, 200), (10, 160), (20, 100), (29, 100)))
    assert found["discount_real"].tolist()[2:] == pytest.approx([1 - 100 / 160] * 2)


def test_what_was_asked_more_than_thirty_days_before_the_cut_is_forgotten() -> None:
    assert pd.isna(told(seen((1, 200), (40, 100))).iloc[1]["discount_real"])


def test_a_discount_from_a_price_never_asked_is_all_excess() -> None:
    # 100 all the time, "giảm 60 %" from 250: claimed 0.6, and nothing was cut.
    found = told(seen((1, 100), (8, 100.5), (15, 100, 250))).iloc[2]
    assert pd.isna(found["discount_real"]) or found["discount_real"] <= 0
    honest = told(seen((1, 250), (8, 250), (15, 100, 250))).iloc[2]
    assert honest["discount_excess"] == pytest.approx(0)
    fake = told(seen((1, 110), (8, 110), (15, 100, 250))).iloc[2]
    assert fake["discount_excess"] == pytest.approx(0.6 - (1 - 100 / 110))


def test_a_price_raised_in_order_to_be_cut_is_told() -> None:
    assert told(seen((1, 100), (10, 150), (12, 100)))["price_raised_then_cut"].tolist()[2] == 1.0


@pytest.mark.parametrize(
    "captures",
    [
        ((1, 150), (10, 150), (12, 100)),  # a plain cut
        ((1, 100), (10, 110), (12, 100)),  # a ripple
        ((1, 100), (10, 150), (12, 120)),  # dearer than before
        ((1, 100), (10, 150), (80, 100)),  # long ago
        ((1, 100), (10, 150), (12, 150)),  # raised and left there
    ],
)
def test_other_ways_of_a_price_are_no_raise_and_cut(captures: tuple[tuple[int, int], ...]) -> None:
    assert told(seen(*captures))["price_raised_then_cut"].tolist()[2] == 0.0


def test_a_crossed_out_price_stands_beside_what_the_genuine_article_costs() -> None:
    assert told(seen((1, 100, 400)), expected=200.0).iloc[0]["list_price_gap"] == pytest.approx(math.log(2))


def test_a_crossed_out_price_below_the_price_claims_nothing() -> None:
    assert told(seen((1, 100, 50))).iloc[0]["discount_claimed"] == 0.0


def test_captures_of_one_day_know_each_other_and_other_listings_do_not() -> None:
    day = seen((1, 100), (5, 90))
    same = pd.concat([day, seen((5, 80))], ignore_index=True)
    assert told(same)["price_days_seen"].tolist() == [1, 2, 2]
    other = pd.concat([day, seen((1, 500), listing="M")], ignore_index=True)
    pd.testing.assert_frame_equal(told(other).iloc[:2], told(day))


def test_a_capture_without_price_has_no_history_and_makes_none() -> None:
    found = told(seen((1, 100), (2, float("nan")), (3, 50)))
    assert found.iloc[1].isna().all()
    assert found.iloc[2]["price_change"] == pytest.approx(math.log(0.5))


captures = st.lists(st.tuples(st.integers(0, 2), st.integers(1, 90), st.integers(1, 9)), min_size=1, max_size=20)


@settings(max_examples=40)
@given(captures, st.integers(1, 90), st.randoms(use_true_random=False))
def test_later_captures_change_nothing_whatever_their_order(pieces: list[tuple[int, int, int]], last: int, draw: Any) -> None:
    rows = pd.concat([seen((day, 100.0 * price), listing=f"L{one}") for one, day, price in pieces], ignore_index=True)
    rows["captured_at"] += pd.to_timedelta(range(len(rows)), unit="s")
    cut = pd.Timestamp("2026-06-01", tz="Asia/Ho_Chi_Minh") + pd.Timedelta(days=last)
    early, late = rows[rows["captured_at"] < cut], rows[rows["captured_at"] >= cut]
    places = list(late.index)
    draw.shuffle(places)
    mixed = pd.concat([late.loc[places], early])
    pd.testing.assert_frame_equal(told(rows).loc[early.index], told(early), check_exact=True)
    pd.testing.assert_frame_equal(told(mixed).loc[early.index], told(early), check_exact=True)


def test_an_empty_table_gives_an_empty_table() -> None:
    assert list(told(seen((1, 1)).iloc[:0]).columns) == HISTORY_COLUMNS
