"""``configs/monitor.yaml``: what is compared with what, and from where it is an alert."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from features.errors import ConfigError
from pipeline.config import configs_dir, explain, load_yaml


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class BaselineRule(_Frozen):
    """Which nights a night is compared with."""

    nights: int = Field(ge=1, le=60)
    least: int = Field(ge=1)

    @model_validator(mode="after")
    def _enough(self) -> Self:
        if self.least > self.nights:
            raise ValueError("least must not be above nights, or nothing is ever compared")
        return self


class SamplingRule(_Frozen):
    """How sure a comparison must be before it may speak."""

    false_alarm: float = Field(gt=0, le=0.1)
    design_effect: float = Field(ge=1)


class PsiRule(_Frozen):
    """From which population stability index a shift is an alert."""

    score: float = Field(gt=0)
    price: float = Field(gt=0)
    goods: float = Field(gt=0)
    platforms: float = Field(gt=0)
    list: float = Field(gt=0)


class SharesRule(_Frozen):
    """By how much a share may rise."""

    new_words: float = Field(gt=0, le=1)
    missing: float = Field(gt=0, le=1)
    quarantined: float = Field(gt=0, le=1)


class CrawlRule(_Frozen):
    """When the crawl of a platform is ill."""

    volume_low: float = Field(ge=0, lt=1)
    volume_high: float = Field(gt=1)
    gone_from: float = Field(gt=0, le=1)
    gone_to: float = Field(ge=0, lt=1)
    layout_fields: int = Field(ge=1)
    layout_confidence: float = Field(gt=0, le=1)

    @model_validator(mode="after")
    def _falls(self) -> Self:
        if self.gone_to >= self.gone_from:
            raise ValueError("gone_to must be below gone_from")
        return self


class CalibrationRule(_Frozen):
    """From how many decided rows promises are held against finds."""

    least: int = Field(ge=5)


class ExplorationRule(_Frozen):
    """What drift proposes."""

    factor: int = Field(ge=2)
    at_most: int = Field(ge=1)


class MonitorRules(_Frozen):
    """All of the file; each key is explained there."""

    config_version: Literal[1]
    baseline: BaselineRule
    sampling: SamplingRule
    psi: PsiRule
    shares: SharesRule
    crawl: CrawlRule
    calibration: CalibrationRule
    exploration: ExplorationRule
    history_nights: int = Field(ge=1)


def load_monitor_rules(path: Path | None = None) -> MonitorRules:
    """Return the rules; raises `ConfigError` naming each wrong key and the known ones."""
    where = path or configs_dir() / "monitor.yaml"
    try:
        return MonitorRules.model_validate(load_yaml(where))
    except ValidationError as error:
        raise ConfigError(f"{where}: {explain(error)}; known keys: {sorted(MonitorRules.model_fields)}") from error
