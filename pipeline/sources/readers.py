"""Files to raw records, a batch at a time: what cannot be read as a record comes out as a rejected line with its reason."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import IO, Any

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq

from features.errors import DataError
from pipeline.sources.mapping import Format, dig

_COMPRESSED = {".gz": "gzip", ".zst": "zstd"}
_ENDINGS: dict[str, Format] = {
    ".csv": "csv", ".tsv": "csv", ".txt": "csv", ".xlsx": "xlsx", ".jsonl": "jsonl", ".ndjson": "jsonl", ".json": "json",
    ".parquet": "parquet",
}  # fmt: skip
MAX_LINE = 20_000_000
"""A line longer than this many bytes is rejected: no listing is, and reading it would cost everybody else's memory."""


@dataclass
class Batch:
    """Raw records with the line (from 1; for arrays and tables the record's number) each came from."""

    records: list[dict[str, Any]] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    rejected: list[tuple[int, str, str, str]] = field(default_factory=list)  # line, rule, reason, raw

    def __len__(self) -> int:
        return len(self.records) + len(self.rejected)


def file_format(path: Path) -> Format:
    """Tell a file's format by its ending, compression set aside; raises `DataError` for others."""
    suffixes = [suffix.lower() for suffix in path.suffixes]
    if suffixes and suffixes[-1] in _COMPRESSED:
        suffixes.pop()
    if suffixes and suffixes[-1] in _ENDINGS:
        return _ENDINGS[suffixes[-1]]
    raise DataError(f"{path.name}: unknown kind of file; known endings: {sorted(_ENDINGS)} (also .gz, .zst)")


def read_batches(path: Path, *, records: str = "", size: int = 50_000) -> Iterator[Batch]:
    """Yield the file's records in batches of at most ``size``; raises `DataError` where the file as a whole is unreadable."""
    try:
        yield from _READERS[file_format(path)](path, records, size)
    except (OSError, pa.ArrowException, json.JSONDecodeError, RecursionError, KeyError, ValueError, EOFError) as error:
        raise DataError(f"cannot read {path.name}: {str(error).splitlines()[0] if str(error) else type(error).__name__}") from error


@contextmanager
def _binary(path: Path) -> Iterator[IO[bytes]]:
    codec = _COMPRESSED.get(path.suffix.lower())
    stream = pa.input_stream(str(path), compression=codec) if codec else path.open("rb")
    with stream:
        yield stream


def _encoding(head: bytes) -> str:
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    if head.startswith(b"\xef\xbb\xbf"):
        return "utf-8-sig"
    try:
        # The last character may be cut by the sample's end.
        head[: max(0, len(head) - 4)].decode("utf-8")
        return "utf-8"
    except UnicodeDecodeError as error:
        bad = error.start
    # One stray byte in a UTF-8 file spoils one line; a file of Windows-1258 breaks soon and often.
    undecodable = head.decode("utf-8", "replace").count("\ufffd")
    multibyte = sum(byte >= 0xC3 for byte in head)
    return "cp1258" if undecodable * 2 > max(1, multibyte) and bad >= 0 else "utf-8"


def _lines(path: Path) -> Iterator[tuple[int, str | None, bytes]]:
    """Yield ``(number, text or None where undecodable, raw)`` for a text file of lines."""
    with _binary(path) as stream:
        head = stream.read(65_536)
        encoding = _encoding(head)
        if encoding == "utf-16":
            whole = (head + stream.read()).decode("utf-16", "replace")
            yield from ((n, line, b"") for n, line in enumerate(io.StringIO(whole), start=1))
            return
    with _binary(path) as stream:
        reader = io.BufferedReader(stream) if not isinstance(stream, io.BufferedReader) else stream  # type: ignore[type-var]
        number = 0
        while raw := reader.readline(MAX_LINE):
            number += 1
            if number == 1 and raw.startswith(b"\xef\xbb\xbf"):
                raw = raw[3:]
            try:
                yield number, raw.decode("utf-8" if encoding == "utf-8-sig" else encoding), raw
            except UnicodeDecodeError:
                yield number, None, raw


def _read_jsonl(path: Path, records: str, size: int) -> Iterator[Batch]:
    batch = Batch()
    for number, line, raw in _lines(path):
        if line is None:
            batch.rejected.append((number, "undecodable", "the line is not text in the file's encoding", repr(raw[:2000])))
        elif line.strip():
            _take_json(batch, number, line, records)
        if len(batch) >= size:
            yield batch
            batch = Batch()
    if len(batch):
        yield batch


def _take_json(batch: Batch, number: int, line: str, records: str) -> None:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError) as error:
        batch.rejected.append((number, "broken_json", f"not valid JSON: {error}", line[:2000]))
        return
    inner = dig(record, records) if records else record
    for one in inner if isinstance(inner, list) else [inner]:
        _take_record(batch, number, one)


def _take_record(batch: Batch, number: int, record: Any) -> None:
    if isinstance(record, dict):
        batch.records.append(record)
        batch.lines.append(number)
    else:
        batch.rejected.append((number, "not_a_record", "an object with named fields was expected", json.dumps(record)[:2000]))


def _read_json(path: Path, records: str, size: int) -> Iterator[Batch]:
    with _binary(path) as stream:
        head = stream.read()
    content = json.loads(head.decode(_encoding(head[:65_536]), "replace"))
    inner = dig(content, records) if records else content
    if inner is None:
        raise DataError(f"{path.name}: nothing at {records!r}; top level: {_names(content)}")
    items = inner if isinstance(inner, list) else [inner]
    for start in range(0, max(1, len(items)), size):
        batch = Batch()
        for number, record in enumerate(items[start : start + size], start=start + 1):
            _take_record(batch, number, record)
        yield batch


def _names(content: Any) -> str:
    return ", ".join(sorted(content)[:10]) if isinstance(content, dict) else type(content).__name__


def _read_csv(path: Path, records: str, size: int) -> Iterator[Batch]:
    bad: list[tuple[int, bytes]] = []

    def good_lines() -> Iterator[str]:
        for number, line, raw in _lines(path):
            if line is None:
                bad.append((number, raw))
            else:
                yield line.replace("\0", "")

    lines = good_lines()
    first = next(lines, "")
    delimiter = max(",;\t|", key=first.count)
    header = [name.strip() for name in next(csv.reader([first], delimiter=delimiter), [])]
    csv.field_size_limit(MAX_LINE)
    reader = csv.reader(lines, delimiter=delimiter)
    batch = Batch()
    for row in reader:
        if row:
            _take_row(batch, header, row, reader.line_num + 1)
        if bad:
            batch.rejected += [(n, "undecodable", "the line is not text in the file's encoding", repr(raw[:2000])) for n, raw in bad]
            bad.clear()
        if len(batch) >= size:
            yield batch
            batch = Batch()
    batch.rejected += [(n, "undecodable", "the line is not text in the file's encoding", repr(raw[:2000])) for n, raw in bad]
    if len(batch):
        yield batch


def _take_row(batch: Batch, header: list[str], row: list[str], number: int) -> None:
    if len(row) > len(header):
        reason = f"{len(row)} cells where the header names {len(header)}: a quote or separator went wrong"
        batch.rejected.append((number, "bad_row", reason, json.dumps(row, ensure_ascii=False)[:2000]))
        return
    batch.records.append({name: cell or None for name, cell in zip(header, row, strict=False)})
    batch.lines.append(number)


def _read_xlsx(path: Path, records: str, size: int) -> Iterator[Batch]:
    book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    try:
        rows = book.worksheets[0].iter_rows(values_only=True)
        header = [str(name).strip() if name is not None else "" for name in next(rows, ())]
        number = 1
        while chunk := list(islice(rows, size)):
            batch = Batch()
            for row in chunk:
                number += 1
                if any(cell is not None for cell in row):
                    batch.records.append({name: cell for name, cell in zip(header, row, strict=False) if name})
                    batch.lines.append(number)
            if len(batch):
                yield batch
    finally:
        book.close()


def _read_parquet(path: Path, records: str, size: int) -> Iterator[Batch]:
    number = 0
    with pq.ParquetFile(path) as file:
        for piece in file.iter_batches(batch_size=size):
            rows = piece.to_pylist()
            yield Batch(rows, list(range(number + 1, number + len(rows) + 1)))
            number += len(rows)


_READERS = {"csv": _read_csv, "xlsx": _read_xlsx, "jsonl": _read_jsonl, "json": _read_json, "parquet": _read_parquet}
