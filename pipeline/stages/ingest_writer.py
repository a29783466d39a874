"""Where ingest puts its rows: partitions of listings and one quarantine table, both written as they fill, and every key seen."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.store import write_atomically, write_parquet
from pipeline.tables.listings import arrow_schema, validate_listings
from pipeline.tables.quarantine import COLUMNS as QUARANTINE_COLUMNS
from pipeline.tables.quarantine import QUARANTINE, arrow_quarantine

_FURTHER = {"text": ("str", pa.string()), "flag": ("boolean", pa.bool_()), "number": ("float64", pa.float64())}
_REJECTED_WAITING = 20_000


class IngestWriter:
    """Collects accepted rows into partitions of a fixed size and remembers every key seen, as 64-bit hashes.

    ``further`` names the ``x_*`` columns of the whole run and what they hold (text, flag, number), so that every partition is alike.
    """

    def __init__(self, out: Path, partition_rows: int, further: dict[str, str]) -> None:
        self._out = out
        self._size = partition_rows
        self._further = {name: _FURTHER[kind] for name, kind in further.items()}
        self._waiting: list[pd.DataFrame] = []
        self._n_waiting = 0
        self._n_parts = 0
        self._keys: set[int] = set()
        self._rejected: list[tuple[Any, ...]] = []
        self._spilled: list[Path] = []
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
        """Put rows (in the order of the quarantine table's columns) aside."""
        self._rejected += rows
        if len(self._rejected) >= _REJECTED_WAITING:
            # A file of nothing but broken lines must fit into memory, too.
            spill = self._out / f"quarantine-{len(self._spilled):05d}.partial"
            write_parquet(self._rejected_table(), spill)
            self._spilled.append(spill)

    def accept(self, rows: pd.DataFrame) -> None:
        """Take good rows; full partitions are written at once."""
        if not len(rows):
            return
        self._note_latest(rows)
        kinds = {name: kind for name, (kind, _) in self._further.items() if name not in rows}
        lacking = {name: pd.Series(None, index=rows.index, dtype="object").astype(kind) for name, kind in kinds.items()}
        self._waiting.append(rows.assign(**lacking) if lacking else rows)
        self._n_waiting += len(rows)
        while self._n_waiting >= self._size:
            self._flush(self._size)

    def close(self) -> datetime | None:
        """Write what waits, and return the latest capture."""
        if self._n_waiting:
            self._flush(self._n_waiting)
        write_atomically(self._out / "quarantine.parquet", self._write_rejected)
        latest = self._latest.get(True, self._latest.get(False))
        return latest.to_pydatetime() if latest is not None else None

    def _note_latest(self, rows: pd.DataFrame) -> None:
        # A file's date says when it was copied, not when the shop was seen: it counts only where nothing better is known.
        dated = rows["captured_precision"].ne("file")
        for exact, times in ((True, rows.loc[dated, "captured_at"]), (False, rows.loc[~dated, "captured_at"])):
            if len(times):
                newest = times.max()
                known = self._latest.get(exact)
                self._latest[exact] = newest if known is None else max(known, newest)

    def _flush(self, size: int) -> None:
        table = pd.concat(self._waiting, ignore_index=True)
        head, tail = table.iloc[:size].reset_index(drop=True), table.iloc[size:]
        self._waiting, self._n_waiting = ([tail] if len(tail) else []), len(tail)
        schema = arrow_schema({name: kind for name, (_, kind) in self._further.items()})
        write_parquet(validate_listings(head), self._out / "listings" / f"part-{self._n_parts:05d}.parquet", schema=schema)
        self._n_parts += 1

    def _rejected_table(self) -> pd.DataFrame:
        """Hand over the rejects that wait."""
        table = pd.DataFrame(self._rejected, columns=list(QUARANTINE_COLUMNS))
        self._rejected = []
        return QUARANTINE.validate(table.astype({name: kind for name, (kind, _, _) in QUARANTINE_COLUMNS.items()}))

    def _write_rejected(self, path: Path) -> None:
        schema = arrow_quarantine()
        with pq.ParquetWriter(path, schema, compression="zstd") as writer:
            for spill in self._spilled:
                writer.write_table(pq.read_table(spill, schema=schema))
            writer.write_table(pa.Table.from_pandas(self._rejected_table(), schema=schema, preserve_index=False))
        for spill in self._spilled:
            spill.unlink()
