"""Quality where truth is known: the invented market, and spike-ins planted in real listings. Part of ``make bench``.

Prints one JSON document. The market and the spike-ins are synthetic: the figures compare scores with each other, they do not say how
many fakes a real list would find.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.learned_gap import gap_to_ceiling
from pipeline.config import DEMO_KEY, RunConfig, load_run_config
from pipeline.labels import Labels, label, read_outcomes
from pipeline.labels.reading import read_table
from pipeline.lock import lock
from pipeline.reference import load_reference
from pipeline.sources.mapping import load_mappings
from pipeline.stages.ablate import ablate
from pipeline.stages.dataset import Dataset, build_dataset
from pipeline.stages.evaluate import evaluate
from pipeline.stages.judge import read_features
from pipeline.stages.learn import learn
from pipeline.stages.run import finish_run
from pipeline.stages.simulate import plant_into, simulate_market
from pipeline.stages.take_in import take_in

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
        reference = load_reference()
        looked = build_dataset(out / "work", labels, reference)
        # What a listing's columns say of its seller's past stays what outcomes had told by then: the truth would tell it of the listing itself.
        known = replace(_truth_labels(out / "simulated"), outcomes=labels.outcomes)
        everything = build_dataset(out / "work", known, reference)
        gap = gap_to_ceiling(looked, everything, truth, settings=config.learn, seed=config.seed)
        families = _families(looked, config)
    return {
        "n": n_listings,
        "verdict": trained.verdict,
        "late listings never looked at": figures,
        "gap to a ceiling that knows every early label, late listings never looked at": gap,
        "what families add": families,
        "seconds": round(time.perf_counter() - begun, 1),
    }


def _truth_labels(simulated: Path) -> Labels:
    """Every listing's truth, as if known when it was captured."""
    truth = pd.read_parquet(simulated / "truth.parquet")
    captured = pd.read_parquet(simulated / "crawl" / "listings.parquet", columns=["captured_at"])["captured_at"]
    status = np.where(truth["behaviour"].notna(), "confirmed", "cleared")
    path = simulated / "everything.parquet"
    table = pd.DataFrame({"platform": truth["platform"], "listing_id": truth["listing_id"], "status": status, "behaviours": truth["behaviour"]})
    table.assign(known_at=captured).to_parquet(path)
    return label(read_table(path)[0])


def _families(data: Dataset, config: RunConfig) -> dict[str, str]:
    y = data.labels.positive(None).to_numpy(dtype=bool)
    said = ablate(data, y, settings=config.learn, seed=config.seed)
    out = {"all": f"PR-AUC {said['all families']['pr_auc']['value']:.3f} on {said['n']:,} rows, {said['n_positive']:,} positive"}
    for name, one in said["families"].items():
        low, high = one["pr_auc"]["ci"] or (float("nan"), float("nan"))
        out[name] = f"{one['verdict']}: PR-AUC {one['pr_auc']['difference']:+.3f} [{low:+.3f}, {high:+.3f}]"
    return out


def _precision(scores: pd.DataFrame) -> dict[str, float]:
    ordered = scores.sort_values(["risk", "listing_id"], ascending=[False, True])
    out: dict[str, float] = {"n": len(ordered), "prevalence": round(float(ordered["behaviour"].notna().mean()), 4)}
    for share in (0.01, 0.05):
        top = ordered.head(round(share * len(ordered)))
        out[f"precision_at_{share}"] = round(float(top["behaviour"].notna().mean()), 3)
    return out


def spikes(files: list[Path]) -> dict[str, Any]:
    """Recall of planted listings within a budget of 2 %, and how often their innocent twins are taken, by tactic; evidence score and, beside it,
    a model that learned from the planted listings of other sellers; what families add there.
    """
    config = load_run_config()
    with tempfile.TemporaryDirectory() as name, lock(Path(name)):
        out = Path(name)
        planted = plant_into(files, out=out / "spiked", rate=0.015, seed=config.seed)
        taken = take_in([out / "spiked" / "crawl"], out=out, config=config, mappings=load_mappings(), key=DEMO_KEY)
        read_features(out, config=config, n_listings=taken.n_listings, with_text=True)
        finish_run(out, taken, config=config, features_done=True)
        scores = pd.read_parquet(out / "scores.parquet").sort_values(["risk", "platform", "listing_id"], ascending=[False, True, True])
        scores["taken"] = (np.arange(len(scores)) < BUDGET * len(scores)) & scores["points"].gt(0)
        truth = pd.read_parquet(out / "spiked" / "truth.parquet")
        learned, families = _learned_spikes(out, truth, scores, config)
        truth = truth.merge(scores, on=["platform", "listing_id"]).merge(learned, on=["platform", "listing_id"], how="left")
    by = truth.groupby(["twin", "tactic"])[["taken", "taken by model"]].mean().assign(n=truth.groupby(["twin", "tactic"]).size())
    table = {
        ("twin: " if twin else "") + tactic: {"evidence": round(row["taken"], 3), "model": round(row["taken by model"], 3), "n": int(row["n"])}
        for (twin, tactic), row in by.iterrows()
    }
    overall = truth.groupby("twin")[["taken", "taken by model"]].mean()
    return {
        **planted,
        "budget": BUDGET,
        "recall": {"evidence": round(float(overall.loc[False, "taken"]), 3), "model": round(float(overall.loc[False, "taken by model"]), 3)},
        "twins taken": {"evidence": round(float(overall.loc[True, "taken"]), 3), "model": round(float(overall.loc[True, "taken by model"]), 3)},
        "by tactic": table,
        "what families add": families,
    }


def _learned_spikes(out: Path, truth: pd.DataFrame, scores: pd.DataFrame, config: RunConfig) -> tuple[pd.DataFrame, dict[str, str]]:
    """A real listing drawn at random counts as innocent here: the planted ones are the positives, so this compares scores and no more."""
    real = scores[~scores["listing_id"].isin(truth["listing_id"])].drop_duplicates(["platform", "listing_id"])
    drawn = real.sample(min(len(real), 12_000), random_state=config.seed)[["platform", "listing_id"]]
    planted_ones = truth[["platform", "listing_id"]].assign(status=np.where(truth["twin"], "cleared", "confirmed"))
    status = pd.concat([planted_ones, drawn.assign(status="cleared")])
    status.to_csv(out / "planted.csv", index=False)
    data = build_dataset(out / "work", read_outcomes(out / "planted.csv"), load_reference())
    y = data.labels.positive(None).to_numpy(dtype=bool)
    judged = evaluate(data, y, settings=config.learn, seed=config.seed)
    rows = data.labels.table.iloc[judged.test][["platform", "listing_id"]].assign(said=judged.probability)
    planted = rows["listing_id"].isin(truth["listing_id"])
    # The budget is a share of the whole crawl, of which real rows were drawn and planted ones were not.
    weight = np.where(planted, 1.0, len(real) / max(1, len(drawn)))
    order = np.argsort(-rows["said"].to_numpy(), kind="stable")
    taken = np.zeros(len(rows), dtype=bool)
    taken[order] = np.cumsum(weight[order]) <= BUDGET * weight.sum()
    return rows.assign(**{"taken by model": taken}).drop(columns="said"), _families(data, config)


def main() -> None:
    """Print both."""
    said: dict[str, Any] = {"synthetic": True, "market": market(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)}
    files = [REAL / name for name in ("shopee_chutoan99.parquet", "tiki_fashion_qkhai12.parquet", "lazada_dvcminh.parquet")]
    files = [path for path in files if path.is_file()]
    said["spike-ins in real listings"] = spikes(files) if files else f"no real listings at {REAL}"
    print(json.dumps(said, ensure_ascii=False, indent=2))


if __name__ == "__main__":
    main()
