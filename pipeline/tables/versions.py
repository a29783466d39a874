"""Which version each table and document of ours has, and what becomes of one that another SoiHàng wrote.

A table says ``NAME/VERSION`` in the metadata of its Parquet file, a document says ``"schema": VERSION``; what says nothing was written before there
were versions and counts as version 1. Whoever changes a table's columns raises its version (a test holds each version's columns), and says in
`Table.added` what a column counts as in older tables, or in `Table.oldest` that these are not read any more. Nothing is converted on disk.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from features.errors import DataError


class Added(NamedTuple):
    """A column that tables before version ``since`` lack: its pandas type and the value that all their rows get."""

    since: int
    kind: str
    fill: Any


class Table(NamedTuple):
    """``version`` is written, ``oldest`` to ``version`` are read; ``again`` is the command that writes the table."""

    version: int
    again: str
    oldest: int = 1
    added: Mapping[str, Added] = {}


#: The key of ``NAME/VERSION`` in a Parquet file's metadata.
SCHEMA = b"soihang.schema"

_SCORE, _PLAN = "soihang score", "soihang plan"

TABLES: dict[str, Table] = {
    # what was collected
    "listings": Table(1, "soihang ingest"),
    "quarantine": Table(1, "soihang ingest"),
    "keys": Table(1, "soihang ingest"),
    "reviews": Table(1, "soihang score --reviews"),
    "complaint_facts": Table(1, "soihang score --complaints"),
    # what was read in it
    "rows": Table(1, _SCORE),
    "hits": Table(1, _SCORE),
    "row_ids": Table(1, _SCORE),
    "text": Table(1, _SCORE),
    "market": Table(1, _SCORE),
    "links": Table(1, _SCORE),
    "networks": Table(1, _SCORE),
    "hubs": Table(1, _SCORE),
    "groups": Table(1, _SCORE),
    # what was made of it
    "scores": Table(1, _SCORE),
    "reasons": Table(1, _SCORE),
    "targets": Table(1, _PLAN),
    "target_listings": Table(1, _PLAN),
    "left": Table(1, _PLAN),
    "changes": Table(1, "soihang plan --issue"),
    "learned_rows": Table(1, "soihang train"),
    "sample": Table(1, "soihang review sample"),
    "truth": Table(1, "soihang simulate"),
    # what people brought in: there is no command that writes it again
    "outcomes": Table(1, "soihang outcomes export"),
    "complaints": Table(1, ""),
    "complaint_answers": Table(1, ""),
    "requests": Table(1, ""),
    "requests_sent": Table(1, ""),
    "seller_addresses": Table(1, ""),
}

#: Documents that a later SoiHàng may read. ``monitor.json`` has a ``version`` of its own (`pipeline.monitor.figures`), models, bundles, packages
#: and backups a ``format``.
DOCUMENTS: dict[str, Table] = {
    "inputs.json": Table(1, "soihang ingest"),
    "ingest.json": Table(1, "soihang ingest"),
    "score.json": Table(1, _SCORE),
    "plan.json": Table(1, _PLAN),
    "summary.json": Table(1, _PLAN),
    "run.json": Table(1, "soihang run"),
    "issue.json": Table(1, ""),
}

#: Files that share a name with another table.
_NOT_THAT = {("work", "complaints"): "complaint_facts", ("crawl", "listings"): "crawl", ("links", "summary.json"): ""}


def table_of(path: Path, columns: Iterable[str]) -> str | None:
    """Return which of our tables a file is, by its name or, of a partition, its folder's; ``None`` for any other.

    Outcomes, which people name as they like, are known by their columns.
    """
    from pipeline.tables.outcomes import COLUMNS

    if set(columns) == set(COLUMNS):
        return "outcomes"
    folder, name = path.parent.name, path.name.removesuffix(".parquet").rpartition(".")[2]
    name = _NOT_THAT.get((folder, name), name)
    return next((one for one in (name, folder) if one in TABLES), None)


def document_of(path: Path) -> Table | None:
    """Return the version of a document, by its name; ``None`` for any that needs none."""
    return DOCUMENTS.get(_NOT_THAT.get((path.parent.name, path.name), path.name))


def stamp(name: str) -> dict[bytes, bytes]:
    """Return what a table of ours bears in its file's metadata."""
    return {SCHEMA: f"{name}/{TABLES[name].version}".encode()}


def missing_columns(path: Path, said: str | None, columns: Iterable[str]) -> dict[str, Added]:
    """Return what the table at ``path`` lacks because it is older: column to what its rows get, nothing for a table of today.

    ``said`` is the ``NAME/VERSION`` it bears. Raises `DataError` where this SoiHàng does not read that version.
    """
    name, _, number = (said or "").partition("/")
    name = name or table_of(path, columns) or ""
    if name not in TABLES:
        return {}
    there = _number(path, number, name) if said else 1
    table = TABLES[name]
    refuse_unread(path, name, there, table)
    return {column: one for column, one in table.added.items() if there < one.since}


def refuse_unread(path: Path, name: str, there: int, known: Table) -> None:
    """Raise `DataError` where version ``there`` of a table or document is newer than this SoiHàng, or too old for it."""
    reads = f"{known.oldest}" if known.oldest == known.version else f"{known.oldest}–{known.version}"
    if there > known.version:
        again = f", or run `{known.again}` again with this one" if known.again else ""
        raise DataError(f"{path} was written by a newer SoiHàng ({name}/{there}, this one reads {reads}): update SoiHàng{again}")
    if there < known.oldest:
        what = f"run `{known.again}` again" if known.again else "read docs/upgrades.md"
        raise DataError(f"{path} was written by an older SoiHàng ({name}/{there}, this one reads {reads}): {what}")


def filled(frame: pd.DataFrame, missing: Mapping[str, Added]) -> pd.DataFrame:
    """Return ``frame`` with the columns of ``missing`` behind its own."""
    return frame.assign(**{name: pd.Series([one.fill] * len(frame), index=frame.index, dtype=one.kind) for name, one in missing.items()})


def _number(path: Path, text: str, name: str) -> int:
    if not text.isdecimal():
        raise DataError(f"{path} bears the version {name}/{text}, which is no number; it is damaged: restore it, or write it again")
    return int(text)
