"""Invented crawls on disk: ``listings.parquet`` as a crawler would deliver it, ``truth.parquet`` and ``outcomes.parquet`` beside it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd

from pipeline.config import contact_key, load_run_config
from pipeline.simulation.market import simulate
from pipeline.simulation.outcomes import outcomes_of
from pipeline.simulation.settings import load_market, load_tactics
from pipeline.simulation.spikes import plant
from pipeline.sources.mapping import load_mappings
from pipeline.stages.take_in import take_in
from pipeline.store import parts, read_parquet, write_parquet


def simulate_market(out: Path, *, n_listings: int, tactics: Path | None = None, seed: int) -> dict[str, Any]:
    """Write an invented market into ``out``; returns counts."""
    made = simulate(n_listings, market=load_market(), tactics=load_tactics(tactics), seed=seed)
    outcomes = outcomes_of(made.listings, made.truth, seed=seed)
    write_parquet(made.listings, out / "crawl" / "listings.parquet")
    write_parquet(made.truth, out / "truth.parquet")
    write_parquet(outcomes, out / "outcomes.parquet")
    counts = made.truth["behaviour"].value_counts()
    return {
        "crawl": str(out / "crawl"),
        "listings": len(made.listings),
        "sellers": int(made.listings["seller_id"].nunique()),
        "suspect listings": {str(name): int(number) for name, number in counts.items()},
        "outcomes": {str(name): int(number) for name, number in outcomes["status"].value_counts().items()},
    }


def plant_into(crawl: Sequence[Path], *, out: Path, rate: float, tactics: Path | None = None, seed: int) -> dict[str, Any]:
    """Ingest ``crawl``, plant spike-ins and write the mixture into ``out``; returns counts."""
    with TemporaryDirectory() as folder:
        take_in(crawl, out=Path(folder), config=load_run_config(), mappings=load_mappings(), key=contact_key())
        table = pd.concat([read_parquet(part) for part in parts(Path(folder) / "work" / "listings")], ignore_index=True)
    bookkeeping = ["captured_precision", "source", "observes", "flags", "source_file", "source_line", "row_hash", "contact_keys", "x_synthetic"]
    table = table.drop(columns=[name for name in bookkeeping if name in table])
    made = plant(table, rate=rate, market=load_market(), tactics=load_tactics(tactics), seed=seed)
    write_parquet(made.listings, out / "crawl" / "listings.parquet")
    write_parquet(made.truth, out / "truth.parquet")
    return {
        "crawl": str(out / "crawl"),
        "real listings": len(table),
        "planted suspects": int((~made.truth["twin"]).sum()),
        "planted twins": int(made.truth["twin"].sum()),
    }
