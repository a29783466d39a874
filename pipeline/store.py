"""Tables on disk: written whole or not at all, the same bytes for the same table, and each with its version (`pipeline.tables.versions`)."""

from __future__ import annotations

import errno
import json
import logging
import os
import secrets
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from features.errors import DataError, SoiHangError
from pipeline.tables.versions import SCHEMA, document_of, filled, missing_columns, refuse_unread, stamp, table_of

_MADE_FROM = b"soihang.made_from"
#: The key under which a document says its version.
_SCHEMA_KEY = "schema"
_DISK_ERRORS = (errno.ENOSPC, errno.EFBIG, errno.EROFS, errno.EACCES, errno.EPERM, errno.EDQUOT)


class CannotWrite(SoiHangError):
    """The output folder is full, read-only or not ours."""

    exit_code = 73


def write_atomically(path: Path, write: Callable[[Path], object]) -> None:
    """Let ``write`` fill a file beside ``path`` and rename it to ``path``; a reader never sees half a file.

    Each writer has a file of its own (``path.….partial``): on a cluster a worker that was given up may still be writing the same part.
    """
    partial = path.with_name(f"{path.name}.{secrets.token_hex(4)}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write(partial)
        os.replace(partial, path)
    except OSError as error:
        if error.errno in _DISK_ERRORS:
            raise CannotWrite(f"cannot write {path}: {error.strerror}. Free space or choose another --out.") from error
        raise
    finally:
        with suppress(OSError):
            partial.unlink()


def write_parquet(
    frame: pd.DataFrame, path: Path, *, schema: pa.Schema | None = None, rising: str | None = None, made_from: str | None = None
) -> None:
    """Write ``frame`` as zstd Parquet without its index; ``rising`` names a column of whole numbers that mostly go up, kept as differences.

    ``made_from`` is an id of all that went into the table, for `made_from`. Which table it is, and so its version, is told by its name
    (`pipeline.tables.versions.table_of`).
    """
    table = pa.Table.from_pandas(frame, schema=schema, preserve_index=False)
    if made_from is not None:
        table = table.replace_schema_metadata({**(table.schema.metadata or {}), _MADE_FROM: made_from.encode()})
    table = stamped(table, path)
    how: dict[str, Any] = {"use_dictionary": False, "column_encoding": {rising: "DELTA_BINARY_PACKED"}} if rising else {}
    write_atomically(path, lambda partial: pq.write_table(table, partial, compression="zstd", **how))


def stamped(table: pa.Table, path: Path) -> pa.Table:
    """Return ``table`` as it is written to ``path``: with its version in the metadata, where it is one of ours."""
    name = table_of(path, table.column_names)
    return table.replace_schema_metadata({**(table.schema.metadata or {}), **stamp(name)}) if name else table


def made_from(path: Path) -> str | None:
    """Return what `write_parquet` was told a table was made from; ``None`` where there is no such table, or it is damaged or does not say."""
    try:
        return (pq.read_schema(path).metadata or {}).get(_MADE_FROM, b"").decode() or None
    except (OSError, pa.ArrowException):
        return None


def read_parquet(path: Path, columns: Sequence[str] | None = None) -> pd.DataFrame:
    """Read a table of ours; raises `DataError` naming the file where it is missing, damaged or of a version that this SoiHàng does not read.

    What an older table lacks is filled as `pipeline.tables.versions` says, with one line to standard error.
    """
    try:
        # Opened once: the version stands in the footer, which is read anyway.
        with pa.OSFile(str(path)) as file:
            there = pq.read_schema(file)
            missing = missing_columns(path, (there.metadata or {}).get(SCHEMA, b"").decode(errors="replace") or None, there.names)
            own = None if columns is None else [name for name in columns if name not in missing]
            if own is not None and (strange := sorted(set(own) - set(there.names))):
                raise DataError(f"{path} has no column {strange[0]!r}. Run the stage that writes it again.")
            frame = pd.read_parquet(file, columns=own)
    except (OSError, pa.ArrowException, KeyError) as error:
        raise DataError(f"cannot read {path}: {error}. Run the stage that writes it again.") from error
    if not missing:
        return frame
    _say_once(f"{path.parent} holds a table of an older SoiHàng: {', '.join(missing)} filled in as docs/upgrades.md says")
    whole = filled(frame, {name: one for name, one in missing.items() if columns is None or name in columns})
    return whole[list(columns)] if columns is not None else whole


@lru_cache(maxsize=256)
def _say_once(line: str) -> None:
    # Partitions of a table are many, and say the same.
    logging.getLogger("soihang").warning(line)


def n_rows(path: Path) -> int:
    """Return how many rows a table of ours has, from its footer alone."""
    return int(pq.read_metadata(path).num_rows)


def write_json(value: Any, path: Path) -> None:
    """Write ``value`` as indented UTF-8 JSON with sorted keys; one that later versions read gets its own."""
    known = document_of(path)
    if known is not None and isinstance(value, dict):
        value = {**value, _SCHEMA_KEY: known.version}
    text = json.dumps(value, ensure_ascii=False, indent=2, sort_keys=True, default=str) + "\n"
    write_atomically(path, lambda partial: _write_text(partial, text))


def read_json(path: Path) -> Any:
    """Read a file of ours as `write_json` got it; raises `DataError` naming the file where it is missing, damaged or newer than this SoiHàng."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DataError(f"cannot read {path}: {error}. Run the stage that writes it again.") from error
    known = document_of(path)
    if known is None or not isinstance(value, dict):
        return value
    there = value.pop(_SCHEMA_KEY, 1)
    if type(there) is not int:
        raise DataError(f"{path} bears the version {there!r}, which is no number; it is damaged: restore it, or write it again")
    refuse_unread(path, path.stem, there, known)
    return value


def _write_text(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


def parts(folder: Path) -> list[Path]:
    """Return the partitions of a table in order; raises `DataError` where there are none."""
    found = sorted(folder.glob("part-*.parquet"))
    if not found:
        raise DataError(f"no part-*.parquet in {folder}. Run the stage that writes it first.")
    return found


def drop_stale(folder: Path, names: set[str]) -> None:
    """Remove the partitions of a table that an earlier, larger run left behind, those not in ``names``, and halves that killed writers left."""
    for old in [*folder.glob("part-*.parquet"), *folder.glob("part-*.parquet.*.partial")]:
        if old.name not in names:
            old.unlink(missing_ok=True)
