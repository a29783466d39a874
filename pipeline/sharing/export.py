"""The register as a package for another installation: the sanctioned by name, the others counted, the annulled withdrawn."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from hashlib import blake2b
from typing import Any

import pandas as pd
from sqlalchemy import Connection, select

from pipeline.privacy.access import installation_id
from pipeline.privacy.roles import HIDDEN, Role, seen_by
from pipeline.privacy.subject import is_gone
from pipeline.register.facts import standing
from pipeline.register.lists import GIVEN, issued_rows
from pipeline.register.schema import OUTCOMES, SANCTION_DECISIONS
from pipeline.reports.safe_text import one_line
from pipeline.sharing.expiry import SharingRule, expires_on
from pipeline.sharing.package import SUSPECTED, Package, Suspected, Violator, Withdrawn
from pipeline.sources.phones import mask
from pipeline.sources.times import VIETNAM

_NAMES = ["record", "platform", "seller_id", "listing_id", "seller_name", "behaviours", "number", "decided_on", "authority"]
_NAMES += ["carried_out_on", "expires_on", "recorded_at"]


def make_package(
    connection: Connection, *, role_name: str, role: Role, unit: str, authority: str | None, as_of: date, key: bytes, rule: SharingRule
) -> Package:
    """Return what may be shared on ``as_of`` (Vietnamese day), masked for ``role``; an own-rows role is given those of ``authority``."""
    named = seen_by(role, violators(connection, as_of=as_of, rule=rule), authority=authority)
    counted = suspected(connection, as_of=as_of, rule=rule, key=key) if role.suspected else []
    return Package(
        origin=installation_id(key), unit=unit, role=role_name, as_of=as_of, made_at=datetime.now(UTC).replace(microsecond=0),
        violators=tuple(_violator(row) for row in named.to_dict("records")), suspected=tuple(counted),
        withdrawn=tuple(_withdrawn(connection, as_of)),
    )  # fmt: skip


def violators(connection: Connection, *, as_of: date, rule: SharingRule) -> pd.DataFrame:
    """Return the decisions in force on ``as_of`` with number and day, not expired: one row each, by record, columns of `Violator`."""
    first = _first_ids(connection)
    decisions = _as_objects(standing(connection, SANCTION_DECISIONS))
    rows = _as_objects(issued_rows(connection)).drop_duplicates("first_id").set_index("first_id")
    found = _as_objects(standing(connection, OUTCOMES))
    confirmed = found[found["status"].eq("confirmed") & found["issued_row_id"].notna()].drop_duplicates("issued_row_id", keep="last")
    behaviours = dict(zip(confirmed["issued_row_id"], confirmed["behaviours"], strict=True))
    out = []
    for row in decisions.to_dict("records"):
        if not _in_force(row, as_of):
            continue
        until = expires_on(row["decided_on"], row["carried_out_on"], rule)
        if until < as_of:
            continue
        issued = rows.loc[row["issued_row_id"]] if row["issued_row_id"] in rows.index else {}
        told = behaviours.get(row["issued_row_id"])
        known = {name: row[name] for name in ("platform", "seller_id", "listing_id", "number", "decided_on", "carried_out_on", "recorded_at")}
        out.append(
            known | {
                "record": f"d{first[row['id']]}", "seller_name": _shown(issued.get("seller_name")), "expires_on": until,
                "behaviours": told.split(",") if isinstance(told, str) else [], "authority": row["authority"] or issued.get("authority"),
            }
        )  # fmt: skip
    return pd.DataFrame(out, columns=_NAMES, dtype="object").sort_values("record", kind="stable").reset_index(drop=True)


def suspected(connection: Connection, *, as_of: date, rule: SharingRule, key: bytes) -> list[Suspected]:
    """Return who stood on a list up to ``as_of`` and is no violator then: hashes, signs and whose they are."""
    known = violators(connection, as_of=as_of, rule=rule)
    guilty = {_subject(row, key) for row in known.to_dict("records")}
    listed = _as_objects(issued_rows(connection))
    listed = listed[listed["standing"].isin(GIVEN) & ~listed["seller_id"].map(is_gone).astype(bool)]
    last: dict[str, Suspected] = {}
    for row in listed[listed["list_date"].map(lambda day: day <= as_of).astype(bool)].sort_values("list_date", kind="stable").to_dict("records"):
        subject = _subject(row, key)
        if subject not in guilty:
            told = row["behaviours"]
            last[subject] = Suspected(
                subject=subject, label=SUSPECTED, platform=row["platform"], behaviours=tuple(told.split(",")) if isinstance(told, str) else (),
                authority=row["authority"], last_listed_on=row["list_date"],
            )  # fmt: skip
    return [last[subject] for subject in sorted(last)]


def _shown(name: object) -> str | None:
    """A shop's name on one line, without a phone number in it."""
    return one_line(mask(name, b"")[0]) or None if isinstance(name, str) else None


def _in_force(row: dict[str, Any], as_of: date) -> bool:
    told = isinstance(row["number"], str) and row["number"].strip() and row["decided_on"] is not None
    annulled = row["annulled_on"] is not None and row["annulled_on"] <= as_of
    return bool(told) and row["decided_on"] <= as_of and not annulled and not is_gone(row["seller_id"])


def _withdrawn(connection: Connection, as_of: date) -> Iterator[Withdrawn]:
    """Records that were decisions once and are none now, whether or not anybody was told of them."""
    first = _first_ids(connection)
    once = {first[row.id] for row in connection.execute(select(SANCTION_DECISIONS.c.id, SANCTION_DECISIONS.c.number)) if row.number}
    for row in _as_objects(standing(connection, SANCTION_DECISIONS)).to_dict("records"):
        if first[row["id"]] in once and not _in_force(row, as_of):
            # Who was erased here is to be forgotten there too.
            since = as_of if is_gone(row["seller_id"]) else row["annulled_on"] or row["recorded_at"].astimezone(VIETNAM).date()
            yield Withdrawn(record=f"d{first[row['id']]}", since=since)


def _first_ids(connection: Connection) -> dict[int, int]:
    """The first row of each decision's history, whose number stays through corrections."""
    first: dict[int, int] = {}
    for row in connection.execute(select(SANCTION_DECISIONS.c.id, SANCTION_DECISIONS.c.supersedes).order_by(SANCTION_DECISIONS.c.id)):
        first[row.id] = first[row.supersedes] if row.supersedes is not None else row.id
    return first


def _subject(row: dict[str, Any], key: bytes) -> str:
    told = f"{row['platform']}|{row['seller_id'] or ''}|{'' if row['seller_id'] else row['listing_id']}"
    return blake2b(told.encode(), key=key[:64], person=b"soihang subject", digest_size=8).hexdigest()


def _violator(row: dict[str, Any]) -> Violator:
    values = {name: None if isinstance(value, str) and value == HIDDEN else value for name, value in row.items()}
    return Violator(**values | {"behaviours": tuple(values["behaviours"] or ())})


def _as_objects(table: pd.DataFrame) -> pd.DataFrame:
    """Missing as ``None`` and whole numbers whole, as the database has them."""
    plain = table.astype("object").where(table.notna(), None)
    for name in ("id", "issued_row_id", "first_id"):
        if name in plain:
            plain[name] = pd.Series([None if value is None else int(value) for value in plain[name]], index=plain.index, dtype="object")
    return plain

