"""``soihang status``: how far is it, and who is at it?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli.options import Json, finish


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command("status")(status_command)


def status_command(
    folder: Annotated[Path, typer.Argument(exists=True, file_okay=False, help="A run's --out folder, or the --runs folder of the nights.")],
    as_json: Json = False,
) -> None:
    """Say which stages are done and when, whether a run is at work there, what the last brought and how much disk is left."""
    from pipeline.status import status, status_lines

    found = status(folder)
    finish(status_lines(found), found._asdict(), as_json=as_json)
