"""How many targets each team can look at in a week, from a CSV that a planner writes: ``don_vi, doi, tuan, so_luot_kiem_tra, so_luot_xac_minh``."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pandas as pd

from features.errors import ConfigError
from pipeline.config import load_table
from pipeline.planning.places import authority_names
from pipeline.tables.planning_inputs import NUMBER, TEXT, Column, read_input

COLUMNS = (
    Column("don_vi", TEXT),
    Column("doi", TEXT, optional=True),
    Column("tuan", TEXT, optional=True),
    Column("so_luot_kiem_tra", NUMBER),
    Column("so_luot_xac_minh", NUMBER),
)
#: In other inputs: each authority for itself.
ALL_OF_THEM = "*"
_WEEK = re.compile(r"(?:(?P<y>\d{4})-?W(?P<w>\d{1,2})|(?P<w2>\d{1,2})/(?P<y2>\d{4}))", re.IGNORECASE)


def read_capacity(path: Path) -> pd.DataFrame:
    """Return ``don_vi, doi, tuan, so_luot_kiem_tra, so_luot_xac_minh``; raises `ConfigError` naming file, line and cell.

    ``don_vi`` is written as full name, letters ("AG") or code and comes back as code (or the central list's name); ``tuan`` is "48/2026" or
    "2026-W48", empty for every week without a row of its own. ``so_luot_kiem_tra`` are on-site looks at known addresses,
    ``so_luot_xac_minh`` checks from the desk.
    """
    table = with_codes(read_input(path, COLUMNS), path)
    for line, row in enumerate(table.itertuples(), start=2):
        if isinstance(row.tuan, str) and _week(row.tuan) is None:
            raise ConfigError(f"{path}, line {line}: tuan {row.tuan!r} is no week; write 48/2026 or 2026-W48")
    if (twice := table.duplicated(["don_vi", "doi", "tuan"])).any():
        raise ConfigError(f"{path}, line {int(twice.idxmax()) + 2}: {table['don_vi'][twice].iat[0]!r} stands twice for the same team and week")
    return table


def with_codes(table: pd.DataFrame, path: Path) -> pd.DataFrame:
    """Return ``table`` with the authorities' codes in ``don_vi`` (empty cells and "*" stay); raises `ConfigError` on an unknown one."""
    known = authority_names(load_table("authorities")) | {ALL_OF_THEM: ALL_OF_THEM}
    for line, name in enumerate(table["don_vi"], start=2):
        if isinstance(name, str) and name.casefold() not in known:
            raise ConfigError(f"{path}, line {line}: unknown authority {name!r}; names are in configs/reference/authorities.csv")
    codes = [known[name.casefold()] if isinstance(name, str) else None for name in table["don_vi"]]
    return table.assign(don_vi=pd.Series(codes, index=table.index, dtype="object"))


def in_week(capacity: pd.DataFrame, day: date) -> pd.DataFrame:
    """Return ``visits, checks`` by authority's code for the ISO week of ``day``, its teams added up.

    A team's row for the week goes before its general one.
    """
    year, week, _ = day.isocalendar()
    weeks = [_week(text) if isinstance(text, str) else None for text in capacity["tuan"]]
    table = capacity.assign(own=[one == (year, week) for one in weeks], general=[one is None for one in weeks])
    table = table[table["own"] | table["general"]].sort_values("own", ascending=False, kind="stable")
    table = table.drop_duplicates(["don_vi", "doi"])
    summed = table.groupby("don_vi")[["so_luot_kiem_tra", "so_luot_xac_minh"]].sum()
    return summed.set_axis(["visits", "checks"], axis=1).astype(int)


def _week(text: str) -> tuple[int, int] | None:
    found = _WEEK.fullmatch(text.strip())
    if found is None:
        return None
    year, week = int(found["y"] or found["y2"]), int(found["w"] or found["w2"])
    return (year, week) if 1 <= week <= 53 else None
