"""How MLflow's pyfunc flavour opens our folder. It imports nothing of MLflow; MLflow names this module as the model's loader."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from models.artifact import Model, load_model
from models.text_linear import hashed


class Scorer:
    """``predict``: a frame of matrix columns plus ``title`` and ``description`` to one probability a behaviour."""

    def __init__(self, model: Model) -> None:
        self.model = model

    def predict(self, frame: pd.DataFrame, params: object = None) -> pd.DataFrame:
        """Return columns named by behaviour, rows as in ``frame``."""
        text = hashed(frame["title"].fillna("").astype(str).tolist(), frame["description"].fillna("").astype(str).tolist())
        said = {name: one.predict(frame, text)["probability"].to_numpy() for name, one in self.model.learners.items()}
        return pd.DataFrame(said, index=frame.index)


def _load_pyfunc(path: str) -> Scorer:
    return Scorer(load_model(Path(path)))
