"""Which complaints say the same: nearly the same words are one text, and one person's one text about one subject is one complaint."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from features.canonical import canonicalise_all
from features.days import day_number
from features.signatures import signatures
from features.text_index import NO_GROUP, empty_index
from pipeline.complaints.informant import comparable


def text_groups(table: pd.DataFrame) -> pd.Series:
    """Return a number for each complaint (``words, text_key, known_at``), the same for texts that are nearly the same; RangeIndex.

    A text's group depends on earlier ones alone. Texts of less than about twenty syllables are compared word for word.
    """
    exact = table["text_key"].to_numpy(dtype=np.int64)
    if not len(table):
        return pd.Series(exact)
    folded = [one.folded for one in canonicalise_all([comparable(one) for one in table["words"].fillna("").astype(str)])]
    index, numbers = empty_index().extended(signatures([""] * len(table), folded), day_number(table["known_at"]))
    near = index.group_keys(numbers)
    return pd.Series(np.where(near == NO_GROUP, exact, near))


def duplicates(table: pd.DataFrame, groups: Iterable[int]) -> pd.Series:
    """Return for each complaint the id of the earliest one of the same person about the same subject in the same text, missing for that one itself.

    Those who give no name are not told apart: their same words about one subject are one complaint. A complaint without words is the same as
    another without words about the same subject.
    """
    subject = [_subject(row) for row in table.itertuples()]
    key = pd.DataFrame({"subject": subject, "who": table["informant_key"].fillna("").to_numpy(), "text": list(groups)})
    ordered = key.assign(known_at=table["known_at"].to_numpy(), id=table["complaint_id"].to_numpy()).sort_values(["known_at", "id"], kind="stable")
    first = ordered.groupby(["subject", "who", "text"], sort=False)["id"].transform("first").reindex(key.index)
    return first.where(first.ne(ordered["id"].reindex(key.index))).astype("str")


def _subject(row: object) -> str:
    told = [getattr(row, name) for name in ("platform", "listing_id", "seller_id")]
    parts = [value if isinstance(value, str) else "" for value in told]
    if any(parts[1:]):
        return "|".join(parts)
    shown = [value for value in (getattr(row, "url", None), getattr(row, "seller_name", None)) if isinstance(value, str)]
    return "|".join([parts[0], *shown]) if shown else "words alone"
