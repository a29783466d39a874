"""``configs/complaints.yaml``: how long an answer may take, and what is called a flood."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from features.errors import ConfigError
from features.seller_complaints import FloodRule
from pipeline.config import configs_dir, explain, load_yaml


class _Flood(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    least: int = Field(ge=2)
    days: int = Field(ge=1)
    share: float = Field(gt=0, le=1)


class _File(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    config_version: Literal[1]
    answer_days: int = Field(ge=1)
    flood: _Flood


@dataclass(frozen=True)
class ComplaintSettings:
    """``answer_days``: calendar days from receipt; ``flood``: when complaints are flagged as one."""

    answer_days: int
    flood: FloodRule


@lru_cache(maxsize=2)
def load_complaint_settings(path: Path | None = None) -> ComplaintSettings:
    """Return the settings; raises `ConfigError` naming each wrong key and the known ones."""
    where = path or configs_dir() / "complaints.yaml"
    try:
        read = _File.model_validate(load_yaml(where))
    except ValidationError as error:
        raise ConfigError(f"{where}: {explain(error)}; known keys: {sorted(_File.model_fields)}") from error
    return ComplaintSettings(read.answer_days, FloodRule(read.flood.least, read.flood.days, read.flood.share))
