"""Which brand a title names, in which role, and when its writing counts as a disguise."""

from __future__ import annotations

import pandas as pd
import pytest

from features.brand_names import BrandLexicon
from features.brands import BRAND_COLUMNS, NO_BRAND, find_brands, settle_roles
from features.canonical import canonicalise
from features.errors import ConfigError
from pipeline.reference import load_lexicons, load_reference


def brands_of(titles: list[str], fields: list[str | None] | None = None) -> pd.DataFrame:
    lexicon = load_lexicons().brands
    column = pd.Series(fields or [None] * len(titles), dtype="str")
    return find_brands([canonicalise(title, lexicon.joinable) for title in titles], column, lexicon)


def brand_of(title: str, field: str | None = None) -> pd.Series:
    return brands_of([title], [field]).iloc[0]


@pytest.mark.parametrize(
    ("title", "brand", "role"),
    [
        ("Giày Nike Air Force 1", "Nike", "mark"),
        ("Túi Gucci da bò", "Gucci", "mark"),
        ("Áo thun thương hiệu adidas", "Adidas", "mark"),
        ("Ốp lưng dành cho iPhone 15", "Apple", "compatible"),
        ("Sạc nhanh for iPhone", "Apple", "compatible"),
        ("Dây đeo cho Apple Watch", "Apple", "compatible"),
        ("Pin tương thích với Samsung A50", "Samsung", "compatible"),
        ("Bao đựng vừa airpods pro", "Apple", "compatible"),
        ("Cáp dùng cho điện thoại Samsung", "Samsung", "compatible"),
        ("Túi xách kiểu Gucci", "Gucci", "style"),
        ("Váy phong cách Chanel", "Chanel", "style"),
        ("Nước hoa mùi Dior", "Dior", "style"),
        ("Ví dáng Hermes", "Hermès", "style"),
    ],
)
def test_the_words_before_a_brand_give_its_role(title: str, brand: str, role: str) -> None:
    found = brand_of(title)
    assert (found["brand"], found["brand_role"], found["brand_from"]) == (brand, role, "title")


def test_a_brand_named_as_the_maker_goes_before_one_the_thing_fits() -> None:
    found = brand_of("Sạc dành cho iPhone 12 13 14 15, hãng Anker")
    assert (found["brand"], found["brand_role"], found["n_brands"]) == ("Anker", "mark", 1)


DISGUISES = [
    ("Giày JOR.DAN 1 cổ thấp", "Jordan", "JOR.DAN"),
    ("Túi Gucc.i nữ", "Gucci", "Gucc.i"),
    ("Nước hoa D.I.O.R 100ml", "Dior", "D.I.O.R"),
    ("Túi C h a n e l nữ", "Chanel", "C h a n e l"),
    ("Áo thun ADI_DAS nam", "Adidas", "ADI_DAS"),
    ("Giày n1ke nam", "Nike", "n1ke"),
    ("Nước hoa D1OR nữ", "Dior", "D1OR"),
    ("Túi gu chì hàng đẹp", "Gucci", "gu chì"),
    ("Điện thoại l phone 15", "Apple", "l phone"),
    ("Giày a đi đát trắng", "Adidas", "a đi đát"),
    ("Đồng hồ rô lếch nam", "Rolex", "rô lếch"),
]


@pytest.mark.parametrize(("title", "brand", "written"), DISGUISES)
def test_a_disguised_name_beside_the_brands_goods_is_found_and_marked(title: str, brand: str, written: str) -> None:
    found = brand_of(title)
    assert (found["brand"], found["brand_evasive"]) == (brand, True)
    assert title[int(found["brand_start"]) : int(found["brand_end"])] == written


@pytest.mark.parametrize("title", ["Đèn l phone", "Bánh gu chì", "n1ke", "Sách a đi đát", "Rô lếch quà tặng", "Kẹo D1OR"])
def test_a_disguise_without_the_brands_goods_names_no_brand(title: str) -> None:
    assert pd.isna(brand_of(title)["brand"])


@pytest.mark.parametrize(
    ("title", "brand"),
    [
        ("Kem L'Oréal dưỡng da", "L'Oréal"),
        ("Kính Ray-Ban phi công", "Ray-Ban"),
        ("Kính Ray Ban phi công", "Ray-Ban"),
        ("Áo H&M nữ", "H&M"),
        ("Quần jean Levi's 501", "Levi's"),
        ("Giày Biti's Hunter", "Biti's"),
        ("Đồng hồ G-Shock", "Casio"),
        ("Hộp cơm Lock&Lock", "Lock&Lock"),
        ("Kem chống nắng La Roche-Posay", "La Roche-Posay"),
        ("Son M.A.C đỏ", "MAC"),
        ("Áo D&G nam", "Dolce & Gabbana"),
    ],
)
def test_a_brands_own_punctuation_is_no_disguise(title: str, brand: str) -> None:
    found = brand_of(title)
    assert (found["brand"], found["brand_evasive"]) == (brand, False)


@pytest.mark.parametrize("title", ["Giày Nike, Adidas", "Giày Nike-Adidas", "Giày (Nike)", "NIKE giày", "Túi GUCCI"])
def test_plain_writing_is_no_disguise(title: str) -> None:
    assert not brand_of(title)["brand_evasive"]


@pytest.mark.parametrize(
    ("innocent", "named", "brand"),
    [
        ("Vans khóa nước 21mm", "Giày Vans cổ thấp", "Vans"),
        ("Sách coach doanh nghiệp", "Túi Coach nữ", "Coach"),
        ("Ananas sấy dẻo", "Giày Ananas Urbas", "Ananas"),
        ("Gối ôm dove trắng", "Sữa tắm Dove", "Dove"),
        ("Thảm orient họa tiết", "Đồng hồ Orient nam", "Orient"),
        ("Viên uống omega 3", "Đồng hồ Omega nam", "Omega"),
        ("Lều cocoon cắm trại", "Kem dưỡng da Cocoon", "Cocoon"),
        ("Dây cáp LV 2x4", "Túi LV nữ", "Louis Vuitton"),
    ],
)
def test_an_ordinary_word_is_a_brand_only_beside_its_goods(innocent: str, named: str, brand: str) -> None:
    assert pd.isna(brand_of(innocent)["brand"])
    assert brand_of(named)["brand"] == brand


@pytest.mark.parametrize("title", ["Giày nữ LV-168", "Túi nữ LV_2021"])
def test_a_shops_own_article_number_is_no_brand(title: str) -> None:
    assert pd.isna(brand_of(title)["brand"])


@pytest.mark.parametrize("title", ["Đôi nikel mạ vàng", "Áo senike", "Bếp adidasa", "Sơn guccio"])
def test_a_brand_inside_a_longer_word_is_not_named(title: str) -> None:
    assert pd.isna(brand_of(title)["brand"])


def test_brands_are_counted_once_each_and_the_first_is_the_brand() -> None:
    found = brand_of("Giày Nike Adidas Puma Gucci Nike")
    assert (found["brand"], found["n_brands"]) == ("Nike", 4)


def test_a_brand_field_speaks_where_the_title_is_silent() -> None:
    found = brand_of("Giày thể thao nam", "NIKE")
    assert (found["brand"], found["brand_role"], found["brand_from"]) == ("Nike", "mark", "field")
    assert pd.isna(found["brand_start"])


def test_the_title_goes_before_the_brand_field() -> None:
    assert brand_of("Giày Adidas", "Nike")["brand"] == "Adidas"


@pytest.mark.parametrize("field", [*sorted(NO_BRAND), "OEM", "", "nhãn chưa ai biết"])
def test_a_brand_field_that_says_none_names_none(field: str) -> None:
    found = brand_of("Giày thể thao nam", field)
    assert pd.isna(found["brand"]) and found["n_brands"] == 0


@pytest.mark.parametrize("brand", sorted(load_reference().brands["brand"]))
def test_every_brand_of_the_table_is_known_by_its_brand_field(brand: str) -> None:
    row = load_reference().brands.set_index("brand").loc[brand]
    assert brand_of("hàng mới về", row["aliases"].split("|")[0])["brand"] == brand


def spelled_disguises() -> list[tuple[str, str]]:
    tables = load_reference()
    marker = dict(zip(tables.goods_groups["group"], tables.goods_groups["markers"].str.split("|").str[0], strict=True))
    rows = tables.brands.dropna(subset=["disguises"]).itertuples()
    return [(row.brand, f"{marker[row.goods.split('|')[0]]} {form}") for row in rows for form in row.disguises.split("|")]


@pytest.mark.parametrize(("brand", "title"), spelled_disguises())
def test_every_disguise_of_the_table_is_found_beside_the_brands_goods(brand: str, title: str) -> None:
    found = brand_of(title)
    assert found["brand"] == brand


def test_a_title_reads_the_same_alone_and_in_any_batch() -> None:
    titles = [title for title, _, _ in DISGUISES] + ["Giày Nike", "Giày Nike", "lạ"]
    together = brands_of(titles)
    alone = pd.concat([brands_of([title]) for title in titles], ignore_index=True)
    pd.testing.assert_frame_equal(together, alone)


def test_a_plain_title_is_not_taken_for_the_disguised_one_before_it() -> None:
    found = brands_of(["Túi G u c c i da", "Túi Gucci da"])
    assert found["brand_evasive"].tolist() == [True, False]
    assert found[["brand_start", "brand_end"]].to_numpy().tolist() == [[4, 13], [4, 9]]


def test_digits_for_letters_are_a_disguise_though_nothing_moved() -> None:
    found = brands_of(["Điện thoại 0PP0 A9", "Điện thoại OPPO A9"])
    assert found["brand"].tolist() == ["Oppo", "Oppo"] and found["brand_evasive"].tolist() == [True, False]


def test_an_article_number_that_sounds_like_a_brand_is_none() -> None:
    assert pd.isna(brand_of("Vải bọc vali chống trầy ELV1")["brand"])


def test_no_titles_give_an_empty_table_with_all_columns() -> None:
    assert list(brands_of([]).columns) == BRAND_COLUMNS


@pytest.mark.parametrize(
    ("title", "group", "role"),
    [
        ("Túi đựng Macbook chống sốc", "túi xách, ví, balo", "other_goods"),
        ("Macbook Air M2", "điện tử, phụ kiện", "mark"),
        ("Macbook Air M2", None, "mark"),
    ],
)
def test_a_brand_beside_goods_it_does_not_make_is_not_their_maker(title: str, group: str | None, role: str) -> None:
    lexicon = load_lexicons().brands
    found = find_brands([canonicalise(title, lexicon.joinable)], pd.Series([None], dtype="str"), lexicon).assign(brand_role="mark")
    assert settle_roles(found, pd.Series([group], dtype="str"), lexicon)["brand_role"].iloc[0] == role


@pytest.mark.parametrize(
    ("title", "brand", "match"),
    [
        ("Giày Nike nam", "Nike", "exact"),
        ("iPhone 15 Pro", "Apple", "alias"),
        ("Túi gu chì nữ", "Gucci", "disguise"),
        ("Giày A.D.I.D.A.S nam", "Adidas", "disguise"),
        ("Giày Addidas nam", "Adidas", "fuzzy"),
        ("Túi Balenciga nữ", "Balenciaga", "fuzzy"),
        ("Túi Louis Vuittn nữ", "Louis Vuitton", "fuzzy"),
        ("Máy sấy tóc Panasoni 3500W", "Panasonic", "fuzzy"),
    ],
)
def test_it_is_said_how_a_name_is_written(title: str, brand: str, match: str) -> None:
    found = brand_of(title)
    assert (found["brand"], found["brand_match"]) == (brand, match)


@pytest.mark.parametrize("title", ["Sách Addidas", "Bánh Balenciga", "Nồi Moschinno"])
def test_a_misspelling_counts_only_beside_the_brands_goods(title: str) -> None:
    assert pd.isna(brand_of(title)["brand"])


def test_a_misspelling_is_no_disguise_by_itself() -> None:
    assert not brand_of("Máy sấy tóc Panasoni 3500W")["brand_evasive"]


@pytest.mark.parametrize(
    "title",
    ["Chuốt mi mascara túi nữ", "Balo laptop Praza", "Túi super heroes", "Giày cross training", "Áo phong cách mới túi", "Giày áo basics"],
)
def test_ordinary_words_near_a_name_name_no_brand(title: str) -> None:
    assert pd.isna(brand_of(title)["brand"])


def test_a_near_name_that_the_brand_field_bears_too_is_a_maker_of_its_own() -> None:
    assert brand_of("Giày Adidaz nam")["brand"] == "Adidas"
    assert pd.isna(brand_of("Giày Adidaz nam", "Adidaz Việt Nam")["brand"])


def test_a_name_that_stands_as_it_is_goes_before_a_misspelling() -> None:
    found = brand_of("Giày Addidas như Nike")
    assert (found["brand"], found["brand_match"]) == ("Nike", "exact")


def tables_with(*names: str) -> BrandLexicon:
    row = {"disguises": None, "lookalikes": None, "goods": "giày dép", "common_word": "no"}
    brands = pd.DataFrame([{"brand": name.title(), "aliases": name, **row} for name in names])
    return BrandLexicon.from_table(brands, load_reference().goods_groups)


def test_a_word_as_near_to_two_brands_is_reported_and_not_guessed() -> None:
    lexicon = tables_with("marina", "karina")
    found = find_brands([canonicalise("Giày Barina nam")], pd.Series([None], dtype="str"), lexicon).iloc[0]
    assert pd.isna(found["brand"]) and found["brand_ambiguous"] == "Karina|Marina"


def test_two_brands_of_one_name_are_refused() -> None:
    brands = load_reference().brands
    twice = pd.concat([brands, brands.head(1).assign(brand="Nobody")], ignore_index=True)
    with pytest.raises(ConfigError, match="nike"):
        BrandLexicon.from_table(twice, load_reference().goods_groups)


def test_goods_that_no_group_holds_are_refused() -> None:
    brands = load_reference().brands.head(1).assign(goods="no such group")
    with pytest.raises(ConfigError, match="no such group"):
        BrandLexicon.from_table(brands, load_reference().goods_groups)


@pytest.mark.parametrize(
    ("title", "field", "differs"),
    [
        ("Giày Nike nam", "Nike", None),
        ("Giày Nike nam", "Adidas", "other"),
        ("Giày Nike nam", "OEM", "none"),
        ("Giày Nike nam", "No Brand", "none"),
        ("Giày Nike nam", "nhãn chưa ai biết", None),
        ("Giày Nike nam", None, None),
        ("Ốp lưng dành cho iPhone 15", "OEM", None),
        ("Giày thể thao nam", "OEM", None),
        ("Giày Nike Adidas nam", "Adidas", None),
    ],
)
def test_a_brand_field_that_does_not_bear_out_the_title_is_noted(title: str, field: str | None, differs: str | None) -> None:
    found = brand_of(title, field)["brand_field_differs"]
    assert (None if pd.isna(found) else found) == differs


def test_goods_that_the_brand_does_not_make_clear_what_the_field_said() -> None:
    lexicon = load_lexicons().brands
    found = brands_of(["Túi đựng Macbook chống sốc Apple"], ["OEM"]).assign(brand_role="mark", brand_field_differs="none")
    settled = settle_roles(found, pd.Series(["túi xách, ví, balo"], dtype="str"), lexicon)
    assert settled["brand_role"].iloc[0] == "other_goods" and pd.isna(settled["brand_field_differs"].iloc[0])


@pytest.mark.parametrize("form", ["so nai ki", "sờ-nai-kì", "a di dat", "a-di-dat"])
def test_phonetic_spellings_are_read_without_tones_and_with_hyphens(form: str) -> None:
    assert brand_of(f"Giày {form} trắng")["brand_match"] == "disguise"


def test_no_lookalike_is_a_name_and_every_brand_makes_something() -> None:
    brands = load_reference().brands.fillna("")
    names = {form for cell in brands["aliases"] for form in cell.split("|")}
    assert not {word for cell in brands["lookalikes"] for word in cell.split("|") if word} & names
    assert brands["goods"].ne("").all() and brands["brand"].is_unique


@pytest.mark.parametrize("title", ["Quạt XiaomiI chính hãng", "Áo guccci nam"])
def test_one_letter_typed_twice_is_a_slip_of_the_finger_and_no_disguise(title: str) -> None:
    one = brand_of(title)
    assert (one["brand_match"], bool(one["brand_evasive"])) == ("fuzzy", False)


def test_letters_drawn_out_are_a_disguise_still() -> None:
    assert bool(brand_of("Áo guccccci nam")["brand_evasive"])
