"""``soihang demo``: the whole loop on an invented market."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli.options import Json, finish


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command("demo")(demo_command)


def demo_command(
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for the results.")] = Path("out/demo"),
    n_listings: Annotated[int, typer.Option("--listings", "-n", min=1000, help="How many listings to invent.")] = 20_000,
    as_json: Json = False,
) -> None:
    """Simulate a market, ingest it, train on its outcomes, score, plan and report. Everything is invented, and says so."""
    from pipeline.config import load_run_config
    from pipeline.lock import lock
    from pipeline.progress import RowProgress
    from pipeline.stages.demo import demo

    with lock(out), RowProgress() as progress:
        result = demo(out, config=load_run_config(), n_listings=n_listings, on_rows=progress)
    finish(result.lines(), result.to_json(), as_json=as_json, code=result.run.exit_code)
