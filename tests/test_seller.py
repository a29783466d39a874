"""What a listing's own row shows of its seller: described, never judged, and missing where the crawl cannot show it."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from features.seller import OFFICIAL_TYPES, SHOWN_COLUMNS, VERIFIED_TYPES, official, seller_key, shown, verified
from features.seller_identity import identity
from pipeline.reference import load_reference

TEXT = ["platform", "seller_id", "seller_name", "seller_type", "brand", "brand_role", "observes", "tax_code", "licence_no"]
NUMBERS = ["seller_n_products", "seller_n_followers", "seller_rating"]
CAPTURED = pd.Timestamp("2026-06-01", tz="UTC")


def listings(*rows: dict[str, Any]) -> pd.DataFrame:
    nothing = dict.fromkeys([*TEXT, *NUMBERS, "is_official"]) | {"platform": "shopee", "seller_id": "S1", "brand_famous": False}
    table = pd.DataFrame([nothing | {"captured_at": CAPTURED, "seller_joined_at": pd.NaT} | row for row in rows])
    table["seller_joined_at"] = pd.to_datetime(table["seller_joined_at"], utc=True)
    return table.astype(dict.fromkeys(TEXT, "str") | dict.fromkeys(NUMBERS, "float64") | {"is_official": "boolean"})


def profile(*rows: dict[str, Any]) -> pd.DataFrame:
    return shown(listings(*rows))


def identity_missing(rows: pd.DataFrame) -> pd.Series:
    return identity(rows, load_reference().seller_identity)["seller_identity_missing"]


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


def test_particulars_count_as_the_law_asked_for_them_on_the_day_of_the_capture() -> None:
    rows = listings({"observes": "tax_code,licence_no", "tax_code": "0100000000"}).loc[[0] * 4].reset_index(drop=True)
    rows["captured_at"] = pd.to_datetime(["2012-01-01", "2026-06-30", "2026-07-01", "2027-01-01"], utc=True)
    rows["x_seller_verified"] = pd.Series([False] * 4, dtype="boolean")
    found = identity(rows, load_reference().seller_identity)
    # Nothing was asked for before 2013; two particulars of which one is shown; from 2027 on the electronic identity too.
    assert found["seller_identity_share"].tolist() == pytest.approx([float("nan"), 0.5, 0.5, 1 / 2], nan_ok=True)
    rows["observes"] = "tax_code,licence_no,x_seller_verified"
    assert identity(rows, load_reference().seller_identity)["seller_identity_share"].tolist() == pytest.approx(
        [float("nan"), 0.5, 0.5, 1 / 3], nan_ok=True
    )


def test_duties_say_where_they_come_from_and_that_nobody_has_verified_them() -> None:
    duties = load_reference().seller_identity
    assert set(duties["verified"]) <= {"recall", "secondary"}
    assert duties["law"].notna().all()


@pytest.mark.parametrize("kind", sorted(VERIFIED_TYPES))
def test_a_class_of_seller_may_say_that_its_identity_was_verified(kind: str) -> None:
    assert verified(listings({"seller_type": kind})).tolist() == [1.0]


def test_a_mappings_own_flag_says_whether_the_seller_is_verified() -> None:
    rows = listings({}, {}, {"seller_type": "normal"}).assign(x_seller_verified=pd.Series([True, False, None], dtype="boolean"))
    assert verified(rows).tolist() == pytest.approx([1.0, 0.0, float("nan")], nan_ok=True)


def test_a_rating_of_zero_means_no_rating() -> None:
    assert profile({"seller_rating": 0.0}, {"seller_rating": 4.5})["seller_rating"].tolist() == pytest.approx([float("nan"), 4.5], nan_ok=True)


def test_a_row_shows_the_same_alone_and_in_any_batch() -> None:
    rows = listings({}, {"seller_id": "S2", "is_official": True}, {"seller_id": None}, {"observes": "tax_code"})
    together = shown(rows)
    assert list(together.columns) == SHOWN_COLUMNS
    pd.testing.assert_frame_equal(together, pd.concat([shown(rows.iloc[[i]]) for i in range(len(rows))]))


def test_no_rows_give_an_empty_table_with_all_columns() -> None:
    empty = listings({}).iloc[:0]
    assert list(shown(empty).columns) == SHOWN_COLUMNS
