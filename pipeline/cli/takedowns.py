"""``soihang takedowns``: what platforms removed, on their own or for rights holders."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli.options import Json, finish

_app = typer.Typer(help="Take lists of removed listings as outcomes, so that what comes back is recognised.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the commands to ``app``."""
    app.add_typer(_app, name="takedowns")


@_app.callback()
def _group() -> None:
    pass


@_app.command("import")
def import_command(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="The list: XLSX, CSV …, from a platform or a rights holder.")],
    into: Annotated[Path, typer.Option(help="Outcomes (CSV or Parquet) to add them to, for --outcomes; made where missing.")],
    platform: Annotated[str | None, typer.Option(help="Whose list it is, where the file has no column Sàn.", show_default=False)] = None,
    run: Annotated[
        Path | None, typer.Option("--run", exists=True, file_okay=False, help="The --out of a run: look addresses up there.", show_default=False)
    ] = None,
    as_json: Json = False,
) -> None:
    """Add removed listings to outcomes; every row is taken, there already, or returned with a reason. A removal is no finding."""
    from pipeline.stages.takedowns import take_takedowns

    done = take_takedowns(file, into=into, platform=platform, crawl=run)
    finish(done.lines(), done.to_json(), as_json=as_json)
