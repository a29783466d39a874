"""``soihang ingest``: crawl files to listings and quarantine."""

from __future__ import annotations

import typer

from pipeline.cli.options import Cluster, Config, Files, Json, Out, Source, Sources, crawl_files, finish


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command("ingest")(ingest_command)


def ingest_command(
    files: Files,
    out: Out,
    source: Source = "auto",
    sources: Sources = None,
    config: Config = None,
    cluster: Cluster = None,
    as_json: Json = False,
) -> None:
    """Turn crawl files into one table of listings, and say what was left out and why."""
    from pipeline.cluster import on_cluster
    from pipeline.config import contact_key, load_run_config
    from pipeline.lock import lock
    from pipeline.progress import RowProgress
    from pipeline.sources.mapping import load_mappings
    from pipeline.stages.take_in import ingest_lines, take_in

    settings, crawl = load_run_config(config), crawl_files(files)
    with lock(out), on_cluster(cluster, folder=out, seen=crawl), RowProgress() as progress:
        taken = take_in(
            crawl, out=out, config=settings, mappings=load_mappings(sources), key=contact_key(), source=source, on_rows=progress
        )
    finish(ingest_lines(taken), taken.to_json(), as_json=as_json, code=3 if taken.unreadable else 0)
