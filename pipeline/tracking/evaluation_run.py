"""An evaluation in a run: every figure with its bounds, every table as CSV, every plot as SVG, beneath a training or as a run of its own."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.commit import git_commit
from pipeline.recipe import Recipe
from pipeline.stages.evaluation_report import write_evaluation
from pipeline.store import write_json
from pipeline.tracking.connection import connected, start_experiment
from pipeline.tracking.figures import comparison_table, families_table, figures, importance_table, long_tables, plots
from pipeline.tracking.inputs import log_recipe

if TYPE_CHECKING:
    from pipeline.stages.evaluate import Judged

#: A server takes a thousand at most.
_FIGURES_AT_ONCE = 500


def log_evaluation(
    summary: dict[str, Any], judged: Judged | None, *, recipe: Recipe, parameters: dict[str, Any], folder: Path | None = None
) -> dict[str, str]:
    """Log what `soihang evaluate` said as a run of the kind ``evaluation``, or ``ablation`` where ``summary`` is one; returns its id.

    Raises `TrackingAway`. No model is kept and nothing is registered.
    """
    kind = "ablation" if "families" in summary else "evaluation"
    with connected(folder) as (mlflow, client):
        start_experiment(mlflow, client, folder)
        with mlflow.start_run(run_name=f"{kind} {summary['split']['kind']}") as run:
            commit = git_commit()
            mlflow.set_tags({"kind": kind, "commit": commit, "mlflow.source.git.commit": commit.removesuffix("+changes")})
            mlflow.log_params({**parameters, "split": summary["split"]["kind"]})
            log_recipe(mlflow, recipe)
            log_summary(mlflow, summary, judged)
        return {"run_id": str(run.info.run_id), "kind": kind}


def log_summary(mlflow: Any, summary: dict[str, Any], judged: Judged | None) -> None:
    """Log an evaluation or ablation into the active run: what ``soihang evaluate --out`` writes, and beside it ``tables/`` and ``plots/``."""
    said = list(figures(summary).items())
    for at in range(0, len(said), _FIGURES_AT_ONCE):
        mlflow.log_metrics(dict(said[at : at + _FIGURES_AT_ONCE]))
    with tempfile.TemporaryDirectory(prefix="soihang-run-") as name:
        into = Path(name)
        if "families" in summary:
            write_json(summary, into / "ablation.json")
            tables = {"families": families_table(summary)}
        else:
            write_evaluation(summary, into)
            tables = {"scorers": comparison_table(summary), **long_tables(summary)}
        drawn: dict[str, str] = {}
        if judged is not None:
            tables["importance"] = importance_table(judged)
            drawn = plots(judged)
        for kind, suffix, texts in (("tables", "csv", tables), ("plots", "svg", drawn)):
            for title, text in texts.items():
                (into / kind).mkdir(exist_ok=True)
                (into / kind / f"{title}.{suffix}").write_text(text, encoding="utf-8")
        mlflow.log_artifacts(str(into))
