"""The model that orders the crawls of ``benchmarks/scale.py``: learned on an invented market, made to speak of crawls like those.

Two things are decided here for the sake of timing. The model speaks of every listing, also where it is unlike what it learned from, as one would
that was learned on such crawls. And since probabilities learned where many shops are bad would make a list that nobody has, their level is moved
until at most one listing in twenty stands at amber or higher by them, which says nothing of how many should.
"""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pandas as pd
from joblib.externals.loky import get_reusable_executor
from scipy.special import logit

from benchmarks.scale_crawl import write_crawl
from benchmarks.scoring import learned_model
from models.artifact import Model, load_model, save_model
from models.bands import amber_bounds
from models.calibrate import Platt
from models.learner import Learner
from models.support import ANYTHING
from pipeline.reference import load_reference

AMBER, ROWS = 0.05, 5_000


def levelled_model(folder: Path, *, kind: str, real: Path) -> Path:
    """Return the folder of a model for counterfeit, made under ``folder``, for crawls of ``kind`` made from ``real``."""
    try:
        return levelled(learned_model(folder), folder, kind=kind, real=real)
    finally:
        # A process waits for its idle workers before it ends, five minutes long.
        get_reusable_executor().shutdown(wait=True)


def levelled(learned: Path, folder: Path, *, kind: str, real: Path) -> Path:
    """Return a copy of the model ``learned`` whose level suits crawls of ``kind``."""
    model = load_model(learned)
    learner = replace(model.learners["counterfeit"], support=ANYTHING)
    said = _said(_saved(model, learner, folder / "open"), folder, kind=kind, real=real)
    amber, _ = amber_bounds(load_reference().weights.bands.minutes)
    # Most listings show no sign and share one probability: it must come to lie below.
    reached = said.value_counts(normalize=True).sort_index(ascending=False).cumsum()
    shift = learner.platt.shift + float(logit(amber) - logit(reached[reached <= AMBER].index.min()))
    return _saved(model, replace(learner, platt=Platt(learner.platt.slope, shift)), folder / "levelled")


def _saved(model: Model, learner: Learner, folder: Path) -> Path:
    changed = replace(model, learners={**model.learners, "counterfeit": learner})
    save_model(changed, folder, titles=["Giày Nike rep 1:1", "Bàn học gấp gọn"] * 8, seed=1)
    return folder


def _said(model: Path, folder: Path, *, kind: str, real: Path) -> pd.Series:
    """What the model says of a small crawl."""
    write_crawl(folder / "crawl", rows=ROWS, kind=kind, real=real, seed=8)
    soihang, out = Path(sys.executable).with_name("soihang"), folder / "out"
    command: list[str | Path] = [soihang, "run", folder / "crawl", "--out", out, "--model", model, "--json"]
    # Not the key of whoever measures.
    env = {**os.environ, "SOIHANG_KEY_FILE": str(folder / "contact.key")}
    done = subprocess.run(command, capture_output=True, check=False, text=True, env=env)
    if done.returncode not in (0, 3):
        raise SystemExit(f"soihang run ended with {done.returncode}: {done.stderr[-2000:]}")
    return pd.read_parquet(out / "scores.parquet", columns=["probability_counterfeit"])["probability_counterfeit"]
