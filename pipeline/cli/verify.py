"""``soihang verify``: does a bundle still hold what it held when it was closed? Works offline, far from where it was made."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli.options import Json, finish

#: What the command leaves with where something is changed, missing or added.
DOES_NOT_HOLD = 4


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command("verify")(verify_command)


def verify_command(
    bundle: Annotated[Path, typer.Argument(help="The bundle, a folder or a zip; or a log.jsonl alone.")],
    key: Annotated[Path | None, typer.Option(help="Public key (PEM) that must have signed it.", show_default=False)] = None,
    log: Annotated[Path | None, typer.Option(help="A log kept elsewhere that must name this bundle.", show_default=False)] = None,
    as_json: Json = False,
) -> None:
    """Check every file of BUNDLE against its manifest, its log and its signature, and name the first thing changed.

    Leaves with 0 where all holds and with 4 where something is changed, missing or added.
    """
    from pipeline.trail.verify import verify, verify_log

    is_log = bundle.suffix == ".jsonl" and not bundle.is_dir()
    verdict = verify_log(bundle) if is_log else verify(bundle, public_key=key, log=log)
    finish(verdict.lines(), verdict.to_json(), as_json=as_json, code=0 if verdict.holds else DOES_NOT_HOLD)
