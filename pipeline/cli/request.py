"""``soihang request``: letters that ask platforms who is behind the shops of a plan."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli.options import AsOf, Config, Json, State, day, finish


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command("request")(request_command)


def request_command(
    folder: Annotated[Path, typer.Argument(exists=True, file_okay=False, help="An issued list (issued/2026-W48/ban-1) or the --out of a run.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for letters and lists; made where it is missing.")],
    state: State = Path("state"),
    authority: Annotated[str | None, typer.Option(help="Only this authority's rows, and its name as the sender's.", show_default=False)] = None,
    again: Annotated[bool, typer.Option("--again", help="Also shops that were asked about before.")] = False,
    as_of: AsOf = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Draft a letter (DOCX) and a list of shops (XLSX) a platform, for targets that wait for an address; nothing is sent."""
    from datetime import datetime

    from pipeline.config import load_run_config
    from pipeline.law import NO_BASIS, load_law
    from pipeline.lock import lock
    from pipeline.platforms.registry import load_registry
    from pipeline.sources.times import VIETNAM
    from pipeline.stages.platform_requests import draft_requests

    law = load_law(load_run_config(config).law_tables)
    on = day(as_of) or datetime.now(VIETNAM).date()
    with lock(state):
        done = draft_requests(folder, out=out, state=state, as_of=on, law=law, registry=load_registry(), authority=authority, again=again)
    lines = [
        f"{one.platform}: {one.n_sellers} shops and {one.n_listings} listings in {one.letter} and {one.list_file.name}; "
        + (f"answer within {one.due_hours} h of receipt" if one.due_hours else f"term left empty ({NO_BASIS})")
        for one in done
    ]
    finish([*lines, "drafts: somebody reads, completes and signs them"], [one.to_json() for one in done], as_json=as_json)
