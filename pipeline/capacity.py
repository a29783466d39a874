"""How many targets each authority can take, from a CSV that a planner writes."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from features.errors import ConfigError
from pipeline.routing import CENTRAL

COLUMNS = ("authority", "targets", "reserve")


def read_capacity(path: Path, provinces: pd.DataFrame) -> pd.DataFrame:
    """Return ``authority, targets, reserve`` (whole numbers); raises `ConfigError` naming line and cell.

    ``authority`` is the full name as in ``configs/reference/provinces.csv`` or the central list's; a row missing means the default.
    """
    try:
        table = pd.read_csv(path, dtype="str", encoding="utf-8-sig", keep_default_na=False)
    except (OSError, ValueError) as error:
        raise ConfigError(f"cannot read capacity {path}: {error}") from error
    if missing := [name for name in COLUMNS if name not in table]:
        raise ConfigError(f"{path}: lacks the columns {missing}; needed: {', '.join(COLUMNS)}")
    table = table[list(COLUMNS)].apply(lambda column: column.str.strip())
    known = set(provinces["authority"]) | {CENTRAL}
    for line, row in enumerate(table.itertuples(), start=2):
        if row.authority not in known:
            raise ConfigError(f"{path}, line {line}: unknown authority {row.authority!r}; names are in configs/reference/provinces.csv")
        if not (row.targets.isdecimal() and row.reserve.isdecimal()):
            raise ConfigError(f"{path}, line {line}: targets and reserve must be whole numbers, got {row.targets!r} and {row.reserve!r}")
    if (twice := table["authority"].duplicated()).any():
        raise ConfigError(f"{path}: {table['authority'][twice].iat[0]!r} stands twice")
    return table.astype({"targets": int, "reserve": int})
