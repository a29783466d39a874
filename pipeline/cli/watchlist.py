"""``soihang watchlist``: sellers kept in sight ("sổ theo dõi"). Being watched is an interest of ours, no finding, and is shared with nobody."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from pipeline.cli.database import Database
from pipeline.cli.options import AsOf, Json, day, finish
from pipeline.cli.share import By, Log

_app = typer.Typer(help="Show, add to and end the watch list, and print what is known of one seller.", no_args_is_help=True)

_Platform = Annotated[str, typer.Argument(help="Platform, as in listings.")]
_Seller = Annotated[str, typer.Argument(help="The platform's id of the seller.")]
_Why = Annotated[str, typer.Option(help="The reason, in words.")]


def register(app: typer.Typer) -> None:
    """Add the commands to ``app``."""
    app.add_typer(_app, name="watchlist")


@_app.command("show")
def show_command(by: By, as_of: AsOf = None, database: Database = None, log: Log = None, as_json: Json = False) -> None:
    """Print who is watched on the day, why and until when."""
    from pipeline.privacy.access import note_access
    from pipeline.register.connect import connected
    from pipeline.register.upgrade import ready
    from pipeline.register.watch import watch_list
    from pipeline.reports.safe_text import one_line
    from pipeline.sources.times import VIETNAM

    with connected(database) as connection:
        ready(connection)
        table = watch_list(connection, today=day(as_of) or datetime.now(VIETNAM).date())
    note_access(log, "data_read", by=by, facts={"what": "watchlist", "rows": len(table)})
    rows = table[["platform", "seller_id", "seller_name", "why", "until", "entered_by"]].astype("object")
    rows = rows.where(rows.notna(), None)
    lines = [
        one_line(f"{row['platform']} {row['seller_id']} {row['seller_name'] or ''} – {row['why']} – đến {row['until'] or 'khi kết thúc'}")
        for row in rows.to_dict("records")
    ]
    finish([*lines, f"{len(rows):,} watched"], rows.to_dict("records"), as_json=as_json)


@_app.command("add")
def add_command(
    platform: _Platform,
    seller_id: _Seller,
    why: _Why,
    until: Annotated[str, typer.Option(metavar="YYYY-MM-DD", help="Last day of watching.")],
    by: By,
    name: Annotated[str | None, typer.Option(help="Shop name as displayed.", show_default=False)] = None,
    database: Database = None,
    log: Log = None,
    as_json: Json = False,
) -> None:
    """Watch a seller until a day, or write anew why and until when."""
    from features.errors import DataError
    from pipeline.register.watch import watch
    from pipeline.sources.times import VIETNAM

    last = day(until)
    if last is None or last < datetime.now(VIETNAM).date():
        raise DataError(f"--until {until} is past: nobody would be watched")

    _change(log, by, "add", database, lambda connection: watch(connection, platform, seller_id, why=why, by=by, until=last, seller_name=name))
    finish([f"watching {platform} {seller_id} until {last:%d/%m/%Y}"], {"platform": platform, "seller_id": seller_id, "until": last}, as_json=as_json)


@_app.command("remove")
def remove_command(
    platform: _Platform, seller_id: _Seller, why: _Why, by: By, database: Database = None, log: Log = None, as_json: Json = False
) -> None:
    """End the watch on a seller; what was entered before stays in its history."""
    from pipeline.register.watch import unwatch

    _change(log, by, "remove", database, lambda connection: unwatch(connection, platform, seller_id, why=why, by=by))
    finish([f"no longer watching {platform} {seller_id}"], {"platform": platform, "seller_id": seller_id}, as_json=as_json)


@_app.command("history")
def history_command(
    platform: _Platform, seller_id: _Seller, by: By, database: Database = None, log: Log = None, as_json: Json = False
) -> None:
    """Print what stands about one seller, oldest first: lists, opinions, findings, decisions, complaints, watch entries."""
    from pipeline.privacy.access import note_access
    from pipeline.register.connect import connected
    from pipeline.register.upgrade import ready
    from pipeline.register.watch import seller_history
    from pipeline.reports.safe_text import one_line

    with connected(database) as connection:
        ready(connection)
        table = seller_history(connection, platform, seller_id)
    note_access(log, "data_read", by=by, facts={"what": "seller_history", "rows": len(table)})
    lines = [one_line(f"{row.day:%d/%m/%Y} {row.what}: {row.told}") for row in table.itertuples()]
    finish(lines or ["nothing is known of this seller"], table.to_dict("records"), as_json=as_json)


def _change(log: Path | None, by: str, what: str, database: str | None, change: Callable[[Any], int]) -> None:
    from pipeline.privacy.access import note_access
    from pipeline.register.connect import connected
    from pipeline.register.upgrade import ready

    with connected(database) as connection:
        ready(connection)
        entry = change(connection)
    note_access(log, "watch_changed", by=by, facts={"act": what, "entry": entry})
