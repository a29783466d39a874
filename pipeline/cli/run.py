"""``soihang run``: crawl files in, ranked inspection list out."""

from __future__ import annotations

import typer

from pipeline.cli.options import (
    AsOf,
    Capacity,
    Cluster,
    Complaints,
    Config,
    Files,
    Json,
    Known,
    Model,
    Out,
    Previous,
    Reviews,
    Source,
    Sources,
    Wait,
    crawl_files,
    day,
    finish,
    wanted_model,
)  # fmt: skip


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command("run")(run_command)


def run_command(
    files: Files,
    out: Out,
    source: Source = "auto",
    sources: Sources = None,
    reviews: Reviews = None,
    complaints: Complaints = None,
    outcomes: Known = None,
    previous: Previous = None,
    as_of: AsOf = None,
    capacity: Capacity = None,
    config: Config = None,
    model: Model = "auto",
    cluster: Cluster = None,
    wait: Wait = 0,
    as_json: Json = False,
) -> None:
    """Ingest, score, plan and report in one go.

    Leaves scores.parquet, quarantine.parquet, targets.csv, plan.xlsx, index.html and run.json in OUT.
    """
    list_day = day(as_of)
    from datetime import datetime

    from pipeline.cluster import on_cluster
    from pipeline.config import contact_key, load_run_config
    from pipeline.labels import read_outcomes
    from pipeline.lock import lock
    from pipeline.progress import RowProgress
    from pipeline.sources.mapping import load_mappings
    from pipeline.sources.times import VIETNAM
    from pipeline.stages.run import run
    from pipeline.tables.capacity import read_capacity

    settings = load_run_config(config)
    chosen = wanted_model(model)
    limits = read_capacity(capacity) if capacity else None
    crawl = crawl_files(files)
    with lock(out, wait_minutes=wait), on_cluster(cluster, folder=out, seen=crawl), RowProgress() as progress:
        result = run(
            crawl,
            out=out,
            config=settings,
            mappings=load_mappings(sources),
            key=contact_key(),
            source=source,
            reviews=reviews,
            complaints=complaints,
            outcomes=read_outcomes(outcomes, as_of=list_day).outcomes if outcomes else None,
            previous=previous,
            as_of=list_day,
            today=datetime.now(VIETNAM).date(),
            capacity=limits,
            model=chosen,
            on_rows=progress,
        )
    finish(result.lines(), result.to_json(), as_json=as_json, code=result.exit_code)
