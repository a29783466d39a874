"""What a model was trained from: files by fingerprint, settings, seed and code; enough to train it again, and to say what is missing."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

from features.errors import DataError
from pipeline.commit import git_commit
from pipeline.config import RunConfig, configs_hash
from pipeline.manifest import code_hash, fingerprint, versions
from pipeline.sources.files import expand


@dataclass(frozen=True)
class InputFile:
    """``role``: listings, outcomes or mapping; ``sha256`` decides which file it is, ``path`` only where it last lay."""

    role: str
    path: str
    sha256: str


@dataclass(frozen=True)
class Recipe:
    """``settings`` are the resolved ones; ``key`` is a hash of the contact key, never the key."""

    files: list[InputFile]
    source: str
    as_of: str | None
    settings: dict[str, Any]
    key: str
    commit: str
    code_hash: str
    configs_hash: str
    versions: dict[str, str]

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Recipe:
        """Return what `to_json` described; raises `DataError` where keys are missing."""
        try:
            return cls(**{**values, "files": [InputFile(**one) for one in values["files"]]})
        except (KeyError, TypeError) as error:
            raise DataError(f"the recipe of this run cannot be read: {error}; it was logged by another version") from error

    def digest(self, role: str) -> str:
        """Return one hash over the fingerprints of a role's files, whatever their order and place."""
        return hashlib.sha256("\n".join(sorted(one.sha256 for one in self.files if one.role == role)).encode()).hexdigest()


def write_recipe(
    listings: Sequence[Path], outcomes: Path, *, sources: Path | None, source: str, as_of: date | None, config: RunConfig, key: bytes
) -> Recipe:
    """Fingerprint the inputs of a training as they are now; listing files in the order in which they are read."""
    mappings = sorted(sources.glob("*.yaml")) if sources is not None else []
    named = [*(("listings", path) for path in expand(listings)), ("outcomes", outcomes), *(("mapping", path) for path in mappings)]
    return Recipe(
        [InputFile(role, str(path.resolve()), fingerprint(path)) for role, path in named],
        source,
        as_of.isoformat() if as_of else None,
        config.model_dump(mode="json"),
        key_hash(key),
        git_commit(),
        code_hash(),
        configs_hash(),
        versions(),
    )


def key_hash(key: bytes) -> str:
    """Return 16 hex digits that tell two contact keys apart and betray neither."""
    return hashlib.sha256(b"soihang contact key\0" + key).hexdigest()[:16]


def find_inputs(recipe: Recipe, elsewhere: Sequence[Path] = ()) -> dict[str, list[Path]]:
    """Return the paths of each role's files, in the recipe's order: where they lay, else among ``elsewhere``, recognised by fingerprint.

    Raises `DataError` naming every file that is missing or was changed.
    """
    candidates = {fingerprint(path): path for path in _all_files(elsewhere)}
    found: dict[str, list[Path]] = {"listings": [], "outcomes": [], "mapping": []}
    lost = []
    for one in recipe.files:
        path = Path(one.path)
        if path.is_file() and fingerprint(path) == one.sha256:
            found[one.role].append(path)
        elif one.sha256 in candidates:
            found[one.role].append(candidates[one.sha256])
        else:
            why = "was changed since" if path.is_file() else "is not there"
            lost.append(f"{one.role} {one.path} ({why}; SHA-256 {one.sha256[:16]}…)")
    if lost:
        raise DataError(
            f"{len(lost)} of {len(recipe.files)} inputs are missing: {'; '.join(lost[:10])}. Name a folder that holds them with --inputs."
        )
    return found


def differences(recipe: Recipe, *, key: bytes) -> list[str]:
    """Return, in words, in what this installation differs from the one that trained; empty where in nothing that is recorded."""
    here = {"code": code_hash(), "settings and reference tables": configs_hash(), "contact key": key_hash(key)}
    there = {"code": recipe.code_hash, "settings and reference tables": recipe.configs_hash, "contact key": recipe.key}
    said = [f"{name}: trained with {there[name]}, here {here[name]}" for name in here if here[name] != there[name]]
    installed = versions()
    now = {name: installed.get(name, "not installed") for name in recipe.versions}
    said += [f"{name}: trained with {old}, here {now[name]}" for name, old in recipe.versions.items() if now[name] != old]
    if said and recipe.commit != "unknown":
        said.append(f"the commit was {recipe.commit}")
    return said


def _all_files(places: Sequence[Path]) -> list[Path]:
    return [path for place in places for path in ([place] if place.is_file() else sorted(place.rglob("*"))) if path.is_file()]
