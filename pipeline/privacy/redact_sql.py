"""The register with a value taken out: the one exception to its rule that rows are only added (docs/privacy.md)."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import Any

from sqlalchemy import Connection, Table, inspect, select, text, update
from sqlalchemy.engine import URL

from pipeline.privacy.contents import strings_in
from pipeline.privacy.redact import OWN, Listings, mapped
from pipeline.privacy.subject import Subject
from pipeline.register.schema import METADATA


def names_in_register(connection: Connection, platform: str, seller_id: str) -> set[str]:
    """Return the names that the register has for a seller."""
    found: set[str] = set()
    for table in _tables(connection):
        if {"platform", "seller_id", "seller_name"} <= set(table.columns.keys()):
            rows = connection.execute(select(table.c.seller_name).where(table.c.platform == platform, table.c.seller_id == seller_id))
            found |= {row[0] for row in rows if row[0]}
    return found


def redact_register(connection: Connection, subject: Subject, listings: Listings) -> dict[str, int]:
    """Take the subject out of every table, and return how many rows of which were changed. Pages that held it are overwritten (SQLite)."""
    if connection.dialect.name == "sqlite":
        connection.execute(text("pragma secure_delete = on"))
    changed: dict[str, int] = {}
    for table in _tables(connection):
        for row in connection.execute(select(table)).mappings().all():
            new = _changes(table, dict(row), subject, listings)
            if new:
                connection.execute(update(table).where(table.c.id == row["id"]).values(new))
                changed[table.name] = changed.get(table.name, 0) + 1
    return changed


def compact(url: URL) -> None:
    """Write an SQLite file anew, so that no freed page holds what was erased; PostgreSQL does so by ``VACUUM FULL`` of its administrator."""
    if url.get_backend_name() == "sqlite" and url.database and url.database != ":memory:":
        with closing(sqlite3.connect(url.database)) as database:
            database.execute("vacuum")


def _tables(connection: Connection) -> list[Table]:
    there = set(inspect(connection).get_table_names())
    return [table for table in METADATA.sorted_tables if table.name in there]


def _changes(table: Table, row: dict[str, Any], subject: Subject, listings: Listings) -> dict[str, Any]:
    mine = subject.seller_id is not None and row.get("platform") == subject.platform and row.get("seller_id") == subject.seller_id
    mine |= row.get("listing_id") is not None and (row.get("platform"), row.get("listing_id")) in listings
    new: dict[str, Any] = {}
    for name, value in row.items():
        if not isinstance(value, str):
            continue
        if mine and name in OWN:
            # Who was looked at must stay told from nobody: a row needs a subject.
            new[name] = subject.token if name == "seller_id" or not table.c[name].nullable else None
        elif any(subject.is_in(one) for one in strings_in(value)):
            new[name] = mapped(value, subject)[0]
    return new
