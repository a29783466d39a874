"""``soihang evaluate-list``: how good a ranked list was, whoever drew it up."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli.evaluate import Outcomes
from pipeline.cli.options import AsOf, Config, Json, day, finish

List = Annotated[Path, typer.Argument(metavar="FILE", help="CSV, XLSX or Parquet: platform and listing_id (or seller_id), best first.")]
Against = Annotated[Path | None, typer.Option("--against", help="A second list, compared at equal budget.", show_default=False)]


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command("evaluate-list")(evaluate_list_command)


def evaluate_list_command(
    file: List, outcomes: Outcomes, against: Against = None, as_of: AsOf = None, config: Config = None, as_json: Json = False
) -> None:
    """Judge any ranked list by outcomes, the way an agency is judged, and compare two at equal budget."""
    list_day = day(as_of)
    from pipeline.config import load_run_config
    from pipeline.labels import read_outcomes
    from pipeline.stages.evaluate_list import evaluate_list, list_lines

    settings = load_run_config(config)
    labels = read_outcomes(outcomes, as_of=list_day)
    summary = evaluate_list(file, labels, against=against, resamples=settings.learn.resamples, seed=settings.seed)
    finish(list_lines(summary), summary, as_json=as_json)
