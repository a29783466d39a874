"""Tables on disk: written whole or not at all, and the same bytes for the same table."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from features.errors import DataError, SoiHangError

_MADE_FROM = b"soihang.made_from"
_DISK_ERRORS = (errno.ENOSPC, errno.EFBIG, errno.EROFS, errno.EACCES, errno.EPERM, errno.EDQUOT)


class CannotWrite(SoiHangError):
    """The output folder is full, read-only or not ours."""

    exit_code = 73


def write_atomically(path: Path, write: Callable[[Path], object]) -> None:
    """Let ``write`` fill ``path.partial`` and rename it to ``path``; a reader never sees half a file."""
    partial = path.with_name(path.name + ".partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write(partial)
        os.replace(partial, path)
    except OSError as error:
        if error.errno in _DISK_ERRORS:
            raise CannotWrite(f"cannot write {path}: {error.strerror}. Free space or choose another --out.") from error
        raise


def write_parquet(
    frame: pd.DataFrame, path: Path, *, schema: pa.Schema | None = None, rising: str | None = None, made_from: str | None = None
) -> None:
    """Write ``frame`` as zstd Parquet without its index; ``rising`` names a column of whole numbers that mostly go up, kept as differences.

    ``made_from`` is an id of all that went into the table, for `made_from`.
    """
    table = pa.Table.from_pandas(frame, schema=schema, preserve_index=False)
    if made_from is not None:
        table = table.replace_schema_metadata({**(table.schema.metadata or {}), _MADE_FROM: made_from.encode()})
    how: dict[str, Any] = {"use_dictionary": False, "column_encoding": {rising: "DELTA_BINARY_PACKED"}} if rising else {}
    write_atomically(path, lambda partial: pq.write_table(table, partial, compression="zstd", **how))


def made_from(path: Path) -> str | None:
    """Return what `write_parquet` was told a table was made from; ``None`` where there is no such table, or it is damaged or does not say."""
    try:
        return (pq.read_schema(path).metadata or {}).get(_MADE_FROM, b"").decode() or None
    except (OSError, pa.ArrowException):
        return None


def read_parquet(path: Path, columns: Sequence[str] | None = None) -> pd.DataFrame:
    """Read a table of ours; raises `DataError` naming the file where it is missing or damaged."""
    try:
        return pd.read_parquet(path, columns=list(columns) if columns is not None else None)
    except (OSError, pa.ArrowException, KeyError) as error:
        raise DataError(f"cannot read {path}: {error}. Run the stage that writes it again.") from error


def n_rows(path: Path) -> int:
    """Return how many rows a table of ours has, from its footer alone."""
    return int(pq.read_metadata(path).num_rows)


def write_json(value: Any, path: Path) -> None:
    """Write ``value`` as indented UTF-8 JSON with sorted keys."""
    text = json.dumps(value, ensure_ascii=False, indent=2, sort_keys=True, default=str) + "\n"
    write_atomically(path, lambda partial: _write_text(partial, text))


def read_json(path: Path) -> Any:
    """Read a file of ours; raises `DataError` naming the file where it is missing or damaged."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DataError(f"cannot read {path}: {error}. Run the stage that writes it again.") from error


def _write_text(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


def parts(folder: Path) -> list[Path]:
    """Return the partitions of a table in order; raises `DataError` where there are none."""
    found = sorted(folder.glob("part-*.parquet"))
    if not found:
        raise DataError(f"no part-*.parquet in {folder}. Run the stage that writes it first.")
    return found


def drop_stale(folder: Path, names: set[str]) -> None:
    """Remove the partitions of a table that an earlier, larger run left behind: those not in ``names``."""
    for old in folder.glob("part-*.parquet"):
        if old.name not in names:
            old.unlink()
