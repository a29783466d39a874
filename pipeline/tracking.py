"""Runs and models in MLflow; the only module that imports it, and only when called, because that takes seconds.

``MLFLOW_TRACKING_URI`` names a server or database; else ``mlflow.db`` in the current folder, with files in ``mlruns`` beside it.
"""

from __future__ import annotations

import json
import logging
import os
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from features.errors import SoiHangError
from models.artifact import Model, load_model
from pipeline.stages.train import Trained

EXPERIMENT, REGISTERED = "soihang", "soihang"
CHAMPION, COLDSTART = "champion", "coldstart"
_LOCAL = "mlflow.db"


class TrackingAway(SoiHangError):
    """MLflow's server or database does not answer."""

    exit_code = 6


def tracking_uri(folder: Path | None = None) -> str:
    """Return where runs are kept; ``folder`` stands in for the current one."""
    return os.environ.get("MLFLOW_TRACKING_URI") or f"sqlite:///{(folder or Path.cwd()).resolve() / _LOCAL}"


def has_registry(folder: Path | None = None) -> bool:
    """True where a registry is named or lies in ``folder``; asked before MLflow is imported."""
    return bool(os.environ.get("MLFLOW_TRACKING_URI")) or ((folder or Path.cwd()) / _LOCAL).is_file()


def log_training(trained: Trained, *, parameters: dict[str, Any], folder: Path | None = None) -> dict[str, str]:
    """Log a training run, register its model and set the alias; returns run id, version and alias.

    ``champion`` moves only to a model that wins; another is registered as ``coldstart``. Raises `TrackingAway`.
    """
    with _client(folder) as (mlflow, client):
        experiment = client.get_experiment_by_name(EXPERIMENT)
        files = (folder or Path.cwd()).resolve() / "mlruns"
        here = None if os.environ.get("MLFLOW_TRACKING_URI") else files.as_uri()
        mlflow.set_experiment(experiment_id=experiment.experiment_id if experiment else client.create_experiment(EXPERIMENT, here))
        with mlflow.start_run(run_name=trained.model.version) as run:
            mlflow.log_params({**parameters, "model_version": trained.model.version, "takes_over": ",".join(trained.model.takes_over) or "nothing"})
            facts = trained.model.facts
            mlflow.set_tags({"synthetic": str(facts["synthetic"]), **{name: facts[name] for name in ("data", "code_hash", "configs_hash")}})
            for behaviour, summary in trained.summaries.items():
                mlflow.log_metrics(_flat(summary, behaviour))
            mlflow.log_dict(facts["versions"], "environment.json")
            mlflow.log_dict(trained.summaries, "evaluation.json")
            mlflow.log_artifact(str(trained.folder.parent / "model_card.md"))
            for name, text in _plots(trained).items():
                mlflow.log_text(text, f"plots/{name}.svg")
            info = _log_model(mlflow, trained)
        version = client.create_model_version(REGISTERED, source=info.model_uri, run_id=run.info.run_id)
        alias = CHAMPION if trained.champion else COLDSTART
        client.set_registered_model_alias(REGISTERED, alias, version.version)
        return {"run_id": run.info.run_id, "registered_version": str(version.version), "alias": alias}


def load_champion(folder: Path | None = None) -> Model | None:
    """Return the registry's champion, or ``None`` where there is none; raises `TrackingAway`, or `ModelError` on a damaged model."""
    with _client(folder) as (mlflow, client):
        try:
            version = client.get_model_version_by_alias(REGISTERED, CHAMPION)
        except mlflow.exceptions.MlflowException as error:
            if error.error_code in ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"):
                return None
            raise
        with tempfile.TemporaryDirectory(prefix="soihang-model-") as into:
            fetched = Path(mlflow.artifacts.download_artifacts(f"models:/{REGISTERED}/{version.version}", dst_path=into))
            return load_model(next(path.parent for path in sorted(fetched.rglob("model.json"))))


def _log_model(mlflow: Any, trained: Trained) -> Any:
    """Save the folder through the pyfunc flavour, with signature and input example, without code and without pickle."""
    first = next(iter(trained.model.learners.values()), None)
    columns, words = (first.columns, set(first.categories)) if first else ([], set())
    values = {name: ["", ""] if name in words else [0.0, 0.0] for name in columns}
    example = pd.DataFrame(values | {"title": ["Giày Nike"] * 2, "description": [""] * 2})
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, Schema

    texts = [ColSpec("string", name) for name in ("title", "description")]
    inputs = Schema([*(ColSpec("string" if name in words else "double", name, required=name not in words) for name in columns), *texts])
    outputs = Schema([*(ColSpec("double", name) for name in trained.model.learners or ["none"])])
    return mlflow.pyfunc.log_model(
        name="model",
        loader_module="models.mlflow_loader",
        data_path=str(trained.folder),
        signature=ModelSignature(inputs=inputs, outputs=outputs),
        input_example=example if columns else None,
        pip_requirements=[f"soihang=={trained.model.facts['versions']['soihang']}"],
    )


def _flat(summary: dict[str, Any], prefix: str) -> dict[str, float]:
    out: dict[str, float] = {}
    for scorer, one in {"model": summary["model"], **summary["baselines"]}.items():
        for name in ("roc_auc", "pr_auc", "f1"):
            out[f"{prefix}.{scorer}.{name}"] = one[name]["value"]
            for end, bound in zip(("low", "high"), one[name]["ci"] or (), strict=False):
                out[f"{prefix}.{scorer}.{name}.{end}"] = bound
        out |= {f"{prefix}.{scorer}.precision_at_{share}": found["value"] for share, found in one["precision_at"].items()}
    return {name: float(value) for name, value in out.items() if np.isfinite(value)}


def _plots(trained: Trained) -> dict[str, str]:
    """Precision by recall, and found by promised in tenths of the test rows, one pair a behaviour."""
    from pipeline.reports.charts import curve

    out: dict[str, str] = {}
    for behaviour, one in trained.judged.items():
        order = np.argsort(-one.probability, kind="stable")
        hits = np.cumsum(one.y[order])
        steps = np.unique(np.linspace(0, len(hits) - 1, 200).astype(int))
        recall, precision = hits[steps] / hits[-1], hits[steps] / (steps + 1)
        out[f"{behaviour}_precision_recall"] = curve(behaviour, list(zip(recall, precision, strict=True)), across="recall", up="precision")
        tenths = [part for part in np.array_split(np.argsort(one.probability, kind="stable"), 10) if len(part)]
        means = [(float(one.probability[part].mean()), float(one.y[part].mean())) for part in tenths]
        out[f"{behaviour}_calibration"] = curve(behaviour, means, across="promised", up="found")
    return out


@contextmanager
def _client(folder: Path | None) -> Iterator[tuple[Any, Any]]:
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "2")
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import mlflow
            from mlflow.exceptions import MlflowException

            for name in ("mlflow", "alembic"):
                logging.getLogger(name).setLevel(logging.ERROR)

            mlflow.set_tracking_uri(tracking_uri(folder))
            mlflow.set_registry_uri(tracking_uri(folder))
            client = mlflow.MlflowClient()
            if not client.search_registered_models(f"name='{REGISTERED}'"):
                client.create_registered_model(REGISTERED)
            yield mlflow, client
    except (MlflowException, OSError) as error:
        first = str(error).splitlines()[0][:300]
        raise TrackingAway(f"MLflow at {tracking_uri(folder)} does not answer: {first}. Start it, or set MLFLOW_TRACKING_URI.") from error


def describe(logged: dict[str, str]) -> str:
    """Return one line for a terminal."""
    return "MLflow " + json.dumps(logged, ensure_ascii=False)
