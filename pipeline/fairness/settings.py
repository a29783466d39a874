"""``configs/fairness.yaml``: how groups are cut, from how many a rate may be told, and how long an appeal protects."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from features.errors import ConfigError
from pipeline.config import configs_dir, explain, load_yaml


class FairnessRule(BaseModel):
    """Each key is explained in the file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    config_version: Literal[1]
    least: int = Field(ge=5)
    new_below_days: int = Field(ge=1)
    small_below: int = Field(ge=1)
    large_from: int = Field(ge=2)
    protect_days: int = Field(ge=1, le=3650)


def load_fairness_rule(path: Path | None = None) -> FairnessRule:
    """Return the rule; raises `ConfigError` naming the key that is wrong."""
    where = path or configs_dir() / "fairness.yaml"
    try:
        return FairnessRule.model_validate(load_yaml(where))
    except ValidationError as error:
        raise ConfigError(f"{where}: {explain(error)}; known keys: {sorted(FairnessRule.model_fields)}") from error
