"""What was found and thought about issued rows: read as it stands now, added to by new rows that supersede.

A fact stands while no later row names it in ``supersedes``. Facts about an issued row carry the id of the first row of its code, so that a
corrected list finds them again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import pandas as pd
from sqlalchemy import Connection, Table, insert, select

_MANY = 5_000


def standing(
    connection: Connection, table: Table, *, issued_rows: Iterable[int] | None = None, known_until: datetime | None = None
) -> pd.DataFrame:
    """Return the rows of ``table`` that nothing supersedes, by id (of ``issued_rows`` only, where given).

    ``known_until``: as it stood then, for tables with ``known_at``; what was known later is neither there nor supersedes anything.
    """
    later = table.alias("later")
    replaced = later.c.supersedes == table.c.id
    if known_until is not None:
        replaced &= later.c.known_at <= known_until
    query = select(table).outerjoin(later, replaced).where(later.c.id.is_(None)).order_by(table.c.id)
    if known_until is not None:
        query = query.where(table.c.known_at <= known_until)
    columns = list(table.columns.keys())
    if issued_rows is None:
        return pd.DataFrame(connection.execute(query).all(), columns=columns)
    wanted = sorted(set(issued_rows))
    rows = [
        row for start in range(0, len(wanted), _MANY)
        for row in connection.execute(query.where(table.c.issued_row_id.in_(wanted[start : start + _MANY]))).all()
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


def history(connection: Connection, table: Table, row_id: int) -> pd.DataFrame:
    """Return a fact and everything it superseded, latest first."""
    rows = []
    at: int | None = row_id
    while at is not None:
        row = connection.execute(select(table).where(table.c.id == at)).one()
        rows.append(row)
        at = row._mapping["supersedes"]
    return pd.DataFrame(rows, columns=list(table.columns.keys()))


def add(connection: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> list[int]:
    """Add rows, each with every column but ``id``, and return their ids in order."""
    if not rows:
        return []
    added = connection.execute(insert(table).returning(table.c.id, sort_by_parameter_order=True), list(rows))
    return [int(row[0]) for row in added]


def add_chains(connection: Connection, table: Table, chains: Sequence[Sequence[dict[str, Any]]]) -> None:
    """Add for each fact its new versions in order; the first of a chain carries ``supersedes`` itself, each later one follows the one before."""
    last: dict[int, int] = {}
    for depth in range(max((len(chain) for chain in chains), default=0)):
        mine = [at for at, chain in enumerate(chains) if len(chain) > depth]
        rows = [chains[at][depth] | ({"supersedes": last[at]} if at in last else {}) for at in mine]
        last.update(zip(mine, add(connection, table, rows), strict=True))
