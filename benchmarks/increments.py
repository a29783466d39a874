"""What a night costs that changed little: processor seconds of a full night against nights after one, by stage and by share of changed listings.

A night is 20,000 full listings (`benchmarks.scoring.full_listings`) with the day of their capture. On the next night every listing has a new day, and
a share of them another text (its sentences in another order and six words nobody has seen) and another price. The next night is judged once as if
there had been none before, then with the night before at hand; both must leave the same bytes of row features. One process and one part, so that a
stage's processor time is all of it; the word tables are loaded before the clock starts. Features are made as for a model, with the whole text. The
first night meets every text for the first time; the full night with 5 % changed knows most words, which flatters it.

Prints one JSON document: seconds by stage, microseconds a listing, and the two costs that `pipeline.stages.kept_rows.LEAST_SHARE` weighs.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks.scoring import FULL, REAL, _stirred, full_listings
from pipeline.config import DEMO_KEY, load_run_config
from pipeline.reference import load_reference
from pipeline.sources.mapping import load_mappings
from pipeline.stages.features import build_features, prepare_reading
from pipeline.stages.market import build_market
from pipeline.stages.row_tables import part_tables
from pipeline.stages.score import score
from pipeline.stages.take_in import take_in
from pipeline.store import made_from, parts

LISTINGS, SHARES = 20_000, (0.0, 0.01, 0.05, 0.2, 1.0)
STAGES = ("ingest", "features", "market", "score")


def next_night(table: pd.DataFrame, share: float) -> pd.DataFrame:
    """The same listings a day later, a share of them with another text and price."""
    draw = random.Random(11)
    counts = Counter(word for text in table["description"] for word in set(text.split(" ")))
    rare = [word for word, count in counts.items() if count == 1]
    at = draw.sample(range(len(table)), round(share * len(table)))
    later = table.assign(captured_at=(pd.to_datetime(table["captured_at"], utc=True, format="ISO8601") + pd.Timedelta(days=1)).astype(str))
    texts, prices = later["description"].tolist(), later["price_vnd"].tolist()
    for row in at:
        texts[row], prices[row] = _stirred(texts[row], rare, draw), prices[row] * 1.1
    return later.assign(description=texts, price_vnd=prices)


def night(crawl: Path, out: Path, *, previous: Path | None) -> tuple[dict[str, float], int]:
    """Processor seconds of each stage, and how many listings were read."""
    work, spent = out / "work", dict[str, float]()
    config, reference = load_run_config().model_copy(update={"partition_rows": 1_000_000}), load_reference()

    def timed(name: str, stage: Callable[[], Any]) -> Any:
        begun = time.process_time()
        result = stage()
        spent[name] = round(time.process_time() - begun, 2)
        return result

    timed("ingest", lambda: take_in([crawl], out=out, config=config, mappings=load_mappings(), key=DEMO_KEY))
    if len(parts(work / "listings")) != 1:
        sys.exit("ingest made more than one part, so that processes would work whose time is not seen here")
    before = previous / "work" if previous is not None else None
    read = timed("features", lambda: build_features(work / "listings", out=work, with_text=True, previous=before))
    timed("market", lambda: build_market(work / "listings", work, reference))
    timed("score", lambda: score(work / "listings", work, out=out, reference=reference, run_id="0" * 16))
    return spent, read.n_anew


def opening(work: Path) -> float:
    """Microseconds a row to open the features of a part that was read before, and to make sure that they are those."""
    name = parts(work / "listings")[0].name
    begun = time.process_time()
    tables = part_tables(work, name, made_from(work / "row_ids" / name) or "", with_text=True)
    if tables is None:
        sys.exit(f"{work} does not hold what was just read; this is a fault")
    return round((time.process_time() - begun) / len(tables.at) * 1e6, 1)


def main() -> None:
    """Time the nights and print them."""
    reader = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    reader.add_argument("--listings", type=int, default=LISTINGS)
    n = reader.parse_args().listings
    if not (REAL / FULL).is_file():
        sys.exit(f"no real listings at {REAL / FULL}")
    prepare_reading()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        full_listings(REAL / FULL, folder / "first.parquet", n)
        table = pd.read_parquet(folder / "first.parquet")
        # Everything compiled and every import is paid by a night that nobody counts.
        table.head(500).to_parquet(folder / "warm.parquet")
        night(folder / "warm.parquet", folder / "warm", previous=None)
        nights: dict[str, Any] = {}
        nights["first night"], _ = night(folder / "first.parquet", folder / "first", previous=None)
        for share in SHARES:
            crawl = folder / "next.parquet"
            next_night(table, share).to_parquet(crawl)
            spent, n_anew = night(crawl, folder / "next", previous=folder / "first")
            nights[f"{share:.0%} changed"] = spent | {"read anew": n_anew}
            if share == 0.05:
                by_increment = _bytes(folder / "next" / "work")
                shutil.rmtree(folder / "next")
                nights["5% changed, nothing known before"], _ = night(crawl, folder / "next", previous=None)
                if _bytes(folder / "next" / "work") != by_increment:
                    sys.exit("the night by increment left other bytes than the full night; this is a fault")
            shutil.rmtree(folder / "next")
        opened = opening(folder / "first" / "work")
    for one in nights.values():
        one["all"] = round(sum(one[stage] for stage in STAGES), 2)
    whole, still = nights["100% changed"], nights["0% changed"]
    said = {
        "listings": n,
        "processor seconds": nights,
        "a night without a change, share of a full one": round(still["all"] / nights["first night"]["all"], 2),
        "processor minutes for a million listings": {
            "whatever changed": {stage: round(still[stage] / n * 1e6 / 60, 1) for stage in STAGES},
            "for each 1 % that changed": round((whole["features"] - still["features"]) / n * 1e4 / 60, 2),
        },
        "µs a listing": {
            "read anew": round(whole["features"] / n * 1e6, 1),
            "taken over": round(still["features"] / n * 1e6, 1),
            "opening a row of an earlier part": opened,
        },
    }
    print(json.dumps(said, ensure_ascii=False, indent=2))


def _bytes(work: Path) -> dict[str, bytes]:
    return {f"{table}/{path.name}": path.read_bytes() for table in ("rows", "hits", "text", "row_ids") for path in sorted((work / table).iterdir())}


if __name__ == "__main__":
    main()
