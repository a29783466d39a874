"""The tables that reading leaves for a part of the listings: its row features, its cue hits and, for a model, its hashed words.

They are put together from pieces, some read anew and some taken over, and come out byte for byte as if all had been read at once. Beside them
stand the part's row ids, written last: they say what the part was made from and what the finished tables' fingerprints are.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from features.assemble import RowFeatures
from features.text_hashes import as_lists
from pipeline.manifest import fingerprint
from pipeline.store import made_from, stamped, write_atomically, write_parquet

IDS = "row_ids"
#: Whole numbers that mostly go up, kept as differences.
_RISING: dict[str, dict[str, Any]] = {"text": {"use_dictionary": False, "column_encoding": {"columns.list.element": "DELTA_BINARY_PACKED"}}}

#: Named as Parquet names it, so that what is read back is of the same type.
_WORDS = pa.list_(pa.field("element", pa.int32()))

Rows = npt.NDArray[np.int64]


def tables_of(*, with_text: bool) -> tuple[str, ...]:
    """Return the names of the tables, which are their folders'."""
    return ("rows", "hits", "text") if with_text else ("rows", "hits")


class RowTables(NamedTuple):
    """``rows`` and ``text`` stand one to a listing, ``hits`` by the number in their column ``row``, rising; ``at``: which listings of the part."""

    at: Rows
    rows: pa.Table
    hits: pa.Table
    text: pa.Table | None

    @classmethod
    def read(cls, read: RowFeatures, at: Rows) -> RowTables:
        """Return what was just read of the listings ``at``."""
        rows = pa.Table.from_pandas(read.columns, preserve_index=False)
        hits = pa.Table.from_pandas(read.hits, preserve_index=False)
        text = None if read.text is None else pa.table({"columns": pa.array(as_lists(read.text), type=_WORDS)})
        return cls(at, rows, _placed(hits, at[hits["row"].to_numpy()]), text)

    def taken(self, rows: Rows, at: Rows) -> RowTables:
        """Return the listings ``rows`` of this part as the listings ``at`` of another."""
        places = self.hits["row"].to_numpy()
        begins, ends = np.searchsorted(places, rows, side="left"), np.searchsorted(places, rows, side="right")
        sizes = ends - begins
        hits = np.repeat(begins - np.cumsum(sizes) + sizes, sizes) + np.arange(sizes.sum())
        return RowTables(
            at,
            self.rows.take(rows),
            _placed(self.hits.take(hits), np.repeat(at, sizes)),
            self.text.take(rows) if self.text is not None else None,
        )


def together(pieces: Sequence[RowTables]) -> RowTables:
    """Return the pieces of one part as one, its listings in order."""
    at = np.concatenate([one.at for one in pieces])
    order = np.argsort(at, kind="stable")
    hits = pa.concat_tables([one.hits for one in pieces])
    texts = [one.text for one in pieces if one.text is not None]
    return RowTables(
        at[order],
        pa.concat_tables([one.rows for one in pieces]).take(order),
        hits.take(np.argsort(hits["row"].to_numpy(), kind="stable")),
        pa.concat_tables(texts).take(order) if texts else None,
    )


def write_row_tables(made: RowTables, ids: npt.NDArray[np.uint64], work: Path, name: str, *, source: str) -> None:
    """Write the tables of the part ``name`` and, last, its row ids; ``source`` says what all of it was made from."""
    with_text = made.text is not None
    for table, rows in zip(tables_of(with_text=with_text), (made.rows, made.hits, made.text), strict=False):
        _write(rows, work / table / name, **_RISING.get(table, {}))
    frame = pd.DataFrame({"first": ids[:, 0], "second": ids[:, 1]})
    write_parquet(frame, work / IDS / name, made_from=f"{source} {_fingerprints(work, name, with_text=with_text)}")


def is_made(work: Path, name: str, source: str, *, with_text: bool) -> bool:
    """True where the part ``name`` was made from ``source`` and still is as it was written."""
    said = made_from(work / IDS / name) or ""
    try:
        return said.startswith(f"{source} ") and said == f"{source} {_fingerprints(work, name, with_text=with_text)}"
    except OSError:
        return False


def part_tables(work: Path, name: str, made: str, *, with_text: bool) -> RowTables | None:
    """Return the tables of the part ``name`` where they are those that ``made`` (of `write_row_tables`) speaks of; what is hashed is what is read."""
    names = tables_of(with_text=with_text)
    found: list[pa.Table] = []
    for table, said in zip(names, made.split(" ")[-len(names) :], strict=True):
        try:
            content = (work / table / name).read_bytes()
        except OSError:
            return None
        if hashlib.sha256(content).hexdigest() != said:
            return None
        found.append(pq.read_table(pa.BufferReader(content)))
    return RowTables(np.arange(len(found[0])), found[0], found[1], found[2] if with_text else None)


def _fingerprints(work: Path, name: str, *, with_text: bool) -> str:
    return " ".join(fingerprint(work / table / name) for table in tables_of(with_text=with_text))


def _placed(hits: pa.Table, rows: Rows) -> pa.Table:
    at = hits.schema.get_field_index("row")
    return hits.set_column(at, hits.schema.field(at), pa.array(rows))


def _write(table: pa.Table, path: Path, **how: Any) -> None:
    # In one piece: where pieces end, pages would.
    whole = stamped(table.combine_chunks(), path)
    write_atomically(path, lambda partial: pq.write_table(whole, partial, compression="zstd", **how))
