"""What kind of thing a listing sells: the head noun decides, offers and likenesses do not."""

from __future__ import annotations

import pandas as pd
import pytest

from features.brands import find_brands
from features.canonical import canonicalise
from features.errors import ConfigError
from features.kind import ITEM_TYPES, KIND_COLUMNS, KindLexicon, classify
from pipeline.reference import load_lexicons, load_reference

ELECTRONICS, BAGS = "điện tử, phụ kiện", "túi xách, ví, balo"


def kinds_of(titles: list[str], categories: list[str | None] | None = None) -> pd.DataFrame:
    lexicons = load_lexicons()
    read = [canonicalise(title, lexicons.brands.joinable) for title in titles]
    nothing = pd.Series([None] * len(titles), dtype="str")
    category = nothing if categories is None else pd.Series(categories, dtype="str")
    return classify(read, category, find_brands(read, nothing, lexicons.brands), lexicons.kinds)


def kind_of(title: str, category: str | None = None) -> pd.Series:
    return kinds_of([title], [category]).iloc[0]


@pytest.mark.parametrize(
    ("title", "group", "item"),
    [
        ("Điện thoại Samsung Galaxy A50", ELECTRONICS, "device"),
        ("iPhone 15 Pro Max 256GB", ELECTRONICS, "device"),
        ("Ốp lưng iPhone 15", ELECTRONICS, "accessory"),
        ("iPhone 15 ốp lưng silicon", ELECTRONICS, "accessory"),
        ("Kính cường lực iPhone", ELECTRONICS, "accessory"),
        ("Cáp sạc nhanh Samsung", ELECTRONICS, "accessory"),
        ("Màn hình thay iPhone X", ELECTRONICS, "part"),
        ("Dây đồng hồ da bò", "đồng hồ", "accessory"),
        ("Đồng hồ nam Casio", "đồng hồ", "goods"),
        ("Dây giày thể thao", "giày dép", "accessory"),
        ("Giày thể thao nam", "giày dép", "goods"),
        ("Hộp đựng kính râm", "kính mắt", "accessory"),
        ("Bình sữa cho bé", "sữa", "accessory"),
        ("Sữa bột cho bé", "sữa", "goods"),
        ("Lõi lọc nước", "gia dụng", "part"),
        ("Túi xách tay nữ", BAGS, "goods"),
        ("Sữa rửa mặt dịu nhẹ", "mỹ phẩm", "goods"),
        ("Hạt giống F1 cà chua", "vật tư nông nghiệp", "goods"),
        ("Bạt phủ xe máy", "phụ tùng xe, dầu nhớt", "goods"),
    ],
)
def test_the_head_noun_decides(title: str, group: str, item: str) -> None:
    found = kind_of(title)
    assert (found["goods_group"], found["item_type"]) == (group, item)


@pytest.mark.parametrize(
    ("title", "group"),
    [
        ("Điện thoại tặng tai nghe", ELECTRONICS),
        ("Áo thun in hình đôi giày", "thời trang"),
        ("Túi đựng mỹ phẩm", BAGS),
        ("Sách kể chuyện chiếc đồng hồ", "sách"),
        ("Giày Nike tặng tất", "giày dép"),
        ("Giày thể thao nam nhỏ gọn bỏ túi", "giày dép"),
        ("Áo khoác có túi trong", "thời trang"),
        ("Kem dưỡng da chiết xuất từ trà xanh", "mỹ phẩm"),
        ("[Tặng ví da] Giày lười nam", "giày dép"),
        ("Khăn lau kính cận", "kính mắt"),
        ("Giấy in ảnh điện thoại", ELECTRONICS),
    ],
)
def test_what_comes_with_it_or_on_it_is_not_what_is_sold(title: str, group: str) -> None:
    assert kind_of(title)["goods_group"] == group


@pytest.mark.parametrize(
    ("title", "item"),
    [
        ("Giày Nike cũ", "used"),
        ("iPhone 12 like new 99%", "used"),
        ("Áo khoác 2hand", "used"),
        ("iPad 64gb cũ", "used"),
        ("Đồng hồ cần pass", "used"),
        ("Nước hoa Dior 5ml", "sample"),
        ("Nước hoa Dior chiết 10ml", "sample"),
        ("Kem dưỡng da sample 5ml", "sample"),
        ("Serum mẫu thử", "sample"),
        ("Voucher ăn uống Highlands", "voucher"),
        ("Phiếu quà tặng siêu thị 500k", "voucher"),
        ("Thẻ cào điện thoại", "voucher"),
        ("Đặt cọc iPhone 16", "deposit"),
        ("Link bù tiền chênh lệch", "deposit"),
        ("Dịch vụ sửa chữa laptop", "service"),
        ("Sim 4G nghe gọi", "service"),
    ],
)
def test_second_hand_samples_vouchers_deposits_and_services_are_told_apart(title: str, item: str) -> None:
    assert kind_of(title)["item_type"] == item


@pytest.mark.parametrize(
    ("title", "item"),
    [
        ("[Voucher giảm 50k] Giày Nike", "goods"),
        ("Áo thun kiểu cũ", "goods"),
        ("Giày giá cũ 500k", "goods"),
        ("Serum dưỡng da tặng sample", "goods"),
        ("Kem dưỡng da tặng mini size", "goods"),
        ("Nước hoa Dior 100ml tặng lọ 5ml", "goods"),
        ("Nước hoa Dior 50ml", "goods"),
        ("Màn hình 27 inch 99% srgb", "device"),
        ("Áo len tái chế", "goods"),
    ],
)
def test_words_that_only_look_like_second_hand_samples_or_vouchers_change_nothing(title: str, item: str) -> None:
    assert kind_of(title)["item_type"] == item


@pytest.mark.parametrize(
    ("title", "units"),
    [
        ("Combo 3 áo thun", 3),
        ("Bộ 5 đôi tất nam", 5),
        ("2 cái nồi inox", 2),
        ("[3 hộp] Sữa bột", 3),
        ("Hộp 10 chiếc khẩu trang", 10),
        ("Lốc 4 hộp sữa", 4),
        ("Set 2 quần jean", 2),
        ("Áo thun", 1),
        ("Combo 0 áo", 1),
        ("Bộ 12 món nồi", 1),
        ("Nồi cơm điện 1.8L", 1),
        ("Hộp 250g trà", 1),
        ("Hộp 60 viên vitamin", 1),
        ("Bộ 3 trong 1", 1),
        ("Combo 50% giảm giá áo", 1),
        ("Mua 2 tháng", 1),
        ("Set 3.5 mét vải", 1),
        ("iPhone 15 Pro", 1),
    ],
)
def test_only_whole_articles_sold_together_count_as_a_pack(title: str, units: int) -> None:
    assert kind_of(title)["n_units"] == units


@pytest.mark.parametrize(
    ("category", "group", "item"),
    [
        ("100534", "đồng hồ", "goods"),
        ("Nhà sách trực tuyến", "sách", "goods"),
        ("women_shoes", "giày dép", "goods"),
        ("Túi xách nữ", BAGS, "goods"),
        ("Nước hoa", "nước hoa", "goods"),
    ],
)
def test_where_the_title_names_nothing_the_category_speaks(category: str, group: str, item: str) -> None:
    found = kind_of("Mẫu mới xinh", category)
    assert (found["goods_group"], found["item_type"]) == (group, item)


def test_a_category_of_devices_and_accessories_leaves_the_item_type_open() -> None:
    found = kind_of("Mẫu mới xinh", "Điện thoại")
    assert found["goods_group"] == ELECTRONICS
    assert pd.isna(found["item_type"])


def test_the_title_goes_before_the_category() -> None:
    assert kind_of("Giày thể thao nam", "100534")["goods_group"] == "giày dép"


@pytest.mark.parametrize("category", [None, "", "lạ hoắc", "999999999"])
def test_where_no_word_speaks_there_is_no_answer(category: str | None) -> None:
    found = kind_of("Mẫu mới xinh", category)
    assert found[["goods_group", "item_type", "kind_why"]].isna().all()
    assert found["n_units"] == 1


@pytest.mark.parametrize("title", ["Chó poodle", "Bút bi xanh", "Khẩu trang y tế", "Xe đạp trẻ em", "Nhà phố quận 7"])
def test_things_outside_all_groups_belong_to_none(title: str) -> None:
    assert pd.isna(kind_of(title)["goods_group"])


def test_what_fits_a_brand_and_names_no_thing_is_an_accessory() -> None:
    assert kind_of("Dùng cho Samsung A50")["item_type"] == "accessory"


def test_the_deciding_words_are_quoted() -> None:
    assert kind_of("Giày Nike cũ")["kind_why"] == "giày | cũ"


def test_every_marker_of_a_goods_group_alone_never_raises_and_gives_known_answers() -> None:
    tables = load_reference()
    markers = [marker for cell in tables.goods_groups["markers"] for marker in cell.split("|")]
    found = kinds_of(markers)
    assert set(found["goods_group"].dropna()) <= set(tables.goods_groups["group"])
    assert set(found["item_type"].dropna()) <= ITEM_TYPES
    assert found["n_units"].ge(1).all()


def test_a_title_reads_the_same_alone_and_in_any_batch() -> None:
    titles = ["Ốp lưng iPhone 15", "Giày Nike cũ", "Mẫu mới", "Ốp lưng iPhone 15", "Combo 3 áo thun"]
    categories = [None, "100534", "100534", "100534", None]
    together = kinds_of(titles, categories)
    alone = pd.concat([kinds_of([title], [category]) for title, category in zip(titles, categories, strict=True)], ignore_index=True)
    pd.testing.assert_frame_equal(together, alone)


def test_no_titles_give_an_empty_table_with_all_columns() -> None:
    assert list(kinds_of([]).columns) == KIND_COLUMNS


@pytest.mark.parametrize(("column", "value"), [("item_type", "gizmo"), ("place", "somewhere"), ("goods_group", "no such group")])
def test_a_kind_nobody_knows_is_refused(column: str, value: str) -> None:
    tables = load_reference()
    kinds = tables.kinds.copy()
    kinds.loc[0, column] = value
    with pytest.raises(ConfigError, match=value):
        KindLexicon.from_tables(tables.goods_groups, kinds, tables.categories)


def test_a_category_of_an_unknown_group_is_refused() -> None:
    tables = load_reference()
    categories = tables.categories.assign(goods_group="no such group")
    with pytest.raises(ConfigError, match="no such group"):
        KindLexicon.from_tables(tables.goods_groups, tables.kinds, categories)


@pytest.mark.parametrize(("title", "child"), [("Giày trẻ em Nike", True), ("Dép cho bé gái", True), ("Nike Kids shoes", True), ("Giày nữ", False)])
def test_articles_for_children_are_told_apart(title: str, child: bool) -> None:
    assert bool(kind_of(title)["for_children"]) is child


def test_a_pair_of_speakers_is_no_bag() -> None:
    assert kind_of("Cặp loa ô tô hai chiều")["goods_group"] == "điện tử, phụ kiện"
    assert kind_of("Cặp da công sở nam")["goods_group"] == "túi xách, ví, balo"


@pytest.mark.parametrize("title", ["Điện thoại toàn bộ 14plus mới", "Bộ 15pro max"])
def test_a_model_number_behind_a_counter_is_no_pack(title: str) -> None:
    assert kind_of(title)["n_units"] == 1


@pytest.mark.parametrize(
    ("title", "group", "item"),
    [
        ("Xe máy điện trẻ em 2 động cơ", "đồ chơi", "goods"),
        ("Xe máy điện Yamaha", "phụ tùng xe, dầu nhớt", "goods"),
        ("Chai xịt tẩy trắng giày", "giày dép", "accessory"),
        ("Chai xịt khóa nền trang điểm", "mỹ phẩm", "goods"),
        ("Bao da chìa khóa xe hơi", "phụ tùng xe, dầu nhớt", "accessory"),
        ("Bao da iPad mini", ELECTRONICS, "accessory"),
        ("Nồi niêu xoong chảo truyền kỳ (Tái bản 2020)", "sách", "goods"),
        ("Đồng hồ treo tường phòng khách", "gia dụng", "goods"),
    ],
)
def test_other_words_turn_what_the_noun_means(title: str, group: str, item: str) -> None:
    found = kind_of(title)
    assert (found["goods_group"], found["item_type"]) == (group, item)


@pytest.mark.parametrize("title", ["Sữa bột cho mèo con", "Hạt cho chó lớn vị bò", "Áo len thú cưng"])
def test_things_for_animals_are_neither_food_nor_clothes_of_people(title: str) -> None:
    assert pd.isna(kind_of(title)["goods_group"])


def test_a_category_of_animals_goes_before_the_title() -> None:
    assert kind_of("Bánh thưởng vị gà")["goods_group"] == "thực phẩm, bánh kẹo"
    assert pd.isna(kind_of("Bánh thưởng vị gà", "pet")["goods_group"])


def test_a_hint_speaks_only_where_no_noun_does() -> None:
    assert kind_of("Liệu trình giảm mụn 7 ngày")["goods_group"] == "mỹ phẩm"
    assert kind_of("Sách giảm mụn trong 7 ngày")["goods_group"] == "sách"


@pytest.mark.parametrize(
    ("title", "item"),
    [
        ("[Voucher 15% tối đa 50K] Đầm dự tiệc", "goods"),
        ("VOUCHER 15% - Set áo croptop", "goods"),
        ("Bộ nồi inox ️Evoucher️", "goods"),
        ("[E-Voucher] Buffet trưa", "voucher"),
        ("Đồng hồ nữ + dịch vụ khắc tên", "goods"),
        ("Điện thoại Nokia 2 sim", "device"),
        ("(Miễn phí ship 2022) Đầm công chúa", "goods"),
        ("Máy lọc không khí loại bỏ 99,97% bụi", "goods"),
        ("Vali nhựa chống trầy xước", "goods"),
        ("Túi nữ size mini 18cm", "goods"),
        ("Lọ chiết nước hoa 5ml", "accessory"),
    ],
)
def test_offers_figures_and_what_comes_with_it_do_not_change_the_item(title: str, item: str) -> None:
    assert kind_of(title)["item_type"] == item


def test_a_service_in_a_category_of_goods_belongs_to_none_of_them() -> None:
    found = kind_of("Sim số đẹp", "dep")
    assert found["item_type"] == "service" and pd.isna(found["goods_group"])


def test_a_container_that_counts_is_not_what_is_sold() -> None:
    assert kind_of("Làm sáng da lọ 56 viên & nước uống collagen")["goods_group"] == "thực phẩm chức năng"
    assert kind_of("Lọ hoa thủy tinh")["goods_group"] == "gia dụng"


def test_a_category_that_is_heard_at_an_unknown_time_is_refused() -> None:
    tables = load_reference()
    with pytest.raises(ConfigError, match="sometimes"):
        KindLexicon.from_tables(tables.goods_groups, tables.kinds, tables.categories.assign(speaks="sometimes"))


@pytest.mark.parametrize("place", ["turn", "hint"])
def test_a_turn_or_hint_without_a_group_is_refused(place: str) -> None:
    tables = load_reference()
    kinds = tables.kinds.copy()
    kinds.loc[0, "place"], kinds.loc[0, "goods_group"] = place, None
    with pytest.raises(ConfigError, match=place):
        KindLexicon.from_tables(tables.goods_groups, kinds, tables.categories)
