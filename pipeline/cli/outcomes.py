"""``soihang outcomes``: what comes back from lists that were issued."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli.database import Database
from pipeline.cli.options import Config, Json, day, finish
from pipeline.cli.share import Log

_app = typer.Typer(help="Take returned lists back, and say what came of them.", no_args_is_help=True)

Issued = Annotated[
    list[Path] | None,
    typer.Option("--issued", exists=True, file_okay=False, help="Folder of issued lists (OUT/issued); repeat for more. New ones are recorded first."),
]
AsOf = Annotated[str | None, typer.Option(metavar="YYYY-MM-DD", help="As it was known at the end of this day; default: today.", show_default=False)]


def register(app: typer.Typer) -> None:
    """Add the commands to ``app``."""
    app.add_typer(_app, name="outcomes")


@_app.command("import")
def import_command(
    files: Annotated[list[Path], typer.Argument(help="Workbooks that came back (.xlsx), under whatever name; or folders of them.")],
    issued: Issued = None,
    returned: Annotated[
        Path | None,
        typer.Option(help="Workbook (.xlsx) of rows that go back, or a folder for one a file; default: tra-lai-DAY.xlsx.", show_default=False),
    ] = None,
    received: Annotated[str | None, typer.Option(metavar="YYYY-MM-DD", help="Day they came in; default: today.", show_default=False)] = None,
    correction: Annotated[bool, typer.Option("--correction", help="Where a row contradicts what was recorded, the row counts.")] = False,
    by: Annotated[str | None, typer.Option(help="Who takes them, for the log, which knows the account anyway.", show_default=False)] = None,
    log: Log = None,
    database: Database = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Take every filled-in row, or return it with a reason; the same file twice changes nothing.

    Exit code 3 where a file could not be read, 4 where all files were taken before.
    """
    on = day(received)
    from datetime import datetime

    from pipeline.config import load_run_config, load_table
    from pipeline.privacy.access import note_access
    from pipeline.register.connect import connected
    from pipeline.register.upgrade import ready
    from pipeline.returns.workbook import free_name, write_back
    from pipeline.sources.times import VIETNAM
    from pipeline.stages.outcomes_import import import_workbooks, record_issued, workbooks_in

    words = load_table("found_words").set_index("words")["behaviour"].to_dict()
    due = load_run_config(config).outcomes.due_after_days
    written: list[Path] = []
    found, today = workbooks_in(files), on or datetime.now(VIETNAM).date()
    back = returned or free_name(Path(f"tra-lai-{today}.xlsx"))
    with connected(database) as connection:
        ready(connection)
        record_issued(connection, issued or [], due_after_days=due)
        done = import_workbooks(connection, found, received=today, found_words=words, correcting=correction)
        if not done.is_nothing_new:
            # Inside the transaction: what cannot be told back is not taken either.
            written = write_back(back, done.files)
    if not done.is_nothing_new:
        note_access(log, "outcomes_taken", by=by or "unnamed", facts=done.for_log())
    code = 4 if done.is_nothing_new else 3 if any(one.problem for one in done.files) else 0
    told = [f"wrote {', '.join(map(str, written))}"] if written else []
    finish([*done.lines(), *told], done.to_json(), as_json=as_json, code=code)


@_app.command("status")
def status_command(
    issued: Issued = None, as_of: AsOf = None, overdue: Annotated[bool, typer.Option("--overdue", help="Name every overdue row.")] = False,
    database: Database = None, config: Config = None, as_json: Json = False,
) -> None:  # fmt: skip
    """Print coverage (answered of issued), what is overdue, usefulness, and expected against found, per authority and list."""
    on = day(as_of)
    from datetime import datetime

    from pipeline.config import load_run_config
    from pipeline.register.connect import connected
    from pipeline.register.coverage import coverage
    from pipeline.register.upgrade import ready
    from pipeline.sources.times import VIETNAM
    from pipeline.stages.outcomes_import import record_issued
    from pipeline.stages.outcomes_status import status_json, status_lines

    with connected(database) as connection:
        ready(connection)
        record_issued(connection, issued or [], due_after_days=load_run_config(config).outcomes.due_after_days)
        said = status_json(coverage(connection, today=on or datetime.now(VIETNAM).date()))
    finish(status_lines(said, name_overdue=overdue), said, as_json=as_json)


@_app.command("export")
def export_command(
    out: Annotated[Path, typer.Argument(help="Outcomes to write (.parquet or .csv), as train, score --outcomes and labels read them.")],
    as_of: AsOf = None,
    shown_listings: Annotated[
        bool, typer.Option("--shown-listings", help="A finding on the list's signs also speaks of each listing shown under the target.")
    ] = False,
    database: Database = None,
    as_json: Json = False,
) -> None:
    """Write what stands in the register as an outcomes table; what a later row corrected is left out."""
    on = day(as_of)
    from pipeline.register.connect import connected
    from pipeline.register.export import outcomes_table
    from pipeline.register.upgrade import ready
    from pipeline.stages.outcomes_export import write_outcomes

    with connected(database) as connection:
        ready(connection)
        table = outcomes_table(connection, as_of=on, shown_listings=shown_listings)
    write_outcomes(table, out)
    counts = {f"{source} {status}": int(n) for (source, status), n in table.groupby(["source", "status"]).size().items()}
    lines = [f"{len(table):,} outcomes in {out}: " + (", ".join(f"{name} {n:,}" for name, n in counts.items()) or "none")]
    finish(lines, {"file": str(out), "rows": len(table), "counts": counts}, as_json=as_json)
