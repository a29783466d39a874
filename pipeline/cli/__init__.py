"""The ``soihang`` command. Each subcommand has a file of its own; this one knows how a command ends."""

from __future__ import annotations

import os
import signal
import sys
import traceback
from collections.abc import Sequence
from types import FrameType
from typing import NoReturn

import click
import typer

from features.errors import SoiHangError
from pipeline.cli import demo, doctor, ingest, plan, report, run, schema, score
from pipeline.manifest import versions

EPILOG = (
    "Exit codes: 0 done; 1 a bug of ours; 2 usage, settings or input; 3 done, but a file was unreadable or a rate is over its threshold; "
    "4 nothing new; 5 model refused; 6 database or MLflow away; 73 cannot write or disk full; 75 locked by another run; "
    "130/143 interrupted: run the same command again."
)

app = typer.Typer(
    name="soihang",
    help="Find signs of counterfeit and fraud in Vietnamese listings and rank whom to look at first.",
    epilog=EPILOG,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for command in (demo, run, schema, ingest, score, plan, report, doctor):
    command.register(app)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"soihang {versions()['soihang']}")
        raise typer.Exit


@app.callback()
def _options(version: bool = typer.Option(False, "--version", callback=_version, is_eager=True, help="Print the version and exit.")) -> None:
    pass


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and leave with the exit code that says how it ended."""
    signal.signal(signal.SIGTERM, _terminated)
    try:
        code = app(args=arguments, standalone_mode=False)
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except click.Abort:
        code = _say("interrupted; the same command again goes on", 130)
    except SoiHangError as error:
        code = _say(f"{error}", error.exit_code)
    except KeyboardInterrupt:
        code = _say("interrupted; the same command again goes on", 130)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 0
    except Exception as error:
        traceback.print_exc()
        code = _say(f"this is a bug of ours ({type(error).__name__}); please report the lines above", 1)
    sys.exit(code or 0)


def _say(text: str, code: int) -> int:
    typer.echo("soihang: " + " ".join(text.split()), err=True)
    return code


def _terminated(number: int, frame: FrameType | None) -> NoReturn:
    typer.echo("soihang: terminated; the same command again goes on", err=True)
    raise SystemExit(128 + number)
