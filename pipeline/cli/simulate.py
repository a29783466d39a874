"""``soihang simulate``: an invented market with ground truth, or spike-ins planted in a crawl."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli.options import Json, Out, finish


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command("simulate")(simulate_command)


def simulate_command(
    out: Out,
    n_listings: Annotated[int, typer.Option("--listings", "-n", min=100, help="How many listings to invent.")] = 20_000,
    seed: Annotated[int, typer.Option(help="The same seed gives the same market.")] = 20261124,
    tactics: Annotated[Path | None, typer.Option(help="What suspects do, instead of configs/simulation/tactics.yaml.", show_default=False)] = None,
    into: Annotated[
        list[Path] | None, typer.Option(help="Plant rewritten listings and innocent twins in this crawl instead.", show_default=False)
    ] = None,
    rate: Annotated[float, typer.Option(min=0.001, max=0.2, help="With --into: planted rows as a share of the crawl.")] = 0.015,
    as_json: Json = False,
) -> None:
    """Invent a marketplace over months (listings, truth, outcomes), or plant spike-ins in a real crawl. Everything invented says so."""
    from pipeline.stages.simulate import plant_into, simulate_market

    if into:
        made = plant_into(into, out=out, rate=rate, tactics=tactics, seed=seed)
    else:
        made = simulate_market(out, n_listings=n_listings, tactics=tactics, seed=seed)
    finish([f"synthetic: {name} {value}" for name, value in made.items()], made, as_json=as_json)
