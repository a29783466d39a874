"""A training as a run: one parent with data, recipe, card and model, and beneath it one run a behaviour with its figures, tables and plots."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from pipeline.commit import git_commit
from pipeline.recipe import Recipe
from pipeline.stages.learned_rows import LEARNED_FILE
from pipeline.tracking.connection import REGISTERED, TrackingAway, connected, start_experiment
from pipeline.tracking.evaluation_run import log_summary
from pipeline.tracking.inputs import log_dataset, log_recipe
from pipeline.tracking.registry import CHALLENGER, CHAMPION, COLDSTART, find_version, switch

if TYPE_CHECKING:
    from pipeline.stages.train import Trained


def log_training(trained: Trained, *, parameters: dict[str, Any], folder: Path | None = None, recipe: Recipe | None = None) -> dict[str, str]:
    """Log a training run, register its model and set an alias; returns run id, version and alias.

    A model that takes something over becomes ``champion`` where there is none, for the evidence score is what it has just been compared
    with; else ``challenger``, for `soihang promote` to decide. Any other becomes ``coldstart``. Raises `TrackingAway`, which says where the model
    lies and how it is logged later.
    """
    try:
        return _logged(trained, parameters=parameters, folder=folder, recipe=recipe)
    except TrackingAway as error:
        raise TrackingAway(
            f"{error} The model is whole in {trained.folder} and not registered: the same command again learns the same and logs it; "
            f"until then --model {trained.folder} scores with it."
        ) from error


def _logged(trained: Trained, *, parameters: dict[str, Any], folder: Path | None, recipe: Recipe | None) -> dict[str, str]:
    with connected(folder) as (mlflow, client):
        start_experiment(mlflow, client, folder)
        facts = trained.model.facts
        with mlflow.start_run(run_name=f"train {trained.model.version}") as run:
            mlflow.set_tags(_tags(trained, recipe))
            mlflow.log_params({**parameters, "model_version": trained.model.version, "takes_over": ",".join(trained.model.takes_over) or "nothing"})
            _log_inputs(mlflow, trained, recipe)
            mlflow.log_dict(facts["versions"], "environment.json")
            mlflow.log_dict(trained.summaries, "evaluation.json")
            for path in _left_beside(trained.folder):
                mlflow.log_artifact(str(path))
            for behaviour in trained.summaries:
                _log_behaviour(mlflow, trained, behaviour)
            info = _log_model(mlflow, trained)
        version = client.create_model_version(REGISTERED, source=info.model_uri, run_id=run.info.run_id, model_id=info.model_id)
        client.set_model_version_tag(REGISTERED, version.version, "model_version", trained.model.version)
        client.set_model_version_tag(REGISTERED, version.version, "code_hash", facts["code_hash"])
        alias = _alias(client, trained)
        if alias == CHAMPION:
            switch(client, str(version.version))
        else:
            client.set_registered_model_alias(REGISTERED, alias, version.version)
        return {"run_id": run.info.run_id, "registered_version": str(version.version), "alias": alias}


def _alias(client: Any, trained: Trained) -> str:
    if not trained.champion:
        return COLDSTART
    return CHALLENGER if find_version(client, CHAMPION) is not None else CHAMPION


def _tags(trained: Trained, recipe: Recipe | None) -> dict[str, str]:
    facts = trained.model.facts
    commit = recipe.commit if recipe is not None else git_commit()
    said = {"synthetic": str(facts["synthetic"]), "kind": "training", "mlflow.source.git.commit": commit.removesuffix("+changes"), "commit": commit}
    return said | {name: str(facts[name]) for name in ("data", "code_hash", "configs_hash", "seed") if name in facts}


def _log_inputs(mlflow: Any, trained: Trained, recipe: Recipe | None) -> None:
    if recipe is None:
        log_dataset(mlflow, trained.folder.parent.resolve(), "labelled listings", trained.model.facts["data"], context="training")
    else:
        log_recipe(mlflow, recipe)


def _left_beside(folder: Path) -> list[Path]:
    """What the training left beside the model: the card, which rows it learned from, and tables and plots of the evaluation."""
    found = [folder.parent / "model_card.md", folder.parent / LEARNED_FILE, *sorted(folder.parent.glob("evaluation*"))]
    return [path for path in found if path.exists() and path.name != "evaluation.json"]


def _log_behaviour(mlflow: Any, trained: Trained, behaviour: str) -> None:
    summary = trained.summaries[behaviour]
    with mlflow.start_run(run_name=behaviour, nested=True):
        mlflow.set_tags({"kind": "behaviour", "behaviour": behaviour, "verdict": trained.verdict.get(behaviour, "")})
        mlflow.log_params({"behaviour": behaviour, "split": summary["split"]["kind"], "takes_over": behaviour in trained.model.takes_over})
        log_summary(mlflow, summary, trained.judged.get(behaviour))


def _log_model(mlflow: Any, trained: Trained) -> Any:
    """Save the folder through the pyfunc flavour, with signature and input example, without code and without pickle."""
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, Schema

    first = next(iter(trained.model.learners.values()), None)
    columns, words = (first.columns, set(first.categories)) if first else ([], set())
    values = {name: ["", ""] if name in words else [0.0, 0.0] for name in columns}
    example = pd.DataFrame(values | {"title": ["Giày Nike"] * 2, "description": [""] * 2})
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


def describe(logged: dict[str, str]) -> str:
    """Return one line for a terminal."""
    return "MLflow " + json.dumps(logged, ensure_ascii=False)
