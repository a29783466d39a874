"""Parquet files as records, so few rows at a time that one long cell said of every row costs no more memory than many short ones."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.sources.batch import RAW_KEPT, Entry, named_cells, rejected
from pipeline.sources.spool import open_seekable

_MOST_ROWS, _FEWEST_ROWS = 10_000, 16
_AT_ONCE = 200_000_000
"""Bytes that the rows unpacked at once may have."""


def read_parquet_rows(path: Path) -> Iterator[Entry]:
    """Yield a file's rows. A value that Python cannot hold (a year 3,000,000) is missing; a row whose text is no UTF-8 is rejected."""
    number = 0
    with open_seekable(path) as stream, pq.ParquetFile(stream) as file:
        for piece in file.iter_batches(batch_size=_rows_at_once(file.metadata)):
            for row, undecodable in _rows(piece):
                number += 1
                if undecodable:
                    yield rejected(number, "undecodable", f"not text in UTF-8: {', '.join(undecodable)[:200]}", repr(row)[:RAW_KEPT])
                else:
                    yield Entry(number, row, _weight(row))


def _rows_at_once(metadata: Any) -> int:
    """How many rows to unpack at once. No cell is longer than its column chunk, and a chunk may say one cell of every row."""
    groups = (metadata.row_group(at) for at in range(metadata.num_row_groups))
    longest = max((group.column(at).total_uncompressed_size for group in groups for at in range(group.num_columns)), default=0)
    return max(_FEWEST_ROWS, min(_MOST_ROWS, _AT_ONCE // max(1, longest)))


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
