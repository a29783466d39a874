"""``soihang complaints``: what people report, counted, matched and answered, with whoever reported sealed away."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli.database import Database
from pipeline.cli.options import AsOf, Json, State, day, finish

_app = typer.Typer(help="Take complaints and tip-offs; who reported is sealed and never shown.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the commands to ``app``."""
    app.add_typer(_app, name="complaints")


@_app.command("import")
def import_command(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="Complaints: XLSX, CSV …")],
    state: State = Path("state"),
    received: Annotated[
        str | None, typer.Option(metavar="YYYY-MM-DD", help="Day of receipt of rows that name none.", show_default=False)
    ] = None,
    as_json: Json = False,
) -> None:
    """Add complaints; every row is taken, there before, or returned with a reason. `soihang score --complaints` uses them."""
    from datetime import datetime

    from pipeline.complaints.reading import Reader
    from pipeline.complaints.settings import load_complaint_settings
    from pipeline.config import contact_key
    from pipeline.lock import lock
    from pipeline.reference import load_review_cues
    from pipeline.sources.times import VIETNAM
    from pipeline.stages.complaints import import_complaints

    settings, today = load_complaint_settings(), datetime.now(VIETNAM).date()
    reader = Reader(contact_key(), load_review_cues(), today, settings.answer_days, day(received))
    with lock(state):
        done = import_complaints(file, state=state, reader=reader)
    finish(done.lines(), done.to_json(), as_json=as_json)


@_app.command("due")
def due_command(state: State = Path("state"), as_of: AsOf = None, as_json: Json = False) -> None:
    """List open complaints by the day an answer is due, the late ones first; exit code 3 where any is late."""
    from datetime import datetime

    from pipeline.reports.safe_text import one_line
    from pipeline.sources.times import VIETNAM
    from pipeline.stages.complaints import overdue

    table = overdue(state, day(as_of) or datetime.now(VIETNAM).date())
    late = int(table["days_late"].gt(0).sum())
    lines = [f"open {len(table):,}, late {late:,}"]
    for row in table.head(200).itertuples():
        about = " ".join(str(part) for part in (row.platform, row.seller, row.listing_id) if isinstance(part, str))
        when = f"{row.days_late} days late" if row.days_late > 0 else f"due in {-row.days_late} days"
        lines.append(one_line(f"  {row.complaint_id}  due {row.answer_due_on} ({when})  {about or '-'}"))
    finish(lines, table.to_dict("records"), as_json=as_json, code=3 if late else 0)


@_app.command("answered")
def answered_command(
    complaint: Annotated[str, typer.Argument(help="The complaint's id, as `soihang complaints due` prints it.")],
    on: Annotated[str, typer.Option("--on", metavar="YYYY-MM-DD", help="The day it was answered.")],
    state: State = Path("state"),
    as_json: Json = False,
) -> None:
    """Note that a complaint was answered; the first day that is noted stays."""
    from features.errors import DataError
    from pipeline.lock import lock
    from pipeline.stages.complaints import note_answers
    from pipeline.state_folder import COMPLAINTS, read_table

    when = day(on)
    table = read_table(state, COMPLAINTS)
    if table is None or not table["complaint_id"].eq(complaint).any():
        raise DataError(f"{state} holds no complaint {complaint!r}; soihang complaints due lists the open ones")
    with lock(state):
        new = note_answers(state, [(complaint, when)]) if when else 0
    finish([f"answered on {on}" if new else "was answered before; the first day stays"], {"complaint": complaint, "new": new}, as_json=as_json)


@_app.command("record")
def record_command(state: State = Path("state"), database: Database = None, as_json: Json = False) -> None:
    """Add what was imported, and its answers, to the register's database; what is there already stays, who reported stays out."""
    from features.errors import DataError
    from pipeline.register.complaints import record_complaints
    from pipeline.register.connect import connected
    from pipeline.register.upgrade import ready
    from pipeline.state_folder import ANSWERS, COMPLAINTS, read_table

    table = read_table(state, COMPLAINTS)
    if table is None:
        raise DataError(f"{state} holds no complaints; bring some in with soihang complaints import")
    with connected(database) as connection:
        ready(connection)
        added, answered = record_complaints(connection, table, read_table(state, ANSWERS))
    finish([f"complaints added {added:,}, answers added {answered:,}"], {"added": added, "answered": answered}, as_json=as_json)
