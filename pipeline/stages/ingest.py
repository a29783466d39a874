"""Crawl files to listings and quarantine: in = listings + quarantine, always."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from features.errors import ConfigError, DataError
from pipeline.sources.detect import Guess, detect
from pipeline.sources.files import expand
from pipeline.sources.mapping import SourceMapping
from pipeline.sources.normalise import normalise
from pipeline.sources.phones import mask
from pipeline.sources.readers import Batch, read_batches
from pipeline.store import write_parquet
from pipeline.tables.listings import arrow_schema, validate_listings
from pipeline.tables.quarantine import COLUMNS as QUARANTINE_COLUMNS
from pipeline.tables.quarantine import QUARANTINE, RULES

_NOT_CONTENT = {"captured_at", "captured_precision", "source", "observes", "source_file", "source_line", "row_hash"}
_RAW_LENGTH = 2_000


@dataclass
class FileReport:
    """What became of one file; ``read`` = ``listings`` + sum of ``quarantined``."""

    file: str
    mapping: str | None = None
    confidence: float | None = None
    read: int = 0
    listings: int = 0
    quarantined: Counter[str] = field(default_factory=Counter)
    error: str | None = None
    passed_over: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return {**self.__dict__, "quarantined": dict(sorted(self.quarantined.items()))}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> FileReport:
        """Return what `to_json` described."""
        return cls(**{**values, "quarantined": Counter(values["quarantined"])})


@dataclass(frozen=True)
class IngestReport:
    """Counts of all files, which reconcile, and the latest capture among the listings."""

    files: list[FileReport]
    latest_capture: datetime | None

    @property
    def n_read(self) -> int:
        return sum(one.read for one in self.files)

    @property
    def n_listings(self) -> int:
        return sum(one.listings for one in self.files)

    @property
    def n_quarantined(self) -> int:
        return sum(sum(one.quarantined.values()) for one in self.files)

    @property
    def unreadable(self) -> list[FileReport]:
        return [one for one in self.files if one.error]

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        latest = self.latest_capture.isoformat() if self.latest_capture else None
        return {"files": [one.to_json() for one in self.files], "latest_capture": latest}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> IngestReport:
        """Return what `to_json` described."""
        latest = values["latest_capture"]
        return cls([FileReport.from_json(one) for one in values["files"]], datetime.fromisoformat(latest) if latest else None)


def ingest(
    paths: Sequence[Path],
    *,
    mappings: Mapping[str, SourceMapping],
    out: Path,
    key: bytes,
    source: str = "auto",
    partition_rows: int = 50_000,
    on_rows: Callable[[int], None] | None = None,
) -> IngestReport:
    """Read ``paths`` (files, folders, globs) into ``out/listings/part-*.parquet`` and ``out/quarantine.parquet``.

    A file that cannot be read is named in the report and the rest goes on. Raises `ConfigError` for an unknown ``source`` and
    `DataError` where there is no file at all.
    """
    if source != "auto" and source not in mappings:
        raise ConfigError(f"unknown source {source!r}; known: {', '.join(sorted(mappings))} (or auto)")
    files = expand(paths)
    writer = _Writer(out, partition_rows)
    reports = []
    for path in files:
        report = FileReport(path.name)
        reports.append(report)
        try:
            guess = Guess(mappings[source], 1.0, "named") if source != "auto" else detect(path, mappings)
            report.mapping, report.confidence = guess.mapping.name, round(guess.confidence, 3)
            if not guess.mapping.listings:
                report.passed_over = f"holds no listings: {guess.mapping.about}"
                continue
            for batch in read_batches(path, records=guess.mapping.records, size=partition_rows):
                _take(batch, guess.mapping, path, report, writer, key)
                if on_rows is not None:
                    on_rows(len(batch))
        except DataError as error:
            report.error = str(error)
    latest = writer.close()
    return IngestReport(reports, latest)


def _take(
    batch: Batch, mapping: SourceMapping, path: Path, report: FileReport, writer: _Writer, key: bytes
) -> None:
    report.read += len(batch)
    report.quarantined.update(rule for _, rule, _, _ in batch.rejected)
    writer.reject(
        [(path.name, line, rule, reason, mask(raw, key)[0]) for line, rule, reason, raw in batch.rejected]
    )
    if not batch.records:
        return
    file_time = datetime.fromtimestamp(int(path.stat().st_mtime), UTC)
    table = normalise(batch, mapping, file_time=file_time, key=key)
    table["source"] = mapping.name
    table["source_file"] = path.name
    table["source_line"] = np.asarray(batch.lines, dtype=float)
    table["observes"] = _observed(table, mapping)
    table["row_hash"] = _row_hashes(table)
    rule = writer.rules(table)
    bad = np.flatnonzero(rule.notna().to_numpy())
    report.quarantined.update(str(rule.iat[row]) for row in bad)
    writer.reject(
        [
            (path.name, batch.lines[row], rule.iat[row], RULES[str(rule.iat[row])], mask(_raw(batch.records[row]), key)[0])
            for row in bad
        ]
    )
    kept = table[rule.isna()]
    report.listings += len(kept)
    writer.accept(kept.reset_index(drop=True))


def _raw(record: dict[str, Any]) -> str:
    text = ", ".join(f"{name!r}: {str(value)[:300]!r}" for name, value in record.items() if value is not None)
    return ("{" + text + "}")[:_RAW_LENGTH]


def _observed(table: pd.DataFrame, mapping: SourceMapping) -> str:
    """The columns this source can show: as the mapping says, or those it fills in this batch."""
    if mapping.observes != "filled":
        return ",".join(mapping.observes)
    return ",".join(name for name in mapping.fields if name in table and table[name].notna().any())


def _row_hashes(table: pd.DataFrame) -> pd.Series:
    content = table[[name for name in sorted(table.columns) if name not in _NOT_CONTENT]]
    numbers = pd.util.hash_pandas_object(content.astype({c: "object" for c in content if content[c].dtype == "boolean"}), index=False)
    return numbers.map("{:016x}".format).astype("str")


class _Writer:
    """Collects accepted rows into partitions of a fixed size and remembers every key seen, as 64-bit hashes."""

    def __init__(self, out: Path, partition_rows: int) -> None:
        self._out = out
        self._size = partition_rows
        self._waiting: list[pd.DataFrame] = []
        self._n_waiting = 0
        self._n_parts = 0
        self._keys: set[int] = set()
        self._rejected: list[tuple[Any, ...]] = []
        self._latest: dict[bool, pd.Timestamp] = {}
        for old in (out / "listings").glob("part-*.parquet"):
            old.unlink()

    def rules(self, table: pd.DataFrame) -> pd.Series:
        """Return the rule each row breaks, missing for good rows."""
        keys = pd.util.hash_pandas_object(table[["platform", "listing_id", "captured_at"]], index=False).to_numpy()
        rule = pd.Series(None, index=table.index, dtype="object")
        rule[table["title"].isna()] = "no_title"
        rule[table["listing_id"].isna() | table["platform"].isna()] = "no_id"
        open_rows = rule.isna().to_numpy()
        for row in np.flatnonzero(open_rows):
            key = int(keys[row])
            if key in self._keys:
                rule.iat[row] = "duplicate_key"
            else:
                self._keys.add(key)
        return rule

    def reject(self, rows: list[tuple[Any, ...]]) -> None:
        self._rejected += rows

    def accept(self, rows: pd.DataFrame) -> None:
        if not len(rows):
            return
        # A file's date says when it was copied, not when the shop was seen: it counts only where nothing better is known.
        dated = rows["captured_precision"].ne("file")
        for exact, times in ((True, rows.loc[dated, "captured_at"]), (False, rows.loc[~dated, "captured_at"])):
            if len(times):
                newest = times.max()
                known = self._latest.get(exact)
                self._latest[exact] = newest if known is None else max(known, newest)
        self._waiting.append(rows)
        self._n_waiting += len(rows)
        while self._n_waiting >= self._size:
            self._flush(self._size)

    def _flush(self, size: int) -> None:
        table = pd.concat(self._waiting, ignore_index=True)
        head, tail = table.iloc[:size].reset_index(drop=True), table.iloc[size:]
        self._waiting, self._n_waiting = ([tail] if len(tail) else []), len(tail)
        head = validate_listings(head)
        further = {name: pa.Array.from_pandas(head[name]).type for name in head if name.startswith("x_")}
        write_parquet(head, self._out / "listings" / f"part-{self._n_parts:05d}.parquet", schema=arrow_schema(further))
        self._n_parts += 1

    def close(self) -> datetime | None:
        if self._n_waiting:
            self._flush(self._n_waiting)
        table = pd.DataFrame(self._rejected, columns=list(QUARANTINE_COLUMNS))
        table = table.astype({name: kind for name, (kind, _, _) in QUARANTINE_COLUMNS.items()})
        write_parquet(QUARANTINE.validate(table), self._out / "quarantine.parquet")
        latest = self._latest.get(True, self._latest.get(False))
        return latest.to_pydatetime() if latest is not None else None

