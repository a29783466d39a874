"""``soihang review``: people read a sample of listings, and what they say becomes labels."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli.options import Config, Folder, Json, finish

_app = typer.Typer(help="Draw listings for people to read, and take their judgements back.", no_args_is_help=True)
_Count = int | None


def register(app: typer.Typer) -> None:
    """Add the commands to ``app``."""
    app.add_typer(_app, name="review")


@_app.command("sample")
def sample_command(
    folder: Folder,
    top: Annotated[_Count, typer.Option(min=0, help="How many of the highest; without it as the settings say.", show_default=False)] = None,
    random: Annotated[_Count, typer.Option(min=0, help="How many at random of all others.", show_default=False)] = None,
    stratified: Annotated[_Count, typer.Option(min=0, help="How many spread over the heights of score.", show_default=False)] = None,
    seed: Annotated[_Count, typer.Option(help="Another seed draws another sample; default: the settings'.", show_default=False)] = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Draw listings that `soihang score` left in FOLDER, with recorded chances, as review.html and review.xlsx without score or reasons."""
    from pipeline.config import ReviewConfig, load_run_config
    from pipeline.lock import lock
    from pipeline.reference import load_reference
    from pipeline.stages.review_sample import sample_for_review

    settings = load_run_config(config)
    wanted = {"top": top, "random": random, "stratified": stratified}
    counts = ReviewConfig(**{**settings.review.model_dump(), **{name: count for name, count in wanted.items() if count is not None}})
    with lock(folder):
        made = sample_for_review(
            folder, counts=counts, bands=load_reference().weights.bands, seed=settings.seed if seed is None else seed
        )
    finish(made.lines(), made.to_json(), as_json=as_json)


@_app.command("import")
def import_command(
    folder: Folder,
    files: Annotated[list[Path], typer.Argument(help="What readers sent back: CSV of the page, or the workbook; several readers' files together.")],
    into: Annotated[Path | None, typer.Option(help="Outcomes (CSV or Parquet) to add them to; made where missing.", show_default=False)] = None,
    as_json: Json = False,
) -> None:
    """Take judgements back as outcomes; prints how far readers agree and how much of the market is worth a look."""
    from datetime import UTC, datetime

    from pipeline.lock import lock
    from pipeline.stages.review_import import import_review

    with lock(folder):
        done = import_review(folder, files, today=datetime.now(UTC), into=into)
    finish(done.lines(), done.to_json(), as_json=as_json)
