"""The day-one score's settings, checked: what each sign weighs, what each family may reach at most."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from features.errors import ConfigError
from models.bands import Minutes

Behaviour = Literal["counterfeit", "scam", "prohibited", "smuggled", "false_quality", "undisclosed"]
BEHAVIOURS: tuple[Behaviour, ...] = ("counterfeit", "scam", "prohibited", "false_quality", "smuggled", "undisclosed")


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class SignWeight(_Frozen):
    """One sign that is not a word: what it speaks for and what it weighs. Thresholds are exclusive unless ``at_least``."""

    behaviour: Behaviour
    family: str
    points: float
    points_per_z: float = 0.0
    points_per_halving: float = 0.0
    points_per_doubling: float = 0.0
    max_points: float | None = None
    max_points_flooded: float | None = None
    below_ratio: float | None = None
    below_z: float | None = None
    below_floor: float | None = None
    below_days: float | None = None
    at_least: int | None = None
    at_least_share: float | None = None
    only_with_others: bool = False


class Bands(_Frozen):
    """From which points a listing is red or amber (inclusive), which learned probability is worth ``red_points``, and which are amber."""

    red_points: float
    red_probability: float = Field(gt=0, lt=1)
    red_families: int = Field(ge=1)
    amber_points: float
    minutes: Minutes = Minutes(look=15, visit=180, find=900, tells=0.4)


class Signs(_Frozen):
    """The signs the score knows; a name missing or unknown in the file is an error."""

    brand_disguised: SignWeight
    price_below_peers: SignWeight
    price_below_genuine: SignWeight
    claim_genuine_but_cheap: SignWeight
    brands_stuffed: SignWeight
    seller_new: SignWeight
    seller_many_brands: SignWeight
    seller_other_signs: SignWeight
    seller_found_before: SignWeight
    seller_complaints: SignWeight
    reported_fake: SignWeight
    reported_scam: SignWeight
    relisted: SignWeight
    official_text_cheap: SignWeight
    network_found_before: SignWeight
    network_hidden: SignWeight
    seller_official: SignWeight
    identity_missing: SignWeight


class EvidenceWeights(_Frozen):
    """All of ``configs/evidence.yaml``."""

    config_version: Literal[1]
    prior: float
    cue_points: Mapping[Literal["strong", "medium", "weak"], float]
    description_factor: float = Field(ge=0, le=1)
    repeat_factor: float = Field(ge=0, le=1)
    family_caps: Mapping[str, float]
    behaviour_weight: Mapping[Behaviour, float]
    second_behaviour: float = Field(ge=0, le=1)
    bands: Bands
    signs: Signs

    @model_validator(mode="after")
    def _families_have_caps(self) -> EvidenceWeights:
        used = {getattr(self.signs, name).family for name in Signs.model_fields} | {"words", "contact"}
        if missing := sorted(used - set(self.family_caps)):
            raise ValueError(f"family_caps lacks {missing}")
        if missing := sorted(set(BEHAVIOURS) - set(self.behaviour_weight)):
            raise ValueError(f"behaviour_weight lacks {missing}")
        return self


def read_weights(mapping: Mapping[str, Any], *, where: str = "evidence.yaml") -> EvidenceWeights:
    """Check a parsed settings file; raises `ConfigError` naming each bad key."""
    try:
        return EvidenceWeights.model_validate(dict(mapping))
    except ValidationError as error:
        problems = "; ".join(f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors()[:5])
        raise ConfigError(f"{where}: {problems}") from error
