"""One text for every way of writing it: disguises are undone, ordinary text stays, and every position leads back to the seller's words."""

from __future__ import annotations

import time
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


def test_a_word_put_together_is_repaired_and_its_neighbours_are_not() -> None:
    found = canonicalise("D.I.O.R nước hoa", BRANDS)
    assert found.is_repaired(0, 4)
    assert not found.is_repaired(5, 13)


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


KNOWN = BRANDS | {
    "super fake",
    "fake 1",
    "hàng fake",
    "f.a.k.e",
    "rep 1:1",
    "hàng nhái",
    "đồ fake",
    "siêu cấp",
    "louisvuitton",
    "google",
    "zalo",
    "túi fake",
}


@pytest.mark.parametrize(
    ("written", "read", "flag"),
    [
        ("🅁🄴🄿 1:1", "rep 1:1", "styled"),
        ("🅶️🆄️🅲️🅲️🅸️", "gucci", "styled"),
        ("🅐🅑 🅓🅘🅞🅡", "ab dior", "styled"),
        ("🇷🇪🇵 1:1", "rep 1:1", "styled"),
        ("🇳🇮🇰🇪", "nike", "styled"),  # the flags of Nicaragua and Kenya, and a known word
        ("🇷 🇪 🇵", "rep", "spaced"),
        ("rep 1️⃣:1️⃣", "rep 1:1", "styled"),
        ("rep ①:①", "rep 1:1", "styled"),
        ("ᵍᵘᶜᶜⁱ", "gucci", "styled"),
        ("rep 1∶1", "rep 1:1", "styled"),
        ("ʜᴀ̀ɴɢ ꜰᴀᴋᴇ", "hàng fake", "homoglyph"),
        ("fαkε", "fake", "homoglyph"),
        ("ƒaкє", "fake", "homoglyph"),
        ("r-е-р 1:1", "rep 1:1", "homoglyph"),
        ("n̷i̷k̷e̷", "nike", "marks"),
        ("s̶i̶ê̶u̶ c̶ấ̶p̶", "siêu cấp", "marks"),
        ("f҉a҉k҉e҉ 1", "fake 1", "marks"),
        ("fạ̲ḳ̲ẹ̲ 1", "fake 1", "marks"),
        ("re<b></b>p 1:1", "rep 1:1", "html"),
        ("re&amp;#8203;p 1:1", "rep 1:1", "html"),
        ("s.u.p.e.r f.a.k.e", "super fake", "spaced"),
        ("h à n g   f a k e", "hàng fake", "spaced"),
        ("super-fake", "super fake", "spaced"),
        ("rep_1:1", "rep 1:1", "spaced"),
        ("n..i.k..e", "nike", "spaced"),
        ("f-a-k-e", "f.a.k.e", "spaced"),
        ("f-a-k-e 1", "fake 1", "spaced"),
        ("N1ke", "nike", "leet"),
        ("G00gle", "google", "leet"),
        ("r3p 1:1", "rep 1:1", "leet"),
        ("z@l0", "zalo", "leet"),
        ("hàng nh4i", "hàng nhái", "leet"),
        ("l0uis vuitt0n", "louisvuitton", "leet"),
        ("đ0 f4ke", "đồ fake", "leet"),
        ("tú! fak3", "túi fake", "leet"),
        ("reppppp 1:1", "rep 1:1", "repeated"),
        ("faaake 1", "fake 1", "repeated"),
        ("guccccci", "gucci", "repeated"),
    ],
)
def test_words_are_put_together_from_squares_flags_strokes_digits_and_repeats(written: str, read: str, flag: str) -> None:
    found = canonicalise(written, KNOWN)
    assert found.folded == read
    assert flag in found.flags
    assert canonicalise(found.text, KNOWN).text == found.text


@pytest.mark.parametrize(
    "text",
    [
        "Hàng 🇻🇳 và 🇺🇸🇯🇵",
        "① Chất liệu ② Kích thước",
        "①Chất liệu",
        "Gia đình 👨‍👩‍👧 vui",
        "Đẹp quá ❤️Áo mới",
        "NIKEⓇ",
        "dây 25 µm, α-arbutin, 5 Ω, 20 ℃, m²",
        "Pin AA/AAA, cỡ xxx, 0901xxxxxx",
        "Crème Brûlée Häagen, señor",
        "Samsung A52 256GB 8G, 15.6inch, 4K, 5G, mp3, b12, h2o",
        "cross channel coffee",
        "https://g00gle.com/n1ke-r3p www.fa-ke.vn n1ke.com",
        "a < b và c > d, <3, R&D, H&M, AT&T",
        "giá 1.290.000đ - 299k/1 đôi, size 40-44, tỉ lệ 1:1",
        "Матрёшка из дерева",
        "ไทย ก็ดี हिन्दी",
        "đẹp nha! rẻ nhé!",
        "U.S.B 3.0 T-shirt wi-fi e-mail",
    ],
)
def test_what_honest_sellers_write_survives_with_every_known_word_at_hand(text: str) -> None:
    found = canonicalise(text, KNOWN)
    assert found.text == text
    assert found.flags == frozenset()


def test_an_honest_selector_left_between_two_sentences_does_not_glue_them() -> None:
    assert canonicalise("đúng size\ufe0fNhận hàng", KNOWN).text == "đúng size\ufe0fNhận hàng"
    assert canonicalise("g\ufe0fucci", KNOWN).text == "gucci"


def test_a_repaired_word_still_quotes_what_the_seller_wrote() -> None:
    text = "Giày faaake 1 và S.U.P.E.R-f.a.k.e đẹp"
    found = canonicalise(text, KNOWN)
    for word, original in (("fake 1", "faaake 1"), ("super fake", "S.U.P.E.R-f.a.k.e")):
        start = found.folded.index(word)
        first, last = found.span(start, start + len(word))
        assert text[first:last] == original


def test_case_is_kept_where_letters_are_put_together() -> None:
    assert canonicalise("D.I.O.R và SUPER_FAKE", KNOWN).text == "DIOR và SUPER FAKE"


HEAPS = {
    "ten megabytes": "Giày Nike rep 1:1. " * 550_000,
    "a million marks": "a" + "\u0301" * 1_000_000,
    "struck-through letters": "a\u0336" * 50_000,
    "one word": "a" * 100_000,
    "open entities": "&#" * 50_000,
    "nested entities": "&" + "amp;" * 50_000,
    "entities in entities": "&am&#8203;p;" * 20_000,
    "nested tags": "<b" * 7_000 + ">" * 7_000,
    "letters kept apart": "r.e.p." * 20_000,
    "digits for letters": "a4" * 50_000,
    "leet words": "n1k3 " * 20_000,
    "exclamations": "!a " * 30_000,
    "doubled letters": "aabb" * 25_000,
    "look-alikes apart": "а-" * 50_000,
    "flags": "\U0001f1fb" * 50_000,
    "keycaps": "1\ufe0f\u20e3" * 30_000,
}


@pytest.mark.parametrize("heap", HEAPS)
def test_a_heap_of_tricks_costs_no_more_than_its_first_twenty_thousand_characters(heap: str) -> None:
    short, long = HEAPS[heap][:MAX_CHARACTERS], HEAPS[heap]
    found = canonicalise(long, KNOWN)
    assert "cut" in found.flags
    assert (found.text, found.flags - {"cut"}) == (canonicalise(short, KNOWN).text, canonicalise(short, KNOWN).flags)
    assert canonicalise(found.text, KNOWN).text == found.text


def _seconds(text: str) -> float:
    begun = time.process_time()
    canonicalise(text, KNOWN)
    return time.process_time() - begun


@pytest.mark.slow
@pytest.mark.parametrize("heap", HEAPS)
def test_the_worst_text_is_read_within_seconds(heap: str) -> None:
    assert _seconds(HEAPS[heap]) < 5.0


@given(
    st.lists(
        st.sampled_from([*TRICKS, "f-a-k-e", "4", "0", "!", "🇳🇮", "①", "aaa", "n1ke", "<b>", "\ufe0f", "\u0336", "ạ", "ε", "к"]), max_size=16
    ).map("".join)
)
def test_with_every_known_word_reading_twice_changes_nothing_and_offsets_never_go_back(text: str) -> None:
    once = canonicalise(text, KNOWN)
    assert canonicalise(once.text, KNOWN).text == once.text
    assert len(once.folded) == len(once.text)
    assert once.offsets is None or (len(once.offsets) == len(once.text) + 1 and (once.offsets[1:] >= once.offsets[:-1]).all())
