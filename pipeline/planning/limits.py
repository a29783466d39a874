"""The limits a choice must keep: each authority's capacity by queue, quotas and ceilings by goods, floors for remote areas, campaigns."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import NamedTuple

import numpy as np
import pandas as pd

from pipeline.config import PlanConfig
from pipeline.planning.choose import Ints, Limit
from pipeline.planning.inputs import PlanningInputs
from pipeline.planning.places import Places
from pipeline.routing import CENTRAL, place_key
from pipeline.tables.capacity import ALL_OF_THEM, in_week
from pipeline.tables.targets import QUEUE_ADDRESS, QUEUE_PLATFORM

CAPACITY, CEILING, QUOTA, FLOOR, CAMPAIGN = "capacity", "ceiling", "quota", "floor", "campaign"


class Room(NamedTuple):
    """What one authority can take in the week: ``visits`` at known addresses, ``checks`` from the desk, ``total`` of both."""

    visits: int
    checks: int
    total: int


def rooms(authorities: list[str], inputs: PlanningInputs, settings: PlanConfig, places: Places) -> dict[str, Room]:
    """Return the room of each of ``authorities`` (names); without a row of its own one gets the defaults of the settings.

    A row for an authority that has ended counts for its successor; where several do they add up.
    """
    given: dict[str, Room] = {}
    if inputs.capacity is not None:
        for code, row in in_week(inputs.capacity, places.as_of).iterrows():
            name, before = places.of_code(str(code)).name, given.get(places.of_code(str(code)).name, Room(0, 0, 0))
            visits, checks = before.visits + int(row["visits"]), before.checks + int(row["checks"])
            given[name] = Room(visits, checks, visits + checks)
    return {name: given.get(name) or _default(name, settings) for name in authorities}


def limits(candidates: pd.DataFrame, room: dict[str, Room], inputs: PlanningInputs, settings: PlanConfig, places: Places,
           remote: pd.DataFrame) -> list[Limit]:  # fmt: skip
    """Return the limits over ``candidates`` (``authority, queue, goods_group, area`` and the campaigns' names in ``campaigns``), in a fixed order.

    ``remote`` is ``configs/reference/remote_areas.csv``.
    """
    found = [*_capacities(candidates, room), *_quotas(candidates, inputs.quotas, places), *_floors(candidates, inputs, settings, places, remote)]
    return [*found, *_campaigns(candidates, inputs.campaigns, places.as_of)]


def running(campaigns: pd.DataFrame, as_of: date) -> pd.DataFrame:
    """Return the campaigns of the day (first and last day inclusive)."""
    return campaigns[[row.tu_ngay <= as_of <= row.den_ngay for row in campaigns.itertuples()]]


def _default(name: str, settings: PlanConfig) -> Room:
    n = settings.central_targets if name == CENTRAL else settings.targets_per_authority
    return Room(n, n, n)


def _at(mask: pd.Series) -> Ints:
    return np.flatnonzero(mask.to_numpy())


def _capacities(candidates: pd.DataFrame, room: dict[str, Room]) -> Iterator[Limit]:
    for name, one in sorted(room.items()):
        theirs = candidates["authority"].eq(name)
        if not theirs.any():
            continue
        yield Limit(CAPACITY, f"{name}: kiểm tra tại chỗ", _at(theirs & candidates["queue"].eq(QUEUE_ADDRESS)), one.visits)
        yield Limit(CAPACITY, f"{name}: xác minh", _at(theirs & candidates["queue"].eq(QUEUE_PLATFORM)), one.checks)
        if one.total < one.visits + one.checks:
            yield Limit(CAPACITY, f"{name}: cả hai", _at(theirs), one.total)


def _quotas(candidates: pd.DataFrame, quotas: pd.DataFrame, places: Places) -> Iterator[Limit]:
    for row in quotas.itertuples():
        of_goods = candidates["goods_group"].eq(row.nhom_hang)
        for name, theirs in _whose(candidates, row.don_vi, places):
            members = _at(of_goods & theirs)
            if row.toi_da is not None:
                yield Limit(CEILING, f"{name}: tối đa {row.nhom_hang}", members, int(row.toi_da))
            if row.toi_thieu:
                yield Limit(QUOTA, f"{name}: tối thiểu {row.nhom_hang}", members, int(row.toi_thieu), floor=True)


def _floors(
    candidates: pd.DataFrame, inputs: PlanningInputs, settings: PlanConfig, places: Places, remote: pd.DataFrame
) -> Iterator[Limit]:
    """Areas that a planner names go before ours; an area without candidates has no floor."""
    keys = candidates["area"].map(place_key, na_action="ignore")
    named = {place_key(row.dia_ban): row for row in inputs.floors.itertuples()}
    for row in inputs.floors.itertuples():
        members = keys.eq(place_key(row.dia_ban))
        for name, theirs in _whose(candidates, row.don_vi, places):
            if (members & theirs).any() and row.toi_thieu:
                yield Limit(FLOOR, f"{name}: địa bàn {row.dia_ban}", _at(members & theirs), int(row.toi_thieu), floor=True)
    for row in remote.itertuples():
        members = keys.eq(place_key(row.area))
        if settings.remote_floor and place_key(row.area) not in named and members.any():
            yield Limit(FLOOR, f"Địa bàn {row.area}", _at(members), settings.remote_floor, floor=True)


def _campaigns(candidates: pd.DataFrame, campaigns: pd.DataFrame, as_of: date) -> Iterator[Limit]:
    for row in running(campaigns, as_of).itertuples():
        members = _at(candidates["campaigns"].map(lambda names, ten=row.ten: ten in names).astype(bool))
        if row.toi_thieu and len(members):
            yield Limit(CAMPAIGN, f"Chuyên đề {row.ten}", members, int(row.toi_thieu), floor=True)


def _whose(candidates: pd.DataFrame, don_vi: str | None, places: Places) -> Iterator[tuple[str, pd.Series]]:
    """Nobody named: the whole country as one; "*": each authority for itself."""
    if don_vi is None:
        yield "Cả nước", pd.Series(True, index=candidates.index)
    elif don_vi == ALL_OF_THEM:
        for name in sorted(candidates["authority"].unique()):
            yield str(name), candidates["authority"].eq(name)
    else:
        name = places.of_code(don_vi).name
        yield name, candidates["authority"].eq(name)
