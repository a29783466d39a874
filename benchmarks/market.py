"""The market stage on a million listings: price references, seller profiles and links, words excluded. Part of ``make bench``.

The rows are the real ones as they were read (ingest and features are not timed), copied under other shops until there are a million: another
shop, id, phone and text a copy, so that nothing in one copy is near anything in another, and prices a few per cent apart. So groups of one
article grow as a larger crawl's would; networks do not join up across copies, and pictures stand in the first copy alone.

    python benchmarks/market.py [ROWS ...]

Prints one JSON document, an entry for each number of rows (a million where none is given), each measured in a process of its own: seconds on two
cores, as `soihang score` runs it, and processor time; seconds by family; peak memory, and of it bytes a listing beyond what the program holds before
it reads any. ``per listing`` are the same two costs of each further listing, from one size to the next: in a stage that is linear they do not grow.
"""

from __future__ import annotations

import json
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import wraps
from itertools import pairwise
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
from pipeline.store import n_rows, parts, read_parquet, write_parquet

REAL = Path(__file__).resolve().parent.parent.parent / "shared" / "data" / "listings"
ROWS = 1_000_000
_FAMILIES = {"find_links": "links", "prices_of_crawl": "price references", "price_history": "price history", "_keep_sellers": "seller profiles"}
_TABLES = ("listings", "rows", "hits")


def prepare(source: Path, folder: Path, rows: int) -> None:
    """Ingest and read the real listings, and copy them until there are ``rows``."""
    config = load_run_config()
    with lock(folder / "real"):
        taken = take_in([source], out=folder / "real", config=config, mappings=load_mappings(), key=DEMO_KEY)
        read_features(folder / "real", config=config, n_listings=taken.n_listings)
    copies(folder / "real" / "work", folder / "copies", rows)
    # Compiled code is kept once an installation; whoever measures first must not wait for it.
    market.build_market(_first(folder, 1) / "listings", folder / "1", load_reference())


def _first(folder: Path, rows: int) -> Path:
    """Link the first parts of the copies that hold ``rows`` rows into a folder of their own."""
    n = 0
    for part in parts(folder / "copies" / "listings"):
        for table in _TABLES if n < rows else ():
            place = folder / str(rows) / table / part.name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.symlink_to(folder / "copies" / table / part.name)
        n += n_rows(part)
    return folder / str(rows)


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
    out["contact_keys"] = out["contact_keys"].map(lambda keys: ",".join(f"{key}{copy}" for key in keys.split(",")), na_action="ignore").astype("str")
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


def measure(folder: Path) -> dict[str, Any]:
    """Time `build_market` on the listings under ``folder``, in a process that has done nothing else."""
    reference = load_reference()
    before = _peak()
    spent: dict[str, float] = {}
    timed(spent)
    begun, processor = time.perf_counter(), time.process_time()
    market.build_market(folder / "listings", folder, reference)
    seconds, processor = time.perf_counter() - begun, time.process_time() - processor
    n = sum(n_rows(part) for part in parts(folder / "listings"))
    summary = json.loads((folder / "links" / "summary.json").read_text(encoding="utf-8"))
    return {
        "listings": n,
        "seconds": round(seconds, 1),
        "processor seconds": round(processor, 1),
        "seconds by family": spent,
        "peak memory, GB": round(_peak() / 1e9, 2),
        "bytes a listing": round((_peak() - before) / n),
        "networks": {key: summary[key] for key in ("networks", "sellers_in_networks", "largest_network", "hubs")},
    }


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def further(sizes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What each listing more costs, from one size to the next."""
    said = []
    for small, large in pairwise(sizes):
        more = {key: large[key] - small[key] for key in ("listings", "processor seconds", "peak memory, GB")}
        spent, held = more["processor seconds"] / more["listings"], more["peak memory, GB"] / more["listings"]
        said.append({"from": small["listings"], "to": large["listings"], "processor microseconds": round(spent * 1e6), "bytes": round(held * 1e9)})
    return said


def main() -> None:
    """Time `build_market` on as many rows as the command line says."""
    wanted = sorted({int(one) for one in sys.argv[1:]} or {ROWS})
    if not REAL.exists():
        sys.exit(f"no real listings at {REAL}")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        # In processes of their own, so that the memory of one is not counted with another's.
        with ProcessPoolExecutor(1, mp_context=get_context("spawn"), max_tasks_per_child=1) as apart:
            apart.submit(prepare, REAL, folder, wanted[-1]).result()
            sizes = [apart.submit(measure, _first(folder, rows)).result() for rows in wanted]
    print(json.dumps({"sizes": sizes, "per listing": further(sizes)}, ensure_ascii=False, indent=2))


if __name__ == "__main__":
    main()
