"""Columns of a source's own (``x_*``) that hold sentences: read as more text of the listing, not as categories that hardly ever repeat."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import scipy.sparse as sp

from features.text_hashes import text_counts
from models.boosted import known_values

#: On average so many words, and repeated values in fewer than this share of the rows that say anything.
_LEAST_WORDS, _MOST_REPEATED = 3.0, 0.8


def free_text_columns(table: pd.DataFrame) -> list[str]:
    """Return the ``x_*`` columns of ``table`` that hold free text, in order.

    >>> notes = [f"buyer {n} asks for number {n * 7}" for n in range(50)]
    >>> free_text_columns(pd.DataFrame({"x_pay": ["card", "bank"] * 25, "x_note": notes}).astype("str"))
    ['x_note']
    """
    return [str(name) for name in table if str(name).startswith("x_") and _is_free_text(table[[name]])]


def joined_free_text(rows: pd.DataFrame, columns: Sequence[str]) -> list[str]:
    """Return each row's free text in one, blank where it says nothing."""
    texts = pd.Series("", index=rows.index, dtype="str")
    for name in columns:
        texts = texts + " " + rows[name].astype("str").fillna("")
    return [str(text) for text in texts]


def with_free_text(text: sp.csr_matrix, table: pd.DataFrame, columns: Sequence[str]) -> sp.csr_matrix:
    """Return ``text`` (`features.text_hashes`) with the words of ``columns`` added; a column that ``table`` lacks says nothing.

    Words are runs of letters and digits: such columns come from sources of any language.
    """
    for name in columns:
        if name in table:
            texts = table[name].astype("str").fillna("").tolist()
            text = text + text_counts([""] * len(texts), texts, tokenizer="simple")
    return sp.csr_matrix(text)


def _is_free_text(column: pd.DataFrame) -> bool:
    name = column.columns[0]
    if pd.api.types.is_numeric_dtype(column[name]):
        return False
    said = column[name].dropna().astype("str")
    if not len(said) or said.str.split().str.len().mean() < _LEAST_WORDS:
        return False
    return bool(said.isin(known_values(column).get(str(name), [])).mean() < _MOST_REPEATED)
