"""Runs read back: as a table to compare them, and one with its recipe and model files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd

from pipeline.recipe import Recipe
from pipeline.stages.learned_rows import LEARNED_FILE
from pipeline.store import read_json, read_parquet
from pipeline.tracking.connection import UnknownRun, connected, is_unknown, start_experiment


@dataclass(frozen=True)
class LoggedRun:
    """A training run on disk again: ``model`` is the folder of model files as they were logged."""

    run_id: str
    recipe: Recipe
    model: Path
    parameters: dict[str, str]


def fetch_run(run_id: str, into: Path, folder: Path | None = None) -> LoggedRun:
    """Download recipe and model of a training run; raises `UnknownRun` naming what the run lacks."""
    with connected(folder) as (mlflow, client):
        run = _run(client, run_id)
        recipe = _download(mlflow, run_id, "recipe.json", into)
        fetched = Path(mlflow.artifacts.download_artifacts(_model_uri(client, run), dst_path=str(into / "model")))
        found = sorted(path.parent for path in fetched.rglob("model.json"))
        if not found:
            raise UnknownRun(f"run {run_id} holds no model.json: it was not logged by `soihang train`")
        return LoggedRun(run_id, Recipe.from_json(read_json(recipe)), found[0], dict(run.data.params))


def fetch_learned_rows(run_id: str, folder: Path | None = None) -> pd.DataFrame:
    """Return which rows a run's model learned from; raises `UnknownRun` where the run does not say."""
    with connected(folder) as (mlflow, client), TemporaryDirectory(prefix="soihang-run-") as into:
        _run(client, run_id)
        return read_parquet(_download(mlflow, run_id, LEARNED_FILE, Path(into)))


def runs_table(folder: Path | None = None, *, kind: str = "behaviour") -> pd.DataFrame:
    """Return the experiment's runs of a kind (training, behaviour, promotion), newest first: ids, tags, parameters and figures as columns."""
    with connected(folder) as (mlflow, client):
        start_experiment(mlflow, client, folder)
        found = mlflow.search_runs(filter_string=f"tags.kind = '{kind}'", order_by=["attributes.start_time DESC"])
        return pd.DataFrame(found)


def _run(client: Any, run_id: str) -> Any:
    from mlflow.exceptions import MlflowException

    try:
        return client.get_run(run_id)
    except MlflowException as error:
        if is_unknown(error):
            raise UnknownRun(f"MLflow has no run {run_id!r}; `soihang train` prints the id of the run that it logs") from error
        raise


def _download(mlflow: Any, run_id: str, name: str, into: Path) -> Path:
    from mlflow.exceptions import MlflowException

    try:
        return Path(mlflow.artifacts.download_artifacts(run_id=run_id, artifact_path=name, dst_path=str(into)))
    except (MlflowException, OSError) as error:
        raise UnknownRun(f"run {run_id} holds no {name}: it is no training run, or an earlier version of soihang logged it") from error


def _model_uri(client: Any, run: Any) -> str:
    outputs = getattr(getattr(run, "outputs", None), "model_outputs", None) or []
    return f"models:/{outputs[0].model_id}" if outputs else f"runs:/{run.info.run_id}/model"
