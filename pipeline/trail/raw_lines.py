"""The very bytes of a crawl file that a listing was read from: its line, in a CSV its row with the header, in a JSON document its object.

Workbooks and Parquet hold no such bytes: there the record is kept as it was read, as JSON, and called a record.
"""

from __future__ import annotations

import io
import json
import math
import tempfile
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from features.errors import DataError
from pipeline.sources.csv_rows import MAX_ROW_LINES
from pipeline.sources.lines import MAX_LINE, encoding_of, open_bytes
from pipeline.sources.readers import file_format, read_batches
from pipeline.trail.raw_json import record_bytes

_SAMPLE = 65_536
LINE, OBJECT, RECORD = "line", "object", "record"


@dataclass(frozen=True)
class Raw:
    """What stands at one place of a file. ``form``: line, object (``content`` is byte for byte the file's) or record (JSON of what was read)."""

    form: str
    content: bytes
    header: bytes
    records: tuple[dict[str, Any], ...]


@dataclass
class _Read:
    """What the readers found: records by line, the line each next record begins on, and the first line below the header."""

    records: dict[int, list[dict[str, Any]]]
    following: dict[int, int]
    body: int


def find_raw(path: Path, lines: Collection[int], *, records: str = "") -> dict[int, Raw]:
    """Return what stands at each of ``lines`` (from 1, as ingest numbers them) of a crawl file, compressed or not.

    ``records`` is the mapping's path to the array in an envelope. Raises `DataError` where a line holds no record.
    """
    wanted = set(lines)
    read = _read(path, wanted, records)
    missing = sorted(wanted - set(read.records))
    if missing:
        raise DataError(f"{path.name} holds no record at line {missing[0]} ({len(missing)} of {len(wanted)} lines): not the file that was read?")
    form = file_format(path)
    if form == "jsonl":
        spans = {line: line + 1 for line in wanted}
        return {line: Raw(LINE, found[0], b"", tuple(read.records[line])) for line, found in _spans(path, spans).items()}
    if form == "csv":
        return _csv_raw(path, wanted, read)
    objects = record_bytes(path, {line: read.records[line][0] for line in wanted}) if form == "json" else {}
    kept = {line: Raw(RECORD, as_json(read.records[line]), b"", tuple(read.records[line])) for line in wanted - set(objects)}
    return kept | {line: Raw(OBJECT, content, b"", tuple(read.records[line])) for line, content in objects.items()}


def as_json(records: list[dict[str, Any]]) -> bytes:
    """Return one record (or, where several stand at one place, all) as JSON in ASCII; dates in ISO form, bytes in hex."""
    value = records[0] if len(records) == 1 else records
    return json.dumps(_plain(value), ensure_ascii=True, sort_keys=True).encode("ascii")


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(name): _plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value if value is None or isinstance(value, str | int | float | bool) else str(value)


def _read(path: Path, wanted: set[int], records: str) -> _Read:
    read = _Read({}, {}, 0)
    last, before = max(wanted, default=0), 0
    for batch in read_batches(path, records=records):
        starts = [*batch.lines[:1], *(one.line for one in batch.rejected[:1])]
        read.body = read.body or min(starts)
        for line, record in zip(batch.lines, batch.records, strict=True):
            if before in wanted and line != before:
                read.following.setdefault(before, line)
            if line in wanted:
                read.records.setdefault(line, []).append(record)
            before = line
        if before > last:
            break
    return read


def _csv_raw(path: Path, wanted: set[int], read: _Read) -> dict[int, Raw]:
    spans = {line: min(read.following.get(line, line + MAX_ROW_LINES), line + MAX_ROW_LINES) for line in wanted}
    found = _spans(path, {1: read.body, **spans})
    header = b"".join(found.pop(1))
    return {line: Raw(LINE, _row(rows, header, read.records[line][0], path), header, tuple(read.records[line])) for line, rows in found.items()}


def _row(lines: list[bytes], header: bytes, record: dict[str, Any], path: Path) -> bytes:
    """As many of ``lines``, which end before the next record, as the row takes: a cell may go on over several."""
    while len(lines) > 1 and not lines[-1].strip(b"\r\n\0 "):
        lines = lines[:-1]
    if len(lines) == 1:
        return lines[0]
    # What was rejected may stand between the row and the next; those lines are somebody else's.
    for clean in (True, False):
        for n in [len(lines), *range(1, len(lines))]:
            row = b"".join(lines[:n])
            if _reads_as(header + row, record, clean=clean):
                return row
    raise DataError(f"{path.name}: the lines of a row of {len(lines)} lines do not read alone as they did in the file; first bytes {lines[0][:60]!r}")


def _reads_as(content: bytes, record: dict[str, Any], *, clean: bool) -> bool:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "row.csv"
        path.write_bytes(content)
        try:
            batches = list(read_batches(path))
        except DataError:
            return False
    return [one for batch in batches for one in batch.records] == [record] and not (clean and any(batch.rejected for batch in batches))


def _spans(path: Path, spans: Mapping[int, int]) -> dict[int, list[bytes]]:
    """The lines from each key up to its value, which is left out; spans do not overlap."""
    out: dict[int, list[bytes]] = {}
    lines = enumerate(_byte_lines(path), start=1)
    for start, end in sorted(spans.items()):
        out[start] = _take(lines, start, end)
    return out


def _take(lines: Iterator[tuple[int, bytes]], start: int, end: int) -> list[bytes]:
    taken = []
    for number, line in lines:
        if number >= start:
            taken.append(line)
        if number + 1 >= end:
            break
    return taken


def _byte_lines(path: Path) -> Iterator[bytes]:
    """The file's lines, numbered as the readers number them, as bytes; of one too long to be a listing the beginning."""
    with open_bytes(path) as stream:
        head = stream.read(_SAMPLE)
    encoding = encoding_of(head)
    with open_bytes(path) as stream:
        if encoding.startswith("utf-16"):
            # The mark, where there is one, stays in the first line; without it the reader would drop it and choose the order itself.
            order = "utf-16-be" if encoding == "utf-16-be" or head.startswith(b"\xfe\xff") else "utf-16-le"
            with io.TextIOWrapper(stream, encoding=order, errors="replace", newline="\n") as text:
                yield from (line.encode(order) for line in text)
            return
        while line := stream.readline(MAX_LINE):
            yield line
            if len(line) >= MAX_LINE and not line.endswith(b"\n"):
                while len(rest := stream.readline(MAX_LINE)) and not rest.endswith(b"\n"):
                    pass
