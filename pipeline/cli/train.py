"""``soihang train``: outcomes to a tracked, registered model."""

from __future__ import annotations

from typing import Annotated

import typer

from pipeline.cli.evaluate import Listings, Outcomes
from pipeline.cli.options import AsOf, Config, Json, Out, Source, Sources, crawl_files, day, finish


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command("train")(train_command)


def train_command(
    listings: Listings,
    outcomes: Outcomes,
    out: Out,
    source: Source = "auto",
    sources: Sources = None,
    as_of: AsOf = None,
    config: Config = None,
    track: Annotated[bool, typer.Option(help="Log the run and register the model in MLflow.")] = True,
    as_json: Json = False,
) -> None:
    """Learn from outcomes as they were known, judge on a later block, and let the model take over only where it wins.

    Leaves model/ (data only), model_card.md and evaluation.json in OUT.
    """
    list_day = day(as_of)
    from pipeline.config import contact_key, load_run_config
    from pipeline.labels import read_outcomes
    from pipeline.lock import lock
    from pipeline.progress import RowProgress
    from pipeline.recipe import write_recipe
    from pipeline.sources.mapping import load_mappings
    from pipeline.stages.judge import read_features
    from pipeline.stages.learn import learn
    from pipeline.stages.take_in import take_in
    from pipeline.tracking import describe, log_training

    settings = load_run_config(config)
    labels = read_outcomes(outcomes, as_of=list_day)
    logged: dict[str, str] = {}
    crawl = crawl_files(listings)
    with lock(out), RowProgress() as progress:
        # Before anything is read: a file that changes meanwhile must not go into the log as what was learned from.
        recipe = write_recipe(crawl, outcomes, sources=sources, source=source, as_of=list_day, config=settings, key=contact_key())
        taken = take_in(
            crawl, out=out, config=settings, mappings=load_mappings(sources), key=contact_key(), source=source, on_rows=progress
        )
        read_features(out, config=settings, n_listings=taken.n_listings, with_text=True, on_rows=progress)
        trained = learn(out, labels, config=settings)
        if track:
            logged = log_training(trained, parameters=settings.learn.model_dump() | {"seed": settings.seed}, recipe=recipe)
    said = {"model_version": trained.model.version, "takes_over": trained.model.takes_over, "verdict": trained.verdict, "mlflow": logged}
    said["evaluation"] = trained.summaries
    lines = [*trained.lines(), *([describe(logged)] if track else [])]
    finish(lines, said, as_json=as_json, code=3 if taken.unreadable else 0)
