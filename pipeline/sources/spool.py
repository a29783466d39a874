"""Files that must be read from both ends (Parquet, workbooks), also where they are compressed."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from features.errors import DataError
from pipeline.sources.lines import open_bytes

MAX_SPOOLED = 4_000_000_000
"""Bytes a compressed Parquet file or workbook may unpack to."""

_IN_MEMORY = 16_000_000


@contextmanager
def open_seekable(path: Path) -> Iterator[IO[bytes]]:
    """Open a file so that it can be read anywhere; a compressed one is unpacked to a temporary file first."""
    if path.suffix.lower() not in (".gz", ".zst"):
        with path.open("rb") as stream:
            yield stream
        return
    with open_bytes(path) as packed, tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY) as unpacked:
        length = 0
        while chunk := packed.read(1 << 20):
            length += len(chunk)
            if length > MAX_SPOOLED:
                raise DataError(f"{path.name} unpacks to more than {MAX_SPOOLED:,} bytes")
            unpacked.write(chunk)
        unpacked.seek(0)
        yield unpacked
