"""Erase a phone number, a tax code or a seller: from tables, state and register, leaving a tombstone; sealed bundles stay until their case closes."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from sqlalchemy import Connection

from features.errors import DataError
from pipeline.privacy.access import note_access
from pipeline.privacy.redact import DERIVED, Listings, listings_of, names_of, positions_of, redact_parquet, redact_text
from pipeline.privacy.redact_sql import compact, names_in_register, redact_register
from pipeline.privacy.search import Found, files_under, holds, is_sealed, search
from pipeline.privacy.subject import PHONE, SELLER, TAX_CODE, Subject, phone_subject, seller_subject, stone_key, tax_subject
from pipeline.privacy.tombstones import FILE, Tombstone, add_tombstone
from pipeline.register.connect import connected, database_url
from pipeline.register.upgrade import ready
from pipeline.sources.phones import phone_key
from pipeline.sources.tax_codes import tax_key

_TEXTS = frozenset({".json", ".jsonl", ".csv", ".md", ".txt", ".yaml", ".log"})
#: Hash chains: a changed line would break what they prove, and they hold hashes only.
_CHAINS = frozenset({"log.jsonl", FILE})


@dataclass(frozen=True)
class Wish:
    """What is to be erased: ``value`` is a number, or a seller's id with its ``platform``."""

    kind: str
    value: str
    platform: str | None = None


@dataclass
class Erased:
    """``changed``: values or rows by file or table; ``removed``: files made from tables; ``sealed`` and ``left``: where it still stands."""

    stone: str
    changed: dict[str, int] = field(default_factory=dict)
    removed: list[str] = field(default_factory=list)
    sealed: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return dict(self.__dict__)

    def lines(self) -> list[str]:
        """Return the summary for a terminal."""
        lines = [f"tombstone {self.stone}"]
        lines += [f"  changed {n:,} in {name}" for name, n in self.changed.items()]
        lines += [f"  removed {name} (write it again: soihang report)" for name in self.removed]
        lines += [f"  STAYS SEALED in {name} until the case closes (soihang privacy retain)" for name in self.sealed]
        lines += [f"  STILL IN {name}: erase it by hand" for name in self.left]
        return lines


def find(wish: Wish, folders: Sequence[Path], connection: Connection | None, *, key: bytes) -> list[Found]:
    """Return where the value stands now; changes nothing."""
    return search(_subject(wish, folders, connection, key, "0" * 8), folders, connection)


def erase(
    wish: Wish, folders: Sequence[Path], database: str | None, *, state: Path, key: bytes, log: Path | None, by: str, why: str, today: date
) -> Erased:
    """Take the value out of every file under ``folders`` and of the register at ``database``, then search all of them again.

    The tombstone and the log's line are written first: nothing vanishes without a trace of that. Raises `DataError` where the value cannot be
    one of its kind.
    """
    stone, parquet = secrets.token_hex(4), _parquet(folders)
    with _register(database) as connection:
        subject = _subject(wish, folders, connection, key, stone)
    listings = listings_of(subject, parquet) if wish.kind == SELLER else frozenset()
    hashed = _hashed(wish, key)
    add_tombstone(state, Tombstone(stone, wish.kind, hashed, today.isoformat(), why))
    note_access(log, "data_erased", by=by, facts={"stone": stone, "kind": wish.kind, "key": hashed})
    done = Erased(stone)
    _redact_tables(parquet, subject, listings, done)
    _redact_others(folders, subject, done)
    with _register(database) as connection:
        if connection is not None:
            done.changed |= {f"register: {name}": n for name, n in redact_register(connection, subject, listings).items()}
    if database is not None:
        compact(database_url(database))
    # After the register's file is closed: it may lie in one of the folders.
    with _register(database) as connection:
        in_register = search(subject, [], connection)
    for one in [*search(subject, folders), *in_register]:
        (done.sealed if one.sealed else done.left).append(one.where)
    return done


@contextmanager
def _register(database: str | None) -> Iterator[Connection | None]:
    if database is None:
        yield None
        return
    with connected(database) as connection:
        ready(connection)
        yield connection


def _subject(wish: Wish, folders: Sequence[Path], connection: Connection | None, key: bytes, stone: str) -> Subject:
    if wish.kind == PHONE:
        return phone_subject(wish.value, key, stone=stone)
    if wish.kind == TAX_CODE:
        return tax_subject(wish.value, key, stone=stone)
    if wish.platform is None:
        raise DataError("a seller is named by its platform and its id; give --platform too")
    names = names_of(wish.platform, wish.value, _parquet(folders))
    if connection is not None:
        names |= names_in_register(connection, wish.platform, wish.value)
    return seller_subject(wish.platform, wish.value, names, stone=stone)


def _hashed(wish: Wish, key: bytes) -> str:
    """By what ingest knows it again."""
    if wish.kind == PHONE:
        return stone_key(PHONE, str(phone_key(wish.value, key)), key)
    return stone_key(TAX_CODE, tax_key(wish.value, key), key) if wish.kind == TAX_CODE else stone_key(SELLER, f"{wish.platform}|{wish.value}", key)


def _parquet(folders: Sequence[Path]) -> list[Path]:
    """Readable Parquet files that are in no closed bundle."""
    found = []
    for root, path in files_under(folders):
        if path.suffix == ".parquet" and not is_sealed(path, root):
            try:
                pq.read_schema(path)
            except (pa.ArrowException, OSError):
                continue
            found.append(path)
    return found


def _redact_tables(parquet: Sequence[Path], subject: Subject, listings: Listings, done: Erased) -> None:
    for path in parquet:
        beside = path.parent.parent / "listings" / path.name
        by_position = bool(listings) and beside.is_file() and "row" in pq.read_schema(path).names
        changed = redact_parquet(path, subject, listings, positions=positions_of(beside, listings) if by_position else ())
        if changed:
            done.changed[str(path)] = changed


def _redact_others(folders: Sequence[Path], subject: Subject, done: Erased) -> None:
    for root, path in files_under(folders):
        if path.suffix == ".parquet" or path.name in _CHAINS or is_sealed(path, root) or not holds(path, subject):
            continue
        if path.suffix in DERIVED:
            path.unlink()
            done.removed.append(str(path))
        elif path.suffix in _TEXTS:
            try:
                done.changed[str(path)] = redact_text(path, subject)
            except ValueError:
                # Not what its ending says: named below as left, for a person to look at.
                continue
