"""Copied texts and pictures: who else shows them, at what price, as of the day, and found without comparing everything with everything."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.errors import DataError
from features.fold import fold
from features.image_index import empty_image_index, image_codes
from features.signatures import as_bytes, from_bytes, signatures
from features.text_groups import text_groups
from features.text_index import NO_GROUP, TextLimits, empty_index
from pipeline.stages.links import find_links

WORDS = [f"{a}{b}" for a in ("ba", "co", "da", "gi", "ho", "ka", "li", "mo", "nu", "sa") for b in ("ng", "n", "m", "t", "c", "p", "ch")]
TEXTS = ["platform", "listing_id", "seller_id", "seller_name", "seller_type", "contact_keys", "image_hashes", "tax_code", "licence_no"]


def text(seed: int, n: int = 60) -> str:
    return " ".join(random.Random(seed).choices(WORDS, k=n))


def edited(given: str, seed: int, share: float) -> str:
    draw = random.Random(seed)
    return " ".join(draw.choice(WORDS) if draw.random() < share else word for word in given.split())


def crawl(*rows: dict[str, Any]) -> pd.DataFrame:
    nothing = dict.fromkeys(TEXTS) | {"platform": "shopee", "is_official": False, "price_vnd": 100_000.0, "title": "tin", "description": ""}
    table = pd.DataFrame([nothing | {"listing_id": f"L{at}", "captured_at": "2026-06-01", "created_at": None} | row for at, row in enumerate(rows)])
    table["signature"] = as_bytes(signatures(table["title"].map(fold).tolist(), table["description"].map(fold).tolist()))
    for name in ("captured_at", "created_at"):
        table[name] = pd.to_datetime(table[name], utc=True).astype("datetime64[us, UTC]")
    return table.astype(dict.fromkeys(TEXTS, "str"))


def columns(*rows: dict[str, Any]) -> pd.DataFrame:
    return find_links(crawl(*rows)).columns


# Signatures


def agreement(a: str, b: str) -> float:
    one, two = signatures([a, b], ["", ""])[:, 1:]
    either = (one > 0) | (two > 0)
    return float((one == two)[either].mean())


def exact(a: str, b: str) -> float:
    one, two = ({tuple(x.split()[i : i + 3]) for i in range(len(x.split()) - 2)} for x in (a, b))
    return len(one & two) / len(one | two)


@pytest.mark.parametrize("share", [0.0, 0.02, 0.1, 0.3])
def test_two_signatures_agree_as_much_as_the_texts_shingles_overlap(share: float) -> None:
    pairs = [(text(seed, 150), edited(text(seed, 150), seed + 1000, share)) for seed in range(60)]
    estimated, true = (np.mean([measure(a, b) for a, b in pairs]) for measure in (agreement, exact))
    assert estimated == pytest.approx(true, abs=0.03)


def test_a_short_text_is_compared_exactly() -> None:
    # Shingles "a b c", "b c d", "c d e" against "a b c", "b c d", "c d f": 2 of 4 are shared.
    assert agreement("mot hai ba bon nam", "mot hai ba bon sau") == 0.5


@given(st.lists(st.text(max_size=300), min_size=1, max_size=5))
def test_a_text_has_the_same_signature_alone_and_in_any_batch(texts: list[str]) -> None:
    together = signatures(texts, [""] * len(texts))
    alone = np.concatenate([signatures([one], [""]) for one in texts])
    assert np.array_equal(together, alone)
    assert np.array_equal(from_bytes(b"".join(as_bytes(together))), together)


def test_marks_case_and_punctuation_do_not_matter() -> None:
    assert agreement("túi đeo chéo, da thật — màu nâu", fold("TUI DEO CHEO DA THAT MAU NAU")) == 1.0


# Groups of texts


def grouped(texts: list[str], days: list[int] | None = None) -> list[int]:
    index, numbers = empty_index().extended(signatures(texts, [""] * len(texts)), np.array(days or [0] * len(texts)))
    found: list[int] = index.group_keys(numbers).tolist()
    return found


def test_a_slightly_edited_copy_is_the_same_text_and_another_text_is_not() -> None:
    one, copy, other = grouped([text(1), edited(text(1), 2, 0.02), text(3)])
    assert one == copy != other


def test_a_title_is_too_short_to_be_a_copy() -> None:
    assert grouped(["Giày chạy bộ nam siêu nhẹ"] * 3) == [NO_GROUP] * 3


def test_boilerplate_under_everybodys_text_makes_no_copies() -> None:
    boilerplate = text(0, 60)
    texts = [f"{text(seed, 40)} {boilerplate}" for seed in range(1, 201)]
    assert len(set(grouped(texts))) == 200


def test_a_chain_of_small_changes_ends() -> None:
    chain = [text(5, 80)]
    for step in range(40):
        chain.append(edited(chain[-1], step, 0.04))
    found = grouped(chain, list(range(len(chain))))
    assert found[0] == found[1] != found[-1]


def test_nearly_all_copies_are_found_among_thousands_of_texts() -> None:
    originals = [text(seed, 90) for seed in range(2000)]
    copies = [edited(one, seed, 0.03) for seed, one in enumerate(originals)]
    found = grouped(originals + copies)
    alike = [exact(a, b) >= 0.7 for a, b in zip(originals, copies, strict=True)]
    hit = [found[at] == found[at + 2000] for at in range(2000)]
    assert np.mean([a for a, b in zip(hit, alike, strict=True) if b]) > 0.97
    assert len(set(found)) >= 2000  # and no two originals were taken for one another


@pytest.mark.parametrize("days", [1, 7, 300])
def test_a_whole_crawl_at_once_gives_the_groups_of_the_index(days: int) -> None:
    drawn = np.random.default_rng(days)
    boilerplate = text(0, 30)
    texts = [f"{edited(text(seed % 60, 50), seed, 0.08 * drawn.random())} {boilerplate}" for seed in range(600)]
    texts += [text(seed, 8) for seed in range(50)] + texts[:100]
    table, when = signatures(texts, [""] * len(texts)), drawn.integers(0, days, len(texts))
    strict = TextLimits(common_texts=20)
    index, numbers = empty_index(strict).extended(table, when)
    found = text_groups(table, when, strict)
    np.testing.assert_array_equal(found[0], numbers)
    np.testing.assert_array_equal(found[1], index.group_keys(numbers))
    assert 60 < len(set(found[1].tolist())) < 600
    np.testing.assert_array_equal(text_groups(table[::-1], when[::-1], strict)[1][::-1], found[1])


def test_an_index_extended_day_by_day_is_the_index_of_all_days() -> None:
    texts = [edited(text(seed % 40), seed, 0.02) for seed in range(300)]
    days = [seed // 60 for seed in range(300)]
    table = signatures(texts, [""] * 300)
    whole, numbers = empty_index().extended(table, np.array(days))
    index, said = empty_index(), []
    for day in range(5):
        at = np.flatnonzero(np.array(days) == day)
        index, mine = index.extended(table[at], np.array(days)[at])
        said += index.group_keys(mine).tolist()
    assert said == whole.group_keys(numbers).tolist()
    assert np.array_equal(index.groups, whole.groups)


def test_an_index_refuses_rows_of_a_day_that_it_already_holds() -> None:
    index, _ = empty_index().extended(signatures([text(1)], [""]), np.array([5]))
    with pytest.raises(DataError, match="day 5"):
        index.extended(signatures([text(2)], [""]), np.array([5]))


def test_an_index_is_extended_once() -> None:
    old, numbers = empty_index().extended(signatures([text(1)], [""]), np.array([1]))
    new, _ = old.extended(signatures([text(2)], [""]), np.array([2]))
    assert old.group_keys(numbers).tolist() == new.group_keys(numbers).tolist()
    with pytest.raises(DataError, match="extended already"):
        old.extended(signatures([text(3)], [""]), np.array([3]))


def test_limits_can_be_set() -> None:
    strict = empty_index(TextLimits(similar=0.99))
    index, numbers = strict.extended(signatures([text(1), edited(text(1), 2, 0.05)], ["", ""]), np.array([0, 0]))
    assert len(set(index.group_keys(numbers).tolist())) == 2


# Pictures


def test_pictures_three_bits_apart_are_one_and_ten_bits_apart_are_two() -> None:
    codes, comparable = image_codes(["ffff0000ffff0000", "ffff0000ffff0007", "ffff0000ffff03ff"])
    index, numbers = empty_image_index().extended(codes, comparable, np.zeros(3, np.int64))
    one, near, far = index.group_keys(numbers).tolist()
    assert one == near != far


@given(st.integers(0, 2**64 - 1), st.sets(st.integers(0, 63), max_size=3))
def test_whichever_three_bits_differ_the_pair_is_found(code: int, bits: set[int]) -> None:
    other = code
    for bit in bits:
        other ^= 1 << bit
    index, numbers = empty_image_index().extended(np.array([code, other], np.uint64), np.array([True, True]), np.array([0, 1]))
    assert index.groups[numbers[0]] == index.groups[numbers[1]]


def test_names_of_picture_files_are_compared_whole() -> None:
    codes, comparable = image_codes(["sg-11134201-7rd3v-aa", "sg-11134201-7rd3v-ab", "sg-11134201-7rd3v-aa"])
    index, numbers = empty_image_index().extended(codes, comparable, np.zeros(3, np.int64))
    found = index.group_keys(numbers).tolist()
    assert found[0] == found[2] != found[1]


# Columns


def test_other_sellers_with_the_text_are_counted_once_each_and_never_oneself() -> None:
    said = text(7)
    rows = [{"seller_id": name, "description": said} for name in ("a", "a", "b", "c", "c")] + [{"seller_id": "d", "description": text(8)}]
    assert columns(*rows)["dup_n_sellers"].tolist() == [2, 2, 2, 2, 2, 0]


def test_a_text_may_stand_on_several_platforms() -> None:
    rows = [{"seller_id": "a", "platform": name, "description": text(7)} for name in ("shopee", "tiki")]
    found = columns(*rows)
    assert found["dup_n_platforms"].tolist() == [2, 2] and found["dup_n_sellers"].tolist() == [1, 1]


def test_an_official_shops_text_under_another_shop_is_told_from_a_text_that_resellers_share() -> None:
    official = {"seller_id": "hãng", "is_official": True, "description": text(9), "price_vnd": 1_000_000.0}
    thief = {"seller_id": "x", "description": text(9), "price_vnd": 300_000.0}
    resellers = [{"seller_id": name, "description": text(10)} for name in ("y", "z")]
    found = columns(official, thief, *resellers)
    assert found["dup_official_text"].tolist() == [0, 1, 0, 0]
    assert found["dup_official_price_ratio"].tolist()[1] == pytest.approx(0.3)
    assert found["dup_official_price_ratio"].isna().tolist() == [True, False, True, True]


def test_an_official_shop_that_copies_a_sellers_text_later_makes_nobody_a_thief() -> None:
    first = {"seller_id": "x", "description": text(9), "captured_at": "2026-06-01"}
    later = {"seller_id": "hãng", "is_official": True, "description": text(9), "captured_at": "2026-06-05"}
    assert columns(first, later, first | {"listing_id": "again", "captured_at": "2026-06-09"})["dup_official_text"].tolist() == [0, 0, 0]


def test_the_price_is_set_against_other_sellers_of_the_same_text() -> None:
    rows = [{"seller_id": name, "description": text(7), "price_vnd": price} for name, price in (("a", 50.0), ("b", 100.0), ("c", 400.0))]
    # a: 50 / sqrt(100 * 400) = 0.25
    assert columns(*rows)["dup_price_ratio"].tolist() == pytest.approx([0.25, 100 / np.sqrt(50 * 400), 400 / np.sqrt(50 * 100)], rel=1e-5)


def test_what_others_show_later_does_not_exist_yet() -> None:
    rows = [{"seller_id": name, "description": text(7), "captured_at": f"2026-06-0{day}"} for name, day in (("a", 1), ("b", 2), ("c", 3))]
    assert columns(*rows)["dup_n_sellers"].tolist() == [0, 1, 2]


def test_a_shared_picture_is_counted_by_other_sellers() -> None:
    rows = [{"seller_id": "a", "image_hashes": "00000000000000aa;00000000ffffffff"}, {"seller_id": "b", "image_hashes": "00000000ffffffff"}]
    found = columns(*rows, {"seller_id": "c"})["dup_n_image_sellers"]
    assert found.tolist()[:2] == [1, 1] and np.isnan(found[2])


@settings(max_examples=12)
@given(st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter_and_nothing_later_changes_what_was(draw: random.Random) -> None:
    rows = [
        {
            "seller_id": draw.choice("abcde"),
            "listing_id": f"L{at}",
            "description": edited(text(draw.randint(0, 3)), at, 0.02),
            "captured_at": f"2026-06-0{draw.randint(1, 4)}",
            "price_vnd": float(draw.randint(10, 99)),
            "is_official": draw.random() < 0.2,
            "contact_keys": draw.choice([None, "k1", "k2", "k1;k3"]),
            "image_hashes": draw.choice([None, "00000000000000aa", "00000000000000ab;0123456789abcdef"]),
        }
        for at in range(25)
    ]
    whole = crawl(*rows)
    outcomes = pd.DataFrame({"platform": "shopee", "listing_id": ["L0", "L3"], "status": "confirmed", "source": "inspection"})
    outcomes["known_at"] = pd.to_datetime(["2026-06-02", "2026-06-03"], utc=True)
    now = find_links(whole, outcomes=outcomes).columns
    until = whole["captured_at"] < "2026-06-03"
    earlier = whole[until].sample(frac=1, random_state=draw.randint(0, 99))
    then = find_links(earlier.reset_index(drop=True), outcomes=outcomes).columns.set_axis(earlier.index).sort_index()
    pd.testing.assert_frame_equal(then, now[until], check_exact=True)


def test_an_empty_crawl_has_no_links() -> None:
    found = find_links(crawl({"seller_id": "a"}).iloc[:0])
    assert not len(found.columns) and not len(found.links) and not len(found.networks)
