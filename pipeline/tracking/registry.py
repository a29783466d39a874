"""The registry: which version is champion, challenger or coldstart, how the champion changes, and the way back.

The versions that have been champion stand in the registered model's tag ``champions``, oldest first; the alias decides, the tag only
remembers. No switch loads the version it leaves, so that a broken champion can always be left.
"""

from __future__ import annotations

import json
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from features.errors import ModelError
from pipeline.tracking.connection import REGISTERED, TrackingAway, UnknownRun, connected, is_unknown
from pipeline.tracking.runs import fetch_learned_rows

if TYPE_CHECKING:
    from models.artifact import Model

CHAMPION, CHALLENGER, COLDSTART = "champion", "challenger", "coldstart"
_HISTORY, _REMEMBERED = "champions", 50


@dataclass(frozen=True)
class Registered:
    """A registered model: ``version`` in the registry, ``model_version`` the checksum of its files."""

    version: str
    model_version: str
    run_id: str
    code_hash: str


def champion(folder: Path | None = None) -> Registered | None:
    """Return the champion's entry, or ``None`` where evidence orders; raises `TrackingAway`."""
    with connected(folder) as (_, client):
        return _entry(client, find_version(client, CHAMPION))


def find_registered(wanted: str | None, folder: Path | None = None) -> Registered:
    """Return the entry of a registry version, alias, run id or model version, by default of ``challenger``; raises `UnknownRun`."""
    with connected(folder) as (_, client):
        found = _entry(client, _look_up(client, wanted or CHALLENGER))
        if found is None:
            known = ", ".join(f"{one.version} ({one.tags.get('model_version', '?')})" for one in _versions(client)[:10]) or "none"
            raise UnknownRun(f"the registry has no model {wanted or CHALLENGER!r}; versions: {known}. `soihang train` registers one.")
        return found


def load_champion(folder: Path | None = None) -> Model | None:
    """Return the registry's champion, or ``None`` where there is none; raises `TrackingAway`, or `ModelError` on a damaged model."""
    try:
        with connected(folder) as (mlflow, client):
            found = find_version(client, CHAMPION)
            return _fetch(mlflow, found.version) if found is not None else None
    except TrackingAway as error:
        raise TrackingAway(f"{error} Or name a model that needs no MLflow: --model FOLDER, or --model coldstart for evidence only.") from error


def load_version(version: str, folder: Path | None = None) -> Model:
    """Return one registered model; raises `ModelError` where it is damaged or of another format."""
    with connected(folder) as (mlflow, _):
        return _fetch(mlflow, version)


@dataclass(frozen=True)
class Rivals:
    """Challenger and champion, loaded, with the rows each learned from; ``champion`` is ``None`` where evidence orders, or where ``note``
    says that the champion cannot be loaded.
    """

    entry: Registered
    challenger: Model
    champion: Model | None
    learned: list[pd.DataFrame]
    note: str


def rivals(wanted: str | None = None, folder: Path | None = None) -> Rivals:
    """Return the pair to be compared; raises `UnknownRun` where the challenger is unknown or is the champion, `ModelError` where it is broken."""
    entry, holder = find_registered(wanted, folder), champion(folder)
    if holder is not None and holder.version == entry.version:
        raise UnknownRun(f"version {entry.version} is the champion already")
    challenger = load_version(entry.version, folder)
    learned = [fetch_learned_rows(entry.run_id, folder)]
    if holder is None:
        return Rivals(entry, challenger, None, learned, "")
    try:
        rival = load_version(holder.version, folder)
    except ModelError as error:
        return Rivals(entry, challenger, None, learned, f"champion version {holder.version} cannot be loaded ({error}); compared with evidence")
    try:
        return Rivals(entry, challenger, rival, [*learned, fetch_learned_rows(holder.run_id, folder)], "")
    except UnknownRun:
        said = f"champion version {holder.version} does not say what it learned from: it may know rows that judge, which favours it"
        return Rivals(entry, challenger, rival, learned, said)


def switch_champion(version: str, decided_in: str, folder: Path | None = None) -> None:
    """Make ``version`` the champion, remember the one before, and say so in the run that decided it."""
    try:
        with connected(folder) as (_, client):
            switch(client, version)
            client.set_tag(decided_in, "switched", "yes")
    except TrackingAway as error:
        said = f"Run {decided_in} says that version {version} is promoted; it may not be the champion yet: promote again."
        raise TrackingAway(f"{error} {said}") from error


def roll_back(to: str | None = None, folder: Path | None = None) -> tuple[Registered | None, Registered | None]:
    """Move the champion to the one before it, to ``to``, or to ``coldstart`` (evidence only); returns what was left and what holds now.

    What holds now has been loaded and has scored its own test rows. What was left is not loaded. Raises `ModelError` where the goal
    cannot be loaded here, and `UnknownRun` where there is nothing to go back to; neither changes anything.
    """
    with connected(folder) as (mlflow, client):
        left = _entry(client, find_version(client, CHAMPION))
        history = champion_history(client)
        goal = None if to == COLDSTART else _goal(client, to, history, left)
        if goal is not None:
            try:
                _fetch(mlflow, goal.version)
            except ModelError as error:
                raise ModelError(f"version {goal.version} cannot come back: {error}. Name another with --to, or --to {COLDSTART}.") from error
            switch(client, goal.version, history=_up_to(history, goal.version))
        elif left is not None:
            client.delete_registered_model_alias(REGISTERED, CHAMPION)
            client.set_registered_model_tag(REGISTERED, _HISTORY, json.dumps([]))
        return left, goal


def find_version(client: Any, alias: str) -> Any:
    """Return MLflow's model version behind an alias, or ``None``."""
    from mlflow.exceptions import MlflowException

    try:
        return client.get_model_version_by_alias(REGISTERED, alias)
    except MlflowException as error:
        if is_unknown(error):
            return None
        raise


def switch(client: Any, version: str, *, history: list[str] | None = None) -> None:
    """Set the champion's alias and remember the order; a version that was ``challenger`` is no longer one."""
    past = champion_history(client) if history is None else history
    client.set_registered_model_alias(REGISTERED, CHAMPION, version)
    kept = [*(one for one in past if one != version), version][-_REMEMBERED:]
    client.set_registered_model_tag(REGISTERED, _HISTORY, json.dumps(kept))
    challenger = find_version(client, CHALLENGER)
    if challenger is not None and str(challenger.version) == version:
        client.delete_registered_model_alias(REGISTERED, CHALLENGER)


def _goal(client: Any, to: str | None, history: list[str], left: Registered | None) -> Registered | None:
    """The version to go back to; ``None`` where the first champion is left and evidence ordered before it."""
    if to is not None:
        found = _entry(client, _look_up(client, to))
        if found is None:
            raise UnknownRun(f"the registry has no model {to!r}")
        return found
    if left is None:
        raise UnknownRun("there is no champion to roll back from: evidence orders already")
    before = [one for one in history if one != left.version]
    return _entry(client, client.get_model_version(REGISTERED, before[-1])) if before else None


def _up_to(history: list[str], version: str) -> list[str]:
    return history[: history.index(version)] if version in history else history


def champion_history(client: Any) -> list[str]:
    """Return the versions that were champion, the last one last: what a rollback can reach."""
    said = client.get_registered_model(REGISTERED).tags.get(_HISTORY, "[]")
    return [str(one) for one in json.loads(said)]


def _versions(client: Any) -> list[Any]:
    found = client.search_model_versions(f"name='{REGISTERED}'")
    return sorted(found, key=lambda one: -int(one.version))


def _look_up(client: Any, wanted: str) -> Any:
    if wanted in (CHAMPION, CHALLENGER, COLDSTART):
        return find_version(client, wanted)
    named = [one for one in _versions(client) if wanted in (str(one.version), one.run_id, one.tags.get("model_version"))]
    return named[0] if named else None


def _entry(client: Any, found: Any) -> Registered | None:
    if found is None:
        return None
    tags = client.get_model_version(REGISTERED, found.version).tags
    return Registered(str(found.version), tags.get("model_version", "unknown"), str(found.run_id), tags.get("code_hash", "unknown"))


def _fetch(mlflow: Any, version: str) -> Model:
    from models.artifact import load_model

    with tempfile.TemporaryDirectory(prefix="soihang-model-") as into:
        fetched = Path(mlflow.artifacts.download_artifacts(f"models:/{REGISTERED}/{version}", dst_path=into))
        found = sorted(path.parent for path in fetched.rglob("model.json"))
        if not found:
            raise ModelError(f"version {version} holds no model.json; it was not registered by `soihang train`")
        return load_model(found[0])
