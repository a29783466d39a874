"""The market stage on a million listings: price references, seller profiles and links, words excluded. Part of ``make bench``.

The rows are the real ones as they were read (ingest and features are not timed), copied under other shops until there are a million: another
shop, id, phone and text a copy, so that nothing in one copy is near anything in another, and prices a few per cent apart. So groups of one
article grow as a larger crawl's would; networks do not join up across copies, and pictures stand in the first copy alone.

Prints one JSON document: seconds of one process (two cores, as `soihang score` runs it), seconds by family, and peak memory.
"""

from __future__ import annotations

import json
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from functools import wraps
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from features.signatures import WIDTH, as_bytes, from_bytes
from pipeline.config import DEMO_KEY, load_run_config
from pipeline.lock import lock
from pipeline.reference import load_reference
from pipeline.sources.mapping import load_mappings
from pipeline.stages import market
from pipeline.stages.judge import read_features
from pipeline.stages.take_in import take_in
from pipeline.store import parts, read_parquet, write_parquet

REAL = Path(__file__).resolve().parent.parent.parent / "shared" / "data" / "listings"
ROWS = 1_000_000
_FAMILIES = {"find_links": "links", "_prices": "price references", "price_history": "price history", "seller_profile": "seller profiles"}


def prepare(source: Path, folder: Path) -> None:
    """Ingest and read the real listings, and copy them."""
    config = load_run_config()
    with lock(folder / "real"):
        taken = take_in([source], out=folder / "real", config=config, mappings=load_mappings(), key=DEMO_KEY)
        read_features(folder / "real", config=config, n_listings=taken.n_listings)
    copies(folder / "real" / "work", folder / "million", ROWS)


def copies(source: Path, into: Path, rows: int) -> None:
    """Write copies of the tables under ``source`` until there are ``rows`` rows."""
    done = copy = 0
    while done < rows:
        for part in parts(source / "listings"):
            if done >= rows:
                break
            listings, features, hits = (read_parquet(source / table / part.name) for table in ("listings", "rows", "hits"))
            name = f"part-{copy:03d}-{part.name.removeprefix('part-')}"
            write_parquet(_another(listings.drop(columns=["description"]), copy), into / "listings" / name)
            write_parquet(_with_text(features, copy), into / "rows" / name)
            write_parquet(hits, into / "hits" / name)
            done += len(listings)
        copy += 1


def _another(listings: pd.DataFrame, copy: int) -> pd.DataFrame:
    if not copy:
        return listings
    out = listings.copy()
    for name in ("listing_id", "seller_id", "seller_name"):
        out[name] = out[name] + f"-{copy}"
    out["contact_keys"] = out["contact_keys"].map(lambda keys: ",".join(f"{key}{copy}" for key in keys.split(",")), na_action="ignore")
    out["image_hashes"] = pd.Series(pd.NA, index=out.index, dtype=out["image_hashes"].dtype)
    changed = np.exp(np.random.default_rng(copy).normal(0, 0.05, len(out)))
    out["price_vnd"] = (out["price_vnd"] * changed).round().astype(out["price_vnd"].dtype)
    return out


def _with_text(features: pd.DataFrame, copy: int) -> pd.DataFrame:
    signed = from_bytes(b"".join(features["signature"])).copy()
    bins = signed[:, 1:WIDTH]
    bins[bins > 0] = np.maximum(bins[bins > 0] ^ np.uint16(copy * 7919 % 65_536), 1)
    return features.assign(signature=as_bytes(signed))


def timed(spent: dict[str, float]) -> None:
    """Let the families of the market stage say how long they take."""

    def clocked(name: str, step: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(step)
        def run(*args: Any, **kwargs: Any) -> Any:
            begun = time.perf_counter()
            result = step(*args, **kwargs)
            spent[name] = round(spent.get(name, 0.0) + time.perf_counter() - begun, 1)
            return result

        return run

    for name, family in _FAMILIES.items():
        setattr(market, name, clocked(family, getattr(market, name)))


def main() -> None:
    """Time `build_market` on a million rows."""
    source = Path(sys.argv[1]) if len(sys.argv) > 1 else REAL
    if not source.exists():
        sys.exit(f"no real listings at {source}; name a file or folder of listings")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        # In a process of its own, so that its memory is not counted.
        made = get_context("spawn").Process(target=prepare, args=(source, folder))
        made.start()
        made.join()
        if made.exitcode:
            sys.exit(f"the crawl could not be prepared (exit code {made.exitcode})")
        spent: dict[str, float] = {}
        timed(spent)
        begun = time.perf_counter()
        market.build_market(folder / "million" / "listings", folder / "million", load_reference())
        seconds = time.perf_counter() - begun
        n = sum(len(read_parquet(part, columns=["platform"])) for part in parts(folder / "million" / "listings"))
        summary = json.loads((folder / "million" / "links" / "summary.json").read_text(encoding="utf-8"))
    said = {
        "listings": n,
        "seconds": round(seconds, 1),
        "seconds by family": spent,
        "peak memory, GB": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6, 2),
        "networks": {key: summary[key] for key in ("networks", "sellers_in_networks", "largest_network", "hubs")},
    }
    print(json.dumps(said, ensure_ascii=False, indent=2))


if __name__ == "__main__":
    main()
