"""How one source's payload becomes listings: ``configs/sources/NAME.yaml``, checked once."""

from __future__ import annotations

import re
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal
from unicodedata import normalize

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from features.errors import ConfigError
from pipeline.config import configs_dir, explain, load_yaml
from pipeline.sources.times import moment
from pipeline.sources.values import SCALARS, literal
from pipeline.tables.listings import COLUMNS

Format = Literal["csv", "xlsx", "jsonl", "json", "parquet"]
Kind = Literal["text", "number", "flag"]

#: Columns that ingest fills; a payload cannot.
_OURS = frozenset({"captured_precision", "source", "source_file", "source_line", "observes", "flags", "row_hash"})


class FieldSpec(BaseModel):
    """Where one column comes from and how it is read."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    path: tuple[str, ...] = ()
    const: str | float | bool | None = None
    template: str | None = None
    parse: str | None = None
    divide_by: float = Field(default=1.0, gt=0)
    none_values: tuple[str | float, ...] = ()
    extract: str | None = None
    values: dict[str, str | bool] | None = None
    html: bool = False
    days_before_capture: bool = False

    @field_validator("path", mode="before")
    @classmethod
    def _one_or_many(cls, value: Any) -> Any:
        return (value,) if isinstance(value, str) else value

    @model_validator(mode="after")
    def _readable(self) -> FieldSpec:
        if self.parse is not None and self.parse not in SCALARS:
            raise ValueError(f"unknown parse {self.parse!r}; known: {sorted(SCALARS)}")
        if not self.path and self.const is None and self.template is None:
            raise ValueError("needs one of path, const, template")
        if self.extract is not None and not _n_groups(self.extract):
            raise ValueError(f"extract {self.extract!r} needs a group in brackets: what stands in the first one is taken")
        return self

    @property
    def kind(self) -> Kind:
        """What a further column (``x_NAME``) of this kind holds."""
        if self.parse in (None, "text", "shop"):
            return "text"
        return "flag" if self.parse == "flag" else "number"


def _n_groups(pattern: str) -> int:
    try:
        return re.compile(pattern).groups
    except re.error as error:
        raise ValueError(f"extract {pattern!r} is no regular expression: {error}") from error


class Detect(BaseModel):
    """What a file of this source looks like. All ``paths`` must be there (of a list of paths one); ``absent`` must not; ``equals`` must match."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    paths: tuple[tuple[str, ...], ...]
    absent: tuple[str, ...] = ()
    equals: dict[str, str] = Field(default_factory=dict)

    @field_validator("paths", mode="before")
    @classmethod
    def _one_or_many(cls, value: Any) -> Any:
        return [(one,) if isinstance(one, str) else one for one in value] if isinstance(value, list | tuple) else value


class SourceMapping(BaseModel):
    """One source. ``records`` is the path to the array inside a JSON envelope; empty: the file is the array.

    For forms filled in by hand: ``address`` is the column whose links say platform, ids and, where none is given, the title; a row like ``example``
    and one with nothing but ``not_a_row`` are none; a capture more than ``days_ahead`` days after the file's date is a slip.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    about: str
    listings: bool = True
    formats: tuple[Format, ...]
    records: str = ""
    detect: Detect
    fields: dict[str, FieldSpec]
    observes: Literal["filled"] | tuple[str, ...] = "filled"
    captured_at: str | None = None
    fold_names: bool = False
    address: str | None = None
    example: dict[str, str] = Field(default_factory=dict)
    not_a_row: tuple[str, ...] = ()
    days_ahead: int | None = Field(default=None, ge=0)
    boilerplate: tuple[str, ...] = ()

    @field_validator("captured_at", mode="before")
    @classmethod
    def _as_written(cls, value: Any) -> Any:
        # YAML reads 2024 as a number and 2026-11-20 as a date.
        value = str(value) if isinstance(value, int | date) else value
        if isinstance(value, str) and moment(value) is None:
            raise ValueError(f"{value!r} is no date; write 2026, 2026-11 or 2026-11-20")
        return value

    @field_validator("fields", mode="before")
    @classmethod
    def _short_form(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        return {name: {"path": spec} if isinstance(spec, str | list) else spec for name, spec in value.items()}

    @model_validator(mode="after")
    def _known_columns(self) -> SourceMapping:
        ours = sorted(_OURS & set(self.fields))
        if ours:
            raise ValueError(f"fields {ours} are filled by ingest itself")
        unknown = [name for name in self.fields if name not in COLUMNS and not re.fullmatch(r"x_[a-z0-9_]{1,40}", name)]
        if unknown:
            raise ValueError(f"fields {unknown} are no listing columns (`soihang schema listings`) and not x_NAME")
        unseen = [name for name in self.observes if name not in self.fields] if self.observes != "filled" else []
        if unseen:
            raise ValueError(f"observes {unseen}, but no field says where they come from")
        given = {"platform", "listing_id", "title"} if self.address else set()
        lacking = [name for name in ("platform", "listing_id", "title") if name not in self.fields and name not in given]
        if self.listings and lacking:
            raise ValueError(f"fields lack {lacking}")
        return self


    def named(self, records: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Return ``records`` with their names as this mapping spells them (small letters, NFC, single spaces) where ``fold_names`` asks for it."""
        if not self.fold_names:
            return records
        spelled = {name: _folded(name) for name in {name for record in records for name in record}}
        if all(name == folded for name, folded in spelled.items()):
            return records
        # Of two names that fold into one the first counts.
        return [{spelled[name]: value for name, value in reversed(record.items())} for record in records]


@lru_cache(maxsize=4096)
def _folded(name: str) -> str:
    return " ".join(normalize("NFC", name).casefold().split())


def load_mapping(path: Path) -> SourceMapping:
    """Read one mapping; raises `ConfigError` naming each wrong key."""
    try:
        return SourceMapping.model_validate({"name": path.stem, **load_yaml(path)})
    except ValidationError as error:
        raise ConfigError(f"{path}: {explain(error)}; known keys: {sorted(SourceMapping.model_fields)}") from error


def load_mappings(further: Path | None = None) -> dict[str, SourceMapping]:
    """Read every mapping of this installation, and those of the folder ``further``, by name; a later one replaces an earlier one."""
    found = sorted((configs_dir() / "sources").glob("*.yaml"))
    if further is not None:
        own = sorted(further.glob("*.yaml"))
        if not own:
            raise ConfigError(f"no NAME.yaml in {further}; see docs/sources.md for what a mapping says")
        found += own
    return {path.stem: load_mapping(path) for path in found}


def dig(record: Any, path: str) -> Any:
    """Follow ``a.b[0].c`` or ``a[*].c`` into a record; cells that hold JSON or Python literals are opened on the way.

    >>> dig({"sold": '{"value": 3}', "tags": [{"n": 1}]}, "sold.value"), dig({"tags": [{"n": 1}, {"n": 2}]}, "tags[*].n")
    (3, [1, 2])
    """
    if isinstance(record, dict) and path in record:
        return record[path]
    steps = _steps(path)
    return None if len(steps) == 1 and isinstance(record, dict) else _follow(record, steps)


def is_name(path: str) -> bool:
    """Say whether a path is nothing but a name, with no way into anything."""
    return len(_steps(path)) == 1


def _follow(current: Any, steps: tuple[str | int, ...]) -> Any:
    for at, step in enumerate(steps):
        if isinstance(current, str) and current[:1] in "{[":
            current = literal(current)
        if step == "*":
            members = current if isinstance(current, list) else []
            return [found for one in members[:_MANY] if (found := _follow(one, steps[at + 1 :])) is not None]
        if isinstance(step, int):
            current = current[step] if isinstance(current, list) and len(current) > step else None
        else:
            current = current.get(step) if isinstance(current, dict) else None
        if current is None:
            return None
    return current


_MANY = 1_000
"""Members of a list that ``[*]`` looks at."""


@lru_cache(maxsize=4096)
def _steps(path: str) -> tuple[str | int, ...]:
    return tuple(int(step) if step.isdecimal() and step.isascii() else step for step in re.findall(r"[^.\[\]]+", path))
