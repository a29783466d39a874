"""``soihang night``: what a timer starts once a night."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli.options import (
    Cluster,
    Config,
    Files,
    Json,
    Known,
    Model,
    Reviews,
    Source,
    Sources,
    Wait,
    crawl_files,
    day,
    finish,
    wanted_model,
)  # fmt: skip

Runs = Annotated[Path, typer.Option("--runs", help="Folder that holds a folder a night, latest and night.log; made where it is missing.")]
PublishTo = Annotated[
    str | None, typer.Option("--publish", metavar="URL", help="Also put the results where `soihang publish` would.", show_default=False)
]
Night = Annotated[
    str | None, typer.Option("--night", metavar="YYYY-MM-DD", help="Which night; default: today in Vietnam.", show_default=False)
]


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command("night")(night_command)


def night_command(
    files: Files,
    runs: Runs,
    night_day: Night = None,
    source: Source = "auto",
    sources: Sources = None,
    reviews: Reviews = None,
    outcomes: Known = None,
    config: Config = None,
    model: Model = "auto",
    cluster: Cluster = None,
    publish_to: PublishTo = None,
    wait: Wait = 0,
    as_json: Json = False,
) -> None:
    """Run a crawl into RUNS/DATE, compare it with the night before, add one line to RUNS/night.log and call it the latest; never trains."""
    asked = day(night_day, "--night")
    from datetime import datetime

    from pipeline.cluster import on_cluster
    from pipeline.config import contact_key, load_run_config
    from pipeline.labels import read_outcomes
    from pipeline.lock import lock
    from pipeline.monitor.exploration import with_accepted
    from pipeline.progress import RowProgress
    from pipeline.sources.mapping import load_mappings
    from pipeline.sources.times import VIETNAM
    from pipeline.stages.night import night, refuse_moved_clock
    from pipeline.stages.publish import publish
    from pipeline.stages.run import RunReport, run

    settings, today = with_accepted(load_run_config(config), runs), datetime.now(VIETNAM).date()
    if asked is None:
        refuse_moved_clock(runs, today)
    chosen = wanted_model(model)

    def work(out: Path, previous: Path | None) -> RunReport:
        crawl = crawl_files(files)
        with lock(out, wait_minutes=wait), on_cluster(cluster, folder=out, seen=crawl), RowProgress() as progress:
            return run(
                crawl,
                out=out,
                config=settings,
                mappings=load_mappings(sources),
                key=contact_key(),
                source=source,
                reviews=reviews,
                outcomes=read_outcomes(outcomes).outcomes if outcomes else None,
                previous=previous,
                today=today,
                model=chosen,
                on_rows=progress,
            )

    def give(out: Path) -> None:
        with lock(out, wait_minutes=wait), RowProgress() as progress:
            publish(out, str(publish_to), on_files=progress)

    done, line = night(
        asked or today,
        runs,
        work,
        on_finish=settings.on_finish,
        review_slots=settings.plan.review_slots,
        give=give if publish_to else None,
    )
    finish([*done.lines(), line], done.to_json(), as_json=as_json, code=done.exit_code)
