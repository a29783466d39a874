"""What has been kept long enough, by ``configs/retention.yaml``: named first (dry run), then emptied or released, with a line in the log.

The log, tombstones, issued lists and counts stay: they hold no more than an archive must.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Literal

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from sqlalchemy import Connection, Table, update

from features.errors import ConfigError
from pipeline.config import configs_dir, explain, load_yaml
from pipeline.privacy.access import log_path, note_access
from pipeline.privacy.private_files import drop_private
from pipeline.privacy.subject import GONE
from pipeline.register.facts import history, standing
from pipeline.register.lists import issued_rows
from pipeline.register.schema import CLOSED, OUTCOMES, SANCTION_DECISIONS, SHARED_FACTS, WATCH_ENTRIES
from pipeline.sources.times import VIETNAM
from pipeline.state_folder import ADDRESSES, ANSWERS, INFORMANTS, PRIVATE_ADDRESSES, read_private, read_table
from pipeline.trail.sealed import release
from pipeline.trail.sealed_index import FOLDER as EVIDENCE
from pipeline.trail.sealed_index import raw_name, read_index

_Days = Field(ge=0, le=36_500)


class RetentionRule(BaseModel):
    """All of ``configs/retention.yaml``: days after the event named there."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    config_version: Literal[1]
    shared_decisions: int = _Days
    watch_entries: int = _Days
    informants: int = _Days
    seller_addresses: int = _Days
    evidence: int = _Days


@dataclass(frozen=True)
class Due:
    """What one rule would end: rows of the register (``ids`` of ``table``), records of a private file, or cases of a bundle's evidence."""

    rule: str
    where: str
    ids: tuple[str, ...]


def load_retention(path: Path | None = None) -> RetentionRule:
    """Return the rule; raises `ConfigError` naming the key that is wrong."""
    where = path or configs_dir() / "retention.yaml"
    try:
        return RetentionRule.model_validate(load_yaml(where))
    except ValidationError as error:
        raise ConfigError(f"{where}: {explain(error)}; known keys: {sorted(RetentionRule.model_fields)}") from error


def due(connection: Connection, *, state: Path, issued: Path, rule: RetentionRule, today: date) -> list[Due]:
    """Return everything that has been kept long enough on ``today``; changes nothing."""
    found = [_shared(connection, rule, today), _watched(connection, rule, today)]
    found += [
        _private(state, INFORMANTS, "informants", "complaint_id", _answered(state), rule.informants, today),
        _private(state, PRIVATE_ADDRESSES, "seller_addresses", "record_id", _asked(state), rule.seller_addresses, today),
        *_evidence(connection, issued, rule, today),
    ]
    return [one for one in found if one.ids]


def apply(found: Collection[Due], connection: Connection, *, state: Path, log: Path | None, by: str) -> None:
    """Empty or release what `due` named, each after a line in the log."""
    for one in found:
        facts = {"rule": one.rule, "records": len(one.ids)}
        if one.rule == "evidence":
            # Released case by case, each with a line of its own.
            for code in one.ids:
                release(Path(one.where), code, log=log_path(log), by=by)
            continue
        note_access(log, "retention_applied", by=by, facts=facts)
        if one.rule == "shared_decisions":
            _empty(connection, SHARED_FACTS, one.ids, {"seller_name": None, "seller_id": GONE, "listing_id": None})
        elif one.rule == "watch_entries":
            _empty(connection, WATCH_ENTRIES, one.ids, {"seller_name": None, "seller_id": GONE, "why": GONE})
        else:
            name, column = (INFORMANTS, "complaint_id") if one.rule == "informants" else (PRIVATE_ADDRESSES, "record_id")
            drop_private(state, name, column, one.ids)


def _shared(connection: Connection, rule: RetentionRule, today: date) -> Due:
    """All versions of a record go with the one that stands."""
    table = standing(connection, SHARED_FACTS)
    ends = [row.withdrawn_on if _known(row.withdrawn_on) else row.expires_on for row in table.itertuples()]
    over = _where(table, [_past(end, rule.shared_decisions, today) for end in ends])
    over = over[over["seller_id"].ne(GONE)]
    return Due("shared_decisions", "register: shared_facts", _chain_ids(connection, SHARED_FACTS, over["id"]))


def _watched(connection: Connection, rule: RetentionRule, today: date) -> Due:
    table = standing(connection, WATCH_ENTRIES)
    ends = [row.recorded_at.astimezone(VIETNAM).date() if row.act == CLOSED else row.until for row in table.itertuples()]
    over = _where(table, [_known(end) and _past(end, rule.watch_entries, today) for end in ends])
    over = over[over["seller_id"].ne(GONE)]
    return Due("watch_entries", "register: watch_entries", _chain_ids(connection, WATCH_ENTRIES, over["id"]))


def _private(state: Path, name: str, rule: str, column: str, ended: dict[str, date], days: int, today: date) -> Due:
    held = [str(one[column]) for one in read_private(state, name) if column in one]
    return Due(rule, str(state / name), tuple(sorted({one for one in held if one in ended and _past(ended[one], days, today)})))


def _answered(state: Path) -> dict[str, date]:
    table = read_table(state, ANSWERS)
    return {} if table is None else {row.complaint_id: date.fromisoformat(row.answered_on) for row in table.itertuples()}


def _asked(state: Path) -> dict[str, date]:
    table = read_table(state, ADDRESSES)
    return {} if table is None else {row.record_id: date.fromisoformat(row.answered_on) for row in table.itertuples()}


def _evidence(connection: Connection, issued: Path, rule: RetentionRule, today: date) -> list[Due]:
    closed = {code for code, day in closed_cases(connection).items() if _past(day, rule.evidence, today)}
    found = []
    for index in sorted(issued.glob(f"*/*/{EVIDENCE}/index.jsonl")):
        rows = read_index(index.read_bytes())
        # A code whose bytes are gone already, or are held for another case alone, has nothing to release.
        held = {row.code for row in rows if (index.parent / raw_name(row.raw_sha256)).exists()}
        found.append(Due("evidence", str(index.parent), tuple(sorted(held & closed))))
    return found


def closed_cases(connection: Connection) -> dict[str, date]:
    """Return the codes of closed cases and since when: cleared or not found; or sanctioned, and carried out or annulled."""
    rows = issued_rows(connection)
    codes = dict(zip(rows["first_id"], rows["code"], strict=True))
    outcomes = standing(connection, OUTCOMES)
    closed: dict[str, date] = {}
    for row in outcomes[outcomes["status"].isin(["cleared", "not_found"])].itertuples():
        if row.issued_row_id in codes:
            closed[codes[row.issued_row_id]] = row.known_at.astimezone(VIETNAM).date()
    for row in standing(connection, SANCTION_DECISIONS).itertuples():
        ended = row.annulled_on if _known(row.annulled_on) else row.carried_out_on
        if row.issued_row_id in codes and _known(ended):
            closed[codes[row.issued_row_id]] = max(ended, closed.get(codes[row.issued_row_id], ended))
    return closed


def _chain_ids(connection: Connection, table: Table, last: pd.Series) -> tuple[str, ...]:
    return tuple(str(one) for at in last for one in history(connection, table, int(at))["id"])


def _empty(connection: Connection, table: Table, ids: Collection[str], values: dict[str, str | None]) -> None:
    connection.execute(update(table).where(table.c.id.in_([int(one) for one in ids])).values(values))


def _where(table: pd.DataFrame, mask: list[bool]) -> pd.DataFrame:
    """Rows; of an empty table a bare list would choose columns."""
    return table[pd.Series(mask, index=table.index, dtype=bool)]


def _known(day: object) -> bool:
    return day is not None and not pd.isna(day)  # type: ignore[call-overload]


def _past(end: date, days: int, today: date) -> bool:
    return end + timedelta(days=days) < today
