"""The watch list ("sổ theo dõi") and what is known of one seller. Being watched is an interest of ours, no finding."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pandas as pd
from sqlalchemy import Connection, Table, select

from features.errors import DataError
from pipeline.register.connect import alone
from pipeline.register.facts import add, standing
from pipeline.register.lists import issued_rows
from pipeline.register.schema import CLOSED, COMPLAINTS, DESK_REVIEWS, OPENED, OUTCOMES, SANCTION_DECISIONS, WATCH_ENTRIES

_SELLER = ["platform", "seller_id"]


def watch_list(connection: Connection, *, today: date) -> pd.DataFrame:
    """Return the sellers that are watched on ``today``: opened, not closed, and their last day not past."""
    table = standing(connection, WATCH_ENTRIES)
    over = table["until"].map(lambda day: day is not None and not pd.isna(day) and day < today).astype(bool)
    return table[table["act"].eq(OPENED) & ~over].sort_values(_SELLER).reset_index(drop=True)


def watch(
    connection: Connection, platform: str, seller_id: str, *, why: str, by: str, until: date | None = None, seller_name: str | None = None
) -> int:
    """Open the watch on a seller, or write anew why and until when; returns the entry's id."""
    return _enter(connection, platform, seller_id, OPENED, why=why, by=by, until=until, seller_name=seller_name)


def unwatch(connection: Connection, platform: str, seller_id: str, *, why: str, by: str) -> int:
    """Close the watch on a seller; raises `DataError` where nobody watches it."""
    last = _last(connection, platform, seller_id)
    if last is None or last["act"] == CLOSED:
        raise DataError(f"seller {seller_id} of {platform} is not on the watch list; `soihang watchlist show` prints it")
    return _enter(connection, platform, seller_id, CLOSED, why=why, by=by, until=None, seller_name=last["seller_name"])


def seller_history(connection: Connection, platform: str, seller_id: str) -> pd.DataFrame:
    """Return what stands about a seller as ``day, what, told``, oldest first: lists, opinions, findings, decisions, complaints, watch entries."""
    rows = issued_rows(connection)
    mine = rows[rows["platform"].eq(platform) & rows["seller_id"].eq(seller_id)]
    events = [(row.list_date, "list", f"{row.code} ({row.number}), {row.standing}") for row in mine.itertuples()]
    for row in standing(connection, DESK_REVIEWS, issued_rows=mine["first_id"]).itertuples():
        events.append((row.known_at.date(), "review", " – ".join(part for part in (row.opinion, row.why) if isinstance(part, str))))
    for row in _of(connection, OUTCOMES, platform, seller_id).itertuples():
        told = " – ".join(part for part in (row.source, row.status, row.behaviours) if isinstance(part, str))
        events.append((row.known_at.date() if row.happened_on is None else row.happened_on, "outcome", told))
    for row in _of(connection, SANCTION_DECISIONS, platform, seller_id).itertuples():
        if isinstance(row.number, str):
            events.append((row.recorded_at.date() if row.decided_on is None else row.decided_on, "decision", row.number))
    for row in _of(connection, COMPLAINTS, platform, seller_id).itertuples():
        events.append((row.received_on, "complaint", row.behaviours if isinstance(row.behaviours, str) else ""))
    for row in _of(connection, WATCH_ENTRIES, platform, seller_id).itertuples():
        events.append((row.recorded_at.date(), f"watch {row.act}", row.why))
    return pd.DataFrame(events, columns=["day", "what", "told"]).sort_values("day", kind="stable").reset_index(drop=True)


def _enter(
    connection: Connection, platform: str, seller_id: str, act: str, *, why: str, by: str, until: date | None, seller_name: str | None
) -> int:
    if not why.strip() or not by.strip():
        raise DataError("a watch entry says why, and who enters it: fill in --why and --by")
    alone(connection)
    last = _last(connection, platform, seller_id)
    values = {
        "platform": platform, "seller_id": seller_id, "seller_name": seller_name, "act": act, "why": why.strip(), "until": until, "outcome_id": None,
        "entered_by": by.strip(), "supersedes": None if last is None else int(last["id"]), "recorded_at": datetime.now(UTC),
    }  # fmt: skip
    return add(connection, WATCH_ENTRIES, [values])[0]


def _last(connection: Connection, platform: str, seller_id: str) -> pd.Series | None:
    found = _of(connection, WATCH_ENTRIES, platform, seller_id)
    return found.iloc[-1] if len(found) else None


def _of(connection: Connection, table: Table, platform: str, seller_id: str) -> pd.DataFrame:
    later = table.alias("later")
    query = select(table).outerjoin(later, later.c.supersedes == table.c.id).where(
        later.c.id.is_(None), table.c.platform == platform, table.c.seller_id == seller_id
    )  # fmt: skip
    found = pd.DataFrame(connection.execute(query.order_by(table.c.id)).all(), columns=list(table.columns.keys()))
    return found.astype("object").where(found.notna(), None)
