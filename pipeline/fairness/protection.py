"""What an appeal cleared is left in peace: the same content of the same seller, until a day, and no longer than until somebody complains anew.

Never a look-alike: another seller's same words, or the seller's other words, are judged as ever.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
from sqlalchemy import Connection

from pipeline.fairness.content import contents_of
from pipeline.register.facts import add, standing
from pipeline.register.lists import issued_rows
from pipeline.register.schema import COMPLAINTS, OUTCOMES, PROTECTIONS
from pipeline.sources.times import VIETNAM
from pipeline.state_folder import COMPLAINTS as COMPLAINTS_FILE
from pipeline.state_folder import read_table
from pipeline.store import write_atomically
from pipeline.tables.planning_inputs import PROTECTED

FILE = "protected.csv"


@dataclass(frozen=True)
class Protected:
    """``table``: what is protected on the day (`PROTECTIONS` columns); ``lifted``: ended by a complaint; ``recorded``: added just now.

    ``unseen``: appeals whose content of that time is in no listing given.
    """

    table: pd.DataFrame
    recorded: int
    lifted: int
    unseen: int


def record_appeals(connection: Connection, listings: Path, *, protect_days: int) -> tuple[int, int]:
    """Record what ``listings`` (a run's folder of them) show of the content that appeals cleared; returns how many contents were added and how
    many appeals have none.

    What counts is the content as it was judged: captured up to the list's day, or the day of the look.
    """
    outcomes = standing(connection, OUTCOMES)
    appeals = outcomes[outcomes["source"].eq("appeal") & outcomes["status"].eq("cleared") & outcomes["seller_id"].notna()]
    known = standing(connection, PROTECTIONS)
    issued = issued_rows(connection).set_index("first_id")
    shown = contents_of(listings, set(zip(appeals["platform"], appeals["seller_id"], strict=True)))
    rows: list[dict[str, Any]] = []
    unseen = 0
    for appeal in appeals.to_dict("records"):
        if known["outcome_id"].eq(appeal["id"]).any():
            continue
        new = list(_protections(appeal, shown, issued, protect_days))
        rows += new
        unseen += not new
    add(connection, PROTECTIONS, rows)
    return len(rows), unseen


def in_force(connection: Connection, *, state: Path, today: date) -> tuple[pd.DataFrame, int]:
    """Return the protections that hold on ``today`` and how many a new complaint about the seller or listing has lifted."""
    table = standing(connection, PROTECTIONS)
    alive = _where(table, [row.since <= today <= row.until for row in table.itertuples()])
    complaints = _complaints(connection, state, today)
    lifted = [_complained(row, complaints) for row in alive.itertuples()]
    return _where(alive, [not one for one in lifted]).reset_index(drop=True), sum(lifted)


def protect(connection: Connection, listings: Path, *, state: Path, today: date, protect_days: int) -> Protected:
    """Record new appeals and return what is protected on ``today``."""
    recorded, unseen = record_appeals(connection, listings, protect_days=protect_days)
    table, lifted = in_force(connection, state=state, today=today)
    return Protected(table, recorded, lifted, unseen)


def write_protected(table: pd.DataFrame, path: Path) -> None:
    """Write what plan reads (``protected.csv`` of the planners' inputs); an empty table is a file with a heading."""
    names = [column.name for column in PROTECTED]
    told = pd.DataFrame(
        {
            "san": table["platform"], "ma_nguoi_ban": table["seller_id"], "noi_dung": table["content_hash"], "den_ngay": table["until"],
            "ly_do": [f"khiếu nại được chấp nhận, kết quả số {one}" for one in table["outcome_id"]],
        }
    )[names]  # fmt: skip
    write_atomically(path, lambda partial: told.to_csv(partial, index=False, encoding="utf-8-sig"))


def _protections(appeal: dict[str, Any], shown: pd.DataFrame, issued: pd.DataFrame, protect_days: int) -> Iterator[dict[str, Any]]:
    listed = issued.loc[appeal["issued_row_id"]] if appeal["issued_row_id"] in issued.index else None
    cleared_on = appeal["known_at"].astimezone(VIETNAM).date()
    judged_on = listed["list_date"] if listed is not None else appeal["happened_on"] if _is_day(appeal["happened_on"]) else cleared_on
    mine = shown[shown["platform"].eq(appeal["platform"]) & shown["seller_id"].eq(appeal["seller_id"])]
    mine = mine[mine["captured_at"] <= pd.Timestamp(datetime.combine(judged_on, time(23, 59, 59), VIETNAM))]
    ids = _ids(appeal, listed)
    mine = mine[mine["listing_id"].isin(ids)] if ids is not None else mine
    # Of a listing captured several times the last capture is what was looked at.
    for row in mine.sort_values("captured_at").drop_duplicates("listing_id", keep="last").drop_duplicates("content").itertuples():
        yield {
            "outcome_id": int(appeal["id"]), "platform": row.platform, "seller_id": row.seller_id, "listing_id": row.listing_id,
            "content_hash": row.content, "since": cleared_on, "until": cleared_on + timedelta(days=protect_days), "supersedes": None,
            "recorded_at": datetime.now(UTC),
        }  # fmt: skip


def _ids(appeal: dict[str, Any], listed: pd.Series | None) -> list[str] | None:
    """The listings that were held against the seller; ``None`` where nobody wrote down which."""
    if isinstance(appeal["listing_id"], str):
        return [appeal["listing_id"]]
    told = json.loads(listed["listing_ids"]) if listed is not None and isinstance(listed["listing_ids"], str) else []
    return told or None


def _complaints(connection: Connection, state: Path, today: date) -> pd.DataFrame:
    """``platform, seller_id, listing_id, received_on``, from the register and the state folder."""
    columns = ["platform", "seller_id", "listing_id", "received_on"]
    ours = standing(connection, COMPLAINTS)[columns]
    brought = read_table(state, COMPLAINTS_FILE)
    if brought is not None:
        ours = pd.concat([ours, brought[columns].assign(received_on=[date.fromisoformat(day) for day in brought["received_on"]])], ignore_index=True)
    return _where(ours, [day <= today for day in ours["received_on"]])


def _complained(row: Any, complaints: pd.DataFrame) -> bool:
    about = complaints["platform"].eq(row.platform) & (complaints["seller_id"].eq(row.seller_id) | complaints["listing_id"].eq(row.listing_id))
    return any(day > row.since for day in complaints.loc[about, "received_on"])


def _is_day(value: object) -> bool:
    return isinstance(value, date) and not pd.isna(value)


def _where(table: pd.DataFrame, mask: list[bool]) -> pd.DataFrame:
    return table[pd.Series(mask, index=table.index, dtype=bool)]
