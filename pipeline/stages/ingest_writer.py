"""Where the rows of one group of files go: its own partitions of listings and its own piece of quarantine, both written as they fill."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.stages.ingest_keys import NONE, Keys, KeysSeen, key_hashes
from pipeline.store import write_atomically, write_parquet
from pipeline.tables.listings import arrow_schema, validate_listings
from pipeline.tables.quarantine import COLUMNS as QUARANTINE_COLUMNS
from pipeline.tables.quarantine import QUARANTINE, arrow_quarantine

_FURTHER = {"text": ("str", pa.string()), "flag": ("boolean", pa.bool_()), "number": ("float64", pa.float64())}
_REJECTED_WAITING = 20_000


class GroupWriter:
    """Collects accepted rows into ``listings/NAME-00000.parquet``, ``-00001`` … of a fixed size, rejected ones into
    ``ingest/NAME.quarantine.parquet``.

    ``further`` names the ``x_*`` columns of the whole run and what they hold (text, flag, number), so that every partition is alike; ``taken`` are
    keys of listings that files before this group have. After `close`, ``parts`` are the partitions and ``keys`` those of their rows, in order.
    """

    def __init__(self, out: Path, name: str, *, partition_rows: int, further: dict[str, str], taken: Keys = NONE) -> None:
        self.parts: list[Path] = []
        self.keys: list[Keys] = []
        self.latest: dict[str, pd.Timestamp] = {}
        self._listings, self._pieces, self._name = out / "listings", out / "ingest", name
        self._size = partition_rows
        self._further = {name: _FURTHER[kind] for name, kind in further.items()}
        self._waiting: list[pd.DataFrame] = []
        self._n_waiting = 0
        self._seen = KeysSeen(taken)
        self._rejected: list[tuple[Any, ...]] = []
        self._spilled: list[Path] = []

    def rules(self, table: pd.DataFrame) -> pd.Series:
        """Return the rule each row breaks, missing for good rows, whose keys are remembered."""
        rule = pd.Series(None, index=table.index, dtype="object")
        rule[table["title"].isna()] = "no_title"
        rule[table["listing_id"].isna() | table["platform"].isna()] = "no_id"
        whole = rule.isna().to_numpy()
        keys = key_hashes(table[whole])
        first = self._seen.first_seen(keys)
        rule[rule.index[whole][~first]] = "duplicate_key"
        self.keys.append(keys[first])
        return rule

    def reject(self, rows: list[tuple[Any, ...]]) -> None:
        """Put rows (in the order of the quarantine table's columns) aside."""
        self._rejected += rows
        if len(self._rejected) >= _REJECTED_WAITING:
            # A file of nothing but broken lines must fit into memory, too.
            spill = self._pieces / f"{self._name}.{len(self._spilled):05d}.spill"
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
        if self._n_waiting >= self._size:
            self._flush(least=self._size)

    def close(self) -> Path | None:
        """Write what waits; returns the piece of quarantine, ``None`` where nothing was rejected."""
        if self._n_waiting:
            self._flush(least=1)
        if not (self._spilled or self._rejected):
            return None
        piece = self._pieces / f"{self._name}.quarantine.parquet"
        write_atomically(piece, self._write_rejected)
        for spill in self._spilled:
            spill.unlink()
        return piece

    def _note_latest(self, rows: pd.DataFrame) -> None:
        # A file's date says when it was copied, not when the shop was seen: it counts only where nothing better is known.
        dated = rows["captured_precision"].ne("file")
        for known_by, times in (("payload", rows.loc[dated, "captured_at"]), ("file", rows.loc[~dated, "captured_at"])):
            if len(times):
                newest = times.max()
                self.latest[known_by] = max(self.latest.get(known_by, newest), newest)

    def _flush(self, *, least: int) -> None:
        """Write partitions as long as ``least`` rows wait."""
        table = pd.concat(self._waiting, ignore_index=True)
        schema = arrow_schema({name: kind for name, (_, kind) in self._further.items()})
        begin = 0
        while len(table) - begin >= least:
            part = self._listings / f"{self._name}-{len(self.parts):05d}.parquet"
            write_parquet(validate_listings(table.iloc[begin : begin + self._size].reset_index(drop=True)), part, schema=schema)
            self.parts.append(part)
            begin = min(begin + self._size, len(table))
        tail = table.iloc[begin:]
        self._waiting, self._n_waiting = ([tail] if len(tail) else []), len(tail)

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
