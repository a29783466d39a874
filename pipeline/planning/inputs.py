"""The planners' files of one folder, read together: capacity, quotas, floors, campaigns, what is held, past inspections, known addresses."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from features.errors import ConfigError
from pipeline.config import load_table
from pipeline.manifest import fingerprint
from pipeline.tables.capacity import read_capacity, with_codes
from pipeline.tables.planning_inputs import ADDRESSES, CAMPAIGNS, FLOORS, INSPECTIONS, PROTECTED, QUOTAS, SNOOZE, Column, no_rows, read_input

_TABLES: dict[str, tuple[Column, ...]] = {
    "quotas": QUOTAS, "floors": FLOORS, "campaigns": CAMPAIGNS, "snooze": SNOOZE, "inspections": INSPECTIONS, "addresses": ADDRESSES,
    "protected": PROTECTED,
}  # fmt: skip
_BEHAVIOURS = ("counterfeit", "scam", "prohibited", "false_quality", "smuggled", "undisclosed")


@dataclass(frozen=True)
class PlanningInputs:
    """One table a file, empty where there is none; ``capacity`` is ``None`` then. ``files`` has the SHA-256 of each that was read."""

    capacity: pd.DataFrame | None
    quotas: pd.DataFrame
    floors: pd.DataFrame
    campaigns: pd.DataFrame
    snooze: pd.DataFrame
    inspections: pd.DataFrame
    addresses: pd.DataFrame
    protected: pd.DataFrame
    files: dict[str, str]


def no_inputs() -> PlanningInputs:
    """Return the inputs of a plan for which nobody wrote anything."""
    return PlanningInputs(None, **{name: no_rows(columns) for name, columns in _TABLES.items()}, files={})


def read_inputs(folder: Path | None) -> PlanningInputs:
    """Return what lies in ``folder``; raises `ConfigError` naming file, line and cell, or a file that no plan reads."""
    if folder is None:
        return no_inputs()
    if not folder.is_dir():
        raise ConfigError(f"no folder of planning inputs at {folder}")
    known = {f"{name}.csv" for name in ("capacity", *_TABLES)}
    # A misspelt name would otherwise be passed over in silence.
    if unknown := sorted(path.name for path in folder.glob("*.csv") if path.name not in known):
        raise ConfigError(f"{folder}: no plan reads {unknown[0]}; it reads {', '.join(sorted(known))}")
    found = {name: _read(folder / f"{name}.csv", columns) for name, columns in _TABLES.items()}
    capacity = read_capacity(folder / "capacity.csv") if (folder / "capacity.csv").is_file() else None
    _check(folder, found)
    return PlanningInputs(capacity, **found, files={path.name: fingerprint(path) for path in sorted(folder.glob("*.csv"))})


def _read(path: Path, columns: tuple[Column, ...]) -> pd.DataFrame:
    table = read_input(path, columns) if path.is_file() else no_rows(columns)
    return with_codes(table, path) if "don_vi" in table else table


def _check(folder: Path, found: dict[str, pd.DataFrame]) -> None:
    groups = set(load_table("goods_groups")["group"])
    for name in ("quotas", "campaigns"):
        for line, group in enumerate(found[name]["nhom_hang"], start=2):
            if group is not None and group not in groups:
                raise ConfigError(f"{folder / name}.csv, line {line}: unknown goods group {group!r}; names are in configs/reference/goods_groups.csv")
    for line, row in enumerate(found["quotas"].itertuples(), start=2):
        if row.toi_thieu is None and row.toi_da is None:
            raise ConfigError(f"{folder / 'quotas.csv'}, line {line}: neither toi_thieu nor toi_da is given")
        if None not in (row.toi_thieu, row.toi_da) and row.toi_thieu > row.toi_da:
            raise ConfigError(f"{folder / 'quotas.csv'}, line {line}: toi_thieu {row.toi_thieu} is above toi_da {row.toi_da}")
    for line, row in enumerate(found["snooze"].itertuples(), start=2):
        if row.nhan_hieu is None and (row.san is None or row.ma_nguoi_ban is None):
            raise ConfigError(f"{folder / 'snooze.csv'}, line {line}: name a seller (san and ma_nguoi_ban) or a brand (nhan_hieu)")
    for line, row in enumerate(found["campaigns"].itertuples(), start=2):
        if row.hanh_vi is not None and row.hanh_vi not in _BEHAVIOURS:
            raise ConfigError(f"{folder / 'campaigns.csv'}, line {line}: unknown behaviour {row.hanh_vi!r}; known: {', '.join(_BEHAVIOURS)}")
        if row.den_ngay < row.tu_ngay:
            raise ConfigError(f"{folder / 'campaigns.csv'}, line {line}: den_ngay {row.den_ngay} lies before tu_ngay {row.tu_ngay}")
