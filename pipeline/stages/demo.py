"""The whole loop on an invented market: simulate → ingest → train → score → plan → report."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.config import DEMO_KEY, RunConfig
from pipeline.labels import read_outcomes
from pipeline.recipe import write_recipe
from pipeline.sources.mapping import load_mappings
from pipeline.stages.evaluate import evaluate_lines
from pipeline.stages.judge import read_features
from pipeline.stages.learn import learn
from pipeline.stages.run import RunReport, finish_run
from pipeline.stages.simulate import simulate_market
from pipeline.stages.take_in import Progress, take_in
from pipeline.stages.timings import Timings
from pipeline.stages.train import Trained
from pipeline.tracking import load_champion, log_training


@dataclass(frozen=True)
class DemoReport:
    """What the demo made."""

    simulated: dict[str, Any]
    trained: Trained
    logged: dict[str, str]
    run: RunReport

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return {
            "synthetic": True,
            "simulated": self.simulated,
            "training": {"verdict": self.trained.verdict, "mlflow": self.logged, "evaluation": self.trained.summaries},
            **self.run.to_json(),
        }

    def lines(self) -> list[str]:
        """Return the summary for a terminal."""
        rows = ["SYNTHETIC: every shop and listing below is invented; figures on it say nothing about real markets", ""]
        rows += [f"{name}: {value}" for name, value in self.simulated.items()]
        rows += ["", "training (on months before the test months, with sellers held out)", *self.trained.lines()]
        for behaviour, summary in self.trained.summaries.items():
            rows += ["", f"{behaviour}, on months not trained on:", *evaluate_lines(summary)]
        return [*rows, "", *self.run.lines(), f"runs and models: MLFLOW_TRACKING_URI=sqlite:///{self.run.out / 'mlflow.db'}"]


def demo(out: Path, *, config: RunConfig, n_listings: int, on_rows: Progress) -> DemoReport:
    """Run the loop into ``out``, whose lock the caller holds; runs and models stay in ``out/mlflow.db``, made anew."""
    timings = Timings()
    # What an earlier demo registered, perhaps by another version, is no champion of this one.
    (out / "mlflow.db").unlink(missing_ok=True)
    shutil.rmtree(out / "mlruns", ignore_errors=True)
    with timings.stage("simulate"):
        simulated = simulate_market(out / "simulated", n_listings=n_listings, seed=config.seed)
    with timings.stage("ingest"):
        taken = take_in([out / "simulated" / "crawl"], out=out, config=config, mappings=load_mappings(), key=DEMO_KEY, on_rows=on_rows)
    with timings.stage("features"):
        read_features(out, config=config, n_listings=taken.n_listings, with_text=True, on_rows=on_rows)
    with timings.stage("train"):
        told = out / "simulated" / "outcomes.parquet"
        labels = read_outcomes(told)
        trained = learn(out, labels, config=config)
    with timings.stage("track"):
        recipe = write_recipe([out / "simulated" / "crawl"], told, sources=None, source="auto", as_of=None, config=config, key=DEMO_KEY)
        logged = log_training(trained, parameters=config.learn.model_dump() | {"seed": config.seed}, folder=out, recipe=recipe)
        model = load_champion(out)
    finished = finish_run(
        out, taken, config=config, model=model, timings=timings, on_rows=on_rows, features_done=True, outcomes=labels.outcomes
    )
    return DemoReport(simulated, trained, logged, finished)
