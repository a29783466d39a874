"""What a listing says, as one hash: the same for the same words however they are set, another for any other word."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pandas as pd

from features.canonical import canonicalise
from pipeline.store import parts, read_parquet

CONTENT = ("title", "description", "variants")
_WORD = re.compile(r"[^\W_]+(?:[.:/,-][^\W_]+)*")


def content_hash(title: object, description: object, variants: object) -> str:
    """Return the hash of a listing's content (32 hex digits); spacing, case and marks around words do not count, words and numbers do.

    >>> content_hash("Giày  da", None, None) == content_hash("giày da!", "", None) != content_hash("giày da rep 1:1", None, None)
    True
    """
    told = [" ".join(_WORD.findall(canonicalise(text).folded)) if isinstance(text, str) else "" for text in (title, description, variants)]
    return hashlib.sha256("\n".join(told).encode()).hexdigest()[:32]


def contents_of(listings: Path, sellers: set[tuple[str, str]]) -> pd.DataFrame:
    """Return ``row, platform, seller_id, listing_id, captured_at, content`` of the listings of ``sellers`` (platform, id), ``row`` counted over all.

    Only their texts are read and hashed.
    """
    found, begin = [], 0
    for part in parts(listings):
        keys = read_parquet(part, ["platform", "seller_id"])
        wanted = [pair in sellers for pair in zip(keys["platform"], keys["seller_id"], strict=True)]
        if any(wanted):
            table = read_parquet(part, ["platform", "seller_id", "listing_id", "captured_at", *CONTENT])
            own = table[pd.Series(wanted, index=table.index)]
            hashed = [content_hash(*row) for row in own[list(CONTENT)].itertuples(index=False, name=None)]
            found.append(own.drop(columns=list(CONTENT)).assign(row=own.index + begin, content=hashed))
        begin += len(keys)
    columns = ["row", "platform", "seller_id", "listing_id", "captured_at", "content"]
    return pd.concat(found, ignore_index=True)[columns] if found else pd.DataFrame({name: pd.Series(dtype="object") for name in columns})
