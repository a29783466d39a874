"""``soihang plan``: scores to ranked targets within capacity."""

from __future__ import annotations

import typer

from pipeline.cli.options import AsOf, Capacity, Config, Folder, Json, day, finish


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command("plan")(plan_command)


def plan_command(folder: Folder, as_of: AsOf = None, capacity: Capacity = None, config: Config = None, as_json: Json = False) -> None:
    """Rank the sellers that `soihang score` found signs at, per authority."""
    list_day = day(as_of)
    from datetime import datetime

    from pipeline.capacity import read_capacity
    from pipeline.config import load_run_config
    from pipeline.manifest import lock
    from pipeline.reference import load_reference
    from pipeline.stages.run import VIETNAM, choose

    settings = load_run_config(config)
    limits = read_capacity(capacity, load_reference().provinces) if capacity else None
    with lock(folder):
        made, summary = choose(folder, config=settings, as_of=list_day, today=datetime.now(VIETNAM).date(), capacity=limits)
    chosen = int((~made.targets["reserve"]).sum())
    counts = {"targets": len(made.targets), "chosen": chosen, "as_of": summary["as_of"], "size_correlation": made.size_correlation}
    finish([f"targets {len(made.targets):,}, of which {chosen:,} within capacity"], counts, as_json=as_json)
