"""``soihang audit``: whether lists fell on groups of sellers alike, for a period and never for one seller (docs/fairness.md)."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli.database import Database
from pipeline.cli.options import AsOf, Json, day, finish
from pipeline.cli.share import By, Log


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command("audit")(audit_command)


def audit_command(
    path: Annotated[Path, typer.Argument(help="File to write: .xlsx, .html or .md.")],
    span: Annotated[str, typer.Option("--period", help="2026-11, 2026-Q4, 2026 or 2026-11-01..2026-11-30, by the lists' days.")],
    by: By,
    runs: Annotated[
        list[Path] | None, typer.Option("--run", exists=True, file_okay=False, help="Output folder of a run of the period; once for each.")
    ] = None,
    as_of: AsOf = None,
    database: Database = None,
    log: Log = None,
    as_json: Json = False,
) -> None:
    """Exposure, finds and false flags by platform, authority, shop size, age and kind of seller, with intervals; silent where there are few."""
    from pipeline.fairness.audit import audit, period, to_json
    from pipeline.fairness.report import notes, write_audit
    from pipeline.fairness.settings import load_fairness_rule
    from pipeline.privacy.access import note_access
    from pipeline.register.connect import connected
    from pipeline.register.upgrade import ready
    from pipeline.sources.times import VIETNAM

    first, last = period(span)
    today = day(as_of) or datetime.now(VIETNAM).date()
    with connected(database) as connection:
        ready(connection)
        made = audit(connection, runs or [], first=first, last=last, today=today, rule=load_fairness_rule())
    write_audit(made, path)
    note_access(log, "data_read", by=by, facts={"what": "audit", "rows": made.listed})
    told = sum(line.exposure.is_told or line.cleared.is_told for line in made.lines)
    finish([f"{path}: {len(made.lines)} groups, {told} with enough to say anything", *notes(made)], to_json(made), as_json=as_json)
