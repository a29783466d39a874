"""Listings to row features, partition by partition, on processes: each part depends on its own rows alone."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pandas as pd

from features.assemble import row_features
from features.segment import words
from features.text_hashes import Tokenizer, as_lists
from pipeline.config import configs_hash
from pipeline.manifest import code_hash, fingerprint
from pipeline.parallel import on_processes
from pipeline.reference import load_lexicons
from pipeline.store import drop_stale, made_from, n_rows, parts, read_parquet, write_parquet


def build_features(
    listings: Path,
    *,
    out: Path,
    tokenizer: Tokenizer = "underthesea",
    with_text: bool = False,
    n_jobs: int = -1,
    on_rows: Callable[[int], None] | None = None,
) -> int:
    """Write ``out/rows``, ``out/hits`` and, ``with_text``, ``out/text`` for every part under ``listings``; returns how many listings were read.

    A part that an earlier, perhaps stopped, run made from the same listings, settings and code is kept as it is.
    ``n_jobs`` is joblib's: -1 uses every core. ``on_rows`` is told the size of each part as it is done.
    """
    todo = parts(listings)
    for table in ("rows", "hits", "text"):
        drop_stale(out / table, {part.name for part in todo})
    total = 0
    for done in on_processes(partial(_one_part, out=out, tokenizer=tokenizer, with_text=with_text), todo, n_jobs=n_jobs):
        total += done
        if on_rows is not None:
            on_rows(done)
    return total


def prepare_reading() -> None:
    """Load what reading a part needs: the word tables, the segmenter."""
    load_lexicons()
    words(["khởi động"])


def _one_part(part: Path, *, out: Path, tokenizer: Tokenizer, with_text: bool) -> int:
    source = f"{fingerprint(part)} {configs_hash()} {code_hash()} {tokenizer} {with_text}"
    # The rows are written last, so that a part which has them is whole.
    if made_from(out / "rows" / part.name) == source:
        return n_rows(part)
    columns, hits, text = row_features(read_parquet(part), load_lexicons(), tokenizer=tokenizer, with_text=with_text)
    write_parquet(hits, out / "hits" / part.name)
    if text is not None:
        write_parquet(pd.DataFrame({"columns": as_lists(text)}), out / "text" / part.name, rising="columns.list.element")
    write_parquet(columns, out / "rows" / part.name, made_from=source)
    return len(columns)
