"""What is known of a seller: described, never judged, and missing where the crawl cannot show it."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from features.seller import OFFICIAL_TYPES, SELLER_COLUMNS, SellerProfile, identity_missing, official, seller_key

TEXT = ["platform", "seller_id", "seller_name", "seller_type", "brand", "brand_role", "observes", "tax_code", "licence_no"]
NUMBERS = ["seller_n_products", "seller_n_followers", "seller_rating"]
CAPTURED = pd.Timestamp("2026-06-01", tz="UTC")


def listings(*rows: dict[str, Any]) -> pd.DataFrame:
    nothing = dict.fromkeys([*TEXT, *NUMBERS, "is_official"]) | {"platform": "shopee", "seller_id": "S1", "brand_famous": False}
    table = pd.DataFrame([nothing | {"captured_at": CAPTURED, "seller_joined_at": pd.NaT} | row for row in rows])
    table["seller_joined_at"] = pd.to_datetime(table["seller_joined_at"], utc=True)
    return table.astype(dict.fromkeys(TEXT, "str") | dict.fromkeys(NUMBERS, "float64") | {"is_official": "boolean"})


def profile(*rows: dict[str, Any]) -> pd.DataFrame:
    table = listings(*rows)
    return SellerProfile().fit(table).transform(table)


@pytest.mark.parametrize(
    ("seller", "key"),
    [
        ({"seller_id": "7", "seller_name": "cửa hàng"}, "shopee|id|7"),
        ({"seller_id": None, "seller_name": "cửa hàng"}, "shopee|name|cửa hàng"),
    ],
)
def test_a_seller_is_known_by_id_or_else_by_name(seller: dict[str, str | None], key: str) -> None:
    assert seller_key(listings(seller)).tolist() == [key]


def test_without_id_and_name_there_is_no_seller() -> None:
    assert seller_key(listings({"seller_id": None})).isna().tolist() == [True]


def test_the_same_id_on_two_platforms_is_two_sellers_and_a_name_is_no_id() -> None:
    rows = listings({"seller_id": "7"}, {"platform": "tiki", "seller_id": "7"}, {"seller_id": None, "seller_name": "7"})
    assert seller_key(rows).nunique() == 3


def test_age_is_counted_in_days_up_to_the_capture() -> None:
    joined = CAPTURED - pd.Timedelta(days=30, hours=12)
    assert profile({"seller_joined_at": joined})["seller_age_days"].tolist() == [30.5]


def test_a_join_date_after_the_capture_or_none_gives_no_age() -> None:
    found = profile({"seller_joined_at": CAPTURED + pd.Timedelta(days=1)}, {})
    assert found["seller_age_days"].isna().tolist() == [True, True]


def test_a_shop_that_opened_at_the_capture_is_zero_days_old() -> None:
    assert profile({"seller_joined_at": CAPTURED})["seller_age_days"].tolist() == [0.0]


@pytest.mark.parametrize(
    ("shown", "answer"),
    [
        ({"is_official": True}, 1.0),
        ({"is_official": False}, 0.0),
        ({"is_official": False, "seller_type": "mall"}, 1.0),
        ({"is_official": True, "seller_type": "normal"}, 1.0),
        ({"is_official": False, "seller_type": "normal"}, 0.0),
        *[({"seller_type": kind}, 1.0) for kind in sorted(OFFICIAL_TYPES)],
    ],
)
def test_a_shop_is_official_where_the_platform_says_so(shown: dict[str, Any], answer: float) -> None:
    assert official(listings(shown)).tolist() == [answer]


@pytest.mark.parametrize("shown", [{}, {"seller_type": "normal"}, {"seller_type": ""}])
def test_where_the_platform_does_not_say_whether_a_shop_is_official_nothing_is_said(shown: dict[str, Any]) -> None:
    assert official(listings(shown)).isna().tolist() == [True]


@pytest.mark.parametrize(
    ("shown", "answer"),
    [
        ({"observes": "title,tax_code"}, 1.0),
        ({"observes": "licence_no"}, 1.0),
        ({"observes": "tax_code,title", "tax_code": "0100000000"}, 0.0),
        ({"observes": "tax_code,licence_no", "licence_no": "GP-1"}, 0.0),
    ],
)
def test_a_missing_tax_code_counts_only_where_the_source_shows_tax_codes(shown: dict[str, Any], answer: float) -> None:
    assert identity_missing(listings(shown)).tolist() == [answer]


@pytest.mark.parametrize("observes", [None, "", "title,price_vnd", "x_tax_code", "tax_code_hash", "no_licence_no_here"])
def test_where_the_source_cannot_show_them_nothing_is_said(observes: str | None) -> None:
    assert identity_missing(listings({"observes": observes})).isna().tolist() == [True]


def test_listings_and_famous_brands_are_counted_per_seller() -> None:
    famous = {"brand_famous": True, "brand_role": "mark"}
    found = profile(
        {"brand": "Gucci"} | famous,
        {"brand": "Dior"} | famous,
        {"brand": "Dior"} | famous,
        {"brand": "Nike", "brand_famous": True, "brand_role": "compatible"},
        {"brand": "Zara", "brand_role": "mark"},
        {"seller_id": "S2", "brand": "Gucci"} | famous,
    )
    assert found["seller_n_collected"].tolist() == [5, 5, 5, 5, 5, 1]
    assert found["seller_n_famous_brands"].tolist() == [2, 2, 2, 2, 2, 1]


def test_an_unknown_seller_has_no_counts() -> None:
    assert profile({"seller_id": None})[["seller_n_collected", "seller_n_famous_brands"]].isna().all(axis=None)


def test_a_rating_of_zero_means_no_rating() -> None:
    assert profile({"seller_rating": 0.0}, {"seller_rating": 4.5})["seller_rating"].tolist() == pytest.approx([float("nan"), 4.5], nan_ok=True)


def test_a_row_gets_the_same_facts_alone_and_in_any_batch() -> None:
    rows = listings({}, {"seller_id": "S2", "is_official": True}, {"seller_id": None}, {"observes": "tax_code"})
    fitted = SellerProfile().fit(rows)
    together = fitted.transform(rows)
    assert list(together.columns) == SELLER_COLUMNS
    pd.testing.assert_frame_equal(together, pd.concat([fitted.transform(rows.iloc[[i]]) for i in range(len(rows))]))


def test_refitting_forgets_and_leaves_the_rows_alone() -> None:
    rows = listings({}, {})
    before = rows.copy(deep=True)
    fitted = SellerProfile().fit(listings(*[{}] * 5)).fit(rows)
    assert fitted.transform(rows)["seller_n_collected"].tolist() == [2, 2]
    pd.testing.assert_frame_equal(rows, before)


def test_no_rows_give_an_empty_table_with_all_columns() -> None:
    empty = listings({}).iloc[:0]
    assert list(SellerProfile().fit(empty).transform(empty).columns) == SELLER_COLUMNS
