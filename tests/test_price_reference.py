"""The reference is the genuine article's price, as of the day: the future, the own shop, fakes and odd offers do not set it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.price import PEER_COLUMNS, PRICE_COLUMNS, PriceReference
from features.price_hierarchy import USUAL_SPREAD, Level, expected
from features.price_peers import STANDS_DAYS
from pipeline.reference import load_reference

TEXT = ["platform", "listing_id", "seller_id", "seller_name", "brand", "brand_role", "goods_group", "item_type", "kind_why", "model_key"]
TEXT += ["product_words", "price_form"]


def offers(*rows: dict[str, Any]) -> pd.DataFrame:
    """Offers of one model of Nike shoes by a seller each on 1 June 2026, unless said otherwise; ``day`` counts from there."""
    plain = {
        "platform": "shopee", "seller_name": None, "is_official": False, "price_vnd": 1000.0, "brand": "Nike", "brand_role": "mark",
        "goods_group": "giày dép", "item_type": "goods", "kind_why": "giày", "for_children": False, "n_units": 1.0, "model_key": "af1",
        "product_words": "", "price_form": "", "pack_size": np.nan, "day": 0,
    }  # fmt: skip
    table = pd.DataFrame([{"listing_id": f"L{n}", "seller_id": f"S{n}"} | plain | row for n, row in enumerate(rows)])
    table["captured_at"] = pd.Timestamp("2026-06-01 03:00", tz="UTC") + pd.to_timedelta(table.pop("day"), unit="D")
    return table.astype(dict.fromkeys(TEXT, "str") | {"price_vnd": "float64", "n_units": "float64", "pack_size": "float64"})


def priced(rows: pd.DataFrame, **settings: Any) -> pd.DataFrame:
    return PriceReference(**settings).fit(rows[PEER_COLUMNS]).transform(rows)


def asking(*prices: float, **same: Any) -> list[dict[str, Any]]:
    return [{"price_vnd": float(price)} | same for price in prices]


# As of the day


def test_a_price_asked_tomorrow_sets_no_reference_today() -> None:
    rows = offers(*asking(500), *asking(1000, 1000), *asking(1000, day=1))
    assert pd.isna(priced(rows).loc[0, "price_gap"])
    assert priced(offers(*asking(500, day=1), *asking(1000, 1000), *asking(1000, day=1))).loc[0, "price_n_peers"] == 3


def test_a_listings_latest_price_counts_and_no_earlier_one() -> None:
    # The first peer asked 4000 and asks 1000 from day 2 on.
    again = [{"listing_id": "P", "seller_id": "p", "price_vnd": 4000.0}, {"listing_id": "P", "seller_id": "p", "price_vnd": 1000.0, "day": 2}]
    rows = offers(*again, *asking(1000, 1000), *asking(500, day=1), *asking(500, day=2))
    found = priced(rows)
    assert found.loc[4, "price_ref_high"] > 1000
    assert found.loc[5, "price_ref_high"] == pytest.approx(1000)
    # The two at 1000, the one of the day before and the one that came down, once.
    assert found.loc[5, "price_n_peers"] == 4


def test_a_price_not_seen_for_a_year_counts_no_more() -> None:
    rows = offers(*asking(1000, 1000, 1000), *asking(500, day=STANDS_DAYS - 1), *asking(500, day=STANDS_DAYS))
    assert priced(rows)["price_n_peers"].tolist()[3] == 3
    assert pd.isna(priced(rows)["price_n_peers"].tolist()[4])


def test_the_day_turns_at_midnight_in_vietnam() -> None:
    # 16:59 UTC is 23:59 of the same day in Vietnam, 17:00 UTC is tomorrow.
    rows = offers(*asking(500), *asking(1000, 1000, 1000))
    for moment, known in (("2026-06-01 16:59", True), ("2026-06-01 17:00", False)):
        rows.loc[3, "captured_at"] = pd.Timestamp(moment, tz="UTC")
        assert pd.notna(priced(rows).loc[0, "price_gap"]) == known


captures = st.lists(
    st.tuples(st.integers(0, 7), st.integers(0, 3), st.integers(1, 30), st.integers(0, 6), st.booleans(), st.sampled_from(["af1", "", "aj4"])),
    min_size=1,
    max_size=40,
)


@settings(max_examples=25)
@given(captures, st.integers(0, 6), st.randoms(use_true_random=False))
def test_removing_or_shuffling_what_comes_later_changes_no_bit_of_a_day(found: list[tuple[Any, ...]], last: int, draw: Any) -> None:
    rows = offers(
        *(
            {"seller_id": f"S{seller}", "listing_id": f"L{seller}-{listing}", "price_vnd": 100.0 * price, "day": day, "is_official": badge,
             "model_key": key, "product_words": "giay nike" if price % 2 else "giay nike trang dep moi"}
            for seller, listing, price, day, badge, key in found
        )
    )  # fmt: skip
    rows["captured_at"] += pd.to_timedelta(range(len(rows)), unit="s")
    late = rows["captured_at"] >= pd.Timestamp("2026-06-01", tz="Asia/Ho_Chi_Minh") + pd.Timedelta(days=last + 1)
    places = list(rows.index[late])
    draw.shuffle(places)
    alone = priced(rows[~late])
    together = priced(pd.concat([rows.loc[places], rows[~late]]))
    pd.testing.assert_frame_equal(together.loc[alone.index], alone, check_exact=True)


@settings(max_examples=25)
@given(captures, st.integers(1, 50))
def test_whatever_a_shop_does_its_own_reference_stays(found: list[tuple[Any, ...]], factor: int) -> None:
    rows = offers(
        *(
            {"seller_id": f"S{seller}", "listing_id": f"L{n}", "price_vnd": 100.0 * price, "day": day, "is_official": badge, "model_key": key}
            for n, (seller, _, price, day, badge, key) in enumerate(found)
        )
    )
    mine = rows["seller_id"].eq(rows.loc[0, "seller_id"])
    moved = rows.assign(price_vnd=rows["price_vnd"].where(~mine, rows["price_vnd"] * factor))
    names = ["price_level", "price_by_official", "price_n_peers", "price_n_low", "price_ref_floor", "price_ref_low", "price_ref_mid"]
    pd.testing.assert_frame_equal(priced(rows).loc[mine, names], priced(moved).loc[mine, names])
    expected_before, expected_after = (priced(one).loc[mine, "price_expected"] for one in (rows, moved))
    pd.testing.assert_series_equal(expected_before, expected_after)


# Two markets

FAKES = asking(150, 160, 170, 180, 190, 200, 210, 150, 160, 170, 180, 190, 200, 210)
GENUINE = asking(950, 980, 1000, 1000, 1020, 1050)


def test_in_a_group_that_is_seventy_per_cent_fake_the_genuine_price_is_the_norm() -> None:
    # 14 fakes around 180 and 6 genuine around 1000; the plain median of the 20 is 200.
    found = priced(offers(*asking(180), *FAKES, *GENUINE)).iloc[0]
    assert found["price_ref_mid"] == pytest.approx(1000, rel=0.01)
    assert (found["price_n_peers"], found["price_n_low"]) == (6, 14)
    assert found["price_gap_high"] < math.log(0.4)


def test_the_percentile_is_that_of_everybody() -> None:
    # 9 of the 20 others ask less than 185: 150, 160, 170, 180 twice each is 8; ties count by half.
    assert priced(offers(*asking(185), *FAKES, *GENUINE)).iloc[0]["price_percentile"] == pytest.approx(8 / 20)


def test_where_an_official_shop_sells_cheap_too_there_is_one_market() -> None:
    found = priced(offers(*asking(180), *FAKES[:-1], *asking(210, is_official=True), *GENUINE)).iloc[0]
    assert found["price_n_low"] == 0 and found["price_ref_mid"] < 300


def test_a_few_dreamers_above_are_not_the_norm() -> None:
    # Three of 33 others ask five times the price: 9 % are under the least share.
    found = priced(offers(*asking(1000), *asking(*[950, 1000, 1050] * 10), *asking(5000, 5000, 5000))).iloc[0]
    assert found["price_n_low"] == 0 and found["price_ref_mid"] == pytest.approx(1000)


def test_cheap_and_dear_articles_of_one_brand_are_two_honest_markets() -> None:
    # No model is named: nothing says that these are the same article.
    rows = [one | {"model_key": ""} for one in (*asking(200), *FAKES, *GENUINE)]
    assert priced(offers(*rows))["price_n_low"].fillna(0).eq(0).all()


def test_how_far_below_a_second_market_must_lie_depends_on_the_goods() -> None:
    bands = load_reference().price_bands
    # Half the price: suspect for vehicle parts (0.5), not for shoes (0.3).
    half = [*asking(*[490, 495, 500] * 4), *asking(1000, 1000, 1010, 1010, 1020, 1020)]
    shoes = priced(offers(*asking(500), *half), bands=bands).iloc[0]
    parts = priced(offers(*[one | {"goods_group": "phụ tùng xe, dầu nhớt"} for one in (*asking(500), *half)]), bands=bands).iloc[0]
    assert (shoes["price_n_low"], parts["price_n_low"]) == (0, 12)


# The dated table

FLOOR = pd.DataFrame(
    {"brand": ["Nike"], "goods_group": ["giày dép"], "item_types": ["goods"], "floor_vnd": [1000.0], "valid_from": ["2020-01-01"], "valid_to": [None]}
).astype({"valid_from": "str", "valid_to": "str"})


def test_prices_far_under_the_dated_table_set_no_reference() -> None:
    rows = offers(*asking(300, *[300] * 9))
    assert priced(rows)["price_gap"].notna().all()
    assert priced(rows, genuine=FLOOR)["price_gap"].isna().all()


def test_an_official_shop_may_sell_under_the_dated_table() -> None:
    rows = offers(*asking(300), *asking(300, 300, 300, is_official=True))
    assert priced(rows, genuine=FLOOR).loc[0, "price_by_official"]


# Odd offers


@pytest.mark.parametrize("form", ["bundle", "choice"])
def test_a_bundle_or_a_choice_of_sizes_is_judged_and_judges_nobody(form: str) -> None:
    odd = asking(10, 10, 10, 10, price_form=form)
    found = priced(offers(*asking(1000, 1000, 1000, 1000), *odd))
    assert found.loc[0, "price_n_peers"] == 3
    assert found.loc[4, "price_gap"] == pytest.approx(math.log(0.01))


@pytest.mark.parametrize("form", ["from", "ask"])
def test_a_price_that_is_not_the_articles_is_not_compared(form: str) -> None:
    found = priced(offers(*asking(1000, 1000, 1000, 1000), *asking(10, 10, price_form=form)))
    assert found.loc[0, "price_n_peers"] == 3
    assert found.loc[4:, "price_gap"].isna().all()


def test_a_price_that_not_even_a_fake_has_is_a_decoy() -> None:
    bands = load_reference().price_bands
    # Shoes: under 2 %. Watches are faked at a two-thousandth, so there a fiftieth is a fake's price and a five-thousandth a decoy's.
    shoes = [priced(offers(*asking(price), *asking(*[10_000_000] * 4)), bands=bands).loc[0, "price_decoy"] for price in (300_000, 100_000)]
    watch = {"goods_group": "đồng hồ"}
    watches = [priced(offers(*asking(price, **watch), *asking(*[10_000_000] * 4, **watch)), bands=bands) for price in (100_000, 2_000)]
    assert shoes == [False, True]
    assert [one.loc[0, "price_decoy"] for one in watches] == [False, True]


def test_sizes_of_one_brand_are_compared_as_if_they_were_one_size() -> None:
    # 400 ml may cost twice what 100 ml costs: 4 ** 0.5.
    small = [{"model_key": f"{n}", "pack_size": 100.0} | one for n, one in enumerate(asking(1000, 1000, 1000, 1000))]
    large = {"model_key": "x", "pack_size": 400.0, "price_vnd": 2000.0}
    found = priced(offers(*small, large))
    assert found.loc[4, "price_ref_mid"] == pytest.approx(2000)
    assert found.loc[4, "price_gap"] == pytest.approx(0, abs=1e-9)


def test_near_same_titles_go_before_the_model_and_a_size_alone_is_no_model() -> None:
    near = asking(900, 2000, 2000, 2000, product_words="air force nike trang")
    found = priced(offers(*near, *asking(1000, 1000, 1000, 1000, product_words="quoc te khac han")))
    assert (found.loc[0, "price_level"], found.loc[0, "price_ref_mid"]) == ("product", pytest.approx(2000))
    sized = offers(*asking(900, 1000, 1000, 1000, model_key="100ml"))
    assert priced(sized).loc[0, "price_level"] == "brand"


def test_the_table_of_bands_is_dated_and_speaks_of_known_groups() -> None:
    reference = load_reference()
    bands = reference.price_bands
    assert set(bands["goods_group"]) <= set(reference.goods_groups["group"])
    assert not bands["goods_group"].duplicated().any()
    shares = bands["suspicious_below"].astype(float)
    assert shares.between(0.05, 0.5).all()
    early = offers(*asking(1000, goods_group="đồ chơi", day=-3650))
    assert pd.isna(priced(early, bands=bands).loc[0, "price_band"])
    assert priced(offers(*asking(1000)), bands=bands).loc[0, "price_band"] == 0.3


def test_the_columns_are_those_that_are_promised() -> None:
    assert list(priced(offers(*asking(1, 2)))) == PRICE_COLUMNS


# The hierarchy


def level(name: str, n: float, middle: float, spread: float) -> Level:
    return Level(name, np.array([n]), np.array([middle]), np.array([spread]))


def test_few_sellers_are_drawn_to_the_level_above_and_many_are_not() -> None:
    brand = level("brand", 50, 0.0, 0.5)
    few, many = (expected([brand, level("model", n, 1.0, 0.2)])[0][0] for n in (1, 30))
    assert 0 < few < many < 1
    assert many > 0.98


def test_the_reference_is_surer_with_more_sellers() -> None:
    widths = [expected([level("brand", n, 0.0, 0.3)])[1][0] for n in (3, 10, 100)]
    assert widths[0] > widths[1] > widths[2] > 0


def test_levels_without_sellers_change_nothing() -> None:
    alone = expected([level("brand", 5, 1.0, 0.3)])
    empty = expected([level("kind", 0, np.nan, np.nan), level("brand", 5, 1.0, 0.3), level("model", 0, np.nan, np.nan)])
    assert alone[0] == empty[0] and alone[1] == empty[1]


def test_no_level_gives_no_answer() -> None:
    mean, sd = expected([level("brand", 0, np.nan, np.nan)])
    assert np.isnan(mean[0]) and np.isnan(sd[0])


def test_the_interval_holds_the_true_middle_about_nine_times_in_ten() -> None:
    # Brands of one kind, models of one brand, sellers of one model, drawn as the hierarchy supposes.
    draw = np.random.default_rng(20261124)
    n, sellers = 4000, 5
    brand = draw.normal(0, USUAL_SPREAD["kind"], n)
    model = brand + draw.normal(0, USUAL_SPREAD["brand"], n)
    of_brand = brand[:, None] + draw.normal(0, USUAL_SPREAD["brand"], (n, 12))
    of_model = model[:, None] + draw.normal(0, USUAL_SPREAD["model"], (n, sellers))
    levels = [
        Level("kind", np.full(n, 300.0), np.zeros(n), np.full(n, USUAL_SPREAD["kind"])),
        Level("brand", np.full(n, 12.0), np.median(of_brand, axis=1), of_brand.std(axis=1)),
        Level("model", np.full(n, float(sellers)), np.median(of_model, axis=1), of_model.std(axis=1)),
    ]
    mean, sd = expected(levels)
    inside = np.abs(model - mean) < 1.645 * sd
    assert 0.87 < inside.mean() < 0.94
    assert np.mean((mean - model) ** 2) < np.mean((np.median(of_model, axis=1) - model) ** 2)
