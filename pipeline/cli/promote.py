"""``soihang promote``: a challenger becomes the champion where it has shown that it may."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli.evaluate import Listings, Outcomes
from pipeline.cli.options import AsOf, Capacity, Config, Json, Out, Source, Sources, crawl_files, day, finish


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command("promote")(promote_command)


def promote_command(
    listings: Listings,
    outcomes: Outcomes,
    out: Out,
    model: Annotated[str | None, typer.Argument(help="Registry version, run id or model version; default: the challenger.")] = None,
    source: Source = "auto",
    sources: Sources = None,
    as_of: AsOf = None,
    capacity: Capacity = None,
    config: Config = None,
    rules: Annotated[Path | None, typer.Option(help="Rules instead of configs/promotion.yaml.", show_default=False)] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Compare and log, and leave the champion where it is.")] = False,
    anyway: Annotated[
        str | None, typer.Option(metavar="REASON", help="Promote although a rule fails; the reason is logged.", show_default=False)
    ] = None,
    as_json: Json = False,
) -> None:
    """Let champion and challenger judge the same later outcomes and score the same crawl, and switch where every rule holds.

    Prints the overlap at capacity, who enters the list and who leaves, and logs all of it. Ends with 3 where a rule fails.
    """
    list_day = day(as_of)
    from pipeline.config import contact_key, load_run_config
    from pipeline.labels import read_outcomes
    from pipeline.lock import lock
    from pipeline.progress import RowProgress
    from pipeline.promotion_rules import load_promotion_rules
    from pipeline.sources.mapping import load_mappings
    from pipeline.stages.judge import read_features
    from pipeline.stages.promotion import judge_challenger
    from pipeline.stages.take_in import take_in
    from pipeline.tables.capacity import read_capacity
    from pipeline.tracking import log_promotion, rivals, switch_champion

    settings, wanted = load_run_config(config), load_promotion_rules(rules)
    labels = read_outcomes(outcomes, as_of=list_day)
    limits = read_capacity(capacity) if capacity else None
    pair = rivals(model)
    crawl = crawl_files(listings)
    with lock(out), RowProgress() as progress:
        taken = take_in(
            crawl, out=out, config=settings, mappings=load_mappings(sources), key=contact_key(), source=source, on_rows=progress
        )
        read_features(out, config=settings, n_listings=taken.n_listings, with_text=True, on_rows=progress)
        found = judge_challenger(
            out, labels, pair.challenger, pair.champion, pair.learned, rules=wanted, config=settings, capacity=limits
        )
    promotion = found.decide(dry_run=dry_run, anyway=anyway, note=pair.note)
    run_id = log_promotion(promotion)
    if promotion.promoted:
        switch_champion(pair.entry.version, run_id)
    lines = [*promotion.lines(), f"MLflow run {run_id}"]
    refused = not (promotion.promoted or dry_run)
    finish(lines, {**promotion.to_json(), "run_id": run_id}, as_json=as_json, code=3 if refused or taken.unreadable else 0)
