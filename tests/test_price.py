"""Prices stand beside what other sellers ask: the own seller is left out, a shop counts once, and too few sellers give no answer."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.errors import DataError
from features.price import NOT_COMPARABLE, PEER_COLUMNS, SECOND_HAND, PriceReference, against_genuine, model_key
from features.price_crawl import prices_of_crawl
from pipeline.reference import load_reference

DAY = pd.Timestamp("2026-06-01 09:00", tz="Asia/Ho_Chi_Minh").tz_convert("UTC")
NUMBERS = ["price_n_peers", "price_ref_low", "price_ref_mid", "price_ref_high", "price_gap", "price_z"]


def offers(*rows: dict[str, Any]) -> pd.DataFrame:
    """Offers of Nike shoes by a seller each, unless said otherwise."""
    plain = {
        "platform": "shopee",
        "seller_name": None,
        "is_official": False,
        "price_vnd": 1000.0,
        "brand": "Nike",
        "brand_role": "mark",
        "goods_group": "giày dép",
        "item_type": "goods",
        "kind_why": "giày",
        "for_children": False,
        "n_units": 1.0,
        "model_key": "",
        "product_words": "",
        "price_form": "",
        "pack_size": np.nan,
        "captured_at": DAY,
    }
    table = pd.DataFrame([{"listing_id": f"L{n}", "seller_id": f"S{n}"} | plain | row for n, row in enumerate(rows)])
    text = ["platform", "listing_id", "seller_id", "seller_name", "brand", "brand_role", "goods_group", "item_type", "kind_why", "model_key"]
    text += ["product_words", "price_form"]
    return table.astype(dict.fromkeys(text, "str") | {"price_vnd": "float64", "n_units": "float64"})


def priced(rows: pd.DataFrame) -> pd.DataFrame:
    return PriceReference().fit(rows).transform(rows)


def asking(*prices: float) -> list[dict[str, Any]]:
    return [{"price_vnd": float(price)} for price in prices]


def test_a_price_stands_beside_the_middle_of_the_other_sellers() -> None:
    found = priced(offers(*asking(500, 1000, 1000, 1000))).iloc[0]
    assert found["price_n_peers"] == 3
    assert found["price_ref_mid"] == pytest.approx(1000)
    assert found["price_gap"] == pytest.approx(-math.log(2))
    assert found["price_z"] == pytest.approx(-math.log(2) / 0.25)  # the group has no spread: the least one counts


def test_the_own_seller_is_left_out_with_all_its_listings() -> None:
    mine = {"seller_id": "me"}
    found = priced(offers(*[mine | offer for offer in asking(10, 10, 10)], *asking(1000, 1000, 1000)))
    assert found.loc[:2, "price_ref_mid"].tolist() == pytest.approx([1000] * 3)
    assert found.loc[:2, "price_n_peers"].tolist() == [3] * 3


@pytest.mark.parametrize("n_others", [0, 1, 2])
def test_fewer_than_three_other_sellers_give_no_answer_and_never_zero(n_others: int) -> None:
    found = priced(offers(*asking(500, *[1000] * n_others))).iloc[0]
    assert found[NUMBERS].isna().all()
    assert pd.isna(found["price_level"])


def test_one_shop_with_two_hundred_rows_counts_once() -> None:
    shop = [{"seller_id": "big"} | offer for offer in asking(*[100] * 200)]
    found = priced(offers(*asking(1000, 1000, 1000, 1000), *shop))
    assert found.loc[0, "price_n_peers"] == 4
    assert found.loc[0, "price_ref_mid"] == pytest.approx(1000)


def test_two_hundred_rows_of_two_shops_are_still_too_few_sellers() -> None:
    shops = [{"seller_id": f"big{n % 2}"} | offer for n, offer in enumerate(asking(*[100] * 200))]
    assert pd.isna(priced(offers(*asking(1000), *shops)).loc[0, "price_gap"])


def test_a_seller_known_only_by_name_is_one_seller() -> None:
    named = [{"seller_id": None, "seller_name": "cửa hàng"} | offer for offer in asking(*[100] * 5)]
    assert priced(offers(*asking(1000, 1000), *named)).loc[0, "price_n_peers"] != 6
    assert pd.isna(priced(offers(*asking(1000), *named)).loc[0, "price_gap"])


@pytest.mark.parametrize(("n_others", "answers"), [(5, False), (6, True)])
def test_where_no_seller_is_named_six_other_listings_are_needed(n_others: int, answers: bool) -> None:
    rows = [{"seller_id": None} | offer for offer in asking(500, *[1000] * n_others)]
    assert pd.notna(priced(offers(*rows)).loc[0, "price_gap"]) == answers


def test_three_official_sellers_alone_set_the_reference() -> None:
    official = [{"is_official": True} | offer for offer in asking(3000, 3000, 3000)]
    found = priced(offers(*asking(300, *[300] * 10), *official)).iloc[0]
    assert (found["price_by_official"], found["price_n_peers"]) == (True, 3)
    assert found["price_ref_mid"] == pytest.approx(3000)
    assert found["price_gap"] == pytest.approx(-math.log(10))


def test_two_official_sellers_set_nothing_alone() -> None:
    official = [{"is_official": True} | offer for offer in asking(400, 400)]
    found = priced(offers(*asking(300, *[300] * 10), *official)).iloc[0]
    assert (found["price_by_official"], found["price_n_peers"]) == (False, 12)


def test_an_official_seller_weighs_as_much_as_three_others() -> None:
    # Four others at 300, one official at 400 that counts three times: the middle of 300 ×4, 400 ×3 is 300; with two official ones 400.
    one, two = ([{"is_official": True} | offer for offer in asking(*[400] * n)] for n in (1, 2))
    plain = asking(300, *[300] * 4)
    assert priced(offers(*plain, *one)).iloc[0]["price_ref_mid"] == pytest.approx(300)
    assert priced(offers(*plain, *two)).iloc[0]["price_ref_mid"] == pytest.approx(400)


@pytest.mark.parametrize("site", sorted(SECOND_HAND))
def test_second_hand_sites_neither_set_nor_get_a_reference(site: str) -> None:
    used = [{"platform": site} | offer for offer in asking(100, 100, 100, 100, 100)]
    found = priced(offers(*asking(1000, 1000, 1000, 1000), *used))
    assert found.loc[0, "price_n_peers"] == 3
    assert found.loc[4:, NUMBERS].isna().all(axis=None)


@pytest.mark.parametrize("kind", sorted(NOT_COMPARABLE))
def test_kinds_that_are_not_the_new_article_are_not_compared(kind: str) -> None:
    others = [{"item_type": kind} | offer for offer in asking(*[10] * 8)]
    found = priced(offers(*asking(1000, 1000, 1000, 1000), *others))
    assert found.loc[0, "price_n_peers"] == 3
    assert found.loc[4:, NUMBERS].isna().all(axis=None)


@pytest.mark.parametrize(
    "odd",
    [{"price_vnd": np.nan}, {"price_vnd": 0.0}, {"price_vnd": -5.0}, {"brand": None}, {"goods_group": None}]
    + [{"brand_role": "style"}, {"brand_role": "compatible"}],
)
def test_what_cannot_be_compared_gets_no_answer(odd: dict[str, Any]) -> None:
    assert priced(offers(odd, *asking(1000, 1000, 1000, 1000))).loc[0, NUMBERS].isna().all()


@pytest.mark.parametrize("apart", [{"brand": "Adidas"}, {"goods_group": "thời trang"}, {"kind_why": "dép"}, {"item_type": "device"}])
def test_no_other_brand_or_kind_of_thing_is_a_peer(apart: dict[str, Any]) -> None:
    assert pd.isna(priced(offers(apart, *asking(1000, 1000, 1000, 1000))).loc[0, "price_gap"])


def test_the_same_model_goes_before_the_brand() -> None:
    model = [{"model_key": "15 max"} | offer for offer in asking(900, 2000, 2000, 2000)]
    found = priced(offers(*model, *asking(1000, 1000, 1000, 1000)))
    assert (found.loc[0, "price_level"], found.loc[0, "price_ref_mid"]) == ("model", pytest.approx(2000))
    assert found.loc[4, "price_level"] == "brand"


def test_a_pack_of_three_is_compared_by_the_piece() -> None:
    found = priced(offers({"price_vnd": 3000.0, "n_units": 3.0}, *asking(1000, 1000, 1000)))
    assert found.loc[0, "price_gap"] == pytest.approx(0)


def test_quartiles_of_the_other_sellers_are_given() -> None:
    found = priced(offers(*asking(1, 100, 300, 400, 500, 1600))).iloc[0]
    assert found["price_ref_low"] == pytest.approx(300)
    assert found["price_ref_mid"] == pytest.approx(400)
    assert found["price_ref_high"] == pytest.approx(500)
    # The lowest tenth of five others lies four tenths of the way from the first to the second, on the log scale.
    assert found["price_ref_floor"] == pytest.approx(100 * 3**0.4)


def test_a_brand_that_sells_at_every_price_is_no_reference_but_its_models_are() -> None:
    wide = asking(50, 100, 300, 1000, 3000, 9000)
    assert pd.isna(priced(offers(*wide)).loc[0, "price_gap"])
    assert priced(offers(*[{"model_key": "15 max"} | offer for offer in wide])).loc[0, "price_level"] == "model"


def test_childrens_articles_are_compared_among_themselves() -> None:
    grown = asking(2000, 2000, 2000, 2000)
    child = [{"for_children": True} | offer for offer in asking(900, 1000, 1000, 1000)]
    assert priced(offers(*grown, *child)).loc[4, "price_ref_mid"] == pytest.approx(1000)


many = st.lists(st.tuples(st.integers(0, 6), st.integers(1, 10_000)), min_size=1, max_size=25)


@given(many)
def test_the_reference_is_the_quantile_of_the_other_sellers_medians(pairs: list[tuple[int, int]]) -> None:
    rows = offers(*[{"seller_id": f"S{seller}", "price_vnd": float(price)} for seller, price in pairs])
    found = priced(rows)
    medians = np.log(rows["price_vnd"]).groupby(rows["seller_id"]).median()
    for row in range(len(rows)):
        others = medians.drop(rows.loc[row, "seller_id"])
        mixed = len(others) >= 3 and np.diff(np.quantile(others, [0.25, 0.75]))[0] >= math.log(2.5)
        if len(others) < 3 or mixed:
            assert pd.isna(found.loc[row, "price_gap"])
        else:
            assert math.log(found.loc[row, "price_ref_mid"]) == pytest.approx(np.quantile(others, 0.5))
            assert math.log(found.loc[row, "price_ref_low"]) == pytest.approx(np.quantile(others, 0.25))


@settings(max_examples=15)
@given(many)
def test_a_row_gets_the_same_answer_alone_and_in_any_batch_and_order(pairs: list[tuple[int, int]]) -> None:
    rows = offers(*[{"seller_id": f"S{seller}", "price_vnd": float(price), "is_official": seller > 3} for seller, price in pairs])
    fitted = PriceReference().fit(rows)
    together = fitted.transform(rows)
    pd.testing.assert_frame_equal(together, pd.concat([fitted.transform(rows.iloc[[i]]) for i in range(len(rows))]))
    pd.testing.assert_frame_equal(together, PriceReference().fit(rows.iloc[::-1]).transform(rows.iloc[::-1]).sort_index())


@pytest.mark.parametrize("coded", [False, True])
def test_kinds_worked_out_one_after_the_other_are_answered_as_all_at_once(coded: bool) -> None:
    drawn = np.random.default_rng(5)
    kinds = [{"kind_why": kind, "brand": brand} for kind in ("giày", "dép", "áo", None) for brand in ("Nike", "Gucci", None)]
    rows = offers(
        *[
            {"seller_id": f"S{drawn.integers(9)}", "price_vnd": float(price), "is_official": bool(price > 900), **kinds[drawn.integers(len(kinds))]}
            for price in drawn.integers(100, 1000, 300)
        ],
        {"goods_group": None},
        {"price_vnd": np.nan},
    )
    text = ["platform", "seller_id", "brand", "brand_role", "goods_group", "item_type", "kind_why", "model_key", "price_form"]
    given = rows.astype(dict.fromkeys(text, "category")) if coded else rows
    reference = load_reference()
    known = {"genuine": reference.genuine_prices, "bands": reference.price_bands}
    whole = PriceReference(**known).fit(rows).transform(rows)
    assert whole["price_gap"].notna().any()
    for rows_at_once in (1, 40, 1000):
        found = prices_of_crawl(given, **known, rows_at_once=rows_at_once)
        pd.testing.assert_frame_equal(pd.DataFrame(found).astype(whole.dtypes), whole, check_exact=True)


def test_asking_changes_neither_the_rows_nor_the_reference() -> None:
    rows = offers(*asking(500, 1000, 1000, 1000))
    before = rows.copy(deep=True)
    fitted = PriceReference().fit(rows)
    fitted.transform(offers(*asking(1, 1, 1)))
    pd.testing.assert_frame_equal(rows, before)
    assert fitted.transform(rows).loc[0, "price_ref_mid"] == pytest.approx(1000)


def test_a_crawl_without_anything_comparable_gives_no_answers() -> None:
    rows = offers({"brand": None}, {"price_vnd": np.nan})
    assert priced(rows)[NUMBERS].isna().all(axis=None)


def test_an_empty_crawl_gives_an_empty_answer() -> None:
    assert len(priced(offers({}).iloc[:0])) == 0


def test_a_missing_column_is_an_error_that_names_it() -> None:
    with pytest.raises(DataError, match="model_key"):
        PriceReference().fit(offers({})[[name for name in PEER_COLUMNS if name != "model_key"]])


@pytest.mark.parametrize(
    ("title", "key"),
    [
        ("điện thoại iphone 15 pro max 256 gb", "15 256gb max pro"),
        ("điện thoại iphone 15 pro max 256gb", "15 256gb max pro"),
        ("giày thể thao nam", ""),
        ("nước hoa dior 100 ml", "100ml"),
        ("pro max", ""),
        ("", ""),
    ],
)
def test_the_model_is_read_from_its_tokens_whatever_the_spacing(title: str, key: str) -> None:
    assert model_key(title) == key


FLOORS = pd.DataFrame(
    {
        "brand": ["Nike"],
        "goods_group": ["giày dép"],
        "item_types": ["goods|device"],
        "floor_vnd": [1000.0],
        "valid_from": ["2026-01-01"],
        "valid_to": ["2026-06-30"],
    }
).astype({"valid_from": "str", "valid_to": "str"})


def beside_genuine(floors: pd.DataFrame = FLOORS, **offer: Any) -> pd.Series:
    return against_genuine(offers(offer), floors).iloc[0]


def test_a_price_is_given_as_a_share_of_what_the_genuine_article_costs_at_least() -> None:
    found = beside_genuine(price_vnd=250.0)
    assert (found["genuine_floor"], found["price_to_genuine"]) == (1000, 0.25)


def test_a_pack_stands_beside_the_genuine_article_by_the_piece() -> None:
    assert beside_genuine(price_vnd=1500.0, n_units=3.0)["price_to_genuine"] == 0.5


@pytest.mark.parametrize(
    "odd",
    [{"brand": "Adidas"}, {"brand": None}, {"goods_group": None}, {"item_type": "accessory"}, {"item_type": None}, {"brand_role": "style"}]
    + [{"platform": "chotot"}, {"price_vnd": np.nan}, {"price_vnd": 0.0}],
)
def test_what_the_table_does_not_speak_of_gets_no_ratio(odd: dict[str, Any]) -> None:
    assert pd.isna(beside_genuine(**odd)["price_to_genuine"])


@pytest.mark.parametrize(
    ("moment", "speaks"),
    [
        ("2025-12-31 23:59", False),
        ("2026-01-01 00:00", True),
        ("2026-06-30 00:00", True),
        ("2026-06-30 23:59", True),
        ("2026-07-01 00:00", False),
    ],
)
def test_a_dated_price_counts_from_its_first_to_its_last_day_in_vietnam(moment: str, speaks: bool) -> None:
    captured = pd.Timestamp(moment, tz="Asia/Ho_Chi_Minh").tz_convert("UTC")
    assert pd.notna(beside_genuine(captured_at=captured)["price_to_genuine"]) == speaks


def test_a_dated_price_without_end_counts_on() -> None:
    open_ended = FLOORS.assign(valid_to=pd.Series([None], dtype="str"))
    far = pd.Timestamp("2031-01-01", tz="UTC")
    assert pd.notna(beside_genuine(open_ended, captured_at=far)["price_to_genuine"])


def test_genuine_prices_are_the_same_alone_and_in_a_batch_and_keep_the_index() -> None:
    rows = offers({"price_vnd": 100.0}, {"brand": None}, {"brand": "Gucci"}, {"item_type": "used"}).set_axis([7, 3, 5, 1])
    together = against_genuine(rows, FLOORS)
    assert together.index.tolist() == [7, 3, 5, 1]
    pd.testing.assert_frame_equal(together, pd.concat([against_genuine(rows.loc[[name]], FLOORS) for name in rows.index]))


def test_the_table_at_hand_has_one_positive_row_a_brand_and_group() -> None:
    table = load_reference().genuine_prices
    assert not table.duplicated(["brand", "goods_group"]).any()
    assert table["floor_vnd"].astype(float).gt(0).all()
    assert set(table["brand"]) <= set(load_reference().brands["brand"])
