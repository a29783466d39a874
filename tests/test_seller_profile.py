"""What other rows say of a seller: as of the day, shrunk where little is known, and never about the listing itself."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.days import NEVER, Events, day_number
from features.errors import ConfigError
from features.seller_prices import price_level
from features.seller_profile import SELLER_COLUMNS, SellerSettings, read_settings, seller_profile
from features.seller_rows import seller_rows
from models.matrix import matrix
from models.weights import BEHAVIOURS
from pipeline.reference import load_reference

TEXT = ["platform", "listing_id", "seller_id", "seller_name", "seller_type", "observes", "tax_code", "licence_no", "contact_keys"]
TEXT += ["brand", "brand_role", "goods_group"]
NUMBERS = ["seller_rating", "seller_n_products", "seller_n_followers", "rating", "n_reviews", "n_sold", "gap"]
TIMES = ["captured_at", "seller_joined_at", "created_at"]
HALF_LIFE = SellerSettings().half_life_days


def crawl(*rows: dict[str, Any]) -> pd.DataFrame:
    """Rows of one seller of one platform on 2026-06-01, each a listing of its own, unless they say otherwise."""
    nothing: dict[str, Any] = dict.fromkeys([*TEXT, *NUMBERS, *TIMES, "is_official"])
    table = pd.DataFrame(
        [
            nothing
            | {"platform": "sàn thử", "seller_id": "S1", "listing_id": f"L{at}", "captured_at": "2026-06-01"}
            | {"has_sign": False, "brand_famous": False}
            | row
            for at, row in enumerate(rows)
        ]
    )
    for name in TIMES:
        table[name] = pd.to_datetime(table[name], utc=True)
    kinds = dict.fromkeys(TEXT, "str") | dict.fromkeys(NUMBERS, "float64") | {"is_official": "boolean", "has_sign": "bool", "brand_famous": "bool"}
    return table.astype(kinds)


def profile(table: pd.DataFrame, **given: Any) -> pd.DataFrame:
    return seller_profile(table, table["gap"], load_reference().seller_identity, settings=SellerSettings(), **given)


def outcomes(*rows: dict[str, Any]) -> pd.DataFrame:
    nothing = {"platform": "sàn thử", "listing_id": None, "seller_id": None, "status": "confirmed", "known_at": "2026-05-01", "source": "inspection"}
    table = pd.DataFrame([nothing | row for row in rows])
    table["known_at"] = pd.to_datetime(table["known_at"], utc=True)
    return table.astype(dict.fromkeys(("platform", "listing_id", "seller_id", "status", "source"), "str"))


# --- counting ---


def test_a_capture_counts_for_its_day_in_vietnam_up_to_midnight_there() -> None:
    times = pd.Series(pd.to_datetime(["2026-06-01T16:59:59Z", "2026-06-01T17:00:00Z", None], utc=True))
    first, second, none = day_number(times)
    assert second == first + 1 and none == NEVER


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 9), st.integers(-5, 5)), max_size=30))
def test_sums_up_to_a_day_are_what_counting_by_hand_gives(happened: list[tuple[int, int, int]]) -> None:
    group, day, weight = (np.array(column, dtype=np.int64) for column in zip(*happened, strict=True)) if happened else [np.empty(0, np.int64)] * 3
    events = Events(group, day, weight)
    asked = [(g, d) for g in range(5) for d in range(-1, 11)]
    found = events.until(*(np.array(column, dtype=np.int64) for column in zip(*asked, strict=True)))
    assert found.tolist() == [sum(w for g, d, w in happened if g == who and d <= when) for who, when in asked]


def test_listings_and_famous_brands_are_counted_per_seller_and_each_once() -> None:
    famous = {"brand_famous": True, "brand_role": "mark"}
    found = profile(
        crawl(
            {"brand": "Gucci", "goods_group": "túi xách, ví, balo"} | famous,
            {"brand": "Dior", "goods_group": "nước hoa"} | famous,
            {"brand": "Dior", "goods_group": "nước hoa", "listing_id": "L1"} | famous,
            {"brand": "Nike", "goods_group": "giày dép", "brand_famous": True, "brand_role": "compatible"},
            {"brand": "Zara", "goods_group": "thời trang", "brand_role": "mark"},
            {"seller_id": "S2", "brand": "Gucci"} | famous,
        )
    )
    assert found["seller_n_collected"].tolist() == [4, 4, 4, 4, 4, 1]
    assert found["seller_n_famous_brands"].tolist() == [2, 2, 2, 2, 2, 1]
    assert found["seller_n_goods_groups"].tolist() == [4, 4, 4, 4, 4, 0]
    assert found["seller_n_brand_groups"].tolist() == [2, 2, 2, 2, 2, 0]


def test_without_id_and_name_there_is_no_seller_and_nothing_is_said() -> None:
    found = profile(crawl({"seller_id": None}, {}))
    counted = [name for name in SELLER_COLUMNS if name.startswith("seller_n_") or name.endswith(("share", "level", "low", "stars"))]
    assert found.loc[0, counted].isna().all()
    assert found.loc[1, "seller_n_collected"] == 1


def test_growth_counts_what_was_put_up_in_the_last_four_weeks() -> None:
    found = profile(crawl({"created_at": "2026-05-20"}, {"created_at": "2026-05-05"}, {"created_at": "2026-01-01"}, {"created_at": "2025-01-01"}))
    # Two listings within 28 days of 1 June: half a listing a week.
    assert found["seller_new_per_week"].tolist() == [0.5] * 4


def test_where_nothing_tells_new_listings_from_newly_seen_ones_growth_is_missing() -> None:
    assert profile(crawl({}, {}))["seller_new_per_week"].isna().all()


def test_in_a_platform_long_crawled_a_listing_seen_first_today_is_new() -> None:
    old = {"seller_id": "S9", "captured_at": "2026-01-01"}
    assert profile(crawl(old, {}, {}))["seller_new_per_week"].tolist()[1:] == [0.5, 0.5]


def test_sales_are_what_each_listing_last_showed_and_not_added_up_over_captures() -> None:
    days = ["2026-06-01", "2026-06-02", "2026-06-03"]
    table = crawl(*({"listing_id": "L0", "captured_at": day, "n_sold": sold} for day, sold in zip(days, [10, 15, None], strict=True)))
    assert profile(table)["seller_n_sold"].tolist() == [10, 15, 15]


def test_perfect_stars_from_two_reviews_stand_below_good_stars_from_two_thousand() -> None:
    new = {"seller_id": "S2", "rating": 5.0, "n_reviews": 2}
    old = {"seller_id": "S3", "rating": 4.9, "n_reviews": 2000}
    crowd = {"rating": 4.5, "n_reviews": 1000}
    found = profile(crawl(crowd, new, old))["seller_stars"].tolist()
    # Others have (4.5·1000 + 4.9·2000 + 4.7·100) / 3100 = 4.764516; the new shop (5·2 + 20·4.764516) / 22.
    assert found[1] == pytest.approx((10 + 20 * (4.5 * 1000 + 4.9 * 2000 + 470) / 3100) / 22)
    assert found[1] < found[2] < 4.9


# --- signs on other listings ---


def test_the_share_of_signs_is_shrunk_to_the_platform_as_if_twenty_more_listings_had_been_seen() -> None:
    rows = [{"has_sign": at < 5} for at in range(6)]
    found = profile(crawl(*rows, {"seller_id": "S2"}))
    # Elsewhere: nothing on 1 listing, started from 1 % of 100: usual = 1 / 101. Row 5: 5 of 5 others; row 0: 4 of 5.
    usual = 1 / 101
    assert found["seller_sign_share"].iloc[5] == pytest.approx((5 + 20 * usual) / 25)
    assert found["seller_sign_share"].iloc[0] == pytest.approx((4 + 20 * usual) / 25)
    # The other shop: 5 of 6 elsewhere, started from 1 of 100: usual = 6 / 106, and it has no other listing.
    assert found["seller_sign_share"].iloc[6] == pytest.approx(6 / 106)


def test_a_listings_own_sign_never_counts_against_it() -> None:
    clean, marked = (profile(crawl({"has_sign": sign}, {}, {})).loc[0] for sign in (False, True))
    assert clean["seller_sign_share"] == marked["seller_sign_share"]
    assert marked["seller_n_others_signed"] == 0


def test_a_new_honest_shop_stands_where_the_platform_stands_in_everything_that_is_shrunk() -> None:
    market = [{"seller_id": f"S{at}", "has_sign": at % 50 == 0, "gap": -0.1, "rating": 4.8, "n_reviews": 100} for at in range(2, 202)]
    young = {"seller_id": "new", "seller_joined_at": "2026-05-30", "gap": 0.0}
    rows = crawl(*market, young)
    known = outcomes({"seller_id": "S2"}, {"seller_id": "S3", "status": "cleared"})
    found = profile(rows, outcomes=known)
    mine, others = found.iloc[-1], found.iloc[:-1]
    assert mine["seller_sign_share"] <= others["seller_sign_share"].quantile(0.9)
    assert mine["seller_price_level"] == 0.0 == mine["seller_price_low"]
    assert mine["seller_stars"] == pytest.approx(others["seller_stars"].median(), abs=0.01)
    assert mine["seller_past_share"] == pytest.approx(0.5)
    assert mine["seller_reopened"] == 0.0


# --- price level ---


def test_the_price_level_is_that_of_the_shops_other_listings() -> None:
    found = profile(crawl({"gap": -2.0}, {"gap": -1.0}, {"gap": -0.5}, {"gap": 0.3}))
    # Others of row 0: -1.0, -0.5, 0.3 and five more at 0: mean -1.2 / 8; lower quartile -0.75, shrunk by 3 / 8.
    assert found["seller_n_priced"].tolist() == [3, 3, 3, 3]
    assert found["seller_price_level"].iloc[0] == pytest.approx(-1.2 / 8)
    assert found["seller_price_low"].iloc[0] == pytest.approx(-0.75 * 3 / 8)


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 3), st.one_of(st.none(), st.integers(-20, 20))), min_size=1, max_size=25))
def test_price_levels_are_what_sorting_the_others_by_hand_gives(captures: list[tuple[int, int, int | None]]) -> None:
    gaps = [None if gap is None else gap / 10 for _, _, gap in captures]
    rows = [
        {"listing_id": f"L{listing}", "captured_at": f"2026-06-0{1 + day}", "gap": gap}
        for (listing, day, _), gap in zip(captures, gaps, strict=True)
    ]
    table = crawl(*rows)
    by_seller = seller_rows(table)
    columns = price_level(by_seller, table["gap"].to_numpy()[by_seller.at], prior=5.0)
    found = pd.DataFrame(columns, index=by_seller.at).sort_index()
    for at, (own, today, _) in enumerate(captures):
        last: dict[int, tuple[int, float]] = {}
        for (listing, day, _), gap in zip(captures, gaps, strict=True):
            if listing != own and day <= today and gap is not None:
                # Of one day's captures the cheaper counts.
                last[listing] = min(last.get(listing, (day, gap)), (day, gap), key=lambda one: (-one[0], one[1]))
        others = [gap for _, gap in last.values()]
        assert found["seller_n_priced"].iloc[at] == len(others)
        low = np.quantile(others, 0.25) if others else 0.0
        assert found["seller_price_level"].iloc[at] == pytest.approx(sum(others) / (len(others) + 5), abs=1e-9)
        assert found["seller_price_low"].iloc[at] == pytest.approx(low * len(others) / (len(others) + 5), abs=1e-9)


# --- churn and re-opening ---


def _followed(seller: str, n_gone: int) -> list[dict[str, Any]]:
    first = [{"seller_id": seller, "listing_id": f"{seller}-{at}", "captured_at": "2026-06-01"} for at in range(10)]
    return first + [row | {"captured_at": "2026-06-02"} for row in first[n_gone:]]


def test_churn_is_the_share_of_earlier_listings_that_are_gone_shrunk_to_the_platforms() -> None:
    rows = _followed("S1", 9) + [row for seller in ("S2", "S3") for row in _followed(seller, 1)]
    found = profile(crawl(*rows))["seller_churn"]
    # S1 lost 9 of 10; the others lost 2 of 20.
    assert found.iloc[10] == pytest.approx((9 + 20 * 0.1) / (10 + 20))
    assert found.iloc[:10].isna().all()


def test_in_a_crawl_that_samples_listings_churn_says_nothing() -> None:
    rows = [{"captured_at": f"2026-06-0{day}", "seller_id": seller} for day in (1, 2, 3) for seller in ("S1", "S2")]
    assert profile(crawl(*rows))["seller_churn"].isna().all()


NAMED = {"seller_name": "Giày Xịn Số Một"}
GONE = NAMED | {"seller_id": "old", "captured_at": "2026-05-01"}
BACK = NAMED | {"seller_id": "new", "captured_at": "2026-06-01"}


@pytest.mark.parametrize(
    ("rows", "answer"),
    [
        ([GONE, BACK], 1.0),
        ([GONE | {"seller_name": None, "contact_keys": "k1;k2"}, BACK | {"seller_name": None, "contact_keys": "k2"}], 1.0),
        ([GONE | {"platform": "sàn khác"}, BACK], 0.0),
        ([GONE | {"seller_name": "Cửa hàng khác"}, BACK], 0.0),
        ([GONE, GONE | {"captured_at": "2026-06-01"}, BACK], 0.0),  # still there
        ([GONE, BACK | {"seller_joined_at": "2025-01-01"}], 0.0),  # stood beside the old one
        ([GONE, BACK | {"seller_joined_at": "2026-05-20"}], 1.0),
        ([GONE | {"seller_id": f"old{at}"} for at in range(4)] + [BACK], 0.0),  # a name that many share
    ],
)
def test_a_shop_is_reopened_where_a_new_id_follows_a_vanished_one(rows: list[dict[str, Any]], answer: float) -> None:
    assert profile(crawl(*rows))["seller_reopened"].iloc[-1] == answer


def test_a_shop_that_comes_back_takes_the_mark_off_its_successor() -> None:
    found = profile(crawl(GONE, BACK, GONE | {"captured_at": "2026-06-10"}, BACK | {"captured_at": "2026-06-11"}))
    assert found["seller_reopened"].tolist() == [0.0, 1.0, 0.0, 0.0]


# --- past outcomes ---


def test_a_finding_at_the_shop_fades_by_half_in_the_half_life() -> None:
    rows = crawl({"captured_at": "2026-05-01"}, {"captured_at": pd.Timestamp("2026-05-01") + pd.Timedelta(days=HALF_LIFE)})
    found = profile(rows, outcomes=outcomes({"seller_id": "S1"}))["seller_past_confirmed"]
    assert found.tolist() == pytest.approx([1.0, 0.5])


def test_a_finding_known_the_day_after_the_capture_does_not_exist_for_it() -> None:
    known = outcomes({"seller_id": "S1", "known_at": "2026-06-01T17:00:00Z"})  # midnight in Hà Nội
    found = profile(crawl({}, {"captured_at": "2026-06-02"}), outcomes=known)["seller_past_confirmed"]
    assert found.tolist() == [0.0, 1.0]


@pytest.mark.parametrize("status", ["confirmed", "cleared"])
@pytest.mark.parametrize("captures", [1, 3])
def test_a_listings_own_outcome_never_reaches_its_own_columns(status: str, captures: int) -> None:
    """A model that trains on the outcome must not read it back from the seller."""
    rows = crawl(*({"listing_id": "own", "captured_at": f"2026-06-0{1 + at}"} for at in range(captures)), {"listing_id": "other"})
    others = [{"listing_id": "other", "known_at": "2025-11-03"}, {"seller_id": "S1", "known_at": "2025-12-24", "status": "cleared"}]
    own = {"listing_id": "own", "status": status}
    with_own, without = (profile(rows, outcomes=outcomes(*others, *more)).iloc[:captures] for more in ([own], []))
    columns = ["seller_past_confirmed", "seller_past_cleared", "seller_past_share"]
    pd.testing.assert_frame_equal(with_own[columns], without[columns], check_exact=True)
    there = profile(rows, outcomes=outcomes(*others, own)).iloc[-1]
    assert there[f"seller_past_{status}"] > 0.9


def test_of_several_findings_about_one_listing_the_last_one_known_counts() -> None:
    known = outcomes({"listing_id": "L0", "known_at": "2026-05-31"}, {"listing_id": "L0", "known_at": "2026-06-02", "status": "cleared"})
    first = {"listing_id": "L0", "captured_at": "2026-05-30"}
    found = profile(crawl(first, {"captured_at": "2026-06-01"}, {"captured_at": "2026-06-03"}), outcomes=known)
    assert found["seller_past_confirmed"].iloc[1:].tolist() == [pytest.approx(2 ** (-1 / HALF_LIFE), abs=1e-6), 0.0]
    assert found["seller_past_cleared"].iloc[1:].tolist() == [0.0, pytest.approx(2 ** (-1 / HALF_LIFE), abs=1e-6)]


def test_a_desk_review_a_pending_visit_and_an_undated_outcome_find_nothing() -> None:
    known = outcomes({"source": "desk_review"}, {"status": "pending"}, {"known_at": None}).assign(seller_id="S1")
    found = profile(crawl({}), outcomes=known)
    assert found[["seller_past_confirmed", "seller_past_cleared"]].to_numpy().tolist() == [[0.0, 0.0]]


def test_where_the_crawl_shows_only_names_a_finding_reaches_the_shop_through_its_listing() -> None:
    """Tiki's export names shops and gives no id; the inspection knows the id."""
    shop = {"seller_id": None, "seller_name": "Giày Xịn"}
    known = outcomes({"seller_id": "4711", "listing_id": "L0"})
    assert profile(crawl(shop, shop), outcomes=known)["seller_past_confirmed"].tolist() == pytest.approx([0.0, 2 ** (-31 / HALF_LIFE)], abs=0.06)


def test_a_finding_about_a_seller_that_the_crawl_has_not_seen_counts_for_nobody() -> None:
    known = outcomes({"seller_id": "4711", "listing_id": "L0"})
    assert profile(crawl({}, {}), outcomes=known)["seller_past_confirmed"].tolist() == [0.0, 0.0]


def test_the_confirmed_share_is_shrunk_to_that_of_all_other_shops() -> None:
    known = outcomes({"seller_id": "S1"}, *({"seller_id": "S2", "status": "cleared"} for _ in range(4)))
    found = profile(crawl({"captured_at": "2026-05-01"}, {"captured_at": "2026-05-01", "seller_id": "S2"}), outcomes=known)
    # Elsewhere 0 of 4, started from 10 of 20: usual = 10 / 24. S1: 1 of 1 and three more.
    assert found["seller_past_share"].iloc[0] == pytest.approx((1 + 3 * 10 / 24) / 4)


def test_without_outcomes_nothing_is_known_and_the_share_is_missing() -> None:
    found = profile(crawl({}))
    assert found["seller_past_share"].isna().all() and found["seller_past_confirmed"].eq(0).all()


# --- as of a day ---


def _market(seed: int, n: int = 120) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """A small random market over eight days with everything a profile reads, and its outcomes and reviews."""
    draw = random.Random(seed)
    days = [f"2026-06-0{day}" for day in range(1, 9)]
    rows = []
    for _ in range(n):
        seller = draw.randrange(6)
        rows.append(
            {
                "seller_id": f"S{seller}{'late' if draw.random() < 0.05 else ''}" if draw.random() < 0.9 else None,
                "seller_name": f"Cửa hàng {seller // 2}" if draw.random() < 0.9 else None,
                "listing_id": f"L{seller}{draw.randrange(5)}",
                "captured_at": draw.choice(days),
                "created_at": draw.choice([None, "2026-05-20", "2026-01-01", "2026-06-02"]),
                "contact_keys": draw.choice([None, "k1", "k1;k2", "k3"]),
                "brand": draw.choice(["Gucci", "Dior", None]),
                "brand_role": "mark",
                "brand_famous": draw.random() < 0.5,
                "goods_group": draw.choice(["giày dép", "nước hoa", None]),
                "has_sign": draw.random() < 0.3,
                "gap": draw.choice([None, -1.0, -0.3, 0.2, 0.4]),
                "n_sold": draw.choice([None, 3, 40]),
                "n_reviews": draw.choice([None, 2, 30]),
                "rating": draw.choice([None, 3.5, 4.8]),
            }
        )
    found = [
        {
            "listing_id": f"L{seller}{draw.randrange(5)}" if draw.random() < 0.7 else None,
            "seller_id": draw.choice([f"S{seller}", f"S{seller}late", "nobody", None]),
            "status": draw.choice(["confirmed", "cleared"]),
            "known_at": draw.choice(days),
        }
        for seller in (draw.randrange(6) for _ in range(25))
    ]
    reviews = pd.DataFrame(
        [
            {
                "platform": "sàn thử",
                "listing_id": f"L{seller}{draw.randrange(5)}",
                "seller_id": draw.choice([f"S{seller}", f"S{seller}late", "nobody", None]),
                "rating": float(draw.randint(1, 5)),
                "created_at": draw.choice(days),
                "reviewer_key": draw.choice([None, "r1", "r2"]),
                "complaint": draw.random() < 0.3,
                "complaint_fake": draw.random() < 0.1,
                "text_key": draw.randrange(8),
                "n_letters": draw.choice([5, 80]),
            }
            for seller in (draw.randrange(6) for _ in range(80))
        ]
    ).astype(dict.fromkeys(("platform", "listing_id", "seller_id", "reviewer_key"), "str"))
    reviews["created_at"] = pd.to_datetime(reviews["created_at"], utc=True)
    return crawl(*rows), outcomes(*found), reviews


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("last", ["2026-06-02", "2026-06-04", "2026-06-07"])
def test_what_comes_after_a_day_changes_nothing_up_to_it_bit_for_bit(seed: int, last: str) -> None:
    rows, known, reviews = _market(seed)
    until = pd.Timestamp(last, tz="UTC")
    before = rows["captured_at"] <= until
    everything = profile(rows, outcomes=known, reviews=reviews)[before]
    cut = rows[before].reset_index(drop=True)
    alone = profile(cut, outcomes=known[known["known_at"] <= until], reviews=reviews[reviews["created_at"] <= until])
    pd.testing.assert_frame_equal(everything.reset_index(drop=True), alone, check_exact=True)
    later = rows[~before].sample(frac=1, random_state=seed).assign(gap=0.4, has_sign=True, n_sold=999.0)
    shuffled = profile(pd.concat([rows[before], later], ignore_index=True), outcomes=known, reviews=reviews)
    pd.testing.assert_frame_equal(shuffled.head(int(before.sum())), alone, check_exact=True)


@pytest.mark.parametrize("seed", range(3))
def test_the_order_of_the_rows_means_nothing(seed: int) -> None:
    rows, known, reviews = _market(seed)
    order = rows.sample(frac=1, random_state=seed).index
    shuffled = profile(rows.loc[order].reset_index(drop=True), outcomes=known, reviews=reviews).set_axis(order)
    pd.testing.assert_frame_equal(shuffled.sort_index(), profile(rows, outcomes=known, reviews=reviews), check_exact=True)


# --- contracts ---


def test_rows_are_left_alone_and_no_rows_give_an_empty_table_with_all_columns() -> None:
    rows, known, reviews = _market(0)
    copy = rows.copy(deep=True)
    profile(rows, outcomes=known, reviews=reviews)
    pd.testing.assert_frame_equal(rows, copy)
    assert list(profile(rows.iloc[:0], outcomes=known, reviews=reviews).columns) == SELLER_COLUMNS


def test_the_place_a_shop_ships_from_moves_no_feature() -> None:
    rows, known, _ = _market(1)
    hits = pd.DataFrame({"row": [], "cue_id": [], "polarity": [], "behaviour": [], "strength": []})
    evidence = pd.DataFrame({f"evidence_{name}": 0.0 for name in BEHAVIOURS} | {"n_families": 0, "points": 0.0}, index=rows.index)
    tables = []
    for place in ("Hà Nội", "Nghệ An"):
        placed = rows.assign(location=place, title="giày", description=None, text_flags=None, brand_evasive=False, brand_match=None)
        placed = placed.assign(brand_field_differs=None, item_type="goods", category=None)
        market = profile(placed, outcomes=known)
        joined = pd.concat([placed.drop(columns=[name for name in market if name in placed]), market], axis=1)
        tables.append(matrix(joined, hits, evidence, ["giày dép"]))
    pd.testing.assert_frame_equal(*tables)
    assert not {name for name in tables[0] if "location" in name or "province" in name or "authority" in name}


WRONG: list[dict[str, Any]] = [{"half_life_days": 0}, {"half_life_days": "long"}, {"prior_prices": True}, {"half_life": 3}, {"config_version": 2}]


@pytest.mark.parametrize("change", WRONG)
def test_settings_that_nobody_can_mean_are_refused_with_their_name(change: dict[str, Any]) -> None:
    good = {"config_version": 1} | dict.fromkeys(SellerSettings.__dataclass_fields__, 1.0)
    assert read_settings(good, where="sellers.yaml") == SellerSettings(1.0, 1.0, 1.0, 1.0, 1.0)
    with pytest.raises(ConfigError, match=rf"sellers.yaml: .*{next(iter(change))}"):
        read_settings(good | change, where="sellers.yaml")
