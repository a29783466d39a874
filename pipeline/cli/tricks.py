"""``soihang tricks``: what confirmed listings had in common, with anonymised examples, for training."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli.database import Database
from pipeline.cli.options import Folder, Json, finish
from pipeline.cli.share import By, Log


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command("tricks")(tricks_command)


def tricks_command(
    out: Folder,
    path: Annotated[Path, typer.Argument(help="File to write: .md or .xlsx.")],
    by: By,
    outcomes: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="Outcomes; default: those in the register.", show_default=False)
    ] = None,
    least: Annotated[int, typer.Option(min=2, help="Sellers who must have done it before it is shown.")] = 3,
    examples: Annotated[int, typer.Option(min=1, max=20, help="Examples of each.")] = 3,
    database: Database = None,
    log: Log = None,
    as_json: Json = False,
) -> None:
    """From OUT's listings that were confirmed: the signs they carried, how many sellers did so, and examples without names or numbers."""
    import pandas as pd

    from pipeline.config import load_table
    from pipeline.labels import read_table
    from pipeline.privacy.access import note_access
    from pipeline.register.connect import connected
    from pipeline.register.export import outcomes_table
    from pipeline.register.upgrade import ready
    from pipeline.sharing.tricks import catalogue
    from pipeline.sharing.tricks_report import write_tricks
    from pipeline.store import parts, read_parquet

    if outcomes is not None:
        known, _ = read_table(outcomes)
    else:
        with connected(database) as connection:
            ready(connection)
            known = outcomes_table(connection, shown_listings=True)
    columns = ["platform", "listing_id", "seller_id", "seller_name", "title", "description"]
    listings = pd.concat([read_parquet(part, columns) for part in parts(out / "work" / "listings")], ignore_index=True)
    table = catalogue(
        listings, read_parquet(out / "reasons.parquet"), known, brands=load_table("brands")["brand"], least_sellers=least, examples=examples
    )
    write_tricks(table, path, least_sellers=least)
    note_access(log, "data_read", by=by, facts={"what": "tricks", "rows": len(table)})
    finish([f"{path}: {len(table):,} tricks, each of at least {least} confirmed sellers"], table.to_dict("records"), as_json=as_json)
