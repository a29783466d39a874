"""Which form the register's database has, and the way to today's. The version stands in a table of our own: MLflow keeps another beside it."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect

from features.errors import SoiHangError
from pipeline.register.schema import METADATA

VERSION_TABLE = "soihang_version"
_MIGRATIONS = Path(__file__).parent / "migrations"


class OldRegister(SoiHangError):
    """The database has another form than this code."""

    exit_code = 6


class Form(NamedTuple):
    """``version`` of the database (``None``: it holds no register yet), ``newest`` that this code knows."""

    version: str | None
    newest: str
    known: tuple[str, ...]

    @property
    def is_current(self) -> bool:
        """True where nothing needs to be done."""
        return self.version == self.newest

    @property
    def is_newer(self) -> bool:
        """True where a newer SoiHàng has been here."""
        return self.version is not None and self.version not in self.known


def form_of(connection: Connection) -> Form:
    """Return which form the database has; changes nothing."""
    context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})
    scripts = ScriptDirectory(str(_MIGRATIONS))
    known = tuple(script.revision for script in reversed(list(scripts.walk_revisions())))
    return Form(context.get_current_revision(), known[-1], known)


def upgrade(connection: Connection) -> Form:
    """Bring the database to today's form inside the caller's transaction and return the form it had."""
    before = form_of(connection)
    if before.is_newer:
        raise OldRegister(f"the database has form {before.version}, which a newer SoiHàng made; this one knows up to {before.newest}: update SoiHàng")
    if before.version is None:
        _refuse_strangers(connection)
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
    return before


def ready(connection: Connection) -> None:
    """Make the tables in an empty database; raises `OldRegister` where facts lie in another form, which only a person should change."""
    form = form_of(connection)
    if form.is_current:
        return
    if form.version is None or form.is_newer:
        upgrade(connection)
        return
    raise OldRegister(f"the database has form {form.version}, this SoiHàng needs {form.newest}: back it up, then run soihang db upgrade")


def _refuse_strangers(connection: Connection) -> None:
    there = sorted(set(inspect(connection).get_table_names()) & set(METADATA.tables))
    if there:
        raise OldRegister(f"the database has tables of the same names ({', '.join(there[:5])}) that are not ours; use a database of its own")
