"""Packages of other installations into the register, and everybody who may be called a violator today, with where that comes from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import pandas as pd
from sqlalchemy import Connection

from features.errors import DataError
from pipeline.privacy.subject import is_gone
from pipeline.register.facts import add, standing
from pipeline.register.schema import SHARED_FACTS
from pipeline.sharing.expiry import SharingRule
from pipeline.sharing.export import violators
from pipeline.sharing.package import Package, Withdrawn

_TOLD = (
    "unit", "platform", "seller_id", "listing_id", "seller_name", "behaviours", "number", "decided_on", "authority", "carried_out_on", "expires_on",
)  # fmt: skip


@dataclass(frozen=True)
class Taken:
    """What came of a package: each record is ``added``, ``changed``, ``known`` already, ``expired`` or ``withdrawn``."""

    added: int
    changed: int
    known: int
    expired: int
    withdrawn: int
    suspected: int

    def lines(self) -> list[str]:
        """Return the summary for a terminal."""
        total = self.added + self.changed + self.known + self.expired
        return [
            f"named {total:,} = added {self.added:,} + changed {self.changed:,} + known {self.known:,} + expired {self.expired:,}",
            f"withdrawn {self.withdrawn:,}; counted without name {self.suspected:,} (not kept)",
        ]


def take_package(connection: Connection, package: Package, *, sha256: str, own_id: str, today: date) -> Taken:
    """Add what is new in ``package``; of each record of an origin one version stands.

    Raises `DataError` for a package of our own or one whose ids were masked away: a name without an id would be matched to the wrong shop.
    """
    if package.origin == own_id:
        raise DataError("this package was made by this very installation; its facts are in the register already")
    nameless = [one.record for one in package.violators if one.seller_id is None and one.listing_id is None]
    if nameless:
        raise DataError(f"the package was masked for role {package.role!r} and names no ids ({len(nameless)} records); ask for one for lap_danh_sach")
    before = standing(connection, SHARED_FACTS)
    before = before[before["origin"].eq(package.origin)].astype("object")
    known = {row["record"]: _plain(row) for row in before.to_dict("records")}
    counts = dict.fromkeys(("added", "changed", "known", "expired", "withdrawn"), 0)
    rows = []
    for one in package.violators:
        values = _values(one.model_dump(), package, sha256)
        old = known.get(one.record)
        if one.expires_on < today:
            counts["expired"] += 1
        elif old is not None and old["withdrawn_on"] is None and all(old[name] == values[name] for name in _TOLD):
            counts["known"] += 1
        elif old is not None and _is_newer(old, values):
            counts["known"] += 1
        else:
            counts["added" if old is None else "changed"] += 1
            rows.append(values | {"supersedes": None if old is None else int(old["id"])})
    for gone in package.withdrawn:
        old = known.get(gone.record)
        if old is not None and old["withdrawn_on"] is None:
            counts["withdrawn"] += 1
            rows.append(_ended(old, gone, package) | {"file_sha256": sha256})
    add(connection, SHARED_FACTS, rows)
    return Taken(**counts, suspected=len(package.suspected))


def known_violators(connection: Connection, *, today: date, rule: SharingRule) -> pd.DataFrame:
    """Return who may be called a violator on ``today``: our own decisions and those shared with us, ``origin`` empty for ours."""
    ours = violators(connection, as_of=today, rule=rule).assign(origin=None, unit=None)
    shared = standing(connection, SHARED_FACTS).astype("object")
    shared = shared.where(shared.notna(), None)
    alive = [row["withdrawn_on"] is None and row["expires_on"] >= today and not is_gone(row["seller_id"]) for row in shared.to_dict("records")]
    theirs = shared[pd.Series(alive, index=shared.index, dtype=bool)]
    theirs = theirs.assign(behaviours=[value.split(",") if value else [] for value in theirs["behaviours"]], recorded_at=theirs["origin_recorded_at"])
    columns = ["origin", "unit", *[name for name in ours if name not in ("origin", "unit")]]
    return pd.concat([ours[columns], theirs[columns]], ignore_index=True).sort_values(["platform", "seller_id", "record"], kind="stable")


def _values(told: dict[str, Any], package: Package, sha256: str) -> dict[str, Any]:
    return {
        "origin": package.origin, "unit": package.unit, **{name: told[name] for name in _TOLD if name not in ("unit", "behaviours")},
        "record": told["record"], "behaviours": ",".join(told["behaviours"]) or None, "withdrawn_on": None,
        "origin_recorded_at": told["recorded_at"], "file_sha256": sha256, "recorded_at": datetime.now(UTC),
    }  # fmt: skip


def _ended(old: dict[str, Any], gone: Withdrawn, package: Package) -> dict[str, Any]:
    kept = {name: old[name] for name in (*_TOLD, "origin", "record")}
    known_at = max(package.made_at, old["origin_recorded_at"])
    return kept | {"withdrawn_on": gone.since, "origin_recorded_at": known_at, "supersedes": int(old["id"]), "recorded_at": datetime.now(UTC)}


def _is_newer(old: dict[str, Any], new: dict[str, Any]) -> bool:
    """An old package that is imported after a newer one must not turn the clock back."""
    newer, told = old["origin_recorded_at"], new["origin_recorded_at"]
    return bool(newer >= told if old["withdrawn_on"] is not None else newer > told)


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    return {name: None if value is None or value != value else value for name, value in row.items()}
