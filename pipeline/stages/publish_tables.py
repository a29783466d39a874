"""A table split by the Vietnamese day of capture and by platform, as warehouses read it: ``date=2026-11-24/platform=shopee/part-0.parquet``.

As Hive has it, what a folder's name says does not stand in the file again. Rows keep their order within a file. The table is
read batch by batch and never held whole.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from features.errors import DataError
from pipeline.sources.times import VIETNAM

BATCH_ROWS = 250_000
NOTHING = "__HIVE_DEFAULT_PARTITION__"
"""How Hive writes a missing value in a folder's name."""
_ESCAPED = frozenset("\"#%'*/:=?\\{}[]^<>|\x7f")
_LONGEST = 180
#: A market has tens. A crawl that says it has more is no market, and must not make a million objects.
_MOST_FOLDERS = 10_000
_OPEN_FILES = 100


def write_partitions(table: Path, into: Path, *, batch_rows: int = BATCH_ROWS) -> list[Path]:
    """Split ``table``, which has ``platform`` and ``captured_at``, into ``into`` and return the files written, sorted.

    A platform's name longer than 180 bytes is cut and gets a hash. Raises `DataError` where there are more than 10,000 folders.
    """
    open_files: dict[str, pq.ParquetWriter] = {}
    begun: Counter[str] = Counter()
    try:
        for folder, rows in _pieces(table, batch_rows):
            if folder not in open_files:
                if len(open_files) >= _OPEN_FILES:
                    _close(open_files)
                if begun[folder] == 0 and len(begun) > _MOST_FOLDERS:
                    raise DataError(f"{table} names more than {_MOST_FOLDERS:,} days and platforms; see to the crawl's platform field")
                path = into / folder / f"part-{begun[folder]}.parquet"
                path.parent.mkdir(parents=True, exist_ok=True)
                open_files[folder] = pq.ParquetWriter(path, rows.schema, compression="zstd")
                begun[folder] += 1
            open_files[folder].write_table(rows)
    finally:
        _close(open_files)
    return sorted(into.rglob("*.parquet"))


def _pieces(table: Path, batch_rows: int) -> Iterator[tuple[str, pa.Table]]:
    """Folder and rows, batch by batch."""
    with pq.ParquetFile(table) as file:
        for batch in file.iter_batches(batch_size=batch_rows):
            rows = pa.Table.from_batches([batch]).replace_schema_metadata(None)
            rows = rows.append_column("day", _days(rows["captured_at"]))
            # A stable sort: within its folder a row stays where it was.
            rows = rows.take(pc.sort_indices(rows, sort_keys=[("day", "ascending"), ("platform", "ascending")]))
            day, platform = rows["day"].to_pylist(), rows["platform"].to_pylist()
            rows = rows.drop_columns(["day", "platform"])
            begin = 0
            for end in range(1, len(day) + 1):
                if end == len(day) or (day[end], platform[end]) != (day[begin], platform[begin]):
                    yield f"date={_value(day[begin])}/platform={_value(platform[begin])}", rows.slice(begin, end - begin)
                    begin = end


def _days(captured: pa.ChunkedArray) -> pa.ChunkedArray:
    local = pc.local_timestamp(captured.cast(pa.timestamp("us", tz=str(VIETNAM))))
    return local.cast(pa.date32(), safe=False).cast(pa.string())


def _value(text: str | None) -> str:
    """A folder's name as Hive writes it."""
    if text is None:
        return NOTHING
    safe = "".join(f"%{ord(one):02X}" if one in _ESCAPED or ord(one) < 32 else one for one in text)
    if len(safe.encode("utf-8", "replace")) <= _LONGEST:
        return safe
    return f"{text.encode('utf-8', 'replace')[:_LONGEST // 9].decode('utf-8', 'ignore')}~{sha256(text.encode('utf-8', 'replace')).hexdigest()[:12]}"


def _close(open_files: dict[str, pq.ParquetWriter]) -> None:
    for one in open_files.values():
        one.close()
    open_files.clear()
