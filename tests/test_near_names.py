"""Misspelt names: found within the edits allowed, whatever the word, and nothing further away."""

from __future__ import annotations

import string
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.brands import find_brands
from features.canonical import canonicalise_all
from features.near_names import REMEMBERED, Name, NearNames, distance, edits_allowed
from pipeline.reference import load_lexicons

#: Real listings may lie beside the repository; they are never part of it.
REAL = Path(__file__).resolve().parent.parent.parent / "shared" / "data" / "listings"

WORDS = ("gucci", "adidas", "samsung", "balenciaga", "moschino", "panasonic")


def finder(*names: str, ordinary: tuple[str, ...] = ()) -> NearNames:
    return NearNames([Name(name, tuple(name.split()), at) for name in names for at in range(len(name.split()))], frozenset(ordinary))


@pytest.mark.parametrize(
    ("word", "name", "edits"),
    [
        ("guccii", "gucci", 1),
        ("gcuci", "gucci", 1),
        ("addidas", "adidas", 1),
        ("adiddas", "adidas", 1),
        ("adibas", "adidas", 1),
        ("didas", "adidas", 1),
        ("balenciga", "balenciaga", 1),
        ("balencigaa", "balenciaga", 1),
        ("ballenciga", "balenciaga", 2),
        ("panasonni", "panasonic", 2),
        ("guccì", "gucci", 0),
    ],
)
def test_a_name_a_few_edits_away_is_found(word: str, name: str, edits: int) -> None:
    found = finder(*WORDS).find(f"túi {word} nữ")
    assert [(one.name.brand, one.edits) for one in found] == [(name, edits)]
    assert (found[0].start, found[0].end) == (4, 4 + len(word))


@pytest.mark.parametrize("word", ["gucci", "guc", "gcuic", "adda", "sansumg2", "balena", "moscow", "túi"])
def test_a_name_itself_a_short_word_and_a_far_one_are_not(word: str) -> None:
    assert not finder(*WORDS).find(f"túi {word} nữ")


@given(st.sampled_from(WORDS), st.data())
def test_no_word_within_the_edits_allowed_is_missed(name: str, data: st.DataObject) -> None:
    word = name
    for _ in range(data.draw(st.integers(1, edits_allowed(name)))):
        at = data.draw(st.integers(0, len(word) - 1))
        letter = data.draw(st.sampled_from(string.ascii_lowercase))
        edited = [word[:at] + word[at + 1 :], word[:at] + letter + word[at:], word[:at] + letter + word[at + 1 :]]
        edited.append(word[:at] + word[at : at + 2][::-1] + word[at + 2 :])
        word = data.draw(st.sampled_from(edited))
    if len(word) < 5 or word in WORDS:
        return
    near = finder(*WORDS).near(word)
    assert near and near[0][1] == min(distance(word, other) for other in WORDS)


@given(st.text(string.ascii_lowercase, min_size=5, max_size=12))
def test_what_is_found_is_really_that_near(word: str) -> None:
    for name, edits in finder(*WORDS).near(word):
        assert 0 < edits == distance(word, name.brand) <= edits_allowed(name.brand)


def test_a_word_as_near_to_two_names_is_found_for_both() -> None:
    assert [(one.name.brand, one.edits) for one in finder("marina", "karina").find("áo barina")] == [("karina", 1), ("marina", 1)]


def test_ordinary_words_are_never_misspelt_names() -> None:
    assert finder("vascara").find("chuốt mascara") and not finder("vascara", ordinary=("mascara",)).find("chuốt mascara")


def test_of_a_name_of_two_words_one_may_be_misspelt_and_the_other_stands() -> None:
    names = finder("louis vuitton")
    assert [(one.start, one.end) for one in names.find("túi louis vuiton nữ")] == [(4, 16)]
    assert [(one.start, one.end) for one in names.find("túi luois vuitton nữ")] == [(4, 17)]
    assert not names.find("túi vuiton nữ") and not names.find("túi louise nữ") and not names.find("túi stlouis vuiton")


def test_words_are_asked_for_once_and_the_store_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("features.near_names.REMEMBERED", 50)
    names = finder("adidas")
    for number in range(200):
        names.find(f"từ{number} thường abcdef{'x' * (number % 40)}")
    assert len(names._far) <= 60 and len(names._known) <= 50 < REMEMBERED
    assert names.find("giày addidas")[0].name.brand == "adidas"


@given(st.text(string.ascii_lowercase, max_size=8), st.text(string.ascii_lowercase, max_size=8))
def test_distance_is_symmetric_and_zero_only_for_the_same(left: str, right: str) -> None:
    assert distance(left, right) == distance(right, left) <= max(len(left), len(right))
    assert (distance(left, right) == 0) == (left == right)


#: Misspellings that count in the real listings, each read in its title: the word means the brand.
READ = {
    ("blackmore", "Blackmores"), ("blacmores", "Blackmores"), ("convere", "Converse"), ("corsx", "Cosrx"), ("crocz", "Crocs"), ("didas", "Adidas"),
    ("dr marten", "Dr. Martens"), ("drmartin", "Dr. Martens"), ("emich", "Elmich"), ("galay", "Samsung"), ("ganier", "Garnier"),
    ("givenchi", "Givenchy"), ("kiehs", "Kiehl's"), ("krkland", "Kirkland"), ("laneig", "Laneige"), ("mabook", "Apple"), ("mcbook", "Apple"),
    ("mochino", "Moschino"), ("panasoni", "Panasonic"), ("panasonio", "Panasonic"), ("panasonix", "Panasonic"), ("panasonni", "Panasonic"),
    ("victoria secrets", "Victoria's Secret"),
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.real
@pytest.mark.skipif(not REAL.is_dir(), reason="the real listings do not lie beside the repository")
def test_every_misspelling_that_counts_in_the_real_listings_was_read() -> None:
    lexicons = load_lexicons()
    found = set()
    for path in sorted(REAL.glob("*.parquet")):
        columns = pq.read_schema(path).names
        if "title" not in columns or "category" not in columns:
            continue  # reviews and sellers
        table = pd.read_parquet(path, columns=["title", "brand"]).dropna(subset=["title"]).drop_duplicates()
        titles = canonicalise_all(table["title"].tolist(), lexicons.brands.joinable)
        brands = find_brands(titles, table["brand"].astype("str"), lexicons.brands)
        for title, row in zip(table["title"], brands.itertuples(), strict=True):
            if row.brand_match == "fuzzy":
                found.add((title[int(row.brand_start) : int(row.brand_end)].lower(), row.brand))
    assert found <= READ, found - READ
