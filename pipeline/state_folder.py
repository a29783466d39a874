"""Facts that people bring in between runs, in one folder that several runs share: tables that only grow, and personal data kept apart.

``requests.parquet``, ``seller_addresses.parquet``, ``complaints.parquet`` and ``complaint_answers.parquet`` hold no person's name, address or
number in plain; ``*.private.jsonl`` hold them, one JSON object a line, readable by their owner only, and no other command opens these.
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from features.errors import DataError
from pipeline.store import read_parquet, write_atomically, write_parquet

VARIABLE = "SOIHANG_STATE"
REQUESTS, SENT, ADDRESSES = "requests.parquet", "requests_sent.parquet", "seller_addresses.parquet"
COMPLAINTS, ANSWERS = "complaints.parquet", "complaint_answers.parquet"
PRIVATE_ADDRESSES, INFORMANTS = "seller_addresses.private.jsonl", "informants.private.jsonl"


def read_table(folder: Path, name: str) -> pd.DataFrame | None:
    """Return a table of the folder, ``None`` where nothing was brought in yet."""
    path = folder / name
    return read_parquet(path) if path.is_file() else None


def grow(folder: Path, name: str, rows: pd.DataFrame) -> None:
    """Add ``rows`` to a table of the folder; those already there stay as they are."""
    before = read_table(folder, name)
    table = rows if before is None else pd.concat([before, rows], ignore_index=True)[list(before.columns)]
    write_parquet(table, folder / name)


def grow_private(folder: Path, name: str, records: Iterable[Mapping[str, Any]]) -> None:
    """Add ``records`` to a file of personal data, which is made readable by its owner only.

    Raises `DataError` where others can read what is there already.
    """
    path = folder / name
    before = path.read_bytes() if path.exists() else b""
    if path.exists() and path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise DataError(f"{path} holds personal data and others can read it; run chmod 600 on it, and find out who read it")
    lines = "".join(json.dumps(dict(record), ensure_ascii=False, sort_keys=True) + "\n" for record in records).encode()
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    def write(partial: Path) -> None:
        partial.unlink(missing_ok=True)
        with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
            stream.write(before + lines)
            stream.flush()
            os.fsync(stream.fileno())

    write_atomically(path, write)


def read_private(folder: Path, name: str) -> list[dict[str, Any]]:
    """Return the records of a file of personal data, in the order they came; none where there is no file."""
    path = folder / name
    if not path.exists():
        return []
    try:
        return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    except ValueError as error:
        raise DataError(f"{path} is damaged: {error}; restore it from a backup") from error
