"""Until when somebody may be called a violator: a decision in force, and a year after it was carried out."""

from __future__ import annotations

import calendar
from datetime import date
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from features.errors import ConfigError
from pipeline.config import configs_dir, explain, load_yaml


class SharingRule(BaseModel):
    """All of ``configs/sharing.yaml``; each key is explained there."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    config_version: Literal[1]
    months_after_carried_out: int = Field(ge=1, le=120)
    months_if_not_carried_out: int = Field(ge=1, le=120)


def load_sharing_rule(path: Path | None = None) -> SharingRule:
    """Return the rule; raises `ConfigError` naming the key that is wrong."""
    where = path or configs_dir() / "sharing.yaml"
    try:
        return SharingRule.model_validate(load_yaml(where))
    except ValidationError as error:
        raise ConfigError(f"{where}: {explain(error)}") from error


def expires_on(decided_on: date, carried_out_on: date | None, rule: SharingRule) -> date:
    """Return the last day on which the decision may be shared by name.

    >>> rule = SharingRule(config_version=1, months_after_carried_out=12, months_if_not_carried_out=24)
    >>> str(expires_on(date(2026, 1, 10), date(2026, 2, 28), rule)), str(expires_on(date(2024, 2, 29), None, rule))
    ('2027-02-28', '2026-02-28')
    """
    if carried_out_on is not None:
        return _months_later(carried_out_on, rule.months_after_carried_out)
    return _months_later(decided_on, rule.months_if_not_carried_out)


def _months_later(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))
