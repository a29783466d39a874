"""Prices, counts, flags, dates and literals, as sites print them."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.sources.figures import count, number, parse_price_vnd, percent, price
from pipeline.sources.times import VIETNAM, epoch, moment
from pipeline.sources.values import SCALARS, flag, length, literal, text


@pytest.mark.parametrize(
    ("written", "dong"),
    [
        ("₫1.250.000", 1_250_000),
        ("₫167,000", 167_000),
        ("8.990.000 ₫", 8_990_000),
        ("1 250 000 đ", 1_250_000),
        ("95.000", 95_000),
        ("1tr2", 1_200_000),
        ("2tr350", 2_350_000),
        ("1tr250k", 1_250_000),
        ("1,5tr", 1_500_000),
        ("12,5 triệu", 12_500_000),
        ("1 triệu 200 nghìn", 1_200_000),
        ("2 triệu rưỡi", 2_500_000),
        ("299k", 299_000),
        ("299K/đôi", 299_000),
        ("1,2 tỷ", 1_200_000_000),
        ("15 triệu/tháng", 15_000_000),
        ("1290000.00", 1_290_000),
        ("1,290,000.00", 1_290_000),
        ("1.290.000,00", 1_290_000),
        ("99.000đ - 129.000đ", 99_000),
        ("150.000đ (-20%)", 150_000),
        ("$800,000", 800_000),
        ("Free", 0),
        ("miễn phí", 0),
        ("-5.000đ", -5_000),
        ("₫-1", -1),
    ],
)
def test_a_price_is_read_as_a_buyer_reads_it(written: str, dong: float) -> None:
    assert parse_price_vnd(written) == dong


@pytest.mark.parametrize("written", ["", "Liên hệ", "Thoả thuận", "đ", "-", "\x00"])
def test_a_price_without_a_number_is_missing(written: str) -> None:
    assert parse_price_vnd(written) is None


@pytest.mark.parametrize("decomposed", ["12,5 trie\u0323\u0302u", "1 ty\u0309"])
def test_a_unit_typed_with_separate_marks_is_the_same_unit(decomposed: str) -> None:
    assert parse_price_vnd(decomposed) in (12_500_000, 1_000_000_000)


def test_a_price_in_a_list_is_its_first_readable_member() -> None:
    assert price([]) is None
    assert price([None, "Liên hệ", "250.000 ₫", "300.000 ₫"]) == 250_000
    assert price({"value": 1}) is None


@given(st.integers(min_value=1_000, max_value=999_999_999_999), st.sampled_from(".,"), st.sampled_from(["₫{}", "{}đ", "{} VNĐ", "Giá {} ₫", "{}"]))
def test_a_price_written_with_thousands_comes_back(dong: int, mark: str, form: str) -> None:
    assert parse_price_vnd(form.format(f"{dong:,}".replace(",", mark))) == dong


@given(st.integers(min_value=1, max_value=999), st.integers(min_value=0, max_value=9), st.sampled_from(["tr", "triệu", " triệu", "TR"]))
def test_a_price_in_millions_comes_back(millions: int, tenths: int, unit: str) -> None:
    assert parse_price_vnd(f"{millions},{tenths}{unit}") == pytest.approx(millions * 1e6 + tenths * 1e5)
    assert parse_price_vnd(f"{millions}tr{tenths}") == pytest.approx(millions * 1e6 + tenths * 1e5)


@pytest.mark.parametrize(
    ("written", "units"),
    [
        ("1,2k đã bán", 1_200),
        ("Đã bán 3.7k", 3_700),
        ("(559)", 559),
        ("1.234", 1_234),
        ("1.234.567 lượt", 1_234_567),
        ("12", 12),
        ("10k+", 10_000),
        ("78 Đã bán", 78),
        ("2,5tr", 2_500_000),
        ("1,2 nghìn", 1_200),
        (12, 12),
        (12.0, 12),
        ("chưa bán", None),
        ("", None),
    ],
)
def test_a_count_is_read_as_printed(written: Any, units: float | None) -> None:
    assert count(written) == units


@given(st.integers(min_value=0, max_value=999_999_999))
def test_a_count_with_thousands_comes_back(units: int) -> None:
    assert count(f"Đã bán {units:,}".replace(",", ".")) == units
    assert count(f"{units:,} sold") == units


ANYTHING = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=60),
    st.binary(max_size=20),
    st.decimals(),
    st.dates(),
    st.datetimes(),
    st.lists(st.one_of(st.text(max_size=10), st.integers(), st.none()), max_size=4),
    st.dictionaries(st.text(max_size=5), st.integers(), max_size=2),
    st.text(alphabet="0123456789.,- ktriệu đ₫%/:TZ", max_size=30),
    st.just(10**5000),
    st.just(Decimal("sNaN")),
)


@pytest.mark.parametrize("name", sorted(SCALARS))
@given(value=ANYTHING)
def test_no_cell_makes_a_reader_fail_and_every_figure_is_finite(name: str, value: Any) -> None:
    read = SCALARS[name](value)
    assert not isinstance(read, float) or math.isfinite(read)


@given(st.text(alphabet="0123456789.,k tr", max_size=40))
def test_any_mixture_of_digits_and_marks_gives_a_finite_figure_or_none(written: str) -> None:
    for read in (parse_price_vnd(written), count(written), number(written), percent(written + "%")):
        assert read is None or math.isfinite(read)


def test_a_cell_of_megabytes_is_read_in_no_time() -> None:
    huge = "1" * 10_000_000
    started = datetime.now(UTC)
    for read in (parse_price_vnd, count, number, percent, moment, flag, literal):
        read(huge)
    assert datetime.now(UTC) - started < timedelta(seconds=5)


def at(*when: int) -> datetime:
    return datetime(*when, tzinfo=VIETNAM).astimezone(UTC)  # type: ignore[misc, arg-type]


@pytest.mark.parametrize(
    ("given", "when", "precision"),
    [
        ("2026", at(2026, 1, 1), "year"),
        ("2026-11", at(2026, 11, 1), "month"),
        ("11/2026", at(2026, 11, 1), "month"),
        ("2026-11-20", at(2026, 11, 20), "day"),
        ("20/11/2026", at(2026, 11, 20), "day"),
        ("3/11/2026", at(2026, 11, 3), "day"),
        ("20.11.2026", at(2026, 11, 20), "day"),
        ("20261120", at(2026, 11, 20), "day"),
        (date(2026, 11, 20), at(2026, 11, 20), "day"),
        ("20/11/2026 14:30", at(2026, 11, 20, 14, 30), "second"),
        ("8:05 20/11/2026", at(2026, 11, 20, 8, 5), "second"),
        ("2026-11-20T07:30:00Z", at(2026, 11, 20, 14, 30), "second"),
        ("2026-11-20 14:30:00", at(2026, 11, 20, 14, 30), "second"),
        (datetime(2026, 11, 20, 14, 30), at(2026, 11, 20, 14, 30), "second"),
        (1_763_623_800, at(2025, 11, 20, 14, 30), "second"),
        (1_763_623_800_000, at(2025, 11, 20, 14, 30), "second"),
        ("1763623800000", at(2025, 11, 20, 14, 30), "second"),
        (1_763_623_800_000_000, at(2025, 11, 20, 14, 30), "second"),
    ],
)
def test_a_time_is_read_with_its_precision_and_vietnamese_days(given: Any, when: datetime, precision: str) -> None:
    assert moment(given) == (when, precision)


@pytest.mark.parametrize("given", ["", "hôm qua", "99/99/2026", 0, -5, 1e300, 4e9, float("nan"), True, datetime(1, 1, 1), [], None])
def test_what_is_no_time_is_missing(given: Any) -> None:
    assert moment(given) is None


@given(st.datetimes(min_value=datetime(1971, 1, 1), max_value=datetime(2095, 1, 1)))
def test_seconds_and_milliseconds_name_the_same_moment(when: datetime) -> None:
    seconds = int(when.replace(tzinfo=UTC).timestamp())
    assert epoch(seconds) == (datetime.fromtimestamp(seconds, UTC), "second")
    if seconds > 1e8:  # below, milliseconds are as small as seconds of a later year
        assert epoch(seconds * 1000) == epoch(seconds)


def test_flags_are_read_in_two_languages() -> None:
    assert [flag(v) for v in (True, 1, "1", "Có", "yes", "TRUE", "co\u0301")] == [True] * 7
    assert [flag(v) for v in (False, 0, 0.0, "không", "No")] == [False] * 5
    assert [flag(v) for v in ("Official", 7, float("nan"), None, [])] == [None] * 5


def test_ids_keep_every_digit() -> None:
    assert text(23456789012345.0) == "23456789012345"
    assert text(Decimal("12.50")) == "12.5" and text(Decimal("100")) == "100"
    assert text(b"m\xc3\xa3") == "mã"
    assert text(["đỏ", "xanh", "đỏ", True]) == "đỏ;xanh"
    assert [text(v) for v in (None, True, float("nan"), float("inf"), " ", {}, 10**5000)] == [None] * 7


def test_a_cell_with_a_literal_is_parsed_and_never_run() -> None:
    assert literal("{'sold': [1, None], 'official': True}") == {"sold": [1, None], "official": True}
    assert literal('{"sold": null}') == {"sold": None}
    assert literal("__import__('os').getcwd()") is None
    assert length("['a', 'b', 'c']") == 3 and length(["a"]) == 1 and length("a;b c") == 3


@pytest.mark.parametrize(
    "bomb", ["[" * 90_000, "(" * 500 + ")" * 500, "{'a':" * 3_000, "-" * 150_000 + "1", "[" + "9" * 100_000 + "]", "'" * 100_001]
)
def test_a_bomb_in_a_cell_is_no_value(bomb: str) -> None:
    assert literal(bomb) is None
