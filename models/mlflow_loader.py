"""How MLflow's pyfunc flavour opens our folder. It imports nothing of MLflow; MLflow names this module as the model's loader."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from features.canonical import canonicalise_all
from features.text_hashes import text_counts
from models.artifact import Model, load_model


class Scorer:
    """``predict``: a frame of matrix columns plus ``title`` and ``description`` to one probability a behaviour."""

    def __init__(self, model: Model) -> None:
        self.model = model

    def predict(self, frame: pd.DataFrame, params: object = None) -> pd.DataFrame:
        """Return columns named by behaviour, rows as in ``frame``."""
        titles, descriptions = (_canonical(frame[name]) for name in ("title", "description"))
        text = text_counts(titles, descriptions, tokenizer=self.model.tokenizer)
        said = {name: one.predict(frame, text)["probability"].to_numpy() for name, one in self.model.learners.items()}
        return pd.DataFrame(said, index=frame.index)


def _canonical(texts: pd.Series) -> list[str]:
    return [one.text for one in canonicalise_all(texts.fillna("").astype(str).tolist())]


def _load_pyfunc(path: str) -> Scorer:
    return Scorer(load_model(Path(path)))
