"""Complaints from the folder of facts into the register: added once, answers as rows that supersede. Nothing of who reported but a number."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pandas as pd
from sqlalchemy import Connection

from pipeline.register.connect import alone
from pipeline.register.facts import add, standing
from pipeline.register.schema import COMPLAINTS


def record_complaints(connection: Connection, table: pd.DataFrame, answers: pd.DataFrame | None) -> tuple[int, int]:
    """Add complaints (`pipeline.tables.complaints`) and answers that the register lacks; returns how many of each.

    A repeat has the ``content_hash`` of the complaint it repeats. ``sealed_informant`` is the complaint's id, by which its line in the
    sealed file is found. An answer that stands in the register stays.
    """
    alone(connection)
    now = datetime.now(UTC)
    known = set(standing(connection, COMPLAINTS)["sealed_informant"])
    fresh = [_row(one, now) for one in table.to_dict("records") if one["complaint_id"] not in known]
    add(connection, COMPLAINTS, fresh)
    answered = {} if answers is None else dict(zip(answers["complaint_id"], answers["answered_on"], strict=True))
    stands = standing(connection, COMPLAINTS)
    open_rows = stands[stands["answered_on"].isna() & stands["sealed_informant"].isin(list(answered))]
    later = [
        {**_plain(row), "answered_on": date.fromisoformat(answered[row["sealed_informant"]]), "supersedes": row["id"], "recorded_at": now}
        for row in open_rows.to_dict("records")
    ]
    add(connection, COMPLAINTS, [{name: value for name, value in row.items() if name != "id"} for row in later])
    return len(fresh), len(later)


def _row(one: dict[str, Any], now: datetime) -> dict[str, Any]:
    said = _plain(one)
    return {
        "file_sha256": said["file_sha256"],
        "sheet": None,
        "row": said["source_line"],
        "content_hash": said["duplicate_of"] or said["complaint_id"],
        **{name: said[name] for name in ("platform", "seller_id", "listing_id", "behaviours", "words")},
        "sealed_informant": said["complaint_id"],
        "received_on": date.fromisoformat(said["received_on"]),
        "answer_due_on": date.fromisoformat(said["answer_due_on"]),
        "answered_on": None,
        "known_at": said["known_at"].to_pydatetime(),
        "supersedes": None,
        "recorded_at": now,
    }


def _plain(row: dict[Any, Any]) -> dict[str, Any]:
    return {str(name): None if pd.isna(value) else value for name, value in row.items()}
