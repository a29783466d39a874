"""What a plan needs of scores and model: the columns it reads, and how a seller's probability follows from its listings'."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import pyarrow.parquet as pq

from models.seller_calibration import SellerCalibration
from pipeline.store import read_json, read_parquet, write_json

if TYPE_CHECKING:
    from models.artifact import Model

FILE = "seller_models.json"


def write_seller_models(model: Model | None, work: Path) -> None:
    """Leave in ``work`` how the model that scored calibrates sellers, by behaviour that it takes over; nothing of it without a model."""
    taken = {name: model.learners[name].sellers for name in model.takes_over} if model is not None else {}
    write_json({name: [one.top, one.share, one.shift, one.prior] for name, one in taken.items()}, work / FILE)


def read_seller_models(work: Path) -> Mapping[str, SellerCalibration]:
    """Return what `write_seller_models` left; nothing where an earlier version scored."""
    path = work / FILE
    return {name: SellerCalibration(*one) for name, one in read_json(path).items()} if path.is_file() else {}


def read_scores(path: Path) -> pd.DataFrame:
    """Return ``points, band`` and the probabilities of a table of scores, in its order."""
    names = pq.read_schema(path).names if path.is_file() else []
    return read_parquet(path, columns=["points", "band", *(name for name in names if name.startswith("probability"))])
