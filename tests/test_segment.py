"""Words are exactly underthesea's, whatever stands in a listing; and hashed words are the same words."""

from __future__ import annotations

import importlib
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from itertools import pairwise, product
from pathlib import Path

import joblib
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from underthesea import word_tokenize

import features.segment
from benchmarks.check_words import differences, long_lines, odd_texts, real_texts
from features.segment import decide, pair_hashes, proof, published, segmenter, state, tables, word_hash, word_hashes, words
from features.segment.chunks import token_hash
from features.segment.hashes import hashes_of
from features.segment.segmenter import Segmenter

REAL = Path(__file__).resolve().parent.parent.parent / "shared" / "data" / "listings"


@pytest.fixture(scope="module")
def built() -> tables.Tables:
    """The tables, made from the installed model and not read from the state folder."""
    return tables.build_tables(published.read_published())


@pytest.fixture
def fresh_choice() -> Iterator[None]:
    """What is installed is looked at anew, and again after the test."""
    features.segment._installed.cache_clear()
    yield
    features.segment._installed.cache_clear()


# Equal


def test_two_thousand_odd_strings_give_the_words_of_underthesea() -> None:
    assert list(differences(odd_texts(2000, seed=1))) == []


def test_lines_of_a_hundred_kilobytes_give_the_words_of_underthesea() -> None:
    assert list(differences(list(long_lines())[:4])) == []


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=40))
def test_any_text_gives_the_words_of_underthesea(text: str) -> None:
    assert words([text]) == [word_tokenize(text)]


AWKWARD = ["TP.", "Th.S", "ThaS", "Áo", "áo", "sơ", "mi", "1", "—", ".", "a.b", "A.", ":D", "@", "BOS", "EOS", " ", "\n", "\x85"]


@given(st.lists(st.sampled_from(AWKWARD)).map("".join))
def test_any_run_of_awkward_pieces_gives_the_words_of_underthesea(text: str) -> None:
    assert words([text]) == [word_tokenize(text)]


def test_an_abbreviation_at_the_very_end_is_read_as_one_that_ends_the_text() -> None:
    # "$" in the expression also means "before a closing line feed", and nothing else.
    texts = [f"ở {name}{tail}" for name, tail in product(["TP.", "TPHCM.", "Tp.", "A.B."], ["", "\n", " ", "\r\n", "\n\n", "\n ", ".", " a"])]
    assert words(texts) == [word_tokenize(text) for text in texts]
    assert words(["ở TP.", "ở TP. "]) == [["ở", "TP", "."], ["ở", "TP."]]


def test_equal_paths_fall_the_way_they_fall_in_underthesea() -> None:
    # In runs of signs the model does not know, whole paths have equal scores but for rounding: 1 to 300 of them, then a word.
    texts = [f"{'— ' * length}CHẤT LƯỢNG" for length in range(1, 300, 7)] + ["★ ☆ " * length for length in range(1, 100, 3)]
    assert words(texts) == [word_tokenize(text) for text in texts]


def test_a_token_called_like_the_edge_of_the_text_is_a_token() -> None:
    assert words(["BOS EOS", "áo EOS", "BOS áo bos eos"]) == [word_tokenize(text) for text in ["BOS EOS", "áo EOS", "BOS áo bos eos"]]


def test_an_empty_text_has_no_words_and_keeps_its_place() -> None:
    assert words(["", "áo", " \n", "áo"]) == [[], ["áo"], [], ["áo"]]
    assert words([]) == []


def test_half_a_surrogate_pair_is_an_error_as_in_underthesea_and_spoils_nothing() -> None:
    with pytest.raises(UnicodeEncodeError):
        words(["áo sơ mi", "lỗi \ud83d lỗi"])
    assert words(["áo sơ mi lỗi"]) == [word_tokenize("áo sơ mi lỗi")]


@pytest.mark.slow
def test_every_character_there_is_gives_the_words_of_underthesea() -> None:
    points = [chr(point) for point in range(sys.maxunicode + 1) if not 0xD800 <= point < 0xE000]
    lines = (" ".join(f"{one} a{one}" for one in points[start : start + 100]) for start in range(0, len(points), 100))
    assert list(differences(lines)) == []


@pytest.mark.real
def test_real_titles_and_descriptions_give_the_words_of_underthesea() -> None:
    files = [REAL / "shopee_clothes_leaimy.parquet", REAL / "chotot_facebook_sandocu.parquet"]
    if not all(file.exists() for file in files):
        pytest.skip("real listings are not beside the repository")
    assert list(differences(real_texts(files))) == []


# An address and a row of full stops


@given(st.sampled_from(["http://", "a.vn/", ""]), st.lists(st.sampled_from([*"ab()[]<.,!'”/?=@1- …", "(a)", "x.y"]), max_size=14).map("".join))
def test_without_its_ambiguity_the_expression_finds_the_same(start: str, rest: str) -> None:
    theirs = importlib.import_module("underthesea.pipeline.word_tokenize.regex_tokenize").regex_patterns_combine
    ours = published.steady(theirs)
    assert ours != theirs
    found = [[match[0] for match in re.finditer(one, start + rest, re.VERBOSE)] for one in (ours, theirs)]
    assert found[0] == found[1]


def test_an_address_before_a_thousand_full_stops_is_read_at_once() -> None:
    # Underthesea's own expression would take 2**1000 steps; a seller needs to write this only once.
    (found,) = words([f"xem http://a.example{'.' * 1000} áo"])
    assert " ".join(found).split() == ["xem", "http://a.example", "." * 1000, "áo"]


# The same alone, in a batch, and however little is remembered


def test_a_text_has_the_same_words_alone_in_a_batch_and_repeated() -> None:
    texts = list(odd_texts(200, seed=2))
    together = words(texts + texts)
    assert together[:200] == together[200:] == [words([text])[0] for text in texts]


def test_what_was_forgotten_is_read_again_the_same(built: tables.Tables, monkeypatch: pytest.MonkeyPatch) -> None:
    texts = list(odd_texts(300, seed=3))
    monkeypatch.setattr(segmenter, "BATCH_CHARACTERS", 500)
    forgetful = Segmenter(built, max_chunks=20)
    assert forgetful.words(texts) == words(texts)
    assert len(forgetful.chunks) < 20 + 500  # one batch more at most


def test_memory_of_chunks_is_bounded_by_their_characters_too(built: tables.Tables, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("features.segment.chunks.MAX_CHARACTERS", 10_000)
    forgetful = Segmenter(built)
    for number in range(30):
        forgetful.words([str(number) * 1_000])
    assert len(forgetful.chunks) <= 10


def test_a_caller_may_change_the_words_it_got() -> None:
    words(["áo sơ mi áo sơ mi"])[0].clear()
    assert words(["áo sơ mi áo sơ mi"])[0]


def test_fixed_words_that_someone_else_asks_underthesea_for_do_not_change_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    regex_tokenize = importlib.import_module("underthesea.pipeline.word_tokenize.regex_tokenize")
    monkeypatch.setattr(regex_tokenize, "patterns", regex_tokenize.patterns)  # put back after the test
    before = words(["đồng hồ Rep 1 1 giá"])
    word_tokenize("Rep 1 1", fixed_words=["Rep 1 1"])
    assert features.segment._installed().words(["đồng hồ Rep 1 1 giá"]) == before


# The model


def test_the_tables_say_the_same_scores_as_the_tagger_to_the_last_bit(built: tables.Tables) -> None:
    assert proof.agrees_with_tagger(Segmenter(built))


def test_a_weight_that_is_off_by_one_bit_does_not_pass(built: tables.Tables) -> None:
    off = np.nextafter(built.weights.transitions, 9.0)
    wrong = tables.Tables(built.weights._replace(transitions=off), built.exact, built.lower, built.pattern, built.letters, built.tokens)
    assert not proof.agrees_with_tagger(Segmenter(wrong))


def test_weights_are_added_in_the_order_of_the_models_templates() -> None:
    spans = [f"T[{a},{a + 1}]" for a in decide.PAIR_STARTS]
    triples = [f"T[{a},{a + 2}]" for a in decide.TRIPLE_STARTS]
    single = [f"T[{o}]" for o in decide.WINDOW]
    ours = single + spans + triples + [f"{one}.lower" for one in single + spans] + [f"T[{o}].isdigit" for o in decide.DIGIT_WINDOW]
    ours += [f"{one}.istitle" for one in [*single, "T[0,1]", "T[0,2]"]] + [f"{one}.is_in_dict" for one in single + spans + triples]
    folder = Path(importlib.import_module("underthesea.pipeline.word_tokenize").__file__).parent / "models"  # type: ignore[arg-type]
    assert ours == joblib.load(next(folder.glob("*/features.bin")))


def test_the_model_has_no_attribute_of_an_empty_word() -> None:
    # Row 0 of the tables, "nothing known", is spelled "" when they are made.
    assert not [name for name in published.read_published().attributes if name.split("=", 1)[1] == ""]


def test_another_model_is_named_once_and_underthesea_is_asked(monkeypatch: pytest.MonkeyPatch, fresh_choice: None) -> None:
    name = "pipeline/word_tokenize/models/ws_crf_vlsp2013_20230727/models.bin"
    monkeypatch.setitem(published.KNOWN_FILES, name, "0" * 64)
    texts = list(odd_texts(50, seed=4))
    with pytest.warns(RuntimeWarning, match=r"models\.bin") as said:
        found = words(texts), words(texts), word_hashes(texts)
    assert len(said) == 1
    assert found[0] == found[1] == [word_tokenize(text) for text in texts]
    monkeypatch.undo()
    features.segment._installed.cache_clear()
    assert [found[2].indptr.tolist(), found[2].values.tolist()] == [part.tolist() for part in word_hashes(texts)]


def test_another_compiled_half_is_named_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(published, "KNOWN_CORES", frozenset({"0.0.1"}))
    assert published.unknown_parts() == [f"underthesea_core {published.installed_core()}"]


def test_where_the_tagger_decides_otherwise_underthesea_is_asked(
    monkeypatch: pytest.MonkeyPatch, fresh_choice: None, tmp_path: Path
) -> None:
    monkeypatch.setenv("SOIHANG_CACHE_DIR", str(tmp_path))
    monkeypatch.setattr(proof, "agrees_with_tagger", lambda segmenter: False)
    with pytest.warns(RuntimeWarning, match="does not agree"):
        assert words(["áo sơ mi"]) == [word_tokenize("áo sơ mi")]
    assert tables.kept_tables() is None


# What is kept


def test_kept_tables_are_the_tables_that_were_made(built: tables.Tables, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SOIHANG_CACHE_DIR", str(tmp_path))
    assert tables.kept_tables() is None
    tables.keep_tables(built)
    kept = tables.kept_tables()
    assert kept is not None
    for name, made, read in zip(built.weights._fields, built.weights, kept.weights, strict=True):
        assert np.array_equal(made, read) and made.dtype == read.dtype, name
    assert (kept.exact, kept.lower, kept.pattern, kept.letters, kept.tokens) == (built.exact, built.lower, built.pattern, built.letters, built.tokens)
    assert not list(tmp_path.rglob("*.part"))


@pytest.mark.parametrize("damage", [lambda data: data[: len(data) // 2], lambda data: b"", lambda data: data[:5000] + b"\0" * 5000 + data[10_000:]])
def test_a_damaged_file_of_tables_is_made_again(built: tables.Tables, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, damage) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setenv("SOIHANG_CACHE_DIR", str(tmp_path))
    tables.keep_tables(built)
    (file,) = (tmp_path / "words").iterdir()
    file.write_bytes(damage(file.read_bytes()))
    assert tables.kept_tables() is None


def test_a_folder_that_others_may_write_is_not_used(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SOIHANG_CACHE_DIR", str(tmp_path / "mine"))
    assert state.state_folder("words") == tmp_path / "mine" / "words"
    (tmp_path / "mine").chmod(0o777)
    assert state.state_folder("words") is None


def test_words_come_where_nothing_can_be_kept(monkeypatch: pytest.MonkeyPatch, fresh_choice: None, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("SOIHANG_CACHE_DIR", str(tmp_path / "file" / "state"))
    assert state.state_folder("words") is None
    with state.numba_cache() as on_disk:
        assert on_disk is bool(os.environ.get("NUMBA_CACHE_DIR"))
    assert words(["áo sơ mi"]) == [word_tokenize("áo sơ mi")]


def test_importing_the_package_loads_neither_numba_nor_underthesea() -> None:
    code = "import sys, features.segment; sys.exit(bool({'numba', 'underthesea', 'underthesea_core'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.slow
def test_several_processes_may_start_on_an_empty_state_folder_at_once(tmp_path: Path) -> None:
    code = "from features.segment import words; print(words(['áo sơ mi nam cao cấp']))"
    environment = os.environ | {"SOIHANG_CACHE_DIR": str(tmp_path), "PYTHONIOENCODING": "utf-8"}
    running = [subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, env=environment) for _ in range(4)]
    said = {process.communicate()[0].decode().strip() for process in running}
    assert said == {str([word_tokenize("áo sơ mi nam cao cấp")])}
    assert list((tmp_path / "words").glob("*.npz")) and list(tmp_path.glob("numba-*/**/*.nbi"))


# Hashes


def test_hashes_are_those_of_the_words() -> None:
    texts = list(odd_texts(300, seed=6))
    found, expected = word_hashes(texts), hashes_of(words(texts))
    assert found.indptr.tolist() == expected.indptr.tolist() and found.values.tolist() == expected.values.tolist()
    assert found.values.dtype == np.uint64


def test_hashes_of_many_texts_are_those_of_each(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = ["áo sơ mi", "", "túi xách da bò thật 100%", "áo sơ mi"]
    monkeypatch.setattr(segmenter, "BATCH_CHARACTERS", 10)  # more than one batch
    found = word_hashes(texts)
    for text, (start, end) in zip(texts, pairwise(found.indptr.tolist()), strict=True):
        assert found.values[start:end].tolist() == word_hashes([text]).values.tolist() == [word_hash(word) for word in words([text])[0]]


def test_a_hash_is_of_the_letters_in_order_and_not_of_their_case() -> None:
    assert word_hash("Túi Xách") == word_hash("túi xách") != word_hash("xách túi")
    assert word_hash("túi") == token_hash("túi")


def test_a_hash_stays_what_it_is_because_fitted_models_hold_it() -> None:
    assert word_hash("áo") == 0xEE60D74E6BFA802C
    assert word_hash("áo sơ mi") == 0xBD32AD94D8C84973


def test_pairs_are_of_neighbours_in_order_and_differ_from_one_word_of_two_syllables() -> None:
    apart, other_way, one_word = hashes_of([["áo", "mi"], ["mi", "áo"], ["áo mi"]]), hashes_of([["mi", "áo"]]), hashes_of([["áo mi"]])
    pairs = pair_hashes(apart)
    assert pairs.indptr.tolist() == [0, 1, 2, 2]  # two words, two words, one
    assert pairs.values[1] == pair_hashes(other_way).values[0] != pairs.values[0]
    assert one_word.values[0] not in pairs.values


def test_pairs_do_not_reach_into_the_next_text() -> None:
    both, empty = pair_hashes(hashes_of([["a", "b"], [], ["c", "d", "e"]])), pair_hashes(hashes_of([]))
    assert both.indptr.tolist() == [0, 1, 1, 3] and len(set(both.values.tolist())) == 3
    assert empty.indptr.tolist() == [0] and len(empty.values) == 0
