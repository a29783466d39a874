"""``soihang db``: the register's database, and its way to a newer form."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from pipeline.cli.options import Json, finish

_app = typer.Typer(help="The database of lists, outcomes, decisions and complaints.", no_args_is_help=True)

Database = Annotated[
    str | None,
    typer.Option(
        "--database", envvar="SOIHANG_DATABASE", show_default=False, show_envvar=True,
        help="SQLite file or database URL (postgresql://USER@HOST/NAME); default: soihang.db in the state folder.",
    ),
]  # fmt: skip


def register(app: typer.Typer) -> None:
    """Add the commands to ``app``."""
    app.add_typer(_app, name="db")


@_app.command("status")
def status_command(database: Database = None, as_json: Json = False) -> None:
    """Say where the database is, which form it has and how many rows its tables hold."""
    from sqlalchemy import func, select

    from pipeline.register.connect import connected, database_url, named
    from pipeline.register.schema import TABLES
    from pipeline.register.upgrade import form_of

    with connected(database) as connection:
        form = form_of(connection)
        counts = {table.name: int(connection.execute(select(func.count()).select_from(table)).scalar_one()) for table in TABLES if form.is_current}
    said: dict[str, Any] = {"database": named(database_url(database)), "form": form.version, "newest": form.newest, "rows": counts}
    lines = [f"{said['database']}: form {form.version or 'none yet'}, this SoiHàng knows {form.newest}"]
    lines += [] if form.is_current else ["run soihang db upgrade" if not form.is_newer else "update SoiHàng"]
    finish([*lines, *(f"  {name}: {count:,}" for name, count in counts.items())], said, as_json=as_json)


@_app.command("upgrade")
def upgrade_command(database: Database = None, as_json: Json = False) -> None:
    """Bring the database to the form this SoiHàng needs, whole or not at all; back it up before."""
    from pipeline.register.connect import connected, database_url, named
    from pipeline.register.upgrade import upgrade

    with connected(database) as connection:
        before = upgrade(connection)
    where = named(database_url(database))
    line = f"{where}: nothing to do, form {before.newest}" if before.is_current else f"{where}: from {before.version or 'empty'} to {before.newest}"
    finish([line], {"database": where, "before": before.version, "now": before.newest}, as_json=as_json)
