"""``soihang sellers``: what platforms answer about sellers."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli.options import AsOf, Config, Json, State, day, finish

_app = typer.Typer(help="Take platforms' answers about sellers; the plain records stay apart, readable by their owner only.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the commands to ``app``."""
    app.add_typer(_app, name="sellers")


@_app.callback()
def _group() -> None:
    pass


@_app.command("import")
def import_command(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="The list that the platform filled in: XLSX or CSV.")],
    state: State = Path("state"),
    platform: Annotated[str | None, typer.Option(help="Whose answer it is, where the file has no column Sàn.", show_default=False)] = None,
    received: Annotated[str | None, typer.Option(metavar="YYYY-MM-DD", help="Day it was received; default: today.", show_default=False)] = None,
    plan_inputs: Annotated[
        Path | None, typer.Option(help="Folder of planning inputs whose addresses.csv grows; default: that of the settings.", show_default=False)
    ] = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Take an answer; every row is taken, returned with a reason or not filled in, and the next plan knows whose area each seller is in."""
    from datetime import datetime

    from pipeline.authorities import load_authorities
    from pipeline.config import contact_key, load_run_config, load_table
    from pipeline.lock import lock
    from pipeline.platforms.answers import AnswerReader
    from pipeline.platforms.registry import load_registry
    from pipeline.sources.times import VIETNAM
    from pipeline.stages.seller_answers import take_answers

    on = day(received) or datetime.now(VIETNAM).date()
    reader = AnswerReader(contact_key(), load_registry(), load_authorities(load_table("provinces")), on, platform)
    with lock(state):
        done = take_answers(file, state=state, reader=reader, plan_inputs=plan_inputs or load_run_config(config).plan.inputs)
    lines = done.lines()
    if plan_inputs is None and load_run_config(config).plan.inputs is None:
        lines.append("no folder of planning inputs: name one with --plan-inputs, or the next plan will not know")
    finish(lines, done.to_json(), as_json=as_json)


@_app.command("sent")
def sent_command(
    letter: Annotated[str, typer.Argument(help="The letter's file name, as `soihang request` gave it.")],
    on: Annotated[str, typer.Option("--on", metavar="YYYY-MM-DD", help="The day on which the platform received it.")],
    state: State = Path("state"),
    as_json: Json = False,
) -> None:
    """Note that a letter was received by its platform: from then on an answer is owed."""
    from pipeline.lock import lock
    from pipeline.stages.requests_sent import note_sent

    when = day(on)
    with lock(state):
        new = when is not None and note_sent(state, letter, when)
    finish([f"received on {on}" if new else "was noted before; the first day stays"], {"letter": letter, "new": new}, as_json=as_json)


@_app.command("due")
def due_command(state: State = Path("state"), as_of: AsOf = None, as_json: Json = False) -> None:
    """List letters that platforms have not answered in time; exit code 3 where there is any."""
    from datetime import datetime

    from pipeline.sources.times import VIETNAM
    from pipeline.stages.requests_sent import owed

    table = owed(state, day(as_of) or datetime.now(VIETNAM).date())
    lines = [f"letters overdue {len(table):,}"]
    for row in table.itertuples():
        lines.append(f"  {row.letter}  due {row.due_on} ({row.days_late} days late), answered for {row.n_answered} of {row.n_shops} shops")
    finish(lines, table.to_dict("records"), as_json=as_json, code=3 if len(table) else 0)
