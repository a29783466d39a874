"""What a role is given: which rows, and which columns are left out. A filter on exports and workbooks, never a lock on the files beneath."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import pandas as pd
from pydantic import BaseModel, ConfigDict, ValidationError

from features.errors import ConfigError, DataError
from pipeline.config import configs_dir, explain, load_yaml
from pipeline.sources.tax_codes import mask_tax_codes

HIDDEN = "(ẩn)"
"""What stands where a role may not read and something must stand."""


class Role(BaseModel):
    """``rows``: all, or those of one authority; ``hidden``: columns left out wherever they occur; ``suspected``: may count the unnamed."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name_vi: str
    rows: Literal["all", "own"]
    hidden: frozenset[str]
    suspected: bool


class _Roles(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    config_version: Literal[1]
    roles: dict[str, Role]


def load_roles(path: Path | None = None) -> dict[str, Role]:
    """Return the roles of ``configs/roles.yaml`` by name; raises `ConfigError` naming the key that is wrong."""
    where = path or configs_dir() / "roles.yaml"
    try:
        return _Roles.model_validate(load_yaml(where)).roles
    except ValidationError as error:
        raise ConfigError(f"{where}: {explain(error)}") from error


def role_named(name: str, roles: dict[str, Role] | None = None) -> Role:
    """Return a role; raises `ConfigError` naming those there are."""
    known = roles or load_roles()
    if name not in known:
        raise ConfigError(f"no role {name!r}; roles are {', '.join(sorted(known))} (configs/roles.yaml)")
    return known[name]


def seen_by(role: Role, table: pd.DataFrame, *, authority: str | None = None) -> pd.DataFrame:
    """Return what ``role`` is given of ``table``: its rows (by the column ``authority``), hidden columns emptied, tax codes of persons masked.

    Raises `DataError` where the role has rows of its own only and none is named, or the table does not say whose rows are whose.
    """
    rows = _own(table, authority) if role.rows == "own" else table
    emptied = {name: _emptied(rows[name]) for name in rows if name in role.hidden}
    return masked(rows.assign(**emptied))


def masked(table: pd.DataFrame) -> pd.DataFrame:
    """Return ``table`` with the tax codes of households and persons masked, as every role is given it."""
    texts = [name for name in table if pd.api.types.is_string_dtype(table[name]) and table[name].notna().any()]
    found = {name: table[name].map(mask_tax_codes, na_action="ignore").astype(table[name].dtype) for name in texts}
    return table.assign(**found)


def _own(table: pd.DataFrame, authority: str | None) -> pd.DataFrame:
    if not authority:
        raise DataError("this role is given rows of its own authority only; name it with --authority")
    if "authority" not in table:
        raise DataError("this table does not say whose rows are whose, so a role with rows of its own is given none of it")
    return table[table["authority"].eq(authority)].reset_index(drop=True)


def _emptied(column: pd.Series) -> pd.Series:
    kind: Any = column.dtype
    if pd.api.types.is_string_dtype(column) and not column.map(lambda value: isinstance(value, list)).any():
        return pd.Series(HIDDEN, index=column.index, dtype=kind)
    if column.map(lambda value: isinstance(value, list)).any():
        return pd.Series([[] for _ in column], index=column.index, dtype="object")
    return pd.Series([None] * len(column), index=column.index, dtype="object").astype(kind)
