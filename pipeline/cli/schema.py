"""``soihang schema``: the tables, column by column, for whoever writes a crawler or reads the results."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

import typer

from features.errors import ConfigError
from pipeline.cli.options import Json, finish


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command("schema")(schema_command)


def schema_command(
    table: Annotated[
        str, typer.Argument(help="listings, quarantine, scores, targets, target_listings, reviews, complaints, outcomes, links, networks … or all")
    ] = "listings",
    as_json: Json = False,
) -> None:
    """Print a table's columns with type, unit, time zone and whether they may be missing."""
    known = described_tables()
    if table != "all" and table not in known:
        raise ConfigError(f"unknown table {table!r}; known: {', '.join(known)} or all")
    wanted = {name: describe() for name, describe in known.items() if table in (name, "all")}
    lines = []
    for name, columns in wanted.items():
        lines.append(name)
        for row in columns.itertuples():
            lines.append(f"  {row.column:<28} {row.type:<20} {'may be missing' if row.nullable else 'always there':<15} {row.description}")
    finish(lines, {name: columns.to_dict("records") for name, columns in wanted.items()}, as_json=as_json)


def described_tables() -> dict[str, Callable[[], Any]]:
    """Return, by name, what gives a table's columns as ``column, type, nullable, description``."""
    from pipeline.tables import complaints, links, listings, outcomes, platform_requests, quarantine, reviews, scores, seller_addresses, targets

    return {
        "listings": listings.describe,
        "quarantine": quarantine.describe,
        "scores": scores.describe,
        "reviews": reviews.describe,
        "complaints": complaints.describe,
        "outcomes": outcomes.describe,
        "targets": targets.describe,
        "target_listings": targets.describe_listings,
        "links": links.describe,
        "networks": links.describe_networks,
        "platform_requests": platform_requests.describe,
        "seller_addresses": seller_addresses.describe,
    }
