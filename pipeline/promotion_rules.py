"""The rules of ``configs/promotion.yaml``: what a challenger must show before it may order lists."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from features.errors import ConfigError
from pipeline.config import configs_dir, explain, load_yaml


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class CalibrationRule(_Frozen):
    """Promises may not become worse."""

    max_brier_loss: float = Field(ge=0, le=1)
    top_share: float = Field(gt=0, le=1)
    lowest: float = Field(gt=0, le=1)
    highest: float = Field(ge=1)


class SliceRule(_Frozen):
    """No part of the market may be lost for the gain of another."""

    min_positives: int = Field(ge=5)
    max_drop: float = Field(ge=0, le=1)


class SpeedRule(_Frozen):
    """A night's crawl must still fit into a night."""

    max_ms_per_listing: float = Field(gt=0)


class PromotionRules(_Frozen):
    """All of the file; each key is explained there."""

    config_version: Literal[1]
    min_later_positives: int = Field(ge=5)
    min_gain: float = Field(ge=0, le=1)
    resamples: int = Field(ge=20, le=5000)
    calibration: CalibrationRule
    slices: SliceRule
    speed: SpeedRule


def load_promotion_rules(path: Path | None = None) -> PromotionRules:
    """Return the rules; raises `ConfigError` naming each wrong key and the known ones."""
    where = path or configs_dir() / "promotion.yaml"
    try:
        return PromotionRules.model_validate(load_yaml(where))
    except ValidationError as error:
        raise ConfigError(f"{where}: {explain(error)}; known keys: {sorted(PromotionRules.model_fields)}") from error
