"""Parquet files as records, so few rows at a time that one long cell said of every row costs no more memory than many short ones."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipeline.sources.batch import RAW_KEPT, Entry, named_cells, rejected
from pipeline.sources.pieces import Piece
from pipeline.sources.spool import open_seekable

_MOST_ROWS, _FEWEST_ROWS = 10_000, 16
_AT_ONCE = 200_000_000
"""Bytes that the rows unpacked at once may have."""
_NUMBERS = {"BOOLEAN", "INT32", "INT64", "INT96", "FLOAT", "DOUBLE"}


def read_parquet_rows(path: Path, piece: Piece | None = None) -> Iterator[Entry]:
    """Yield the rows of a file, or of a piece of it.

    A value that Python cannot hold (a year 3,000,000) is missing; a row whose text is no UTF-8 is rejected.
    """
    number = piece.before if piece else 0
    with open_seekable(path) as stream:
        texts = _texts(pq.read_schema(stream))
        stream.seek(0)
        with pq.ParquetFile(stream, read_dictionary=texts) as file:
            groups = range(piece.begin, piece.end) if piece else None
            batches = file.iter_batches(batch_size=_rows_at_once(file.metadata, texts), row_groups=groups)
            for row, undecodable in (row for batch in batches for unpacked in _unpacked(batch) for row in _rows(unpacked)):
                number += 1
                if undecodable:
                    yield rejected(number, "undecodable", f"not text in UTF-8: {', '.join(undecodable)[:200]}", repr(row)[:RAW_KEPT])
                else:
                    yield Entry(number, row, _weight(row))


def _texts(schema: pa.Schema) -> list[str]:
    """The columns of text. They are read as Parquet keeps them, each distinct cell once, and so are never larger than their column chunk."""
    return [field.name for field in schema if _is_text(field.type)]


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_binary(kind))


def _rows_at_once(metadata: Any, texts: Collection[str]) -> int:
    """How many rows to read at once: of text by the average, of anything but numbers as if each cell were as long as its column chunk."""
    longest = 1
    for group in map(metadata.row_group, range(metadata.num_row_groups)):
        for column in map(group.column, range(group.num_columns)):
            if column.path_in_schema in texts:
                longest = max(longest, column.total_uncompressed_size // max(1, group.num_rows))
            elif column.physical_type not in _NUMBERS or "." in column.path_in_schema:
                longest = max(longest, column.total_uncompressed_size)
    return max(_FEWEST_ROWS, min(_MOST_ROWS, _AT_ONCE // longest))


def _unpacked(batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    """The batch in pieces, whose texts stand in every row that says them."""
    weights = sum((_lengths(column) for column in batch.columns if _is_packed(column)), np.zeros(batch.num_rows, dtype=np.int64))
    borders = np.flatnonzero(np.diff(np.cumsum(weights) // _AT_ONCE)) + 1
    for begin, end in pairwise([0, *borders.tolist(), batch.num_rows]):
        columns = [column.dictionary_decode() if _is_packed(column) else column for column in batch.slice(begin, end - begin).columns]
        yield pa.RecordBatch.from_arrays(columns, names=batch.schema.names)


def _is_packed(column: pa.Array) -> bool:
    return bool(pa.types.is_dictionary(column.type) and _is_text(column.type.value_type))


def _lengths(column: pa.DictionaryArray) -> np.ndarray:
    """Bytes of each cell."""
    lengths: np.ndarray = pc.fill_null(pc.binary_length(column.dictionary).take(column.indices), 0).to_numpy(zero_copy_only=False)
    return lengths.astype(np.int64)


def _rows(piece: pa.RecordBatch) -> Iterator[tuple[dict[str, Any], list[str]]]:
    """The rows, each with the names of its cells that are no text."""
    names = piece.schema.names
    try:
        # Here, too, of two columns with one name the first that is filled counts; `to_pylist` would take the last.
        plain = piece.to_pylist() if len(set(names)) == len(names) else None
    except (OverflowError, ValueError):
        plain = None  # some value is none
    if plain is not None:
        yield from ((row, []) for row in plain)
        return
    for at in range(piece.num_rows):
        cells = [_cell(column[at]) for column in piece.columns]
        yield named_cells(names, [value for value, _ in cells]), [name for name, (_, is_text) in zip(names, cells, strict=True) if not is_text]


def _cell(scalar: pa.Scalar) -> tuple[Any, bool]:
    try:
        return scalar.as_py(), True
    except UnicodeDecodeError:
        raw = scalar.as_buffer() if hasattr(scalar, "as_buffer") else None
        return (raw.to_pybytes()[:RAW_KEPT].decode("utf-8", "replace") if raw is not None else None), False
    except (OverflowError, ValueError):
        return None, True


def _weight(row: dict[str, Any]) -> int:
    return sum(len(value) for value in row.values() if isinstance(value, str | bytes | list))
