"""Files to raw records, a batch at a time: what cannot be read as a record comes out as a rejected entry with its reason."""

from __future__ import annotations

import csv
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa

from features.errors import DataError
from pipeline.sources.batch import Batch, Entry
from pipeline.sources.csv_rows import read_csv
from pipeline.sources.json_documents import read_json, read_jsonl
from pipeline.sources.mapping import Format
from pipeline.sources.parquet_rows import read_parquet_rows
from pipeline.sources.pieces import Piece, line_pieces, row_group_pieces
from pipeline.sources.xlsx_rows import read_xlsx

BATCH_ROWS = 50_000
_COMPRESSED = {".gz", ".zst"}
_ENDINGS: dict[str, Format] = {
    ".csv": "csv", ".tsv": "csv", ".txt": "csv", ".xlsx": "xlsx", ".jsonl": "jsonl", ".ndjson": "jsonl", ".json": "json",
    ".parquet": "parquet",
}  # fmt: skip
_FAILURES = (OSError, pa.ArrowException, ValueError, KeyError, EOFError, RecursionError, OverflowError, csv.Error, zlib.error)


def file_format(path: Path) -> Format:
    """Tell a file's format by its ending, compression set aside; raises `DataError` for others."""
    suffixes = [suffix.lower() for suffix in path.suffixes]
    if suffixes and suffixes[-1] in _COMPRESSED:
        suffixes.pop()
    if suffixes and suffixes[-1] in _ENDINGS:
        return _ENDINGS[suffixes[-1]]
    raise DataError(f"{path.name}: unknown kind of file; known endings: {sorted(_ENDINGS)} (also .gz, .zst)")


def pieces_of(path: Path, size: int) -> list[Piece]:
    """Return pieces of some ``size`` bytes that can be read one by one, in their order; none where the file cannot be cut."""
    cut = None if path.suffix.lower() in _COMPRESSED else _CUT.get(file_format(path))
    return cut(path, size) if cut else []


def read_batches(path: Path, *, records: str = "", size: int = BATCH_ROWS, piece: Piece | None = None) -> Iterator[Batch]:
    """Yield the entries of a file, or of one of its `pieces_of`, in batches of at most ``size``.

    Raises `DataError` where the file cannot be read, or not to its end; what stood before the damage has been yielded by then.
    """
    batch = Batch()
    try:
        for entry in _READERS[file_format(path)](path, records, piece):
            batch.add(entry)
            if batch.is_full(size):
                yield batch
                batch = Batch()
    except (DataError, *_FAILURES) as error:
        if len(batch):
            yield batch
        if isinstance(error, DataError):
            raise
        detail = (str(error).splitlines() or [""])[0][:300] or type(error).__name__
        raise DataError(f"cannot read {path.name}: {detail}") from error
    if len(batch):
        yield batch


def read_rows(path: Path) -> tuple[list[tuple[int, dict[str, Any]]], list[tuple[int, str]]]:
    """Return all of a table that people keep (thousands of rows): each record with its line, and each line that is none with why.

    Raises `DataError` as `read_batches` does.
    """
    rows: list[tuple[int, dict[str, Any]]] = []
    rejected: list[tuple[int, str]] = []
    for batch in read_batches(path):
        rows += zip(batch.lines, batch.records, strict=True)
        rejected += [(entry.line, entry.reason) for entry in batch.rejected]
    return rows, rejected


_CUT: dict[Format, Callable[[Path, int], list[Piece]]] = {"jsonl": line_pieces, "parquet": row_group_pieces}
_READERS: dict[Format, Callable[[Path, str, Piece | None], Iterator[Entry]]] = {
    "csv": lambda path, *_: read_csv(path),
    "xlsx": lambda path, *_: read_xlsx(path),
    "jsonl": read_jsonl,
    "json": lambda path, records, _: read_json(path, records),
    "parquet": lambda path, _, piece: read_parquet_rows(path, piece),
}
