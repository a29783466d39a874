"""Settings and reference tables: found in a checkout, an editable install and a wheel alike, checked once, then frozen."""

from __future__ import annotations

import hashlib
import os
import secrets
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import pandas as pd
import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from features.errors import ConfigError

_HERE = Path(__file__).resolve().parent


def configs_dir() -> Path:
    """Return the folder of settings: beside the package in a checkout, inside it in a wheel."""
    for folder in (_HERE / "_configs", _HERE.parent / "configs"):
        if (folder / "run.yaml").is_file():
            return folder
    raise ConfigError(f"no configs found beside or inside {_HERE}; reinstall soihang")


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class PlanConfig(_Frozen):
    """How many targets make a list, and from how many points a seller enters it."""

    min_points: float = Field(gt=0)
    flagged_points: float = Field(gt=0)
    targets_per_authority: int = Field(ge=0)
    reserve_per_authority: int = Field(ge=0)
    central_targets: int = Field(ge=0)
    max_listings_per_target: int = Field(ge=1, le=1000)
    priority_scale: float = Field(default=4.0, gt=0)
    reach_full: float = Field(default=10_000, gt=1)
    value_from: float = Field(default=100_000, gt=0)
    value_full: float = Field(default=100_000_000, gt=0)
    remote_floor: int = Field(default=1, ge=0)
    cool_down_days: int = Field(default=28, ge=0)
    review_slots: int = Field(default=2, ge=0)
    review_near: float = Field(default=0.5, ge=0, le=1)
    alerts_a_week: int = Field(default=3, ge=0, le=3)
    alert_health: float = Field(default=1.8, ge=1)
    inputs: Path | None = None
    issued: Path | None = None


class ControlConfig(_Frozen):
    """What the negative control may show before it is reported."""

    max_strong_rate: float = Field(ge=0, le=1)


class TextConfig(_Frozen):
    """How titles become words: Vietnamese segmentation, or plain splitting for other languages."""

    tokenizer: Literal["underthesea", "simple"]


class LearnConfig(_Frozen):
    """When labels suffice and how the learned score is fitted and judged."""

    min_positives: int = Field(ge=20)
    min_sellers: int = Field(ge=5)
    text_folds: int = Field(ge=2, le=20)
    boosters: int = Field(ge=1, le=20)
    resamples: int = Field(ge=20, le=5000)
    capacity_a_week: int = Field(default=50, ge=1)


class ReviewConfig(_Frozen):
    """How many listings a desk review draws: the highest, at random, and equally from each stratum of score."""

    top: int = Field(default=50, ge=0)
    random: int = Field(default=50, ge=0)
    stratified: int = Field(default=100, ge=0)


class OutcomesConfig(_Frozen):
    """When an issued list is to be back."""

    due_after_days: int = Field(default=14, ge=1)


class RunConfig(_Frozen):
    """All of ``configs/run.yaml``; each key is explained there."""

    config_version: Literal[1]
    seed: int
    old_after_days: int = Field(ge=0)
    partition_rows: int = Field(ge=100, le=1_000_000)
    text: TextConfig
    learn: LearnConfig
    plan: PlanConfig
    control: ControlConfig
    review: ReviewConfig = ReviewConfig()
    outcomes: OutcomesConfig = OutcomesConfig()
    law_tables: Path | None = None
    on_finish: str | None = None


class _Settings(yaml.SafeLoader):
    """Plain values only, and no aliases: settings need none, and a few lines of them unfold into more than any machine holds."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError(f"it repeats a part by an alias (*name) on line {self.peek_event().start_mark.line + 1}; write it out")
        return super().compose_node(parent, index)


def load_yaml(name: str | Path) -> dict[str, Any]:
    """Read a settings file by name (in the configs folder) or path; raises `ConfigError` naming file and line."""
    path = Path(name) if Path(name).is_absolute() or Path(name).is_file() else configs_dir() / name
    try:
        with path.open(encoding="utf-8") as stream:
            content = yaml.load(stream, _Settings)
    except OSError as error:
        raise ConfigError(f"cannot read settings {path}: {error.strerror}") from error
    except (yaml.YAMLError, RecursionError) as error:
        raise ConfigError(f"{path} is not valid YAML: {str(error).splitlines()[0]}") from error
    if not isinstance(content, dict):
        raise ConfigError(f"{path} holds no settings (a mapping was expected)")
    return content


def load_run_config(path: Path | None = None) -> RunConfig:
    """Return the run's settings; raises `ConfigError` listing unknown or wrong keys and the known ones."""
    where = path or configs_dir() / "run.yaml"
    try:
        return RunConfig.model_validate(load_yaml(where))
    except ValidationError as error:
        raise ConfigError(f"{where}: {explain(error)}; known keys: {sorted(RunConfig.model_fields)}") from error


def explain(error: ValidationError) -> str:
    """Return the first five problems of a validation in one line."""
    # A misspelt key shows as one unknown and one missing; the unknown one says what happened.
    problems = sorted(error.errors(), key=lambda item: item["type"] != "extra_forbidden")
    found = [f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in problems[:5]]
    more = error.error_count() - len(found)
    return "; ".join(found) + (f" (and {more} more)" if more > 0 else "")


def load_table(name: str) -> pd.DataFrame:
    """Read ``configs/reference/NAME.csv`` with every text as text; each row must say its source and from when it holds."""
    path = configs_dir() / "reference" / f"{name}.csv"
    try:
        table = pd.read_csv(path, dtype="str", keep_default_na=False, na_values=[""])
    except (OSError, ValueError) as error:
        raise ConfigError(f"cannot read reference table {path}: {error}") from error
    missing = sorted({"source", "valid_from", "valid_to"} - set(table.columns))
    if missing:
        raise ConfigError(f"{path} lacks the columns {missing}: every fact needs its source and dates")
    unsourced = table.index[table["source"].isna() | table["valid_from"].isna()]
    if len(unsourced):
        raise ConfigError(f"{path}, line {unsourced[0] + 2}: no source or valid_from ({len(unsourced)} such rows)")
    return table


@lru_cache(maxsize=1)
def configs_hash() -> str:
    """Return a hash over every file of the configs folder (16 hex digits)."""
    digest = hashlib.sha256()
    root = configs_dir()
    for path in sorted(root.rglob("*")):
        if path.is_file() and "demo" not in path.relative_to(root).parts:
            digest.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]


#: The demo's key is public on purpose, so that its output is the same everywhere; real data gets a key of its own.
DEMO_KEY = b"soihang-demo-key-is-public"


def key_path() -> Path:
    """Return where the installation's key for hashing phone numbers lies, or will."""
    return Path(os.environ.get("SOIHANG_KEY_FILE") or Path.home() / ".config" / "soihang" / "contact.key")


def contact_key() -> bytes:
    """Return the installation's key for hashing phone numbers, made once with mode 0600.

    ``SOIHANG_KEY_FILE`` names another place than ``~/.config/soihang/contact.key``.
    """
    path = key_path()
    try:
        return path.read_bytes()
    except FileNotFoundError:
        pass
    except OSError as error:
        raise ConfigError(f"cannot read the contact key {path}: {error.strerror}") from error
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with open(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as stream:
            stream.write(secrets.token_bytes(32))
    except FileExistsError:
        pass
    except OSError as error:
        raise ConfigError(f"cannot make the contact key {path}: {error.strerror}; set SOIHANG_KEY_FILE") from error
    return path.read_bytes()
