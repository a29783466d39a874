"""``soihang prune``: free the disk of old nights."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli.options import Json, finish


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command("prune")(prune_command)


def prune_command(
    runs: Annotated[Path, typer.Argument(exists=True, file_okay=False, help="The folder that `soihang night` keeps its nights in.")],
    keep: Annotated[str, typer.Option("--keep", metavar="DAYSd", help="Nights younger than this stay, as in 30d.")] = "30d",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would go.")] = False,
    as_json: Json = False,
) -> None:
    """Remove old nights, caches and logged trainings. Issued lists, evidence, desk reviews, the latest night and registered models' runs stay."""
    from datetime import datetime

    from pipeline.old_caches import drop_fetched, old_caches
    from pipeline.prune import drop, old_nights, take_away
    from pipeline.sources.times import VIETNAM
    from pipeline.tracking.old_runs import delete_old_runs

    days = _days(keep)
    now = datetime.now(VIETNAM)
    found, caches = old_nights(runs, keep_days=days, today=now.date()), old_caches(keep_days=days, today=now.date())
    ended = [(one, "") for one in [*found, *caches]] if dry_run else [*take_away(found, runs), *drop(caches)]
    ended += [(one, "") for one in drop_fetched(keep_days=days, dry_run=dry_run)]
    trainings = delete_old_runs(before=now, keep_days=days, dry_run=dry_run)
    lines = [f"{one.size / 1e6:>10,.1f} MB  {one.path}: {one.why}" + (f" – LEFT: {hindered}" if hindered else "") for one, hindered in ended]
    freed = sum(one.size for one, hindered in ended if not hindered)
    lines += [f"{'':>10}     training {name}" for name in trainings]
    lines.append(f"{freed / 1e6:,.1f} MB and {len(trainings)} logged trainings {'would go' if dry_run else 'gone'}")
    values = {
        "dry_run": dry_run,
        "bytes": freed,
        "files": [{"path": str(one.path), "bytes": one.size, "why": one.why, "left": hindered} for one, hindered in ended],
        "trainings": trainings,
    }
    finish(lines, values, as_json=as_json)


def _days(text: str) -> int:
    number = text.removesuffix("d")
    if not number.isdigit():
        raise typer.BadParameter(f"{text!r} is no number of days; write it as 30d", param_hint="--keep")
    return int(number)
