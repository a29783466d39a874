"""Which words are signs: every cue of the table fires where it should, and assurances, descriptions and other contexts do not count."""

from __future__ import annotations

import datetime
import re

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.assemble import row_features
from features.canonical import canonicalise
from features.cues import CONTEXT_COLUMNS, HIT_COLUMNS, CueLexicon, find_cues
from features.errors import ConfigError
from pipeline.reference import load_lexicons, load_reference

CUES = load_reference().cues
ACTIVE = CUES[CUES["status"] == "active"]
WORD_CUES = ACTIVE[~ACTIVE["term"].str.startswith("re:")]
CLAUSE = "ngon, bổ, rẻ. "

#: What to write around a cue that needs certain words near it.
BESIDE = {"zalo": "liên hệ {}", "den_gap": "{} nếu không chính hãng"}


def context(**facts: str | None) -> pd.DataFrame:
    return pd.DataFrame([dict.fromkeys(CONTEXT_COLUMNS) | facts]).astype("str")


def facts_met(needs: object) -> dict[str, str]:
    """Facts of a listing that meets a ``needs`` cell; of alternatives the first."""
    facts: dict[str, str] = {}
    for part in needs.split(";") if isinstance(needs, str) else []:
        name, _, values = part.split(" or ")[0].strip().partition(":")
        if name == "brand":
            facts |= {"brand": "Nike", "brand_role": "mark"}
        elif name == "goods":
            facts["goods_group"] = values.split("|")[0].strip()
    return facts


def hits_of(text: str, *, field: str = "title", lexicon: CueLexicon | None = None, **facts: str | None) -> pd.DataFrame:
    return find_cues({field: [canonicalise(text)]}, {field: [text]}, context(**facts), lexicon or load_lexicons().cues)


def field_of(fields: object) -> str:
    return fields.split("|")[0] if isinstance(fields, str) else "title"


def sentence(cue_id: str, form: str) -> str:
    return CLAUSE + BESIDE.get(cue_id, "{}").format(form)


def signs_in(title: str, description: str | None = None, **fields: str) -> set[str]:
    hits = read(title, description, **fields)
    return set(hits.loc[hits["polarity"] == "sign", "cue_id"])


def read(title: str, description: str | None = None, **fields: str) -> pd.DataFrame:
    columns = ["title", "description", "seller_name", "category", "brand", "platform", "listing_id", "seller_id"]
    row = dict.fromkeys(columns) | {"title": title, "description": description, "platform": "sàn thử", "listing_id": "1"} | fields
    listing = pd.DataFrame([row]).astype("str").assign(captured_at=pd.Timestamp("2026-06-01", tz="UTC"))
    return row_features(listing, load_lexicons()).hits


@pytest.mark.parametrize("cue", [pytest.param(row, id=row.cue_id) for row in WORD_CUES.itertuples()])
def test_each_active_cue_is_a_sign_where_its_needs_are_met(cue: object) -> None:
    hits = hits_of(sentence(cue.cue_id, cue.term), field=field_of(cue.fields), **facts_met(cue.needs))
    assert "sign" in set(hits.loc[hits["cue_id"] == cue.cue_id, "polarity"])


NEEDY = [row for row in WORD_CUES.itertuples() if isinstance(row.needs, str) and re.match("brand|goods:", row.needs)]


@pytest.mark.parametrize("cue", [pytest.param(row, id=row.cue_id) for row in NEEDY])
def test_no_cue_is_a_sign_where_nothing_it_needs_is_known(cue: object) -> None:
    hits = hits_of(sentence(cue.cue_id, cue.term), field=field_of(cue.fields))
    mine = hits[hits["cue_id"] == cue.cue_id]
    assert mine["polarity"].tolist() == ["out_of_context"] * max(1, len(mine))


TITLE_ONLY = [row for row in WORD_CUES.itertuples() if row.fields == "title"]


@pytest.mark.parametrize("cue", [pytest.param(row, id=row.cue_id) for row in TITLE_ONLY])
def test_a_cue_for_titles_is_not_read_in_descriptions(cue: object) -> None:
    hits = hits_of(sentence(cue.cue_id, cue.term), field="description", **facts_met(cue.needs))
    assert cue.cue_id not in set(hits["cue_id"])


HELD = list(CUES[CUES["status"] == "held"].itertuples())


@pytest.mark.parametrize("cue", [pytest.param(row, id=row.cue_id) for row in HELD])
def test_a_held_cue_does_not_count(cue: object) -> None:
    hits = hits_of(sentence(cue.cue_id, cue.term), **facts_met(cue.needs))
    assert cue.cue_id not in set(hits["cue_id"])


NEGATABLE = [row for row in WORD_CUES.itertuples() if row.negatable != "no"]


@pytest.mark.parametrize("cue", [pytest.param(row, id=row.cue_id) for row in NEGATABLE])
def test_each_cue_that_can_be_denied_is_no_sign_after_a_denial(cue: object) -> None:
    hits = hits_of(f"{CLAUSE}Shop không bán {cue.term}", field=field_of(cue.fields), **facts_met(cue.needs))
    assert "sign" not in set(hits.loc[hits["cue_id"] == cue.cue_id, "polarity"])


@pytest.mark.parametrize(
    ("title", "cue_id"),
    [
        ("Giày Nike rep 1:1", "rep_11"),
        ("Giày Nike REP   1:1", "rep_11"),
        ("Giày Nike 𝗿𝗲𝗽 𝟭:𝟭", "rep_11"),
        ("Giày Nike re\u200bp 1:1", "rep_11"),
        ("Giày Nike r.e.p 1:1", "rep_11"),
        ("Giày Nike r e p 1:1", "rep_11"),
        ("Túi Gucci “rep 1:1” da bò", "rep_11"),
        ("Túi Gucci super fake", "super_fake"),
        ("Túi Gucci siêu cấp", "sieu_cap"),
        ("Giày Nike 1:1", "one_to_one"),
        ("Tai nghe hổ vằn 1562", "airpods_clone"),
        ("Giày Nike f.a.k.e", "hang_fake"),
        ("Kem dưỡng da hàng xách tay Mỹ", "xach_tay"),
        ("Pháo nổ Tết", "phao_no"),
        ("Máy vape pod system", "vape"),
        ("Thanh lý hải quan 50 máy ảnh", "hai_quan"),
    ],
)
def test_words_of_the_trade_in_a_title_are_signs_however_they_are_written(title: str, cue_id: str) -> None:
    assert cue_id in signs_in(title)


@pytest.mark.parametrize(
    "text",
    [
        "Shop không bán fake 1",
        "Cam kết không hàng fake",
        "Cam kết không bán hàng fake, hàng nhái",
        "Phát hiện hàng fake hoàn tiền",
        "Nếu là hàng fake xin nhận trách nhiệm",
        "Nói không với hàng fake",
        "Cẩn thận mua phải hàng fake",
        "Hàng fake tràn lan trên thị trường",
        "Chưa bao giờ nhập hàng lậu",
        "Shop ko bán hàng rep 1:1",
        "Đừng mua hàng replica",
        "Thay vì hàng fake, hãy dùng hàng thật",
        "Phân biệt hàng fake và hàng thật",
        "Hàng fake là gì?",
    ],
)
@pytest.mark.parametrize("place", ["title", "description"])
def test_assurances_and_warnings_are_no_signs(text: str, place: str) -> None:
    found = signs_in(f"Giày Nike nam. {text}") if place == "title" else signs_in("Giày Nike nam", text)
    assert found <= {"chinh_hang", "den_gap"}


@pytest.mark.parametrize(
    ("text", "polarity", "why"),
    [
        ("Giày Nike shop không bán fake 1", "negated", "denied"),
        ("Giày Nike cam kết hoàn tiền hàng fake", "negated", "assured"),
        ("Giày Nike hàng fake đền gấp 10", "negated", "assured_after"),
        ("Ốp lưng dành cho airpods rep", "described", "of_another"),
        ("Giày Nike phân biệt hàng fake", "out_of_context", "unless"),
        ("Truyện hàng fake", "out_of_context", "story"),
        ("Tã siêu cấp", "out_of_context", "needs brand"),
        ("Giày Nike rep 1:1", "sign", "word"),
        ("Túi Gucci siêu cấp", "sign", "needs met"),
    ],
)
def test_each_hit_says_what_it_counts_as_and_which_rule_decided(text: str, polarity: str, why: str) -> None:
    hits = read(text)
    assert (polarity, why) in set(zip(hits["polarity"], hits["why"], strict=True))


@pytest.mark.parametrize(
    "title",
    [
        "Túi xách tay nữ",
        "Túi xách tay hàn quốc",
        "Vali xách tay mỹ",
        "Hạt giống F1 cà chua",
        "Gà giống F1",
        "Ốp lưng dành cho iPhone 15",
        "Sạc dùng cho Samsung",
        "Viên uống mạnh như cao hổ cốt",
        "Loa nghe mạnh như ngoài rạp",
        "Mô hình xe tỉ lệ 1:1",
        "Nike bảo hành 1 đổi 1, giày đổi mới 1:1",
        "Tã siêu cấp thấm hút",
        "Pin AAA Panasonic",
        "Mô hình pháo nổ đồ chơi",
        "Bóng cười trang trí sinh nhật",
        "Gương mirror trang điểm",
        "Máy xay siêu cấp",
        "Nước mắm hàng loại 1",
        "Áo len 100% ảnh thật",
        "Bút cảm ứng cho iPad",
        "Sách hàng giả và hàng thật",
        "Camera IP kết nối ứng dụng Zalo",
        "Cai thuốc lá điện tử",
        "Ví sim kích hoạt quà tặng",
    ],
)
def test_what_only_sounds_like_the_trade_is_no_sign(title: str) -> None:
    assert signs_in(title) == set()


def test_a_full_stop_ends_what_a_denial_covers() -> None:
    assert "rep_11" in signs_in("Giày Nike", "Không nhận đổi trả. Giày rep 1:1 chuẩn")
    assert "rep_11" in signs_in("Giày Nike", "Không nhận đổi trả.Giày rep 1:1 chuẩn")
    assert "rep_11" in signs_in("Giày Nike", "Không nhận đổi trả\nGiày rep 1:1 chuẩn")


@pytest.mark.parametrize(
    "text",
    [
        "Giày Nike   rep   1:1   mới",
        "&#71;ucci re\u200bp 1:1 túi",
        "Giày Nike r.e.p 1:1",
        "Hàng fa\u0300ke 1 nike hàng xách tay Mỹ",
        "Túi 𝗚𝘂𝗰𝗰𝗶 𝘀𝘂𝗽𝗲𝗿 𝗳𝗮𝗸𝗲 đẹp",
        "Ha\u0300ng fake Gucci túi",
    ],
)
def test_quotes_are_the_sellers_own_words_at_their_place_in_the_original(text: str) -> None:
    hits = read(text)
    assert len(hits)
    assert [text[hit.start : hit.end] for hit in hits.itertuples()] == hits["quote"].tolist()


def test_a_quote_holds_the_disguise_as_it_was_written() -> None:
    hits = read("Giày Nike re\u200bp  1:1 mới")
    assert "re\u200bp  1:1" in hits["quote"].tolist()


def test_of_overlapping_cues_the_longest_counts() -> None:
    hits = hits_of("túi super fake", goods_group="túi xách, ví, balo")
    assert hits["quote"].tolist() == ["super fake"]


def test_a_masked_phone_number_is_a_sign_but_not_where_phone_numbers_belong() -> None:
    assert hits_of("gọi 0901xxxxxx", platform="shopee")["polarity"].tolist() == ["sign"]
    assert hits_of("gọi 0901xxxxxx", platform="chotot")["polarity"].tolist() == ["out_of_context"]


def test_hits_are_ordered_and_the_same_alone_and_in_any_batch() -> None:
    texts = ["đôi rep 1:1 và super fake", "áo thun", "hàng trốn thuế", "đôi rep 1:1 và super fake"]
    lexicon = load_lexicons().cues
    facts = pd.concat([context(goods_group="giày dép"), context(), context(), context(goods_group="giày dép")], ignore_index=True)
    together = find_cues({"title": [canonicalise(text) for text in texts]}, {"title": texts}, facts, lexicon)
    alone = []
    for row, text in enumerate(texts):
        hits = find_cues({"title": [canonicalise(text)]}, {"title": [text]}, facts.iloc[[row]].reset_index(drop=True), lexicon)
        alone.append(hits.assign(row=row))
    pd.testing.assert_frame_equal(together, pd.concat(alone, ignore_index=True), check_dtype=False)
    assert together["row"].tolist() == [0, 0, 2, 3, 3]


def test_no_texts_give_an_empty_table_with_all_columns() -> None:
    assert list(hits_of("").columns) == HIT_COLUMNS


def table(**cells: object) -> pd.DataFrame:
    row = dict.fromkeys(CUES.columns) | {"cue_id": "x", "term": "lạ kỳ", "behaviour": "scam", "strength": "weak", "status": "active"}
    return pd.DataFrame([row | {"valid_from": "2025-01-01", "valid_to": "2025-12-31"} | cells])


@pytest.mark.parametrize(
    "cells",
    [
        {"behaviour": "rude"},
        {"strength": "huge"},
        {"fields": "footer"},
        {"needs": "moon:full"},
        {"needs": "brand:Nike"},
        {"needs": "near:("},
        {"needs": "goods"},
        {"unless": "("},
        {"term": "re:("},
    ],
)
def test_a_cue_nobody_can_read_is_refused_by_name(cells: dict[str, str]) -> None:
    with pytest.raises(ConfigError, match="cue x"):
        CueLexicon.from_table(table(**cells))


def test_two_cues_of_one_id_are_refused() -> None:
    with pytest.raises(ConfigError, match="twice"):
        CueLexicon.from_table(pd.concat([table(), table()]))


@pytest.mark.parametrize(
    ("day", "fires"),
    [("2024-12-31", False), ("2025-01-01", True), ("2025-12-31", True), ("2026-01-01", False)],
)
def test_a_cue_counts_from_its_first_to_its_last_day(day: str, fires: bool) -> None:
    lexicon = CueLexicon.from_table(table(), as_of=datetime.date.fromisoformat(day))
    assert bool(len(hits_of("hàng lạ kỳ", lexicon=lexicon))) == fires


FORMS = st.sampled_from(sorted(WORD_CUES["term"]))


@given(st.lists(st.one_of(FORMS, st.text(max_size=6), st.sampled_from(["không bán", " ", ". ", "“", "\u200b", "Nike", "cho "])), max_size=12))
def test_no_text_makes_it_fail_and_every_quote_stands_in_the_text(pieces: list[str]) -> None:
    text = " ".join(pieces)
    hits = hits_of(text, brand="Nike", brand_role="mark", goods_group="giày dép")
    assert all(text[hit.start : hit.end] == hit.quote for hit in hits.itertuples())
    assert set(hits["polarity"]) <= {"sign", "negated", "described", "out_of_context"}


@pytest.mark.parametrize(
    ("title", "cue_id"),
    [
        ("Giày Nike sieu cap", "sieu_cap"),
        ("Giày Nike siu kấp", "sieu_cap"),
        ("Túi Gucci hàg nháj", "hang_nhai"),
        ("Túi Gucci hang nhai", "hang_nhai"),
        ("Giày Nike s1êu c4p", "sieu_cap"),
        ("Giày Nike REP 1 : 1", "rep_11"),
        ("Giày Nike faaake loai 1", "fake_grade"),
        ("Giày Nike hàngreplica", "replica"),
        ("Giày Nike ko hoa don", "khong_hoa_don"),
        ("Giày Nike 🇷🇪🇵 1️⃣:1️⃣", "rep_11"),
    ],
)
def test_teencode_missing_tones_and_stretched_words_are_signs_too(title: str, cue_id: str) -> None:
    assert cue_id in signs_in(title)


@pytest.mark.parametrize(
    "text",
    [
        "Giay Nike, shop khong ban hang fake",
        "Giay Nike. Phan biet hang fake va hang that",
        "Giay Nike. Cam ket khong hang nhai, hang gia",
        "Giay Nike. Hok ban hang fake",
        "Giày Nike. Phát hiện hàng nhai hoàn tiền",
    ],
)
def test_assurances_without_tones_are_assurances(text: str) -> None:
    assert signs_in(text) <= {"chinh_hang", "den_gap"}


@pytest.mark.parametrize(
    "title",
    [
        "Áo khoác phao trung niên",
        "Túi đựng đồ Nike hàng gia dụng",
        "Khi cười nói chuyện tự tin",
        "Pin sạc AA AAA Beston",
        "May mac Nike xuất khẩu giá xưởng",
    ],
)
def test_ordinary_phrases_that_a_cue_resembles_without_its_tones_are_no_sign(title: str) -> None:
    assert signs_in(title) <= {"vnxk"}


def test_a_way_of_writing_named_never_is_not_searched_for() -> None:
    cues = table(term="lạ kỳ quặc", never="la ky quac")
    assert len(hits_of("hàng lạ ky quac", lexicon=CueLexicon.from_table(cues)))
    assert not len(hits_of("hàng la ky quac", lexicon=CueLexicon.from_table(cues)))


def test_a_table_without_the_column_of_ordinary_phrases_is_read() -> None:
    cues = table(term="lạ kỳ quặc").drop(columns=["never"])
    assert len(hits_of("hàng la ky quac", lexicon=CueLexicon.from_table(cues)))


HOSTILE = {
    "ten megabytes": "Giày đẹp. Shop không bán hàng giả, " * 280_000,
    "a million marks": "a" + "\u0301" * 1_000_000,
    "denials without end": "không phải " * 100_000,
    "refunds without end": "hoàn tiền " * 100_000,
    "a fake that never pays": "fake" + "a" * 100_000,
    "open entities": "&#" * 50_000,
    "one word": "a" * 100_000,
    "masked digits": "0981xxx" * 20_000,
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_description_is_cut_and_flagged_and_the_listing_still_read(kind: str) -> None:
    row = dict.fromkeys(["seller_name", "category", "brand", "seller_id"]) | {"title": "Giày Nike rep 1:1", "description": HOSTILE[kind]}
    listing = pd.DataFrame([row | {"platform": "sàn thử", "listing_id": "1"}]).astype("str")
    read_row = row_features(listing.assign(captured_at=pd.Timestamp("2026-06-01", tz="UTC")), load_lexicons())
    assert "cut" in read_row.columns["text_flags"].iloc[0].split(",")
    hits = read_row.hits
    assert "rep_11" in set(hits.loc[hits["field"].eq("title") & hits["polarity"].eq("sign"), "cue_id"])
    assert (hits["end"] <= len(HOSTILE[kind])).all()
