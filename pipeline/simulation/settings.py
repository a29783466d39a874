"""The market and the tactics, checked."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from features.errors import ConfigError
from pipeline.config import configs_dir, explain, load_yaml


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Goods(_Frozen):
    """A line of goods: what the genuine article costs (VND) and how its models vary (lognormal sigma)."""

    line: str
    category: str
    price: float = Field(gt=0)
    spread: float = Field(ge=0)
    brand: str | None = None
    hot: int = 1
    models: tuple[str, ...] = ()


class LookAlike(_Frozen):
    """An innocent offer whose words or price look bad alone."""

    title: str
    category: str
    price: float = Field(gt=0)


class PerSeller(_Frozen):
    """Listings a seller: lognormal mean and sigma."""

    mean: float = Field(gt=0)
    spread: float = Field(ge=0)


class Market(_Frozen):
    """All of ``configs/simulation/market.yaml``."""

    config_version: Literal[1]
    start: date
    weeks: int = Field(ge=4, le=200)
    price_growth_per_week: float
    places: tuple[str, ...]
    platforms: tuple[str, ...]
    sellers: dict[str, float]
    listings_per_seller: PerSeller
    branded: tuple[Goods, ...]
    plain: tuple[Goods, ...]
    lookalikes: tuple[LookAlike, ...]
    honest_text: tuple[str, ...]
    shop_words: tuple[str, ...]
    shop_kinds: tuple[str, ...]


class Tactic(_Frozen):
    """What one kind of suspect does; explained in ``configs/simulation/tactics.yaml``."""

    behaviour: Literal["counterfeit", "scam", "prohibited"]
    share: tuple[float, float]
    price: tuple[float, float]
    spell: tuple[str, ...]
    title: tuple[str, ...]
    text: tuple[str, ...]
    goods: tuple[str, ...] = ()
    accounts: int = 1
    stolen: bool = False
    relist: bool = False
    new_shop: bool = False
    only_hot: bool = False


class Tactics(_Frozen):
    """All of a tactics file."""

    config_version: Literal[1]
    tactics: dict[str, Tactic]
    sounds: dict[str, str]
    homoglyphs: dict[str, str]
    innocent_noise: float = Field(ge=0, le=1)
    noise_text: tuple[str, ...]


Model = TypeVar("Model", bound=BaseModel)


def load_market() -> Market:
    """Return the invented market; raises `ConfigError` naming each bad key."""
    return _load(configs_dir() / "simulation" / "market.yaml", Market)


def load_tactics(path: Path | None = None) -> Tactics:
    """Return the suspects' tactics, ours or those of ``path``."""
    return _load(path or configs_dir() / "simulation" / "tactics.yaml", Tactics)


def _load(path: Path, model: type[Model]) -> Model:
    try:
        return model.model_validate(load_yaml(path))
    except ValidationError as error:
        raise ConfigError(f"{path}: {explain(error)}") from error
