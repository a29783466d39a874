"""What was made of a group of files, said in ``ingest/NAME.json``, so that a group that did not change is not read again.

The record is written last and taken away first: with it, all it names is whole. Nothing it names is ever changed in place, so that runs may share
files by hard links.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from features.errors import DataError
from pipeline.stages.ingest_keys import Keys
from pipeline.stages.ingest_report import FileReport
from pipeline.store import read_json, read_parquet, write_atomically, write_json, write_parquet

RECORDS = "ingest"


@dataclass(frozen=True)
class Record:
    """What was made of a group. ``made_from`` is an id of all that decides it but ``further``, the ``x_*`` columns of the run, and the listings lost
    to earlier groups. ``latest`` are the latest captures by what dates them (payload, file); ``sizes`` are bytes by path under the run's ``work``."""

    name: str
    made_from: str
    further: dict[str, str]
    files: list[FileReport]
    latest: dict[str, datetime]
    sizes: dict[str, int]

    @property
    def parts(self) -> list[str]:
        return [Path(path).name for path in self.sizes if path.startswith("listings/")]

    @property
    def quarantine(self) -> str | None:
        return next((path for path in self.sizes if path.endswith(".quarantine.parquet")), None)

    @property
    def n_read(self) -> int:
        return sum(one.read for one in self.files)

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        latest = {name: when.isoformat() for name, when in self.latest.items()}
        return {**asdict(self), "files": [one.to_json() for one in self.files], "latest": latest}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Record:
        """Return what `to_json` described."""
        latest = {name: datetime.fromisoformat(when) for name, when in values["latest"].items()}
        return cls(**{**values, "files": [FileReport.from_json(one) for one in values["files"]], "latest": latest})


def kept(out: Path, name: str, made_from: str) -> Record | None:
    """Return what stands in ``out`` of a group, where it was made from the same and all of it is still there."""
    try:
        record = Record.from_json(read_json(_place(out, name)))
        whole = all((out / path).stat().st_size == size for path, size in record.sizes.items())
    except (DataError, OSError, KeyError, TypeError, ValueError, AttributeError):
        return None
    return record if whole and record.name == name and record.made_from == made_from else None


def forget(out: Path, name: str) -> None:
    """Take the record away before what it names is written anew."""
    _place(out, name).unlink(missing_ok=True)


def remember(out: Path, record: Record) -> None:
    """Say that all of a group stands in ``out``."""
    write_json(record.to_json(), _place(out, record.name))


def take_over(record: Record, earlier: Path, out: Path) -> None:
    """Bring a group as it stands in ``earlier`` to ``out``: by hard links, or as copies where the file system has none."""
    forget(out, record.name)
    for path in record.sizes:
        _link(earlier / path, out / path)
    remember(out, record)


def write_keys(out: Path, name: str, *, own: Keys, lost: Keys) -> Path:
    """Keep the keys of a group's listings, and of those it lost to earlier groups; returns the file."""
    path = out / RECORDS / f"{name}.keys.parquet"
    lost_to_others = np.repeat([False, True], [len(own), len(lost)])
    write_parquet(pd.DataFrame({"key": np.concatenate([own, lost]), "lost": lost_to_others}), path)
    return path


def read_keys(out: Path, name: str) -> tuple[Keys, Keys]:
    """Return what `write_keys` kept: all keys of the group, and those it lost."""
    table = read_parquet(out / RECORDS / f"{name}.keys.parquet")
    keys = table["key"].to_numpy()
    return keys, keys[table["lost"].to_numpy()]


def drop_others(out: Path, records: Sequence[Record]) -> None:
    """Remove all beside the partitions that ``records`` do not name: of other groups, of earlier readings, halves that a stopped run left."""
    named = {_place(out, one.name) for one in records} | {out / path for one in records for path in one.sizes}
    for path in (out / RECORDS).iterdir():
        if path not in named:
            path.unlink()


def _place(out: Path, name: str) -> Path:
    return out / RECORDS / f"{name}.json"


def _link(source: Path, target: Path) -> None:
    target.unlink(missing_ok=True)
    try:
        # Straight to its name: a half-made link under another would let a later writer reach into the earlier run.
        target.parent.mkdir(parents=True, exist_ok=True)
        os.link(source, target)
    except OSError:
        write_atomically(target, lambda partial: shutil.copyfile(source, partial))
