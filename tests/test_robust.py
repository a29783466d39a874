"""Evasion does not pay: words that matter are found however they are written, and rewriting a title does not sink its listing."""

from __future__ import annotations

import random
import unicodedata

import pandas as pd
import pytest

from benchmarks import robust
from benchmarks.obfuscation import MIXTURES, TACTICS, disguise, names, write
from features.assemble import row_features
from models.evidence import weigh
from pipeline.reference import load_lexicons, load_reference
from pipeline.stages.score import with_lexicon

LEAST, ON_AVERAGE = 0.85, 0.95
BRANDS = ["Nike", "Adidas", "Gucci", "Chanel", "Samsung", "Panasonic", "Innisfree", "Louis Vuitton", "Converse", "Logitech"]
GOODS = {"Nike": "Giày", "Adidas": "Giày", "Gucci": "Túi xách", "Chanel": "Nước hoa", "Samsung": "Điện thoại", "Panasonic": "Máy sấy tóc"}
GOODS |= {"Innisfree": "Sữa rửa mặt", "Louis Vuitton": "Túi xách", "Converse": "Giày", "Logitech": "Chuột"}


@pytest.fixture(scope="module")
def cue_shares() -> dict[str, float]:
    """Share of the table's phrases that are still signs, by tactic."""
    lexicons, reference = load_lexicons(), load_reference()
    kept = {tactic: robust.table_hits_kept(reference, tactic, lexicons) for tactic in names()}
    return {tactic: one.found / one.changed for tactic, one in kept.items() if one.changed}


@pytest.mark.parametrize("tactic", names())
def test_no_tactic_hides_more_than_three_in_twenty_phrases(tactic: str, cue_shares: dict[str, float]) -> None:
    assert cue_shares[tactic] >= LEAST


def test_on_average_nineteen_of_twenty_phrases_are_found(cue_shares: dict[str, float]) -> None:
    assert sum(cue_shares.values()) / len(cue_shares) >= ON_AVERAGE


@pytest.mark.parametrize("tactic", names())
def test_brand_names_are_found_however_they_are_written(tactic: str) -> None:
    titles = [f"{GOODS[brand]} {brand} mẫu mới 2022" for brand in BRANDS]
    spans = [(title.index(brand), title.index(brand) + len(brand)) for title, brand in zip(titles, BRANDS, strict=True)]
    kept = robust.brands_kept([(title, brand, *span) for title, brand, span in zip(titles, BRANDS, spans, strict=True)], tactic, load_lexicons())
    assert kept.found >= 0.8 * kept.changed


def _listings(titles: list[str]) -> pd.DataFrame:
    columns = ["description", "seller_name", "category", "brand", "seller_id"]
    rows = [dict.fromkeys(columns) | {"title": title, "platform": "sàn thử", "listing_id": str(at)} for at, title in enumerate(titles)]
    return pd.DataFrame(rows).astype("str").assign(captured_at=pd.Timestamp("2026-06-01", tz="UTC"))


def _word_points(titles: list[str]) -> list[float]:
    reference = load_reference()
    columns, hits, *_ = row_features(_listings(titles), load_lexicons())
    rows = columns.assign(seller_official=0.0, seller_identity_missing=0.0)
    missing = [
        "price_gap",
        "price_z",
        "price_level",
        "price_to_genuine",
        "price_ref_mid",
        "price_ref_floor",
        "price_gap_high",
        "price_band",
        "price_vnd",
        "seller_age_days",
        "seller_n_famous_brands",
    ]
    rows = rows.assign(**dict.fromkeys(missing, float("nan")))
    points: list[float] = weigh(rows, with_lexicon(hits, reference), reference.weights).scores["points"].tolist()
    return points


@pytest.mark.parametrize("tactic", list(TACTICS))
def test_rewriting_the_words_that_matter_does_not_lower_the_points_of_a_title(tactic: str) -> None:
    titles = ["Giày Nike rep 1:1 nam nữ", "Túi xách Gucci super fake", "Giày Adidas hàng replica", "Túi xách Chanel like auth"]
    words = [["Nike", "rep 1:1"], ["Gucci", "super fake"], ["Adidas", "hàng replica"], ["Chanel", "like auth"]]
    spans = [[(title.index(word), title.index(word) + len(word)) for word in both] for title, both in zip(titles, words, strict=True)]
    written = [disguise(title, both, tactic, seed=7) for title, both in zip(titles, spans, strict=True)]
    before, after = _word_points(titles), _word_points(written)
    assert min(before) > 0
    assert sum(late >= early - 1e-9 for early, late in zip(before, after, strict=True)) >= 3


def test_a_seed_gives_the_same_disguise_and_another_seed_another() -> None:
    text, spans = "Giày Nike super fake cao cấp", [(5, 9), (10, 20)]
    assert disguise(text, spans, "zero_width", seed=1) == disguise(text, spans, "zero_width", seed=1)
    assert len({disguise(text, spans, "zero_width", seed=seed) for seed in range(8)}) > 1


def test_only_the_words_at_the_spans_are_rewritten() -> None:
    written = disguise("Giày Nike đẹp", [(5, 9)], "dots", seed=3)
    assert written.startswith("Giày ") and written.endswith(" đẹp") and "Nike" not in written


@pytest.mark.parametrize("tactic", names())
def test_every_tactic_changes_some_phrase(tactic: str) -> None:
    phrases = ["hàng nhái", "siêu cấp", "rep 1:1", "không hóa đơn", "Louis Vuitton"]
    assert any(write(phrase, tactic, random.Random(seed)) != phrase for phrase in phrases for seed in range(5))


def test_mixtures_are_made_of_known_tactics() -> None:
    assert all(one in TACTICS for pair in MIXTURES for one in pair)


def test_the_generator_knows_nothing_of_the_reader() -> None:
    source = (robust.REVIEWED.parent / "obfuscation.py").read_text(encoding="utf-8")
    assert "from features" not in source and "import features" not in source


def test_verdicts_on_new_hits_are_true_or_false_and_stand_once() -> None:
    table = pd.read_csv(robust.REVIEWED, dtype="str")
    assert set(table["verdict"]) <= {"true", "false"}
    assert not table.duplicated(["cue_id", "quote"]).any()
    assert set(table["cue_id"]) <= set(load_reference().cues["cue_id"])
    assert all(unicodedata.is_normalized("NFC", quote) for quote in table["quote"])
