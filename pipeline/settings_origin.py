"""Where every setting of a run comes from: the file and line that gave it, or our default where none did."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from pydantic import BaseModel

from features.errors import SoiHangError
from pipeline.authorities import load_authorities
from pipeline.config import configs_dir, load_run_config, load_table
from pipeline.fairness.settings import load_fairness_rule
from pipeline.law.book import load_law
from pipeline.monitor.settings import load_monitor_rules
from pipeline.platforms.registry import load_registry
from pipeline.platforms.trust import load_trust_rule
from pipeline.privacy.retention import load_retention
from pipeline.privacy.roles import load_roles
from pipeline.promotion_rules import load_promotion_rules
from pipeline.reference import load_reference
from pipeline.sharing.expiry import load_sharing_rule
from pipeline.sources.mapping import load_mappings
from pipeline.stages.links import load_link_weights


class Setting(NamedTuple):
    """One value: ``key`` with dots, as in ``plan.min_points``; ``origin`` is ``FILE:LINE`` or ``default``."""

    key: str
    value: Any
    origin: str


class Checked(NamedTuple):
    """One settings file or folder: ``error`` is empty where it is sound."""

    name: str
    error: str


def settings_of(path: Path | None = None) -> list[Setting]:
    """Return every setting of a run in the order of its declaration; raises `ConfigError` as `load_run_config` does."""
    where = path or configs_dir() / "run.yaml"
    config = load_run_config(path)
    given = _lines(yaml.compose(where.read_text(encoding="utf-8"), yaml.SafeLoader))
    return [
        Setting(key, value, f"{where.name if path is None else where}:{given[key]}" if key in given else "default")
        for key, value in _values(config)
    ]


def checked(path: Path | None = None, law: Path | None = None) -> list[Checked]:
    """Load everything a run may read and say what is wrong with each; nothing is changed."""
    probes: dict[str, Callable[[], object]] = {
        "run.yaml" if path is None else str(path): lambda: load_run_config(path),
        "evidence.yaml, sellers.yaml and the tables of words, brands, kinds and prices": load_reference,
        "links.yaml": load_link_weights,
        "promotion.yaml": load_promotion_rules,
        "sources/*.yaml": load_mappings,
        "reference/authorities.csv and provinces.csv": lambda: load_authorities(load_table("provinces")),
        "reference/platforms.csv": load_registry,
        "platforms.yaml": load_trust_rule,
        "roles.yaml": load_roles,
        "sharing.yaml": load_sharing_rule,
        "retention.yaml": load_retention,
        "fairness.yaml": load_fairness_rule,
        "monitor.yaml": load_monitor_rules,
        "reference/law" if law is None else str(law): lambda: load_law(law),
    }
    return [Checked(name, _problem(load)) for name, load in probes.items()]


def _problem(load: Callable[[], object]) -> str:
    try:
        load()
    except SoiHangError as error:
        return str(error)
    return ""


def _values(model: BaseModel, prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name in type(model).model_fields:
        value = getattr(model, name)
        if isinstance(value, BaseModel):
            yield from _values(value, f"{prefix}{name}.")
        else:
            yield prefix + name, value


def _lines(node: yaml.Node | None, prefix: str = "") -> dict[str, int]:
    if not isinstance(node, yaml.MappingNode):
        return {}
    found: dict[str, int] = {}
    for key, value in node.value:
        found[prefix + key.value] = key.start_mark.line + 1
        found |= _lines(value, f"{prefix}{key.value}.")
    return found
