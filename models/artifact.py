"""A trained model as a folder of data: LightGBM's text, arrays, JSON, checksums, and rows it must still score the same.

Nothing in it is executed on loading, and nothing is unpickled. Loading checks every checksum, then scores the self-test rows and stops on a
difference.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import lightgbm as lgb
import numpy as np
import pandas as pd

from features.errors import ModelError
from features.text_hashes import Tokenizer, text_counts
from models.blend import Blend
from models.boosted import Boosted
from models.calibrate import Platt
from models.learner import Learner
from models.seller_calibration import SellerCalibration
from models.stack import LogisticStack
from models.support import Support
from models.text_linear import Reading, TextLinear

FORMAT = 5
_TOLERANCE = 1e-6


@dataclass(frozen=True)
class Model:
    """``learners`` by behaviour; ``takes_over`` names those that order lists; ``tokenizer`` is how their texts became words; ``facts`` is
    everything else the card says.
    """

    learners: dict[str, Learner]
    takes_over: list[str]
    goods_groups: list[str]
    tokenizer: Tokenizer = "underthesea"
    facts: dict[str, Any] = field(default_factory=dict)
    version: str = "unsaved"


def save_model(model: Model, folder: Path, *, titles: list[str], seed: int) -> str:
    """Write ``folder`` (made, must be empty) and return the model's version: the hash of its checksums.

    ``titles`` are invented ones for the self-test rows.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name, learner in model.learners.items():
        for kind, trees in _trees(learner).items():
            for number, booster in enumerate(trees.boosters):
                (folder / f"{name}.{kind}.{number}.lightgbm.txt").write_text(booster.model_to_string(), encoding="utf-8")
        for part, array in _arrays(learner).items():
            np.save(folder / f"{name}.{part}.npy", array, allow_pickle=False)
    described = {
        "format": FORMAT,
        "takes_over": model.takes_over,
        "goods_groups": model.goods_groups,
        "tokenizer": model.tokenizer,
        "learners": {name: _described(one) for name, one in model.learners.items()},
        "facts": model.facts,
    }
    _write(folder / "model.json", described)
    _write(folder / "selftest.json", _selftest(model, titles, seed))
    sums = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir()) if path.name != "checksums.json"}
    _write(folder / "checksums.json", sums)
    return _version(folder)


def load_model(folder: Path) -> Model:
    """Return the model in ``folder``; raises `ModelError` where a file is missing, changed, of another format, or scores otherwise than it did."""
    sums = _read(folder / "checksums.json")
    for name, expected in sums.items():
        path = folder / str(name)
        if Path(str(name)).name != name or not path.is_file() or hashlib.sha256(path.read_bytes()).hexdigest() != expected:
            raise ModelError(f"{path} is missing or was changed after training; train again or load another version")
    described = _read(folder / "model.json")
    if described.get("format") != FORMAT:
        raise ModelError(f"{folder} has format {described.get('format')!r}, this version reads {FORMAT}; train again")
    try:
        learners = {str(name): _learner(folder, str(name), one) for name, one in described["learners"].items()}
    except (KeyError, ValueError, OSError, lgb.basic.LightGBMError) as error:
        raise ModelError(f"{folder} cannot be read: {error}") from error
    model = Model(learners, described["takes_over"], described["goods_groups"], described["tokenizer"], described["facts"], _version(folder))
    _check(model, _read(folder / "selftest.json"), folder)
    return model


def _trees(learner: Learner) -> dict[str, Boosted]:
    optional = {"raw": learner.raw, "signs": learner.signs}
    return {"full": learner.full} | {kind: one for kind, one in optional.items() if one is not None}


def _arrays(learner: Learner) -> dict[str, Any]:
    readings = {f"text.{one.name}.{part}": getattr(one, part) for one in learner.text.readings for part in ("scale", "weights")}
    return {**readings, "words": learner.words, "stack.scale": learner.stack.scale, "stack.weights": learner.stack.weights}


def _described(learner: Learner) -> dict[str, Any]:
    return {
        "columns": learner.columns,
        "free_text": learner.free_text,
        "rung": learner.rung,
        "say": learner.say,
        "steps": learner.steps,
        "readings": [one.name for one in learner.text.readings],
        "stack": {"numbers": learner.stack.numbers, "categories": learner.stack.categories},
        "trees": {
            kind: {"columns": one.columns, "categories": one.categories, "boosters": len(one.boosters)} for kind, one in _trees(learner).items()
        },
        "blend": {"weights": learner.blend.weights, "shift": learner.blend.shift},
        "platt": [learner.platt.slope, learner.platt.shift],
        "support": learner.support.to_json(),
        "sellers": [learner.sellers.top, learner.sellers.share, learner.sellers.shift, learner.sellers.prior],
    }


def _learner(folder: Path, name: str, one: Mapping[str, Any]) -> Learner:
    def array(part: str) -> Any:
        return np.load(folder / f"{name}.{part}.npy", allow_pickle=False)

    def trees(kind: str) -> Boosted:
        said = one["trees"][kind]
        texts = [(folder / f"{name}.{kind}.{n}.lightgbm.txt").read_text(encoding="utf-8") for n in range(said["boosters"])]
        return Boosted(list(said["columns"]), dict(said["categories"]), [lgb.Booster(model_str=text) for text in texts])

    readings = tuple(Reading(reading, array(f"text.{reading}.scale"), array(f"text.{reading}.weights")) for reading in one["readings"])
    stack = LogisticStack(list(one["stack"]["numbers"]), dict(one["stack"]["categories"]), array("stack.scale"), array("stack.weights"))
    return Learner(
        columns=list(one["columns"]),
        text=TextLinear(readings),
        words=array("words"),
        stack=stack,
        raw=trees("raw") if "raw" in one["trees"] else None,
        full=trees("full"),
        blend=Blend(dict(one["blend"]["weights"]), one["blend"]["shift"]),
        rung=one["rung"],
        platt=Platt(*one["platt"]),
        steps=list(one["steps"]),
        support=Support.from_json(one["support"]),
        sellers=SellerCalibration(*one["sellers"]),
        signs=trees("signs") if "signs" in one["trees"] else None,
        say=float(one["say"]),
        free_text=list(one["free_text"]),
    )


def _selftest(model: Model, titles: list[str], seed: int) -> dict[str, Any]:
    """Rows of drawn numbers and invented titles, with what each learner says of them."""
    generator = np.random.default_rng(seed)
    text = text_counts(titles, titles, tokenizer=model.tokenizer)
    tests: dict[str, Any] = {"titles": titles, "learners": {}}
    for name, learner in model.learners.items():
        drawn: dict[str, list[Any]] = {}
        for column in learner.columns:
            known = learner.categories.get(column)
            if known is None:
                drawn[column] = np.round(generator.normal(0, 2, size=len(titles)), 3).tolist()
            else:
                drawn[column] = [known[at] if known else None for at in generator.integers(0, max(1, len(known)), size=len(titles))]
        said = learner.predict(pd.DataFrame(drawn), text)["probability"]
        tests["learners"][name] = {"rows": drawn, "probability": said.tolist()}
    return tests


def _check(model: Model, tests: Mapping[str, Any], folder: Path) -> None:
    text = text_counts(tests["titles"], tests["titles"], tokenizer=model.tokenizer)
    for name, learner in model.learners.items():
        one = tests["learners"][name]
        table = pd.DataFrame(one["rows"])
        apart = np.abs(learner.predict(table, text)["probability"].to_numpy() - np.asarray(one["probability"])).max()
        if apart > _TOLERANCE:
            raise ModelError(f"{folder}: {name} scores its own test rows {apart:.2g} apart from training; the libraries differ too much, train again")


def _version(folder: Path) -> str:
    return hashlib.sha256((folder / "checksums.json").read_bytes()).hexdigest()[:16]


def _write(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def _read(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelError(f"cannot read {path}: {error}") from error
    if not isinstance(value, dict):
        raise ModelError(f"{path} holds no mapping")
    return value
