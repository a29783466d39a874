"""``soihang plan``: scores to ranked targets within capacity."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli.options import AsOf, Capacity, Config, Folder, Json, day, finish

Inputs = Annotated[
    Path | None,
    typer.Option(exists=True, file_okay=False, help="Folder of planners' files instead of plan.inputs (docs/planning.md).", show_default=False),
]
Issued = Annotated[Path | None, typer.Option(file_okay=False, help="Folder of issued lists instead of plan.issued.", show_default=False)]


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command("plan")(plan_command)


def plan_command(
    folder: Folder, as_of: AsOf = None, capacity: Capacity = None, inputs: Inputs = None, issued: Issued = None, config: Config = None,
    as_json: Json = False,
) -> None:  # fmt: skip
    """Choose whom to look at among those that `soihang score` found signs at, per authority and within limits."""
    list_day = day(as_of)
    from datetime import datetime

    from pipeline.config import load_run_config
    from pipeline.lock import lock
    from pipeline.stages.plan_report import plan_lines
    from pipeline.stages.run import VIETNAM, choose
    from pipeline.store import read_json
    from pipeline.tables.capacity import read_capacity

    settings = load_run_config(config)
    paths = {name: path for name, path in (("inputs", inputs), ("issued", issued)) if path is not None}
    settings = settings.model_copy(update={"plan": settings.plan.model_copy(update=paths)})
    limits = read_capacity(capacity) if capacity else None
    with lock(folder):
        made, summary = choose(folder, config=settings, as_of=list_day, today=datetime.now(VIETNAM).date(), capacity=limits)
        facts = read_json(folder / "work" / "plan.json")
    chosen = int((~made.targets["reserve"]).sum())
    head = f"targets {len(made.targets):,}, of which {chosen:,} within capacity"
    counts = {"targets": len(made.targets), "chosen": chosen, "as_of": summary["as_of"], "size_correlation": made.size_correlation, **facts}
    finish([head, *plan_lines(made)], counts, as_json=as_json)
