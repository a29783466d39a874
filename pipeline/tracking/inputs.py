"""What a run was made from, as MLflow datasets: name, place and fingerprint, never the rows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pipeline.recipe import Recipe

#: MLflow's own limit for the digest of a dataset.
_DIGEST = 36


def log_recipe(mlflow: Any, recipe: Recipe) -> None:
    """Log crawl and outcomes of ``recipe`` as the active run's inputs, and the recipe itself as ``recipe.json``."""
    for role, context in (("listings", "training"), ("outcomes", "labels")):
        paths = [Path(one.path) for one in recipe.files if one.role == role]
        place = paths[0] if len(paths) == 1 else paths[0].parent
        tags = {"files": str(len(paths)), "sha256": recipe.digest(role)}
        log_dataset(mlflow, place, role, recipe.digest(role), context=context, tags=tags)
    mlflow.log_dict(recipe.to_json(), "recipe.json")


def log_dataset(mlflow: Any, place: Path, name: str, digest: str, *, context: str, tags: dict[str, str] | None = None) -> None:
    """Log one dataset that lies at ``place`` as an input of the active run."""
    from mlflow.data import meta_dataset, sources

    # Both are made at run time, as far as a type checker can tell.
    dataset: Any = meta_dataset.MetaDataset
    local: Any = vars(sources)["LocalArtifactDatasetSource"]
    mlflow.log_input(dataset(local(str(place)), name, digest[:_DIGEST]), context=context, tags=tags or {})
