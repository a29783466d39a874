"""``soihang law``: are the law tables sound, and what do they say on a day?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli.options import Config, Json, finish

_app = typer.Typer(help="Check the dated law tables, and read what stands on a day.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the commands to ``app``."""
    app.add_typer(_app, name="law")


@_app.callback()
def _group() -> None:
    pass


@_app.command("check")
def check_command(
    law: Annotated[
        Path | None,
        typer.Option("--law", help="Folder of tables that replace ours (citations.csv …); default: law_tables of the settings.", show_default=False),
    ] = None,
    as_of: Annotated[str | None, typer.Option(metavar="YYYY-MM-DD", help="The day to read the law on; default: today.", show_default=False)] = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Validate every table, name the first thing wrong with file, line and column, and print what stands on a day, unverified facts marked."""
    from datetime import datetime

    from pipeline.cli.options import day
    from pipeline.config import load_run_config
    from pipeline.law.report import law_lines, law_values
    from pipeline.sources.times import VIETNAM

    folder = law or load_run_config(config).law_tables
    on = day(as_of) or datetime.now(VIETNAM).date()
    values = law_values(folder, on)
    finish(law_lines(values), values, as_json=as_json)
