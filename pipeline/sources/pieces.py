"""Where a large file can be cut so that each piece is read by itself: JSON lines at the end of a line, Parquet between its row groups.

Other kinds of file have no such places: a cell of a CSV may hold line ends, and what is compressed is unpacked from its beginning.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import IO, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.sources.lines import SAMPLE, encoding_of

_CHUNK = 1 << 22


class Piece(NamedTuple):
    """From ``begin`` up to ``end``, in bytes of JSON lines or in row groups of Parquet; so many lines or rows of the file stand ``before``."""

    begin: int
    end: int
    before: int


def line_pieces(path: Path, size: int) -> list[Piece]:
    """Return the pieces of a text file, each the first whole lines that come to ``size`` bytes; none for UTF-16, whose line ends are not one byte."""
    with path.open("rb") as stream:
        if encoding_of(stream.read(SAMPLE)).startswith("utf-16"):
            return []
        stream.seek(0)
        begins = [(0, 0), *_line_ends(stream, size)]
        length = stream.tell()
    ends = [*begins[1:], (length, 0)]
    return [Piece(begin, end, before) for (begin, before), (end, _) in zip(begins, ends, strict=True) if begin < end]


def row_group_pieces(path: Path, size: int) -> list[Piece]:
    """Return the pieces of a Parquet file, each the first row groups that unpack to ``size`` bytes; none where it cannot be opened."""
    try:
        metadata = pq.read_metadata(path)
    except (OSError, ValueError, pa.ArrowException):
        return []  # whoever reads it says what is wrong
    borders, before, unpacked = [(0, 0)], 0, 0
    for at in range(metadata.num_row_groups):
        group = metadata.row_group(at)
        before, unpacked = before + group.num_rows, unpacked + group.total_byte_size
        if unpacked >= size or at == metadata.num_row_groups - 1:
            borders.append((at + 1, before))
            unpacked = 0
    return [Piece(begin, end, before) for (begin, before), (end, _) in pairwise(borders)]


def _line_ends(stream: IO[bytes], size: int) -> Iterator[tuple[int, int]]:
    """Yield the first end of a line at least ``size`` bytes after the one before, and how many lines end up to there."""
    position, n_lines, wanted = 0, 0, size
    while chunk := stream.read(_CHUNK):
        counted = 0
        while end := chunk.find(b"\n", max(wanted - position - 1, counted)) + 1:
            n_lines += chunk.count(b"\n", counted, end)
            counted, wanted = end, position + end + size
            yield position + end, n_lines
        n_lines += chunk.count(b"\n", counted)
        position += len(chunk)
