"""Quality where truth is known: the invented market, and spike-ins planted in real listings. Part of ``make bench``.

Prints one JSON document. The market and the spike-ins are synthetic: the figures compare scores with each other, they do not say how
many fakes a real list would find.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from pipeline.config import DEMO_KEY, load_run_config
from pipeline.labels import read_outcomes
from pipeline.manifest import lock
from pipeline.sources.mapping import load_mappings
from pipeline.stages.run import finish_run, learn, read_features, take_in
from pipeline.stages.simulate import plant_into, simulate_market

REAL = Path(__file__).resolve().parent.parent.parent / "shared" / "data" / "listings"
BUDGET = 0.02


def market(n_listings: int) -> dict[str, Any]:
    """Train on the outcomes of an invented market; precision on all listings of its last months, whose truth is known."""
    config = load_run_config()
    begun = time.perf_counter()
    with tempfile.TemporaryDirectory() as name, lock(Path(name)):
        out = Path(name)
        simulate_market(out / "simulated", n_listings=n_listings, seed=config.seed)
        taken = take_in([out / "simulated" / "crawl"], out=out, config=config, mappings=load_mappings(), key=DEMO_KEY)
        read_features(out, config=config, n_listings=taken.n_listings, with_text=True)
        labels = read_outcomes(out / "simulated" / "outcomes.parquet")
        trained = learn(out, labels, config=config)
        truth = pd.read_parquet(out / "simulated" / "truth.parquet")
        figures = {}
        for kind, model in (("evidence", None), ("champion", trained.model if trained.champion else None)):
            finish_run(out, taken, config=config, model=model, features_done=True)
            scores = pd.read_parquet(out / "scores.parquet").merge(truth, on=["platform", "listing_id"], suffixes=("", "_true"))
            late = scores[scores["captured_at"] >= scores["captured_at"].quantile(0.7)]
            seen = set(labels.table["listing_id"])
            # Labelled listings were learned from; the others are what a list would be drawn from.
            unseen = late[~late["listing_id"].isin(seen)]
            figures[kind] = _precision(unseen) if kind == "evidence" or model is not None else "no model won"
    return {"n": n_listings, "verdict": trained.verdict, "late listings never looked at": figures, "seconds": round(time.perf_counter() - begun, 1)}


def _precision(scores: pd.DataFrame) -> dict[str, float]:
    ordered = scores.sort_values(["risk", "listing_id"], ascending=[False, True])
    out: dict[str, float] = {"n": len(ordered), "prevalence": round(float(ordered["behaviour"].notna().mean()), 4)}
    for share in (0.01, 0.05):
        top = ordered.head(round(share * len(ordered)))
        out[f"precision_at_{share}"] = round(float(top["behaviour"].notna().mean()), 3)
    return out


def spikes(files: list[Path]) -> dict[str, Any]:
    """Recall of planted listings within a budget of 2 %, and how often their innocent twins are taken, by tactic; evidence score."""
    config = load_run_config()
    with tempfile.TemporaryDirectory() as name, lock(Path(name)):
        out = Path(name)
        planted = plant_into(files, out=out / "spiked", rate=0.015, seed=config.seed)
        taken = take_in([out / "spiked" / "crawl"], out=out, config=config, mappings=load_mappings(), key=DEMO_KEY)
        finish_run(out, taken, config=config)
        scores = pd.read_parquet(out / "scores.parquet").sort_values(["risk", "platform", "listing_id"], ascending=[False, True, True])
        scores["taken"] = (np.arange(len(scores)) < BUDGET * len(scores)) & scores["points"].gt(0)
        truth = pd.read_parquet(out / "spiked" / "truth.parquet").merge(scores, on=["platform", "listing_id"])
    by = truth.groupby(["twin", "tactic"])["taken"].agg(["mean", "size"])
    table = {("twin: " if twin else "") + tactic: {"taken": round(row["mean"], 3), "n": int(row["size"])} for (twin, tactic), row in by.iterrows()}
    overall = truth.groupby("twin")["taken"].mean()
    return {**planted, "budget": BUDGET, "recall": round(float(overall[False]), 3), "twins taken": round(float(overall[True]), 3), "by tactic": table}


def main() -> None:
    """Print both."""
    said: dict[str, Any] = {"synthetic": True, "market": market(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)}
    files = [REAL / name for name in ("shopee_chutoan99.parquet", "tiki_fashion_qkhai12.parquet", "lazada_dvcminh.parquet")]
    files = [path for path in files if path.is_file()]
    said["spike-ins in real listings"] = spikes(files) if files else f"no real listings at {REAL}"
    print(json.dumps(said, ensure_ascii=False, indent=2))


if __name__ == "__main__":
    main()
