"""Every text that a file holds, whatever its form: Parquet unpacked, workbooks and forms unzipped, SQLite read row by row and page by page."""

from __future__ import annotations

import gzip
import io
import sqlite3
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

_SQLITE, _ZIP, _GZIP, _ZSTD, _PARQUET = b"SQLite format 3\x00", b"PK\x03\x04", b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"PAR1"
_DEPTH = 3


def texts_of(path: Path) -> Iterator[str]:
    """Yield the texts in ``path``; a file that cannot be unpacked is read as bytes. Texts may be long; none is left out."""
    with path.open("rb") as stream:
        head = stream.read(16)
    if head.startswith(_PARQUET):
        try:
            yield from _parquet(path)
            return
        except (pa.ArrowException, OSError):
            pass
    if head == _SQLITE:
        yield from _sqlite(path)
    yield from _of_bytes(path.read_bytes(), _DEPTH)


def _of_bytes(content: bytes, depth: int) -> Iterator[str]:
    """The content as text, and where it is packed what is in it."""
    if depth and content.startswith(_ZIP):
        yield from _zip(content, depth)
    elif depth and content.startswith(_GZIP):
        yield from _unpacked(content, lambda packed: gzip.decompress(packed), depth)
    elif depth and content.startswith(_ZSTD):
        yield from _unpacked(content, lambda packed: pa.CompressedInputStream(io.BytesIO(packed), "zstd").read(), depth)
    elif content.startswith(_PARQUET):
        yield from _parquet(io.BytesIO(content))
    else:
        # Both are how Windows programmes write text; SQLite keeps UTF-8.
        yield content.decode("utf-8", "replace")
        if content.startswith((b"\xff\xfe", b"\xfe\xff")):
            yield content.decode("utf-16", "replace")
        elif b"\\u" in content:
            yield content.decode("utf-8", "replace").encode("ascii", "backslashreplace").decode("unicode_escape", "replace")


def _zip(content: bytes, depth: int) -> Iterator[str]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            yield " ".join(archive.namelist())
            for name in archive.namelist():
                yield from _of_bytes(archive.read(name), depth - 1)
    except (zipfile.BadZipFile, zlib.error, RuntimeError, EOFError):
        yield content.decode("utf-8", "replace")


def _unpacked(content: bytes, unpack: Any, depth: int) -> Iterator[str]:
    try:
        yield from _of_bytes(unpack(content), depth - 1)
    except (OSError, EOFError, zlib.error, pa.ArrowException):
        yield content.decode("utf-8", "replace")


def _parquet(source: Path | io.BytesIO) -> Iterator[str]:
    table = pq.read_table(source)
    yield from (f"{key!r} {value!r}" for key, value in (table.schema.metadata or {}).items())
    for column in table.columns:
        if holds_text(column.type):
            plain = pa.types.is_string(column.type) or pa.types.is_large_string(column.type)
            for value in (column.unique() if plain else column).to_pylist():
                yield from strings_in(value)


def _sqlite(path: Path) -> Iterator[str]:
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
            names = [row[0] for row in database.execute("select name from sqlite_master where type = 'table'")]
            for name in names:
                quoted = str(name).replace('"', '""')  # a stranger's file may call its tables anything
                for row in database.execute(f'select * from "{quoted}"'):
                    yield from (text for value in row for text in strings_in(value))
    except sqlite3.DatabaseError:
        return


def holds_text(kind: pa.DataType) -> bool:
    """True where values of an Arrow type hold strings or bytes, also inside lists, structs and dictionaries."""
    if pa.types.is_dictionary(kind):
        return holds_text(kind.value_type)
    if pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind):
        return holds_text(kind.value_type)
    if pa.types.is_struct(kind):
        return any(holds_text(kind.field(at).type) for at in range(kind.num_fields))
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_binary(kind) or pa.types.is_large_binary(kind))


def strings_in(value: Any) -> Iterator[str]:
    """Yield every string inside a value of lists and mappings."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, bytes):
        yield value.decode("utf-8", "replace")
    elif isinstance(value, dict):
        for key, one in value.items():
            yield from strings_in(key)
            yield from strings_in(one)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from strings_in(one)
