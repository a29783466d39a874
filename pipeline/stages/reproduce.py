"""Train a logged run again from its recipe and compare the model file by file, bit by bit."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from features.errors import ConfigError
from pipeline.config import RunConfig, explain
from pipeline.labels import read_outcomes
from pipeline.manifest import fingerprint
from pipeline.recipe import Recipe, differences, find_inputs
from pipeline.sources.mapping import load_mapping, load_mappings
from pipeline.stages.judge import read_features
from pipeline.stages.learn import learn
from pipeline.stages.take_in import Progress, take_in

#: Files that only repeat what others say: their checksums, and who made them.
_FOLLOWS = "checksums.json"
_ABOUT = "model.json"


@dataclass(frozen=True)
class Reproduction:
    """``files``: every file of either model with ``same``, ``differs``, ``missing`` or ``new``; ``details``: which entries of model.json differ."""

    run_id: str
    model_version: str
    files: dict[str, str]
    details: list[str]
    environment: list[str]

    @property
    def identical(self) -> bool:
        """True where every file has the same bytes."""
        return all(state == "same" for state in self.files.values())

    @property
    def learned_the_same(self) -> bool:
        """True where only the notes about the training differ (``facts`` of model.json), and nothing that scores."""
        rest = [state for name, state in self.files.items() if name not in (_FOLLOWS, _ABOUT)]
        return all(state == "same" for state in rest) and all(entry.startswith("facts.") for entry in self.details)

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return {**self.__dict__, "identical": self.identical, "learned_the_same": self.learned_the_same}

    def lines(self) -> list[str]:
        """Return the summary for a terminal."""
        odd = [f"  {name}: {state}" for name, state in self.files.items() if state != "same"]
        if self.identical:
            head = f"run {self.run_id}: all {len(self.files)} files of the model are the same, bit by bit (model {self.model_version})"
        elif self.learned_the_same:
            head = f"run {self.run_id}: what was learned is the same, bit by bit; only notes about the training differ"
        else:
            head = f"run {self.run_id}: {len(odd)} of {len(self.files)} files of the model DIFFER"
        said = [f"  model.json: {entry}" for entry in self.details[:20]]
        return [head, *odd, *said, *(f"differs here: {one}" for one in self.environment)]


def reproduce(
    run_id: str, recipe: Recipe, logged: Path, out: Path, *, elsewhere: Sequence[Path], key: bytes, on_rows: Progress
) -> Reproduction:
    """Train in ``out``, whose lock the caller holds, and compare with the folder ``logged``.

    Raises `DataError` naming every input that is missing or changed, before anything is computed.
    """
    found = find_inputs(recipe, elsewhere)
    config = _settings(recipe)
    mappings = load_mappings() | {path.stem: load_mapping(path) for path in found["mapping"]}
    as_of = date.fromisoformat(recipe.as_of) if recipe.as_of else None
    labels = read_outcomes(found["outcomes"][0], as_of=as_of)
    taken = take_in(found["listings"], out=out, config=config, mappings=mappings, key=key, source=recipe.source, on_rows=on_rows)
    read_features(out, config=config, n_listings=taken.n_listings, with_text=True, on_rows=on_rows)
    trained = learn(out, labels, config=config)
    files = compare_folders(logged, trained.folder)
    return Reproduction(run_id, trained.model.version, files, json_differences(logged, trained.folder), differences(recipe, key=key))


def compare_folders(logged: Path, made: Path) -> dict[str, str]:
    """Return ``same``, ``differs``, ``missing`` (only in ``logged``) or ``new`` for each file name of either."""
    old, new = ({path.name: fingerprint(path) for path in folder.iterdir() if path.is_file()} for folder in (logged, made))
    states = {}
    for name in sorted(old | new):
        states[name] = "missing" if name not in new else "new" if name not in old else "same" if old[name] == new[name] else "differs"
    return states


def json_differences(logged: Path, made: Path) -> list[str]:
    """Return the entries of model.json that differ, ``path: old -> new``."""
    old, new = (dict(_leaves(json.loads((folder / _ABOUT).read_text(encoding="utf-8")))) for folder in (logged, made))
    return [f"{path}: {old.get(path, '-')} -> {new.get(path, '-')}" for path in sorted(old | new) if old.get(path) != new.get(path)]


def _leaves(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, (dict, list)) and value:
        for name, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _leaves(inner, f"{path}.{name}" if path else str(name))
    else:
        yield path, json.dumps(value, ensure_ascii=False)[:60]


def _settings(recipe: Recipe) -> RunConfig:
    try:
        return RunConfig.model_validate(recipe.settings)
    except ValidationError as error:
        raise ConfigError(f"the run's settings are of another version: {explain(error)}; check out commit {recipe.commit}") from error
