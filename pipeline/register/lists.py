"""Lists as they were issued, and their rows by code. A list that is known already is left as it is."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
from sqlalchemy import Connection, insert, select

from features.errors import DataError
from pipeline.register.schema import ISSUED_LISTS, ISSUED_ROWS
from pipeline.sources.times import VIETNAM
from pipeline.store import read_json, read_parquet
from pipeline.tables.targets import CHOSEN, NOT_SELECTED, REFERRED, RESERVE, REVIEW

#: Standings of the rows that a person was given; others only wait.
GIVEN = (CHOSEN, RESERVE, REVIEW, REFERRED)
_TARGETS = ["code", "authority", "platform", "seller_id", "seller_name", "subject_kind", "standing", "behaviours", "probability", "selection"]
_TARGETS += ["selection_probability"]


@dataclass(frozen=True)
class IssuedList:
    """``number`` ("48/2026"), ``version`` and ``kind`` name it; ``rows`` has the columns of ``issued_rows`` less ``id`` and ``list_id``."""

    number: str
    version: int
    kind: str
    list_date: date
    due_on: date
    rows: pd.DataFrame

    def content_hash(self) -> str:
        """SHA-256 of what it is and holds, the same wherever it is read."""
        told = [self.number, self.version, self.kind, self.list_date.isoformat()]
        rows = self.rows.sort_values("code").to_json(orient="values", force_ascii=False, double_precision=10)
        return hashlib.sha256(json.dumps([*told, rows], ensure_ascii=False).encode()).hexdigest()


def read_issued(folder: Path, *, due_after_days: int) -> Iterator[IssuedList]:
    """Yield the lists frozen under ``folder`` (docs/planning.md), oldest first; raises `DataError` where a bundle is not whole."""
    if not folder.is_dir():
        raise DataError(f"no folder of issued lists at {folder}; `soihang plan --issue` makes one")
    for path in sorted(folder.glob("*/*/issue.json")):
        yield issued_list(
            read_json(path),
            read_parquet(path.parent / "targets.parquet", _TARGETS),
            read_parquet(path.parent / "target_listings.parquet", ["code", "listing_id"]),
            due_after_days=due_after_days,
        )


def issued_list(what: dict[str, Any], targets: pd.DataFrame, listings: pd.DataFrame, *, due_after_days: int) -> IssuedList:
    """Return the list that ``what`` (issue.json) names with all of its rows: a reviewer may answer about a waiting one too.

    It is due ``due_after_days`` days after the Vietnamese day of issue (where ``what`` does not tell: after its own day). Raises `DataError`
    where ``what`` lacks a name, version or date.
    """
    try:
        day = date.fromisoformat(str(what["as_of"]))
        issued_on = datetime.fromisoformat(str(what["issued_at"])).astimezone(VIETNAM).date() if what.get("issued_at") else day
        number, version, kind = str(what["list"]), int(what["version"]), str(what["kind"])
    except (KeyError, ValueError) as error:
        raise DataError(f"issue.json names no list, version, kind and as_of ({error}); issue the list again") from error
    targets = targets.reset_index(drop=True)
    shown = listings.groupby("code", sort=False)["listing_id"].agg(lambda ids: list(dict.fromkeys(ids)))
    ids = [list(shown.get(code, [])) for code in targets["code"]]
    alone = targets["subject_kind"].eq("listing")
    lost = targets.loc[alone & pd.Series([not one for one in ids], index=targets.index, dtype=bool), "code"]
    if len(lost):
        raise DataError(f"list {number}: row {lost.iloc[0]} is about a listing that target_listings.parquet does not hold ({len(lost)} such rows)")
    rows = pd.DataFrame(
        {
            "code": targets["code"],
            "authority": targets["authority"],
            "platform": targets["platform"],
            "seller_id": targets["seller_id"].where(~alone),
            "listing_id": pd.Series([one[0] if one else None for one in ids], dtype="object").where(alone),
            "seller_name": targets["seller_name"],
            "standing": targets["standing"],
            "behaviours": [",".join(names) or None for names in targets["behaviours"]],
            "expected": targets["probability"],
            "selection_kind": targets["selection"],
            # Nobody drew a row that was not selected, whatever its chance in the pool.
            "selection_probability": targets["selection_probability"].mask(targets["selection"].eq(NOT_SELECTED)),
            "listing_ids": [json.dumps(one, ensure_ascii=False) for one in ids],
        }
    )
    rows = rows.astype("object").where(rows.notna(), None)
    return IssuedList(number, version, kind, day, issued_on + timedelta(days=due_after_days), rows)


def record_list(connection: Connection, issued: IssuedList) -> int | None:
    """Add a list and return its id, ``None`` where it is there already.

    Raises `DataError` where the same name was recorded with other rows: an issued list is never changed, a correction is a new version.
    """
    content = issued.content_hash()
    named = (ISSUED_LISTS.c.number == issued.number, ISSUED_LISTS.c.kind == issued.kind, ISSUED_LISTS.c.version == issued.version)
    known = connection.execute(select(ISSUED_LISTS.c.content_hash).where(*named)).scalar()
    if known == content:
        return None
    if known is not None:
        raise DataError(
            f"list {issued.number}, version {issued.version} ({issued.kind}) was recorded with other rows; "
            "an issued list is never changed: issue a correction as the next version"
        )
    added = connection.execute(
        insert(ISSUED_LISTS).values(
            number=issued.number, version=issued.version, kind=issued.kind, list_date=issued.list_date, due_on=issued.due_on,
            content_hash=content, recorded_at=datetime.now(UTC),
        )
    )  # fmt: skip
    list_id = int(next(iter(added.inserted_primary_key or ())))
    if len(issued.rows):
        connection.execute(insert(ISSUED_ROWS), [{**row, "list_id": list_id} for row in issued.rows.to_dict("records")])
    return list_id


def issued_by_code(connection: Connection) -> dict[str, dict[str, Any]]:
    """Return `issued_rows` as plain values by code; what is missing is ``None``."""
    rows = issued_rows(connection)
    return {row["code"]: row for row in rows.astype("object").where(rows.notna(), None).to_dict("records")}


def issued_rows(connection: Connection) -> pd.DataFrame:
    """Return every code once: its row in the latest list that holds it, with ``number, kind, version, list_date, due_on``.

    A code names the same subject in every version and in alerts; ``first_id`` is the id of its first row, by which facts find it after a
    correction. ``stands``: no later version of that list left it out.
    """
    lists = [ISSUED_LISTS.c[name] for name in ("number", "kind", "version", "list_date", "due_on")]
    order = (ISSUED_LISTS.c.list_date, ISSUED_LISTS.c.version, ISSUED_ROWS.c.id)
    found = connection.execute(select(ISSUED_ROWS, *lists).join(ISSUED_LISTS).order_by(*order))
    table = pd.DataFrame(found.all(), columns=[*ISSUED_ROWS.columns.keys(), *(column.name for column in lists)])
    table["first_id"] = table.groupby("code", sort=False)["id"].transform("min")
    table["stands"] = table["version"].eq(table.groupby(["number", "kind"])["version"].transform("max"))
    # An alert repeats a row of the week's list; it does not put a row back that a correction took off.
    return table.sort_values("stands", kind="stable").drop_duplicates("code", keep="last").sort_values("first_id").reset_index(drop=True)
