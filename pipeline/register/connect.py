"""Where the register lies, and a connection to it that says plainly when it does not answer."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy
from sqlalchemy import Connection, Engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError, InterfaceError, NoSuchModuleError, OperationalError

from features.errors import ConfigError, SoiHangError

VARIABLE = "SOIHANG_DATABASE"
#: Any number that nobody else uses in the same database.
_LOCK = 399_2026
_STATE, _FILE = "SOIHANG_STATE", "soihang.db"
#: Seconds: until a server must have answered a greeting, until a dead line counts as cut, and for which somebody else who writes is waited for.
_GREETING, _SILENCE, _TURN = 10, 30, 30


class DatabaseAway(SoiHangError):
    """The register's database does not answer or cannot be written."""

    exit_code = 6


class DatabaseBusy(DatabaseAway):
    """Somebody else has been writing to the register for longer than we wait."""

    exit_code = 75


def database_url(url: str | None = None, folder: Path | None = None) -> URL:
    """Return where the register is: ``url``, else ``SOIHANG_DATABASE``, else ``soihang.db`` in ``folder`` (``SOIHANG_STATE``, else ``state``).

    A plain path is taken for an SQLite file. Raises `ConfigError` where it is neither path nor URL of SQLite or PostgreSQL.
    """
    told = url or os.environ.get(VARIABLE) or str((folder or Path(os.environ.get(_STATE) or "state")).resolve() / _FILE)
    try:
        found = make_url(told) if "://" in told else URL.create("sqlite", database=str(Path(told).resolve()))
    except (ArgumentError, ValueError):
        # The text is not repeated: it may hold a password.
        raise ConfigError(f"{VARIABLE} is no database URL; write postgresql://USER@HOST/NAME, sqlite:///FILE or a path") from None
    if found.get_backend_name() not in ("sqlite", "postgresql"):
        raise ConfigError(f"the register knows SQLite and PostgreSQL, not {found.get_backend_name()!r}; see docs/outcomes.md")
    # What a bare "postgresql" means changed between versions of SQLAlchemy; the driver we install does not.
    return found.set(drivername="postgresql+psycopg2") if found.drivername == "postgresql" else found


def named(url: URL) -> str:
    """Return the URL as it may be shown: without its password."""
    return url.render_as_string(hide_password=True)


class WrittenMeanwhile(SoiHangError):
    """Somebody else recorded the same thing at the same time."""

    exit_code = 75


def alone(connection: Connection) -> None:
    """Wait until nobody else writes, and keep it so until the transaction ends: what stands must not change between reading and adding.

    SQLite lets one writer in at a time anyway.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(sqlalchemy.select(sqlalchemy.func.pg_advisory_xact_lock(_LOCK)))


@contextmanager
def connected(url: str | None = None, *, folder: Path | None = None) -> Iterator[Connection]:
    """Yield a connection inside one transaction: all of it is kept, or after an error nothing. The tables may be missing or older."""
    where = database_url(url, folder)
    engine = _engine(where)
    try:
        with engine.begin() as connection:
            yield connection
    except IntegrityError as error:
        if "unique" not in _first_line(error).lower():
            raise
        raise WrittenMeanwhile(f"somebody else wrote to {named(where)} at the same time; run the command again") from error
    except (OperationalError, InterfaceError) as error:
        said = _first_line(error)
        if "lock timeout" in said or "is locked" in said:
            waited = f"somebody else has been writing to {named(where)} for {_TURN} seconds ({said})"
            raise DatabaseBusy(f"{waited}; run the same command again") from error
        kept = "what was under way is kept whole or not at all, run the same command again"
        raise DatabaseAway(f"the database {named(where)} does not answer: {said}; {kept}") from error
    finally:
        engine.dispose()


def _engine(url: URL) -> Engine:
    try:
        engine = sqlalchemy.create_engine(url, connect_args=_patience(url))
    except (NoSuchModuleError, ModuleNotFoundError) as error:
        raise ConfigError(f"the driver of {named(url)} is missing ({error}); for PostgreSQL: pip install psycopg2-binary") from error
    if url.get_backend_name() == "sqlite":
        _made_private(url)
        event.listen(engine, "connect", _sqlite_rules)
        event.listen(engine, "begin", _sqlite_begin)
    return engine


def _patience(url: URL) -> dict[str, Any]:
    """How long a database is waited for, where the address does not say otherwise; left alone, a line that is cut would be waited on for hours."""
    if url.get_backend_name() == "sqlite":
        return {"timeout": _TURN}
    if url.get_backend_name() != "postgresql" or url.get_driver_name() not in ("psycopg2", "psycopg"):
        return {}
    wanted: dict[str, Any] = {
        "connect_timeout": _GREETING, "options": f"-c lock_timeout={_TURN}s", "tcp_user_timeout": 1000 * _SILENCE,
        "keepalives_idle": _SILENCE // 3, "keepalives_interval": _SILENCE // 3, "keepalives_count": 2,
    }  # fmt: skip
    return {name: value for name, value in wanted.items() if name not in url.query}


def _made_private(url: URL) -> None:
    """Make the file before SQLite does, so that nobody else may read it."""
    if not url.database or url.database == ":memory:":
        return
    path = Path(url.database)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    except OSError as error:
        raise DatabaseAway(f"cannot open the database {path}: {error.strerror}; name another with {VARIABLE} or --database") from error


def _sqlite_rules(connection: object, record: object) -> None:
    # The driver would commit before every CREATE TABLE; a stopped upgrade must leave nothing.
    connection.isolation_level = None  # type: ignore[attr-defined]
    cursor = connection.cursor()  # type: ignore[attr-defined]
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()


def _sqlite_begin(connection: Connection) -> None:
    # Readers that turn writers half-way can deadlock in SQLite: one writer from the start.
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _first_line(error: DBAPIError) -> str:
    return (str(error.orig).strip().splitlines() or [type(error).__name__])[0]
