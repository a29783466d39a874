"""The model that orders the crawls of ``benchmarks/scale.py``: learned on an invented market, its level set on a small crawl like those.

Probabilities learned where every tenth shop is bad would make nearly all of a real crawl amber, and plan and reports would be timed on a list
that nobody has. So the level is moved until one listing in twenty stands at amber or higher by it, which says nothing of how many should.
"""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pandas as pd
from scipy.special import logit

from benchmarks.scale_crawl import write_crawl
from benchmarks.scoring import learned_model
from models.artifact import load_model, save_model
from models.bands import amber_bounds
from models.calibrate import Platt
from pipeline.reference import load_reference

AMBER, ROWS = 0.05, 5_000


def levelled_model(folder: Path, *, kind: str, real: Path) -> Path:
    """Return the folder of a model for counterfeit, made under ``folder``, for crawls of ``kind`` made from ``real``."""
    return levelled(learned_model(folder), folder, kind=kind, real=real)


def levelled(learned: Path, folder: Path, *, kind: str, real: Path) -> Path:
    """Return a copy of the model ``learned`` whose level suits crawls of ``kind``."""
    write_crawl(folder / "crawl", rows=ROWS, kind=kind, real=real, seed=8)
    command = [Path(sys.executable).with_name("soihang"), "run", folder / "crawl", "--out", folder / "out", "--model", learned, "--json"]
    done = subprocess.run(command, capture_output=True, check=False, text=True)
    if done.returncode not in (0, 3):
        raise SystemExit(f"soihang run ended with {done.returncode}: {done.stderr[-2000:]}")
    said = pd.read_parquet(folder / "out" / "scores.parquet", columns=["probability_counterfeit"])["probability_counterfeit"].dropna()
    amber, _ = amber_bounds(load_reference().weights.bands.minutes)
    model = load_model(learned)
    learner = model.learners["counterfeit"]
    platt = Platt(learner.platt.slope, learner.platt.shift + float(logit(amber) - logit(said.quantile(1 - AMBER))))
    model = replace(model, learners={**model.learners, "counterfeit": replace(learner, platt=platt)})
    save_model(model, folder / "levelled", titles=["Giày Nike rep 1:1", "Bàn học gấp gọn"] * 8, seed=1)
    return folder / "levelled"
