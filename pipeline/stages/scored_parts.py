"""Scores and reasons part by part, and put together one part at a time: memory holds one part, whatever the crawl's size.

A part's note, written last, says what it was made from, the fingerprints of what was written, and its share of the counts: with the same inputs
again the part is kept.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from features.errors import DataError
from models.control import ControlCount
from pipeline.manifest import fingerprint
from pipeline.store import drop_stale, read_json, write_atomically, write_json
from pipeline.tables.versions import stamp

TABLES = ("scores", "reasons")


@dataclass(frozen=True)
class PartCounts:
    """What `pipeline.stages.score.ScoreReport` says of one part, or of several added up."""

    n_scored: int = 0
    bands: dict[str, int] = field(default_factory=dict)
    control: ControlCount = field(default_factory=ControlCount)
    n_synthetic: int = 0
    sellers_seen: bool = False

    def add(self, other: PartCounts) -> PartCounts:
        """Return the sum of both."""
        return PartCounts(
            self.n_scored + other.n_scored,
            {name: self.bands.get(name, 0) + other.bands.get(name, 0) for name in {**self.bands, **other.bands}},
            self.control.add(other.control),
            self.n_synthetic + other.n_synthetic,
            self.sellers_seen or other.sellers_seen,
        )

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> PartCounts:
        """Return what ``asdict`` described."""
        return cls(**{**values, "control": ControlCount(**values["control"])})


def hashed(said: str, files: Sequence[Path]) -> str:
    """Return an id of ``said`` and of what stands in ``files``."""
    return hashlib.sha256("\n".join([said, *map(fingerprint, files)]).encode()).hexdigest()


def write_part(scores: pd.DataFrame, reasons: pd.DataFrame, counts: PartCounts, folder: Path, name: str, *, source: str | None) -> None:
    """Write one part's tables and then its note; ``source`` is an id of all that they were made from, where there is one."""
    for table, rows in zip(TABLES, (scores, reasons), strict=True):
        whole = pa.Table.from_pandas(rows, preserve_index=False)
        whole = whole.replace_schema_metadata({**(whole.schema.metadata or {}), **stamp(table)})
        write_atomically(folder / table / name, partial(pq.write_table, whole, compression="zstd"))
    write_json({"made_from": source, "files": _files(folder, name), "counts": asdict(counts)}, _note(folder, name))


def kept_part(folder: Path, name: str, *, source: str) -> PartCounts | None:
    """Return the counts of a part that was made from ``source`` and still is as it was written; nothing where there is no such part."""
    try:
        note = read_json(_note(folder, name))
        whole = note["made_from"] == source and note["files"] == _files(folder, name)
        return PartCounts.from_json(note["counts"]) if whole else None
    except (DataError, OSError, KeyError, TypeError):
        return None


def drop_old_parts(folder: Path, names: set[str]) -> None:
    """Remove the parts that an earlier, larger run left behind."""
    for table in TABLES:
        drop_stale(folder / table, names)
    for note in folder.glob("part-*.json"):
        if note.with_suffix(".parquet").name not in names:
            note.unlink()


def put_together(folder: Path, names: Sequence[str], out: Path) -> None:
    """Write ``out/scores.parquet`` and ``out/reasons.parquet`` from the parts ``names`` in this order, a row group each."""
    for table in TABLES:
        files = [folder / table / name for name in names]
        write_atomically(out / f"{table}.parquet", partial(_joined, files))


def _joined(files: Sequence[Path], into: Path) -> None:
    schema = pq.read_schema(files[0])
    with pq.ParquetWriter(into, schema, compression="zstd") as writer:
        for file in files:
            table = pq.ParquetFile(file).read()
            writer.write_table(pa.Table.from_arrays(table.columns, schema=schema), row_group_size=max(1, len(table)))


def _note(folder: Path, name: str) -> Path:
    return (folder / name).with_suffix(".json")


def _files(folder: Path, name: str) -> dict[str, str]:
    return {table: fingerprint(folder / table / name) for table in TABLES}
