"""A small invented market with everything known, learned from twice: made once for all tests that need a trained model."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd

from models.artifact import load_model, save_model
from pipeline.config import DEMO_KEY, RunConfig, load_run_config
from pipeline.labels import read_outcomes
from pipeline.lock import lock
from pipeline.recipe import Recipe, write_recipe
from pipeline.sources.mapping import load_mappings
from pipeline.stages.judge import read_features
from pipeline.stages.learn import learn
from pipeline.stages.simulate import simulate_market
from pipeline.stages.take_in import take_in
from pipeline.stages.train import Trained

BEHAVIOUR = "counterfeit"


@dataclass(frozen=True)
class SmallMarket:
    """``folder`` holds the crawl, ``some`` and ``all`` of the outcomes; ``first`` and ``second`` learned from ``some`` by two seeds."""

    folder: Path
    crawl: Path
    some: Path
    all: Path
    first: Trained
    second: Trained
    recipe: Recipe


def eager(seed: int = 1) -> RunConfig:
    """Settings that let a handful of labels suffice."""
    config = load_run_config()
    few = {"min_positives": 20, "min_sellers": 5, "resamples": 40, "text_folds": 2, "boosters": 2}
    return config.model_copy(update={"seed": seed, "learn": config.learn.model_copy(update=few)})


def eager_file(path: Path, seed: int = 1) -> Path:
    """The same settings as a file."""
    import yaml

    path.write_text(yaml.safe_dump(eager(seed).model_dump(mode="json")), encoding="utf-8")
    return path


@lru_cache(maxsize=1)
def small_market() -> SmallMarket:
    """Return the market; its folder lives as long as the process."""
    folder = Path(_kept().name)
    simulate_market(folder / "simulated", n_listings=5000, seed=5)
    truth = pd.read_parquet(folder / "simulated" / "truth.parquet")
    told = truth[["platform", "listing_id"]].assign(status=truth["behaviour"].notna().astype(int), behaviours=truth["behaviour"])
    told.to_parquet(folder / "all.parquet")
    told.sample(frac=0.6, random_state=1).to_parquet(folder / "some.parquet")
    crawl, out = folder / "simulated" / "crawl", folder / "out"
    with lock(out):
        taken = take_in([crawl], out=out, config=eager(), mappings=load_mappings(), key=DEMO_KEY)
        read_features(out, config=eager(), n_listings=taken.n_listings, with_text=True)
        labels = read_outcomes(folder / "some.parquet")
        first = _kept_apart(learn(out, labels, config=eager(1)), folder / "first")
        second = _kept_apart(learn(out, labels, config=eager(2)), folder / "second")
    recipe = write_recipe([crawl], folder / "some.parquet", sources=None, source="auto", as_of=None, config=eager(), key=DEMO_KEY)
    return SmallMarket(folder, crawl, folder / "some.parquet", folder / "all.parquet", first, second, recipe)


def saved_anew(trained: Trained, folder: Path, takes_over: list[str], **facts: Any) -> Trained:
    """The same learners saved into ``folder / "model"`` with another say in what they take over, and other facts."""
    model = load_model(trained.folder)
    save_model(replace(model, takes_over=takes_over, facts=model.facts | facts), folder / "model", titles=["Giày da mẫu"] * 8, seed=1)
    for beside in trained.folder.parent.iterdir():
        if beside.is_file():
            shutil.copy(beside, folder / beside.name)
    return replace(trained, folder=folder / "model", model=load_model(folder / "model"))


def _kept_apart(trained: Trained, folder: Path) -> Trained:
    """Copied away from the next training, and taking counterfeits over whatever the few rows say about winning."""
    return saved_anew(trained, folder, [BEHAVIOUR])


@lru_cache(maxsize=1)
def _kept() -> TemporaryDirectory[str]:
    return TemporaryDirectory(prefix="soihang-market-")
