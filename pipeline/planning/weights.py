"""The written tables a plan weighs by, as they stand on a day: severity, health, platforms, remote areas, what signs stand for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import pandas as pd

from pipeline.config import load_table


@dataclass(frozen=True)
class PlanTables:
    """Rows of ``configs/reference`` in force on the list's day."""

    severities: pd.DataFrame
    goods: pd.DataFrame
    platforms: pd.DataFrame
    remote: pd.DataFrame
    sign_codes: pd.DataFrame


def plan_tables(as_of: date) -> PlanTables:
    """Return the tables as of a day; raises `ConfigError` where one is unusable."""
    names = ("harm_behaviours", "harm_goods", "platforms", "remote_areas", "sign_codes")
    return PlanTables(*(_standing(load_table(name), as_of) for name in names))


def _standing(table: pd.DataFrame, as_of: date) -> pd.DataFrame:
    day = as_of.isoformat()
    return table[table["valid_from"].le(day) & (table["valid_to"].isna() | table["valid_to"].ge(day))].reset_index(drop=True)
