"""Mining a crawl for brand names, and previewing one before it is listed: what a person reads before adding a row."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from features.errors import ConfigError, NothingNew
from pipeline.cli import app

Crawl = Callable[..., Path]


@pytest.fixture
def market(crawl: Crawl) -> Iterator[Path]:
    """Four shops that sell shoes of an invented maker, one that misspells it, and things that only sound like it."""
    rows: list[dict[str, Any]] = []
    for number in range(8):
        rows.append({"tiêu đề": f"Giày Zandoro nam mẫu {number}", "nhãn hiệu": "Zandoro", "mã gian hàng": f"S{number % 4}"})
    rows.append({"tiêu đề": "Giày Zandorro nam gọi 0900000001", "nhãn hiệu": "", "mã gian hàng": "S9"})
    rows.append({"tiêu đề": "Bánh Zandoro vị dâu", "nhãn hiệu": "", "mã gian hàng": "S5"})
    rows.append({"tiêu đề": "Giày Zandoro phối Nike", "nhãn hiệu": "Nike", "mã gian hàng": "S6", "gian hàng chính hãng": "true"})
    rows.append({"tiêu đề": "Giày Nike nam", "nhãn hiệu": "Nike", "mã gian hàng": "S6"})
    rows.append({"tiêu đề": "Túi vải nữ", "nhãn hiệu": "OEM", "mã gian hàng": "S7"})
    yield crawl(rows)


def said(*arguments: str) -> dict[str, Any]:
    done = CliRunner().invoke(app, ["brand", *arguments, "--json"])
    assert done.exit_code == 0, (done.output, done.exception)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_a_name_of_several_sellers_is_mined_with_its_evidence(market: Path) -> None:
    found = said("mine", str(market))
    assert found["listings"] == 13
    names = {one["name"]: one for one in found["names"]}
    assert set(names) == {"zandoro"}  # Nike is known, OEM says none, the misspelling has one seller
    one = names["zandoro"]
    # Eight in the field and the title, the cake in the title; beside Nike the title's maker is known.
    assert (one["in_field"], one["in_title"], one["sellers"]) == (8, 9, 5)
    assert one["groups"] == {"giày dép": 8, "thực phẩm, bánh kẹo": 1}
    assert one["examples"][0] == "Giày Zandoro nam mẫu 0"


def test_names_of_fewer_sellers_than_asked_for_are_left_out(market: Path) -> None:
    assert said("mine", str(market), "--min-sellers", "6")["names"] == []
    assert {one["name"] for one in said("mine", str(market), "--min-sellers", "1", "--min-listings", "1")["names"]} == {"zandoro", "zandorro"}


def test_a_preview_shows_every_way_of_writing_and_what_would_count(market: Path) -> None:
    found = said("preview", "Zandoro", str(market), "--goods", "giày dép")
    forms = {(one["match"], one["form"]): one for one in found["forms"]}
    exact, fuzzy = forms["exact", "zandoro"], forms["fuzzy", "zandorro"]
    assert (exact["n"], exact["counted"], exact["beside_goods"], exact["vouched_for"], exact["sellers"]) == (10, 10, 9, 1, 6)
    assert (fuzzy["n"], fuzzy["counted"], fuzzy["beside_goods"]) == (1, 1, 1)
    assert found["titles_with_a_hit"] == 11 and found["goods_groups"] == {"giày dép": 10, "thực phẩm, bánh kẹo": 1}
    assert found["known_brands_in_the_same_titles"] == {"Nike": 1}


def test_a_name_that_is_also_a_word_would_count_only_beside_its_goods(market: Path) -> None:
    found = said("preview", "Zandoro", str(market), "--goods", "giày dép", "--common-word")
    exact = next(one for one in found["forms"] if one["match"] == "exact")
    assert (exact["n"], exact["counted"]) == (10, 9)


def test_what_is_shown_of_a_title_never_shows_a_phone(market: Path) -> None:
    mined = said("mine", str(market), "--min-sellers", "1", "--min-listings", "1")
    shown = said("preview", "Zandoro", str(market), "--goods", "giày dép")
    for text in (json.dumps(mined), json.dumps(shown)):
        assert "0900000001" not in text and "0900xxxxxx" in text


def test_a_disguise_and_a_lookalike_change_what_would_match(market: Path) -> None:
    found = said("preview", "Zando", str(market), "--goods", "giày dép", "--disguise", "Zandorro", "--lookalike", "zandoro")
    assert {(one["match"], one["form"]) for one in found["forms"]} == {("disguise", "zandorro")}


def test_names_a_few_edits_from_a_known_one_are_told(market: Path) -> None:
    found = said("preview", "Adidos", str(market), "--goods", "giày dép")
    assert any("Adidas" in one for one in found["known_names_a_few_edits_away"])


def test_both_commands_speak_to_people_too(market: Path) -> None:
    mined = CliRunner().invoke(app, ["brand", "mine", str(market)])
    assert mined.exit_code == 0 and "zandoro: 5 sellers" in mined.output
    shown = CliRunner().invoke(app, ["brand", "preview", "Zandoro", str(market), "--goods", "giày dép"])
    assert shown.exit_code == 0 and "11 of 13 titles" in shown.output and "[Zandorro]" in shown.output


@pytest.mark.parametrize(("name", "goods", "error"), [("Nike", "giày dép", "already a name of Nike"), ("Zandoro", "giày", "unknown goods")])
def test_a_known_name_and_unknown_goods_are_refused_in_words(market: Path, name: str, goods: str, error: str) -> None:
    done = CliRunner().invoke(app, ["brand", "preview", name, str(market), "--goods", goods])
    assert isinstance(done.exception, ConfigError) and error in str(done.exception)


def test_a_crawl_without_listings_says_so(crawl: Crawl) -> None:
    empty = crawl([], "empty.csv")
    done = CliRunner().invoke(app, ["brand", "mine", str(empty)])
    assert isinstance(done.exception, NothingNew) or done.exit_code != 0
