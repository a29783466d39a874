"""``soihang reproduce``: a logged training again, compared bit by bit."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli.options import Json, finish


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command("reproduce")(reproduce_command)


def reproduce_command(
    run_id: Annotated[str, typer.Argument(help="The MLflow run id that `soihang train` printed.")],
    inputs: Annotated[
        list[Path] | None,
        typer.Option("--inputs", help="Files or folders that hold inputs moved since; recognised by fingerprint.", show_default=False),
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Keep the new training here; default: nowhere.", show_default=False)] = None,
    as_json: Json = False,
) -> None:
    """Train again from the logged inputs, settings and seed and compare the model file by file.

    Says which inputs are missing or changed and in what this installation differs. Ends with 3 where what was learned differs.
    """
    from tempfile import TemporaryDirectory

    from pipeline.config import contact_key
    from pipeline.lock import lock
    from pipeline.progress import RowProgress
    from pipeline.stages.reproduce import reproduce
    from pipeline.tracking import fetch_run

    with TemporaryDirectory(prefix="soihang-") as folder:
        fetched = fetch_run(run_id, Path(folder) / "run")
        into = out or Path(folder) / "again"
        with lock(into), RowProgress() as progress:
            made = reproduce(
                run_id, fetched.recipe, fetched.model, into, elsewhere=inputs or [], key=contact_key(), on_rows=progress
            )
    finish(made.lines(), made.to_json(), as_json=as_json, code=0 if made.learned_the_same else 3)
