"""``soihang publish``: a finished run's results where others read them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli.options import Json, Wait, finish


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command("publish")(publish_command)


def publish_command(
    folder: Annotated[Path, typer.Argument(exists=True, file_okay=False, help="The --out folder of a finished run, or a night.")],
    url: Annotated[str, typer.Argument(metavar="URL", help="A folder, or an address such as s3://bucket/soihang, which must not be public.")],
    by: Annotated[str | None, typer.Option(metavar="NAME", help="Who does this, for the log; default: the account.", show_default=False)] = None,
    wait: Wait = 0,
    as_json: Json = False,
) -> None:
    """Put a finished run's scores, reasons, quarantine, targets and plan.xlsx under URL/DATE, tables by day and platform, and let URL/latest name it.

    The same command again completes what was stopped and sends nothing twice.
    """
    from pipeline.lock import lock
    from pipeline.progress import RowProgress
    from pipeline.stages.publish import publish

    with lock(folder, wait_minutes=wait), RowProgress() as progress:
        done = publish(folder, url, by=by, on_files=progress)
    finish(done.lines(), done.to_json(), as_json=as_json)
