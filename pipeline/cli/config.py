"""``soihang config``: what is set, by which file, and is it sound?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli.options import Config, Json, finish

_app = typer.Typer(help="Show every setting with its origin, or check all settings and reference tables.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the commands to ``app``."""
    app.add_typer(_app, name="config")


@_app.callback()
def _group() -> None:
    pass


@_app.command("show")
def show_command(config: Config = None, as_json: Json = False) -> None:
    """Print every setting of a run, its value, and the file and line that gave it, or "default"."""
    from pipeline.settings_origin import settings_of

    settings = settings_of(config)
    width = max(len(one.key) for one in settings)
    # A value like 0.001 is best read as YAML writes it; an empty one as nothing.
    lines = [f"{one.key:<{width}}  {'' if one.value is None else one.value!s:<14} {one.origin}" for one in settings]
    finish(lines, [one._asdict() for one in settings], as_json=as_json)


@_app.command("validate")
def validate_command(
    config: Config = None,
    law: Annotated[Path | None, typer.Option("--law", help="Folder of law tables that replace ours.", show_default=False)] = None,
    as_json: Json = False,
) -> None:
    """Load all that a run may read; name what is wrong with file, line or key. Leaves with 2 where anything is."""
    from pipeline.settings_origin import checked

    found = checked(config, law)
    lines = [f"{'fail' if one.error else 'ok':<5} {one.name}" + (f": {one.error}" if one.error else "") for one in found]
    finish(lines, [one._asdict() for one in found], as_json=as_json, code=2 if any(one.error for one in found) else 0)
