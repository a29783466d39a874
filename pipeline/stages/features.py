"""Listings to row features, partition by partition, on processes: each part depends on its own rows alone.

What an earlier run read of the same texts is taken over (`pipeline.stages.kept_rows`), with the same bytes as if all had been read.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from features.assemble import CARRIED, row_features
from features.segment import words
from features.text_hashes import Tokenizer
from pipeline.config import configs_hash
from pipeline.manifest import code_hash, fingerprint, versions
from pipeline.parallel import on_processes
from pipeline.reference import load_lexicons
from pipeline.stages.kept_rows import INDEX, READ_COLUMNS, KeptRows, carried, index_rows, row_ids
from pipeline.stages.row_tables import IDS, RowTables, is_made, together, write_row_tables
from pipeline.store import drop_stale, n_rows, parts, read_parquet


class Read(NamedTuple):
    """How many listings have features now, and how many of them were read for it; the others' were there, or were taken over."""

    n_rows: int
    n_anew: int


def build_features(
    listings: Path,
    *,
    out: Path,
    tokenizer: Tokenizer = "underthesea",
    with_text: bool = False,
    previous: Path | None = None,
    n_jobs: int = -1,
    on_rows: Callable[[int], None] | None = None,
) -> Read:
    """Write ``out/rows``, ``out/hits`` and, ``with_text``, ``out/text`` for every part under ``listings``, beside them ``out/row_ids``.

    A part that an earlier, perhaps stopped, run made from the same listings, settings, code and versions is kept as it is. ``previous`` is the
    ``out`` of an earlier run: what it read of listings that say the same is taken over. ``n_jobs`` is joblib's: -1 uses every core. ``on_rows`` is
    told the size of each part as it is done.
    """
    todo = parts(listings)
    for table in ("rows", "hits", "text", IDS):
        drop_stale(out / table, {part.name for part in todo})
    reading = _reading(tokenizer, with_text)
    kept = None
    if previous is not None and previous.resolve() != out.resolve():
        kept = index_rows(previous, reading=reading, folder=out / INDEX)
    done = Read(0, 0)
    work = partial(_one_part, out=out, reading=reading, kept=kept, tokenizer=tokenizer, with_text=with_text)
    for one in on_processes(work, todo, n_jobs=n_jobs):
        done = Read(done.n_rows + one.n_rows, done.n_anew + one.n_anew)
        if on_rows is not None:
            on_rows(one.n_rows)
    shutil.rmtree(out / INDEX, ignore_errors=True)
    return done


def prepare_reading() -> None:
    """Load what reading a part needs: the word tables, the segmenter."""
    load_lexicons()
    words(["khởi động"])


def _reading(tokenizer: Tokenizer, with_text: bool) -> str:
    """An id of all that decides, beside the listing, what is read in it; other versions of the libraries may cut words otherwise."""
    said = f"{configs_hash()} {code_hash()} {sorted(versions().items())} {tokenizer} {with_text}"
    return hashlib.sha256(said.encode()).hexdigest()[:32]


def _one_part(part: Path, *, out: Path, reading: str, kept: KeptRows | None, tokenizer: Tokenizer, with_text: bool) -> Read:
    source = f"{reading} {fingerprint(part)}"
    if is_made(out, part.name, source, with_text=with_text):
        return Read(n_rows(part), 0)
    same = kept.same_part(source) if kept is not None else None
    if kept is not None and same is not None and kept.link(same, out, part.name, with_text=with_text):
        return Read(n_rows(part), 0)
    listings = read_parquet(part, columns=[*CARRIED, *(name for name in READ_COLUMNS if name not in CARRIED)])
    ids = row_ids(listings)
    pieces = [taken for one in (kept.same_rows(ids) if kept is not None else []) if (taken := kept and kept.take(one, with_text=with_text))]
    anew = np.setdiff1d(np.arange(len(listings)), np.concatenate([np.empty(0, dtype=np.int64), *(one.at for one in pieces)]))
    if len(anew) or not pieces:
        pieces.append(_read(listings.iloc[anew], anew, tokenizer, with_text))
    made = together(pieces)
    write_row_tables(made._replace(rows=carried(made.rows, listings)), ids, out, part.name, source=source)
    return Read(len(listings), len(anew))


def _read(listings: pd.DataFrame, at: np.ndarray, tokenizer: Tokenizer, with_text: bool) -> RowTables:
    return RowTables.read(row_features(listings, load_lexicons(), tokenizer=tokenizer, with_text=with_text), at)
