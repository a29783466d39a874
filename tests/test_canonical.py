"""One text for every way of writing it: disguises are undone, ordinary text stays, and every position leads back to the seller's words."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.canonical import MAX_CHARACTERS, Canonical, canonicalise, canonicalise_all, fold, plain

BRANDS = frozenset({"dior", "chanel", "nike", "jordan", "airjordan", "gucci", "rayban", "rep"})

DISGUISES = [
    ("re\u200bp 1:1", "rep 1:1", "zero_width"),
    ("G\u200du\u2060c\ufeffci", "gucci", "zero_width"),
    ("g\u00aducci", "gucci", "zero_width"),
    ("\u202egucci\u202c", "gucci", "zero_width"),
    ("g\ufe0fucci", "gucci", "zero_width"),
    ("ｒｅｐ １：１", "rep 1:1", "styled"),
    ("Ｇｕｃｃｉ", "gucci", "styled"),
    ("𝗿𝗲𝗽 𝟭:𝟭", "rep 1:1", "styled"),
    ("𝓖𝓾𝓬𝓬𝓲", "gucci", "styled"),
    ("𝕲𝖚𝖈𝖈𝖎", "gucci", "styled"),
    ("𝙶𝚞𝚌𝚌𝚒", "gucci", "styled"),
    ("ⓖⓤⓒⓒⓘ", "gucci", "styled"),
    ("Nіkе", "nike", "homoglyph"),  # Cyrillic і and е
    ("Guссi", "gucci", "homoglyph"),  # Cyrillic с
    ("ΝΙΚΕ", "nike", "homoglyph"),  # Greek throughout
    ("NІKE", "nike", "homoglyph"),  # Cyrillic capital і
    ("ʀᴇᴘ 1:1", "rep 1:1", "homoglyph"),
    ("D.I.O.R", "dior", "spaced"),
    ("D I O R", "dior", "spaced"),
    ("d/i/o/r", "dior", "spaced"),
    ("JOR_DAN", "jordan", "spaced"),
    ("Gucc.i", "gucci", "spaced"),
    ("N*I*K*E", "nike", "spaced"),
    ("c-h-a-n-e-l", "chanel", "spaced"),
    ("hàng gia\u0309", "hàng giả", "nfd"),
    ("&#71;ucci", "gucci", "html"),
    ("&#x47;ucci", "gucci", "html"),
    ("G&uacute;cci", "gúcci", "html"),
]


@pytest.mark.parametrize(("written", "read", "flag"), DISGUISES)
def test_a_disguise_is_undone_and_named(written: str, read: str, flag: str) -> None:
    found = canonicalise(written, BRANDS)
    assert found.folded == read
    assert flag in found.flags


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("D\u200b.I.O.R", "dior"),
        ("𝗗.𝗜.𝗢.𝗥", "dior"),
        ("Nі.kе", "nike"),
        ("&#68;.I.O.R", "dior"),
        ("ni\u200bke &l\u200bt;", "nike <"),
        ("air-J.O.R.D.A.N", "airjordan"),
        ("r e p 1:1", "rep 1:1"),
        ("Gucc.i-5", "gucci-5"),
        ("tа\u0301i", "tái"),  # Cyrillic а under a loose accent
    ],
)
def test_disguises_on_top_of_each_other_are_all_undone(written: str, read: str) -> None:
    assert canonicalise(written, BRANDS).folded == read


@pytest.mark.parametrize(
    "text",
    [
        "Giày thể thao nam size 40-44, đế cao 3.5cm",
        "Áo S M L XL",
        "iPhone 15 Pro Max 256GB – chính hãng VN/A",
        "Tỉ lệ 1:1, giá 1.290.000đ",
        "https://shop.example/a.b/c-d?x=1&y=2",
        "Combo 3 hộp • giảm 10% ❤️ freeship",
        "日本語のタイトル",
        "Привет мир",
        "정품 나이키",
        "①②③ bước dùng",
        "M & M; A&B",
        "v1.2.3 E-ink U.S.A",
        "2.4G/5G wi-fi",
        "",
        " \n\t",
    ],
)
def test_ordinary_text_stays_as_it_is(text: str) -> None:
    found = canonicalise(text, BRANDS)
    assert found.text == text
    assert found.flags == frozenset()
    assert found.span(0, len(text)) == (0, len(text))


def test_letters_kept_apart_are_joined_only_into_words_the_caller_names() -> None:
    assert canonicalise("D.I.O.R").text == "D.I.O.R"
    assert canonicalise("D.I.O.R", frozenset({"nike"})).text == "D.I.O.R"
    assert canonicalise("xD.I.O.Rx", BRANDS).text == "xD.I.O.Rx"


@pytest.mark.parametrize(
    ("written", "word", "original"),
    [
        ("Nước hoa D.I.O.R 50ml", "dior", "D.I.O.R"),
        ("Giày Ni\u200bke đẹp", "nike", "Ni\u200bke"),
        ("Giày 𝗿𝗲𝗽 đẹp", "rep", "𝗿𝗲𝗽"),
        ("bán &#71;ucci &amp; ví", "gucci", "&#71;ucci"),
        ("Hàng gia\u0309 đó", "giả", "gia\u0309"),
        ("\u200b\u200bJOR_DAN 1", "jordan", "JOR_DAN"),
        ("&quot;air-J.O.R.D.A.N&quot; 1", "airjordan", "air-J.O.R.D.A.N"),
    ],
)
def test_a_span_leads_back_to_the_words_the_seller_wrote(written: str, word: str, original: str) -> None:
    found = canonicalise(written, BRANDS)
    start = found.folded.index(word)
    first, last = found.span(start, start + len(word))
    assert written[first:last] == original


def test_letters_taken_away_inside_a_word_break_it_and_untouched_words_do_not_break() -> None:
    found = canonicalise("D.I.O.R nước hoa", BRANDS)
    assert found.breaks(0, 4)
    assert not found.breaks(5, 13)


def test_vietnamese_written_decomposed_reads_like_vietnamese_written_composed() -> None:
    text = "Giày thể thao chất lượng, đế dưỡng ẩm, Ứng Hoà"
    assert canonicalise(unicodedata.normalize("NFD", text)).text == text


def test_both_tone_placements_fold_to_one_and_qu_is_left_alone() -> None:
    assert fold("HOÀ, thuỷ, khoẻ") == "hòa, thủy, khỏe"
    assert fold("quý, quỳ") == "quý, quỳ"


def test_plain_text_has_no_tones_and_no_d_with_stroke() -> None:
    assert plain("hàng giả đắt tiền") == "hang gia dat tien"


def test_a_line_of_a_hundred_kilobytes_is_cut_and_flagged() -> None:
    found = canonicalise("rép 1:1 " * 12_500)
    assert len(found.text) == MAX_CHARACTERS
    assert "cut" in found.flags


def test_a_line_just_short_enough_is_kept_whole() -> None:
    found = canonicalise("a" * MAX_CHARACTERS)
    assert (len(found.text), found.flags) == (MAX_CHARACTERS, frozenset())


@pytest.mark.parametrize("unit", ["D.I.O.R ", "a.", "\u200b", "&#71;", "g\u0301", "а", "𝗿", "&", "[", "x-"])
def test_a_hostile_line_of_one_repeated_trick_is_read_to_its_end(unit: str) -> None:
    found = canonicalise(unit * (100_000 // len(unit)), BRANDS)
    assert len(found.text) <= MAX_CHARACTERS
    assert "cut" in found.flags


def test_a_heap_of_accents_on_one_letter_is_thinned_and_flagged() -> None:
    found = canonicalise("Nike" + "\u0301" * 500)
    assert len(found.text) < 12
    assert "marks" in found.flags


def test_many_texts_are_read_as_each_alone() -> None:
    texts = ["D.I.O.R", "áo", "D.I.O.R", "ni\u200bke"]
    together = canonicalise_all(texts, BRANDS)
    assert [one.folded for one in together] == [canonicalise(text, BRANDS).folded for text in texts]
    assert together[0].span(0, 4) == (0, 7)


TRICKS = ["D.I.O.R", "\u200b", "&#71;", "&lt;", "&amp;", "е", "а", "𝗿", "ｅ", "Ⓖ", "\u0301", "\u0323", "ʀ"]
TRICKS += [".", "-", "_", " ", "air", "j.o.r.d.a.n", "&", "l"]
odd_texts = st.one_of(st.text(max_size=60), st.lists(st.one_of(st.sampled_from(TRICKS), st.text(max_size=3)), max_size=20).map("".join))


@given(odd_texts)
def test_no_text_makes_it_fail_and_folded_has_the_length_of_text(text: str) -> None:
    found = canonicalise(text, BRANDS)
    assert isinstance(found, Canonical)
    assert len(found.folded) == len(found.text) == len(plain(found.folded))


@given(odd_texts)
def test_reading_what_was_read_changes_nothing(text: str) -> None:
    once = canonicalise(text, BRANDS)
    again = canonicalise(once.text, BRANDS)
    assert (again.text, again.folded) == (once.text, once.folded)
    assert fold(once.folded) == once.folded


@given(odd_texts, st.data())
def test_every_span_lies_inside_the_original_and_later_letters_never_lead_further_back(text: str, data: st.DataObject) -> None:
    found = canonicalise(text, BRANDS)
    start = data.draw(st.integers(0, len(found.text)))
    end = data.draw(st.integers(start, len(found.text)))
    first, last = found.span(start, end)
    assert 0 <= first <= last <= len(text)
    assert (last > first) == (end > start)
    assert found.offsets is None or (found.offsets[1:] >= found.offsets[:-1]).all()


@given(st.text(alphabet="abcdefghijklmnopqrstuvwxyzàáảãạăâđêôơư ,:%0123456789", max_size=80))
def test_plainly_written_vietnamese_is_never_changed(text: str) -> None:
    assert canonicalise(text, frozenset({"zzz"})).text == text
