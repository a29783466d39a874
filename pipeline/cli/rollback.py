"""``soihang rollback``: the champion before, in one command."""

from __future__ import annotations

from typing import Annotated

import typer

from pipeline.cli.options import Json, finish


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command("rollback")(rollback_command)


def rollback_command(
    to: Annotated[
        str | None,
        typer.Option(metavar="MODEL", help="Registry version, run id, model version, or coldstart (evidence only); default: the one before."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Make the previous champion the champion again.

    The model that is left is not loaded, so that a broken one can be left; the one that comes back must load and score its own test rows
    as it did. That it was trained by other code is said, and does not stop it.
    """
    from pipeline.manifest import code_hash
    from pipeline.tracking import roll_back

    left, now = roll_back(to)
    lines = [f"left: {f'version {left.version} (model {left.model_version})' if left else 'nothing, evidence ordered already'}"]
    lines.append(f"champion: {f'version {now.version} (model {now.model_version})' if now else 'none, evidence orders (coldstart)'}")
    if now is not None and now.code_hash not in (code_hash(), "unknown"):
        lines.append(f"note: it was trained by other code ({now.code_hash}; here {code_hash()}); its own test rows score as they did")
    said = {"left": left.__dict__ if left else None, "champion": now.__dict__ if now else None}
    finish(lines, said, as_json=as_json)
