"""``soihang demo``: the whole way on a small invented crawl."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli.options import Json, finish


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command("demo")(demo_command)


def demo_command(
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for the results.")] = Path("out/demo"), as_json: Json = False
) -> None:
    """Run everything on the invented sample that comes with SoiHàng."""
    from pipeline.config import DEMO_KEY, configs_dir, load_run_config
    from pipeline.manifest import lock
    from pipeline.progress import RowProgress
    from pipeline.sources.mapping import load_mappings
    from pipeline.stages.run import run

    with lock(out), RowProgress() as progress:
        result = run(
            [configs_dir() / "demo"],
            out=out,
            config=load_run_config(),
            mappings=load_mappings(),
            key=DEMO_KEY,
            on_rows=progress,
        )
    finish(["synthetic data: every shop and listing here is invented", *result.lines()], result.to_json(), as_json=as_json, code=result.exit_code)
