"""``soihang score``: ingested listings to scores and reasons."""

from __future__ import annotations

import typer

from pipeline.cli.options import Cluster, Complaints, Config, Folder, Json, Known, Model, Previous, Reviews, finish, wanted_model


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command("score")(score_command)


def score_command(
    folder: Folder,
    reviews: Reviews = None,
    complaints: Complaints = None,
    outcomes: Known = None,
    previous: Previous = None,
    config: Config = None,
    model: Model = "auto",
    cluster: Cluster = None,
    as_json: Json = False,
) -> None:
    """Read and score every listing that `soihang ingest` left in FOLDER; without --reviews and --complaints those of the run before stay."""
    from dataclasses import asdict

    from pipeline.cluster import on_cluster
    from pipeline.config import contact_key, load_run_config
    from pipeline.parallel import preparing
    from pipeline.stages.features import prepare_reading
    from pipeline.store import parts

    settings = load_run_config(config)
    n_parts = len(parts(folder / "work" / "listings"))
    said: list[str] = []
    details: dict[str, object] = {}
    with on_cluster(cluster, folder=folder):
        # What this process still has to load and what its workers need takes seconds each: side by side.
        with preparing(prepare_reading, n_parts):
            from pipeline.labels import read_outcomes
            from pipeline.lock import lock
            from pipeline.progress import RowProgress
            from pipeline.stages.complaints import complaint_lines, use_complaints
            from pipeline.stages.judge import judge, noisy_cues, score_lines
            from pipeline.stages.links import link_lines, read_link_summary
            from pipeline.stages.reviews import take_reviews

            chosen = wanted_model(model)
        with lock(folder), RowProgress() as progress:
            if reviews is not None:
                read = take_reviews(reviews, work=folder / "work", key=contact_key())
                said, details = read.lines(), {"reviews": asdict(read)}
            told = use_complaints(complaints, crawl=folder) if complaints is not None else None
            known = read_outcomes(outcomes).outcomes if outcomes else None
            scored = judge(folder, config=settings, model=chosen, on_rows=progress, outcomes=known, previous=previous)
    if told is not None:
        said, details = [*said, *complaint_lines(told, folder / "work")], details | {"complaints": told}
    said += link_lines(read_link_summary(folder / "work"))
    limit = settings.control.max_strong_rate
    lines = [*said, *score_lines(scored, limit), *scored.warnings]
    finish(lines, scored.to_json() | {"warnings": scored.warnings} | details, as_json=as_json, code=3 if len(noisy_cues(scored, limit)) else 0)
