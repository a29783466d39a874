"""Which article a title names: numbers and sizes exactly, words nearly, and never by what was seen later."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.pack import amounts, pack_size, price_form, size, units, variants_spread
from features.product import ALIKE, Products, model_key, names_model, product_words


@pytest.mark.parametrize(
    ("title", "key"),
    [
        ("điện thoại iphone 15 pro max 256 gb", "15 256gb max pro"),
        ("điện thoại iphone 15 promax 256gb", "15 256gb max pro"),
        ("redmi note 12 (4gb/128gb)", "12 128gb 4gb note"),
        ("redmi note 12 4/128gb", "12 128gb 4gb note"),
        ("sữa rửa mặt 0,5 lít", "500ml"),
        ("sữa rửa mặt 500 ml", "500ml"),
        ("gạo 5kg", "5000g"),
        ("áo thun size 36 giảm 10% mẫu 2024", ""),
        ("combo 3 áo, tặng 1 quần", ""),
        ("[mã 15k giảm 10k] giày nữ", ""),
        ("đồng hồ casio mtp-1374d", "1374d"),
    ],
)
def test_the_key_of_a_title_holds_its_model_and_size_and_nothing_it_counts_or_promises(title: str, key: str) -> None:
    assert model_key(title) == key


@pytest.mark.parametrize(
    "pair",
    [("iphone 15 128gb", "iphone 14 128gb"), ("iphone 15", "iphone 15 pro"), ("nước hoa 50ml", "nước hoa 100ml"), ("loa jbl t280", "loa jbl t290")],
)
def test_another_number_size_or_variant_is_another_article(pair: tuple[str, str]) -> None:
    assert model_key(pair[0]) != model_key(pair[1])


def test_a_size_alone_names_no_model() -> None:
    assert names_model(pd.Series(["100ml", "t280", "30viên"], dtype="str")).tolist() == [False, True, False]


def clusters(*titles: str, day: list[int] | None = None, block: list[int] | None = None) -> list[int]:
    """Cluster of each title; titles of one day and one block unless said otherwise."""
    words = pd.Series([product_words(title) for title in titles], dtype="str")
    blocks = np.array(block or [1] * len(titles), dtype=np.int64)
    days = np.array(day or [0] * len(titles), dtype=np.int64)
    order = np.lexsort((np.arange(len(titles)), days))
    return Products().fit(blocks, words, days, order).transform(blocks, words, days).tolist()


def test_titles_of_nearly_the_same_words_are_one_product() -> None:
    # Five of six words in common: 5/6 ≥ 0.6; tones, order and what stands in brackets say nothing.
    found = clusters("giày nike air force trắng", "[Sale] Trắng giày nike air force", "giay nike air force trang đẹp", "giày nike pegasus chạy bộ")
    assert found[0] == found[1] == found[2] != found[3]


def test_titles_that_share_fewer_words_are_not() -> None:
    # Two of six different words: 2/6 < 0.6.
    one, two = clusters("giày nike trắng cổ", "giày nike hồng thấp")
    assert one != two


def test_a_nearer_product_founded_later_draws_only_later_titles() -> None:
    # The second title shares 4 of 6 words with the first, 4 of 5 with the third, which shares only 3 of 6 with the first.
    first, second, third, again = clusters(
        "giày nike air force trắng", "giày nike air force đen", "nike air force đen", "giày nike air force đen", day=[0, 0, 1, 1]
    )
    assert first == second != third == again


def test_no_product_reaches_over_a_block() -> None:
    assert len(set(clusters("giày nike", "giày nike", block=[1, 2]))) == 2
    assert clusters("giày nike", block=[-1]) == [-1]


def test_a_title_without_words_belongs_to_no_product() -> None:
    assert clusters("12345", "12345") == [-1, -1]


words = st.lists(st.sampled_from("giày nike air force trắng đen hồng chạy bộ nam nữ".split()), min_size=1, max_size=6).map(" ".join)
rows = st.lists(st.tuples(words, st.integers(0, 5)), min_size=1, max_size=25)


@settings(max_examples=40)
@given(rows, st.integers(0, 5), st.randoms(use_true_random=False))
def test_later_titles_never_change_where_an_earlier_one_belongs(found: list[tuple[str, int]], last: int, draw: Any) -> None:
    early, late = [one for one in found if one[1] <= last], [one for one in found if one[1] > last]
    draw.shuffle(late)
    everything = clusters(*(title for title, _ in early + late), day=[day for _, day in early + late])
    alone = clusters(*(title for title, _ in early), day=[day for _, day in early])
    assert _as_partition(everything[: len(early)]) == _as_partition(alone)


@settings(max_examples=40)
@given(rows)
def test_every_member_is_as_like_its_leader_as_promised(found: list[tuple[str, int]]) -> None:
    titles, days = [title for title, _ in found], [day for _, day in found]
    led: dict[int, set[str]] = {}
    for at in np.lexsort((np.arange(len(found)), days)):
        cluster, mine = clusters(*titles, day=days)[at], set(product_words(titles[at]).split())
        leader = led.setdefault(cluster, mine)
        assert len(mine & leader) / len(mine | leader) >= ALIKE


def _as_partition(labels: list[int]) -> list[int]:
    first: dict[int, int] = {}
    return [first.setdefault(label, at) for at, label in enumerate(labels)]


@pytest.mark.parametrize(
    ("title", "n"),
    [
        ("combo 3 áo thun", 3), ("dầu gội 2x500ml", 2), ("thùng sữa (48 x 180ml)", 48), ("bịch 10 gói mì", 10), ("mặt nạ 3ml*9ea", 1),
        ("hộp 30 viên", 1), ("áo thun", 1), ("combo 3 hộp 3x200g", 3), ("dầu gội 500ml", 1), ("ống kính zoom 10x 50mm", 1),
    ],
)  # fmt: skip
def test_a_pack_counts_whole_articles(title: str, n: float) -> None:
    assert units(title) == n


@pytest.mark.parametrize(
    ("title", "amount"),
    [("gạo 1kg", 1000), ("gạo 1kg/5kg", 1000), ("nước 1,5 lít", 1500), ("dầu gội 2x500ml", 500), ("kem 50g", 50), ("hộp 30 viên", None)],
)
def test_the_size_of_one_article_is_read_in_one_unit_and_of_a_choice_the_smallest(title: str, amount: float | None) -> None:
    assert pack_size(title) == amount or (amount is None and np.isnan(pack_size(title)))


def test_pills_in_a_box_are_a_size_and_no_pack() -> None:
    found = size("vitamin hộp 30 viên")
    assert found is not None and (found.amount, found.unit) == (30, "viên")


@pytest.mark.parametrize("title", ["áo dưới 58kg", "quần 40kg-75kg", "form từ 45kg đến 60kg", "điện thoại ram 8g", "nhẹ trên 5 kg"])
def test_the_buyers_weight_and_a_chips_memory_are_no_size(title: str) -> None:
    assert amounts(title) == []


@pytest.mark.parametrize(
    ("title", "variants", "form"),
    [
        ("giày nike giá chỉ từ 99k", "", "from"), ("giày chỉ từ 150.000đ", "", "from"), ("mã giảm cho đơn từ 100k", "", ""),
        ("size từ 40kg", "", ""), ("túi gucci ib giá", "", "ask"), ("túi gucci giá inbox", "", "ask"),
        ("combo sữa rửa mặt + toner", "", "bundle"), ("kem spf50+ pa++", "", ""), ("vali nhựa pc+abs", "", ""), ("giày nike + tặng tất", "", ""),
        ("combo giày nike + tặng tất", "", ""), ("gạo 1kg/5kg", "", "choice"), ("nước hoa", "10ml;100ml", "choice"),
        ("giày nike", "đỏ;xanh", ""), ("giày nike", "đỏ;đặt cọc", "choice"), ("giày nike", "", ""),
    ],
)  # fmt: skip
def test_what_a_price_is_the_price_of(title: str, variants: str, form: str) -> None:
    assert price_form(title, variants) == form


def test_the_spread_of_variants_is_that_of_their_sizes() -> None:
    assert variants_spread("10ml;100ml") == pytest.approx(np.log(10))
    assert variants_spread("đỏ;xanh") is None


@given(st.text(alphabet="0123456789 .,x*/+mlgkcombộhợpviên", max_size=60))
def test_any_title_can_be_read(title: str) -> None:
    assert 1 <= units(title) <= 200
    assert all(amount > 0 for amount, _, _ in amounts(title))
    assert isinstance(model_key(title), str) and price_form(title) in {"", "from", "ask", "bundle", "choice"}
