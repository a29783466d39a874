"""The ``soihang`` command. Each subcommand has a file of its own; this one knows how a command ends."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Sequence
from typing import NoReturn

import typer

from features.errors import SoiHangError
from pipeline.cli import (
    audit,
    backup,
    brand,
    complaints,
    config,
    database,
    demo,
    doctor,
    evaluate,
    evaluate_list,
    ingest,
    keys,
    labels,
    law,
    monitor,
    night,
    outcomes,
    plan,
    platforms,
    privacy,
    promote,
    protect,
    prune,
    publish,
    report,
    reproduce,
    request,
    restore,
    review,
    rollback,
    run,
    schema,
    score,
    sellers,
    share,
    simulate,
    status,
    takedowns,
    template,
    train,
    tricks,
    verify,
    watchlist,
)
from pipeline.cli.stopping import stop_when_told

EPILOG = (
    "Exit codes: 0 done; 1 a bug of ours; 2 usage, settings or input; 3 done, but a file was unreadable or a rate is over its threshold; "
    "4 nothing new, or a bundle that does not hold; 5 model refused; 6 database, MLflow, a store or cluster away; 71 a worker died; "
    "73 cannot write or disk full; 75 locked by another run; 130/143 interrupted: run the same command again."
)

app = typer.Typer(
    name="soihang",
    help="Find signs of counterfeit and fraud in Vietnamese listings and rank whom to look at first.",
    epilog=EPILOG,
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
COMMANDS = (
    demo, run, night, publish, monitor, status, prune, schema, ingest, score, plan, report,
    template, simulate, train, evaluate, evaluate_list, promote, rollback, reproduce, brand, review, labels, law, verify, keys, config, doctor,
    platforms, request, sellers, takedowns, complaints, outcomes, database,
    share, watchlist, tricks, privacy, backup, restore, audit, protect,
)
for command in COMMANDS:
    command.register(app)


def _version(wanted: bool) -> None:
    if wanted:
        from pipeline.manifest import versions

        typer.echo(f"soihang {versions()['soihang']}")
        raise typer.Exit


@app.callback()
def _options(version: bool = typer.Option(False, "--version", callback=_version, is_eager=True, help="Print the version and exit.")) -> None:
    pass


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and leave with the exit code that says how it ended."""
    stop_when_told()
    try:
        app(args=arguments, prog_name="soihang")
    except SoiHangError as error:
        _leave(str(error), error.exit_code)
    except Exception as error:
        traceback.print_exc()
        _leave(f"this is a bug of ours ({type(error).__name__}); please report the lines above", 1)
    sys.exit(0)


def _leave(text: str, code: int) -> NoReturn:
    typer.echo("soihang: " + " ".join(text.split()), err=True)
    sys.exit(code)
