"""What `take_in` and `read_features` left, learned from."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pandas as pd

from pipeline.config import RunConfig
from pipeline.labels import Labels
from pipeline.reference import load_reference
from pipeline.stages.dataset import build_dataset
from pipeline.stages.learned_rows import LEARNED_FILE, learned_rows
from pipeline.stages.train import Trained, train
from pipeline.store import read_json, write_parquet


def learn(out: Path, labels: Labels, *, config: RunConfig) -> Trained:
    """Train on what `take_in` and `read_features` left; leaves ``out/model``, its card, its evaluation and which rows it
    learned from.
    """
    work = out / "work"
    reference = load_reference()
    data = build_dataset(work, labels, reference)
    digest = hashlib.sha256("\n".join(read_json(work / "inputs.json")["files"]).encode())
    digest.update(pd.util.hash_pandas_object(data.labels.table, index=False).to_numpy().tobytes())
    trained = train(
        data,
        out / "model",
        config=config,
        goods_groups=sorted(reference.goods_groups["group"].astype(str)),
        fingerprint=digest.hexdigest(),
        synthetic=bool("x_synthetic" in data.rows and data.rows["x_synthetic"].eq(True).any()),
    )
    seen = learned_rows(data, {name: one.learned for name, one in trained.judged.items()})
    write_parquet(seen, out / LEARNED_FILE)
    return trained
