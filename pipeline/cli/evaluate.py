"""``soihang evaluate``: what the learned score would have found, beside everything it must beat."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli.options import AsOf, Config, Json, Source, Sources, crawl_files, day, finish

Listings = Annotated[list[str], typer.Option("--listings", "-l", help="Crawl files, folders, globs or addresses (s3://…).")]
Outcomes = Annotated[Path, typer.Option("--outcomes", help="CSV or Parquet with at least platform, listing_id, status.")]
Ablate = Annotated[bool, typer.Option("--ablate", help="Ask instead what each family of columns adds.")]
Track = Annotated[bool, typer.Option("--track", help="Log figures, tables and plots as a run in MLflow.")]
Into = Annotated[Path | None, typer.Option("--out", "-o", help="Folder for evaluation.json and the reliability plot.", show_default=False)]


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command("evaluate")(evaluate_command)


def evaluate_command(
    listings: Listings,
    outcomes: Outcomes,
    source: Source = "auto",
    sources: Sources = None,
    as_of: AsOf = None,
    config: Config = None,
    out: Into = None,
    ablate: Ablate = False,
    track: Track = False,
    as_json: Json = False,
) -> None:
    """Fit on one part of the labelled listings, judge on another that shares neither time nor sellers, and compare with baselines.

    With --ablate: how much worse the trees get without each family of columns.
    """
    list_day = day(as_of)
    from tempfile import TemporaryDirectory

    from pipeline.config import contact_key, load_run_config
    from pipeline.labels import read_outcomes
    from pipeline.progress import RowProgress
    from pipeline.recipe import write_recipe
    from pipeline.reference import load_reference
    from pipeline.sources.mapping import load_mappings
    from pipeline.stages.ablate import ablate as ablate_families
    from pipeline.stages.ablate import ablate_lines
    from pipeline.stages.dataset import build_dataset
    from pipeline.stages.evaluate import evaluate, evaluate_lines
    from pipeline.stages.evaluation_report import write_evaluation
    from pipeline.stages.judge import read_features
    from pipeline.stages.take_in import take_in
    from pipeline.store import write_json

    settings = load_run_config(config)
    labels = read_outcomes(outcomes, as_of=list_day)
    # Before anything is read: a file that changes meanwhile must not go into the log as what was judged on.
    crawl = crawl_files(listings)
    recipe = write_recipe(crawl, outcomes, sources=sources, source=source, as_of=list_day, config=settings, key=contact_key()) if track else None
    with TemporaryDirectory(prefix="soihang-") as folder, RowProgress() as progress:
        work = Path(folder)
        taken = take_in(
            crawl, out=work, config=settings, mappings=load_mappings(sources), key=contact_key(), source=source, on_rows=progress
        )
        read_features(work, config=settings, n_listings=taken.n_listings, with_text=True, on_rows=progress)
        data = build_dataset(work / "work", labels, load_reference())
    y = data.labels.positive(None).to_numpy(dtype=bool)
    judged = None
    if ablate:
        summary = ablate_families(data, y, settings=settings.learn, seed=settings.seed)
        lines = ablate_lines(summary)
        if out is not None:
            write_json(summary, out / "ablation.json")
    else:
        judged = evaluate(data, y, settings=settings.learn, seed=settings.seed)
        summary = judged.summary
        lines = evaluate_lines(summary)
        if out is not None:
            lines += [f"wrote {path}" for path in write_evaluation(summary, out)]
    if recipe is not None:
        from pipeline.tracking import describe, log_evaluation

        logged = log_evaluation(summary, judged, recipe=recipe, parameters=settings.learn.model_dump() | {"seed": settings.seed})
        lines.append(describe(logged))
        summary = {**summary, "mlflow": logged}
    finish(lines, summary, as_json=as_json, code=3 if taken.unreadable else 0)
