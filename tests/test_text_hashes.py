"""A text as columns of a hashed linear model."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.segment import word_hash
from features.text_hashes import N_COLUMNS, WORD_COLUMNS, Tokenizer, as_lists, from_lists, text_counts

texts = st.text(alphabet=st.sampled_from("aăđ túixáchGuccirép1:.\n😀"), max_size=60)


@given(st.lists(st.tuples(texts, texts), max_size=6), st.sampled_from(["underthesea", "simple"]))
def test_what_stands_on_disk_gives_the_same_counts_back(pairs: list[tuple[str, str]], tokenizer: Tokenizer) -> None:
    counts = text_counts([title for title, _ in pairs], [text for _, text in pairs], tokenizer=tokenizer)
    assert counts.shape == (len(pairs), N_COLUMNS)
    assert abs(from_lists(as_lists(counts)) - counts).sum() == 0


@pytest.mark.parametrize("tokenizer", ["underthesea", "simple"])
def test_a_text_has_the_same_columns_alone_and_in_any_batch(tokenizer: Tokenizer) -> None:
    titles, descriptions = ["Túi xách da bò", "Giày Nike", ""], ["Hàng mới nguyên hộp.", "", "đôi giày thật đẹp"]
    together = text_counts(titles, descriptions, tokenizer=tokenizer)
    for row in range(3):
        alone = text_counts(titles[row : row + 1], descriptions[row : row + 1], tokenizer=tokenizer)
        assert abs(together[row] - alone).sum() == 0


def test_a_word_counts_wherever_it_stands_and_so_do_its_syllables() -> None:
    counts = text_counts(["Túi xách"], ["túi xách, túi xách"])
    assert [counts[0, word_hash(one) & (WORD_COLUMNS - 1)] for one in ("túi xách", "túi", "xách")] == [3, 3, 3]


def test_pairs_of_words_are_told_apart_by_their_order() -> None:
    one, other = (text_counts([text], [""])[:, :WORD_COLUMNS].indices for text in ("đẹp lắm", "lắm đẹp"))
    assert set(one) != set(other) and len(set(one) & set(other)) >= 2


def test_other_languages_are_split_at_what_is_no_letter_or_digit() -> None:
    counts = text_counts(["Leather bag, AAA!"], [""], tokenizer="simple")
    assert all(counts[0, word_hash(word) & (WORD_COLUMNS - 1)] >= 1 for word in ("leather", "bag", "aaa"))


def test_no_texts_give_no_rows() -> None:
    assert text_counts([], []).shape == (0, N_COLUMNS) and from_lists([]).shape == (0, N_COLUMNS)
    assert as_lists(text_counts([], [])) == []
    assert np.issubdtype(from_lists([]).dtype, np.floating)


def test_a_title_is_cut_into_as_many_pieces_as_scikit_learn_cuts() -> None:
    from sklearn.feature_extraction.text import CountVectorizer

    titles = ["Túi xách G.u.c.c.i 1:1", "Giày  Nike\tgiày", "a"]
    theirs = CountVectorizer(analyzer="char_wb", ngram_range=(2, 4)).fit_transform(titles).sum(axis=1)
    ours = text_counts(titles, [""] * 3)[:, WORD_COLUMNS:].sum(axis=1)
    assert ours.tolist() == theirs.tolist()


def test_a_row_of_signs_without_blanks_costs_no_more_than_a_long_word() -> None:
    assert text_counts(["x" * 100_000], [""])[:, WORD_COLUMNS:].sum() < 200
