"""``soihang protect``: what appeals cleared is left in peace by the plans that follow (docs/fairness.md)."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli.database import Database
from pipeline.cli.options import AsOf, Folder, Json, State, day, finish
from pipeline.cli.share import By, Log


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command("protect")(protect_command)


def protect_command(
    out: Folder,
    inputs: Annotated[Path, typer.Option(file_okay=False, help="The planners' folder, into which protected.csv goes.")],
    by: By,
    state: State = Path("state"),
    as_of: AsOf = None,
    database: Database = None,
    log: Log = None,
    as_json: Json = False,
) -> None:
    """Record what OUT shows of the content that appeals cleared, and write what is protected on the day for `soihang plan --inputs`."""
    from pipeline.fairness.protection import FILE, protect, write_protected
    from pipeline.fairness.settings import load_fairness_rule
    from pipeline.privacy.access import note_access
    from pipeline.register.connect import connected
    from pipeline.register.upgrade import ready
    from pipeline.sources.times import VIETNAM

    today = day(as_of) or datetime.now(VIETNAM).date()
    with connected(database) as connection:
        ready(connection)
        found = protect(connection, out / "work" / "listings", state=state, today=today, protect_days=load_fairness_rule().protect_days)
    write_protected(found.table, inputs / FILE)
    counts = {"recorded": found.recorded, "in_force": len(found.table), "lifted": found.lifted, "unseen": found.unseen}
    note_access(log, "protection_recorded", by=by, facts=counts)
    lines = [f"{inputs / FILE}: {counts['in_force']:,} contents protected ({found.recorded:,} new), {found.lifted:,} lifted by a complaint"]
    if found.unseen:
        lines.append(f"{found.unseen:,} appeals: their listings as they were judged are not in {out}; name the run they were judged by")
    finish(lines, counts | {"file": inputs / FILE}, as_json=as_json)
