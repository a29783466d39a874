"""``soihang doctor``: is this machine fit, and does it still say what it said before?"""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli.options import Capacity, Config, Json, Model, finish, wanted_model


class Lang(StrEnum):
    """Languages the checks speak."""

    en = "en"
    vi = "vi"


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command("doctor")(doctor_command)


def doctor_command(
    lang: Annotated[Lang | None, typer.Option(help="Language of the checks; default: the locale's.", show_default=False)] = None,
    compare: Annotated[
        Path | None,
        typer.Option(
            "--compare", metavar="LAST_RUN", exists=True, file_okay=False, show_default=False,
            help="Instead: score 1,000 listings of a finished run (or of a folder's latest night) again; 3 where scores or list moved.",
        ),
    ] = None,
    model: Model = "auto",
    config: Config = None,
    capacity: Capacity = None,
    as_json: Json = False,
) -> None:
    """Check machine, packages, settings and that our packages share one home; says what to do. --model, --config, --capacity are for --compare."""
    if compare is not None:
        _compare(compare, model, config, capacity, as_json=as_json)
        return
    import os

    from pipeline.doctor import examine, language_of
    from pipeline.doctor_words import LAST_LINE, LEVELS

    language = lang.value if lang else language_of(os.environ)
    checks = examine(language)
    failed = any(check.level == "fail" for check in checks)
    spoken = ("en", "vi").index(language)
    lines = []
    for check in checks:
        lines.append(f"{LEVELS[check.level][spoken]:<6} {check.name:<10} {check.text}")
        lines += [f"       {'':<10} → {check.to_do}"] if check.to_do else []
    lines.append(LAST_LINE[not failed][spoken])
    finish(lines, [check._asdict() for check in checks], as_json=as_json, code=2 if failed else 0)


def _compare(folder: Path, model: str, config: Path | None, capacity: Path | None, *, as_json: bool) -> None:
    from pipeline.config import load_run_config
    from pipeline.monitor.exploration import runs_of, with_accepted
    from pipeline.stages.compare_run import compare_run
    from pipeline.stages.night import latest
    from pipeline.tables.capacity import read_capacity

    run = latest(folder) or folder
    settings = with_accepted(load_run_config(config), runs_of(run))
    found = compare_run(run, config=settings, model=wanted_model(model), capacity=read_capacity(capacity) if capacity else None)
    finish(found.lines(), found.to_json(), as_json=as_json, code=found.exit_code)
