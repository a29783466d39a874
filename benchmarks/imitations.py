"""Does the model lose to plain LightGBM or to TF-IDF with logistic regression on data that are not ours? Imitations of public fraud sets.

Two text-heavy sets (real reviews where they lie beside the repository: poor ones are the positives) and one of invented orders with
interactions and categories, all through a mapping and ``evaluate`` with default settings. Prints one JSON document.
"""

from __future__ import annotations

import json
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml

from pipeline.config import DEMO_KEY, load_run_config
from pipeline.labels import read_outcomes
from pipeline.lock import lock
from pipeline.reference import load_reference
from pipeline.sources.mapping import load_mappings
from pipeline.stages.dataset import build_dataset
from pipeline.stages.evaluate import evaluate
from pipeline.stages.judge import read_features
from pipeline.stages.take_in import take_in

REAL = Path(__file__).resolve().parent.parent.parent / "shared" / "data" / "listings"
RIVALS = ("tfidf_logistic", "lightgbm_raw", "evidence_only", "missingness_only")


def poor_reviews() -> pd.DataFrame:
    """Shopee's reviews: fewer than five stars, one in seventeen."""
    table = pd.read_parquet(REAL / "shopee_reviews_chutoan99.parquet").drop_duplicates("review_id")
    table = table[table["text"].str.len() > 3].reset_index(drop=True)
    title, rest = table["text"].str.slice(0, 60), table["text"].str.slice(60, 3000)
    out = pd.DataFrame({"title": title, "description": rest, "seller_id": table["seller_id"], "x_images": table["n_images"]})
    return out.assign(x_videos=table["n_videos"], y=table["rating"].le(4))


def angry_reviews() -> pd.DataFrame:
    """Lazada's reviews: those that its own labels call negative."""
    table = pd.read_parquet(REAL / "lazada_reviews_tathi.parquet").drop_duplicates("text").reset_index(drop=True)
    return pd.DataFrame({"title": table["text"], "seller_id": table["listing_id"], "y": table["sentiment_label"].astype(str).eq("0")})


def orders(n: int = 20_000, seed: int = 1) -> pd.DataFrame:
    """Invented orders: fraud hangs on young accounts with large sums, hours, ways of paying, countries; six columns are noise."""
    draw = np.random.default_rng(seed)
    goods = draw.choice(["toys", "phones", "garden", "books", "shoes", "food", "art", "tools"], n)
    pay = draw.choice(["card", "bank", "crypto", "cod"], n, p=[0.5, 0.2, 0.1, 0.2])
    country = draw.integers(0, 30, n)
    age, amount, hour, far = draw.exponential(400, n), np.exp(draw.normal(4, 1, n)), draw.integers(0, 24, n), draw.exponential(50, n)
    z = -4.6 + 1.6 * ((age < 60) & (amount > 80)) + 1.2 * ((hour < 6) & (pay != "cod")) + 1.8 * ((pay == "crypto") & (goods == "phones"))
    z += draw.normal(0, 0.7, 30)[country] + np.log1p(far) / 6
    out = pd.DataFrame({"title": [f"Order of {one}" for one in goods], "category": goods, "price_vnd": amount, "x_pay": pay, "x_age": age})
    out = out.assign(x_hour=hour, x_far=far, x_country=[f"C{one}" for one in country])
    out = out.assign(**{f"x_noise{at}": draw.normal(size=n) for at in range(6)})
    return out.assign(y=draw.random(n) < 1 / (1 + np.exp(-z)))


def judged(table: pd.DataFrame) -> dict[str, Any]:
    """Bring the set in by a mapping and evaluate it, as a user would."""
    begun = time.perf_counter()
    with tempfile.TemporaryDirectory() as name, lock(Path(name)):
        out = Path(name)
        crawl = table.drop(columns="y").assign(platform="imitation", listing_id=[str(at) for at in range(len(table))])
        fields: dict[str, Any] = {column: column for column in crawl}
        fields |= {column: {"path": column, "parse": "number"} for column in crawl if column.startswith("x_") and crawl[column].dtype.kind in "if"}
        mapping = {"about": "imitation", "formats": ["csv"], "detect": {"paths": ["platform", "listing_id", "title"]}, "fields": fields}
        (out / "sources").mkdir()
        (out / "sources" / "imitation.yaml").write_text(yaml.safe_dump(mapping), encoding="utf-8")
        crawl.to_csv(out / "crawl.csv", index=False)
        crawl[["platform", "listing_id"]].assign(status=table["y"].astype(int)).to_csv(out / "outcomes.csv", index=False)
        config = load_run_config()
        mappings = load_mappings(out / "sources")
        taken = take_in([out / "crawl.csv"], out=out, config=config, mappings=mappings, key=DEMO_KEY, source="imitation")
        read_features(out, config=config, n_listings=taken.n_listings, with_text=True)
        data = build_dataset(out / "work", read_outcomes(out / "outcomes.csv"), load_reference())
        said = evaluate(data, data.labels.positive(None).to_numpy(dtype=bool), settings=config.learn, seed=config.seed).summary
    out_figures: dict[str, Any] = {"n": said["n"], "positive": said["n_positive"], "split": said["split"]["kind"], "rung": said["model"]["rung"]}
    out_figures["PR-AUC"] = {"model": _figure(said["model"]["pr_auc"])} | {name: _figure(said["baselines"][name]["pr_auc"]) for name in RIVALS}
    out_figures["model against"] = {name: f"{said['paired'][name]['pr_auc']['verdict']} {_gain(said['paired'][name]['pr_auc'])}" for name in RIVALS}
    out_figures["calibration slope"] = round(said["model"]["calibration_slope"], 2)
    out_figures["found over promised"] = {share: round(value, 2) for share, value in said["model"]["observed_over_expected_at"].items()}
    return {**out_figures, "seconds": round(time.perf_counter() - begun, 1)}


def _figure(one: dict[str, Any]) -> float:
    return round(float(one["value"]), 3)


def _gain(one: dict[str, Any]) -> str:
    low, high = one["ci"] or (float("nan"), float("nan"))
    return f"{one['difference']:+.3f} [{low:+.3f}, {high:+.3f}]"


def main() -> None:
    """Print all three, those without their file by name."""
    sets = {"invented orders (synthetic)": orders, "poor reviews, Shopee": poor_reviews, "angry reviews, Lazada": angry_reviews}
    said: dict[str, Any] = {}
    for name, make in sets.items():
        try:
            table = make()
        except FileNotFoundError as error:
            said[name] = f"not here: {error.filename or error}"
            continue
        said[name] = judged(table)
    print(json.dumps(said, ensure_ascii=False, indent=2))


if __name__ == "__main__":
    main()
