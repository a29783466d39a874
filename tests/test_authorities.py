"""Who is competent where and when: old authorities lead to one new one, codes carry their scheme, and nobody is guessed back into an old province."""

from __future__ import annotations

from datetime import date, timedelta

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.errors import DataError
from pipeline.authorities import CURRENT, LEGACY, Authorities, authority_of, load_authorities
from pipeline.config import load_table
from pipeline.routing import CENTRAL, route

PROVINCES = load_table("provinces")
BOOK: Authorities = load_authorities(PROVINCES)
TODAY = date(2026, 11, 24)
BEFORE = date(2024, 6, 1)
MERGER = date(2025, 7, 1)
REUSED = {"15": ("Yên Bái", "Lào Cai"), "24": ("Bắc Giang", "Bắc Ninh"), "44": ("Quảng Bình", "Quảng Trị"), "52": ("Bình Định", "Gia Lai"),
          "80": ("Long An", "Tây Ninh"), "82": ("Tiền Giang", "Đồng Tháp"), "91": ("Kiên Giang", "An Giang")}  # fmt: skip


def test_there_are_63_authorities_until_the_mergers_and_34_after() -> None:
    assert len(BOOK.all(BEFORE)) == 63 and len(BOOK.all(MERGER - timedelta(days=1))) == 63
    assert len(BOOK.all(MERGER)) == 34 and len(BOOK.all(TODAY)) == 34


@given(st.dates(date(2018, 10, 12), date(2030, 12, 31)))
def test_on_every_day_there_is_one_scheme_and_every_code_once(day: date) -> None:
    standing = BOOK.all(day)
    assert {one.scheme for one in standing} == {LEGACY if day < MERGER else CURRENT} == {BOOK.scheme(day)}
    assert len({one.code for one in standing}) == len(standing) == (63 if day < MERGER else 34)


def test_a_day_before_the_table_begins_is_refused_not_guessed() -> None:
    with pytest.raises(DataError, match="knows no authority on 2010-01-01"):
        BOOK.scheme(date(2010, 1, 1))


def test_every_legacy_authority_has_exactly_one_successor_and_all_34_have_predecessors() -> None:
    reached = [BOOK.successor(one, TODAY) for one in BOOK.all(BEFORE)]
    assert {one.full_code for one in reached} == {one.full_code for one in BOOK.all(TODAY)}
    for one in BOOK.all(BEFORE):
        assert one.code in {old.code for old in BOOK.predecessors(BOOK.successor(one, TODAY), BEFORE)}
    assert sum(len(BOOK.predecessors(one, BEFORE)) for one in BOOK.all(TODAY)) == 63


@pytest.mark.parametrize("code", REUSED)
def test_a_code_that_changed_its_meaning_is_read_by_its_scheme(code: str) -> None:
    old, new = REUSED[code]
    assert old in BOOK.get(f"{LEGACY}:{code}", TODAY).province and new in BOOK.get(f"{CURRENT}:{code}", TODAY).province
    assert BOOK.get(f"{CURRENT}:{code}", TODAY).full_code == f"current34:{code}"


@pytest.mark.parametrize("code", [*REUSED, "01"])
def test_a_code_without_its_scheme_is_refused(code: str) -> None:
    with pytest.raises(DataError, match="has no scheme"):
        BOOK.get(code, TODAY)


def test_an_unknown_code_is_refused() -> None:
    with pytest.raises(DataError, match="no authority 'current34:02'"):
        BOOK.get("current34:02", TODAY)  # Hà Giang is a legacy code only


@pytest.mark.parametrize("place", ["Bình Dương", "Kho hàng, tỉnh Bình Dương"])
def test_a_place_belongs_to_whoever_was_competent_on_the_day(place: str) -> None:
    assert authority_of(place, PROVINCES, BEFORE).full_code == "legacy63:74"  # type: ignore[union-attr]
    assert authority_of(place, PROVINCES, TODAY).full_code == "current34:79"  # type: ignore[union-attr]


def test_the_day_of_the_merger_is_the_first_of_the_new_authority() -> None:
    assert BOOK.of("Hà Nam", MERGER - timedelta(days=1)).name_vi == "Cục QLTT tỉnh Hà Nam"  # type: ignore[union-attr]
    assert BOOK.of("Hà Nam", MERGER).name_vi == "Chi cục Quản lý thị trường tỉnh Ninh Bình"  # type: ignore[union-attr]


def test_dong_nai_and_hue_bear_the_name_of_the_day() -> None:
    assert BOOK.of("Đồng Nai", date(2026, 4, 29)).name_vi.endswith("tỉnh Đồng Nai")  # type: ignore[union-attr]
    assert BOOK.of("Đồng Nai", date(2026, 4, 30)).name_vi.endswith("TP. Đồng Nai")  # type: ignore[union-attr]
    assert BOOK.of("Huế", date(2024, 12, 31)).province == "Tỉnh Thừa Thiên Huế"  # type: ignore[union-attr]
    assert BOOK.of("Huế", date(2025, 1, 1)).province == "Thành phố Huế"  # type: ignore[union-attr]


@pytest.mark.parametrize("place", [None, "", "  ", "Quảng Châu", "Overseas", "Atlantis"])
def test_a_place_that_names_no_province_has_no_authority(place: str | None) -> None:
    assert BOOK.of(place, TODAY) is None and BOOK.of(place, BEFORE) is None


def test_one_place_and_a_column_of_places_give_the_same_authority() -> None:
    places = pd.concat([PROVINCES["legacy_name"], PROVINCES["current_name"], pd.Series(["hcm", "Quận 1, TP.HCM", "Nước ngoài"])], ignore_index=True)
    by_column = route(places, PROVINCES)["authority"]
    one_by_one = [found.name_vi if (found := BOOK.of(place, TODAY)) else CENTRAL for place in places]
    assert one_by_one == by_column.tolist()


def test_every_current_authority_has_an_abbreviation_of_its_own_for_row_codes() -> None:
    assert len({one.abbreviation for one in BOOK.all(TODAY)} - {None}) == 34


def test_a_province_that_was_not_merged_leads_back_to_itself() -> None:
    guess = BOOK.to_legacy(BOOK.get("current34:01", TODAY), TODAY)
    assert guess.authority is not None and guess.authority.full_code == "legacy63:01"


def test_a_merged_province_does_not_say_which_old_one_is_meant() -> None:
    gia_lai = BOOK.get("current34:52", TODAY)
    for text in (None, "Gia Lai", "Tỉnh Gia Lai", "Việt Nam"):
        guess = BOOK.to_legacy(gia_lai, TODAY, source_text=text)
        assert guess.authority is None and {one.code for one in guess.candidates} == {"52", "64"}
        assert "cần xã, phường" in guess.why_vi


@pytest.mark.parametrize("text", ["Tỉnh Bình Định, Gia Lai", "Quy Nhơn (Bình Định cũ), Gia Lai", "kho tại tỉnh Bình Định", "Quy Nhơn, Bình Định"])
def test_the_sellers_own_words_may_name_the_old_province(text: str) -> None:
    guess = BOOK.to_legacy(BOOK.get("current34:52", TODAY), TODAY, source_text=text)
    assert guess.authority is not None and guess.authority.full_code == "legacy63:52" and text in guess.why_vi


def test_a_street_named_after_a_province_is_no_province() -> None:
    hung_yen = BOOK.get("current34:33", TODAY)
    assert BOOK.to_legacy(hung_yen, TODAY, source_text="12 đường Thái Bình, Hưng Yên").authority is None


def test_a_commune_leads_back_only_where_it_lies_in_one_old_province() -> None:
    communes = pd.DataFrame({"commune": ["Phường Thử Một", "Phường Thử Hai", "Phường Thử Hai"], "legacy_code": ["52", "52", "64"]})
    gia_lai = BOOK.get("current34:52", TODAY)
    found = BOOK.to_legacy(gia_lai, TODAY, commune="phường thử một", communes=communes)
    assert found.authority is not None and found.authority.code == "52"
    assert BOOK.to_legacy(gia_lai, TODAY, commune="Phường Thử Hai", communes=communes).authority is None
    assert BOOK.to_legacy(gia_lai, TODAY, commune="Phường Lạ", communes=communes).authority is None


def test_only_a_legacy_authority_has_a_successor() -> None:
    with pytest.raises(DataError, match="no legacy authority"):
        BOOK.successor(BOOK.get("current34:01", TODAY), TODAY)


def test_what_was_not_read_in_full_is_not_called_verified() -> None:
    assert not any(one.verified for one in [*BOOK.all(BEFORE), *BOOK.all(TODAY)])  # the tables rest on press and an annex
