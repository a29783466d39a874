"""Who is on this week's list: the choice within limits, the reserve, the lot for desk review. Held and referred ones take nobody's place."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import NamedTuple

import numpy as np
import pandas as pd

from pipeline.config import PlanConfig
from pipeline.planning.choose import Chosen, choose
from pipeline.planning.inputs import PlanningInputs
from pipeline.planning.limits import Room, limits
from pipeline.planning.lottery import draw_reviews
from pipeline.planning.places import Places
from pipeline.reports.wording import LEVELS, UNSURE
from pipeline.tables.targets import (
    BY_LOTTERY,
    BY_PRIORITY,
    CHOSEN,
    HELD,
    NOT_SELECTED,
    QUEUE_REFER,
    REFERRED,
    RESERVE,
    REVIEW,
    STANDINGS,
    WAITING,
)  # fmt: skip


class Placed(NamedTuple):
    """``table``: ``standing, selection, selection_probability`` by subject; ``chosen``: the choice with the prices of its limits."""

    table: pd.DataFrame
    chosen: Chosen


def place(
    subjects: pd.DataFrame, *, room: Mapping[str, Room], inputs: PlanningInputs, settings: PlanConfig, places: Places, remote: pd.DataFrame,
    as_of: date, seed: int,
) -> Placed:  # fmt: skip
    """Return who stands where. ``subjects`` (index: subject) has ``authority, queue, level, harm, held, area, goods_group, campaigns``."""
    ordered = subjects.sort_values(["harm", "subject"], ascending=[False, True], kind="stable")
    referred = ordered["queue"].eq(QUEUE_REFER)
    held = ordered["held"] & ~referred
    free = ordered[~referred & ~held & ordered["level"].ne(UNSURE)]
    found = choose(free["harm"].to_numpy(), limits(free, dict(room), inputs, settings, places, remote))
    standing = pd.Series(WAITING, index=ordered.index, dtype="str").mask(held, HELD).mask(referred, REFERRED)
    chosen = free.index[found.taken]
    standing[chosen] = CHOSEN
    rest = free[~found.taken]
    standing[rest.index[rest.groupby("authority", sort=False).cumcount() < settings.reserve_per_authority]] = RESERVE
    waiting = ordered[standing.eq(WAITING)]
    last = free.loc[chosen].groupby("authority")["harm"].min().to_dict()
    lot = draw_reviews(waiting, last, slots=settings.review_slots, near=settings.review_near, as_of=as_of, seed=seed)
    standing[lot.index[lot["drawn"]]] = REVIEW
    probability = lot["probability"].reindex(ordered.index).fillna(0.0).mask(standing.eq(CHOSEN), 1.0)
    selection = np.select([standing.eq(CHOSEN), standing.eq(REVIEW)], [BY_PRIORITY, BY_LOTTERY], NOT_SELECTED)
    table = pd.DataFrame(
        {"standing": standing, "selection": pd.Series(selection, index=ordered.index, dtype="str"), "selection_probability": probability}
    )
    return Placed(table.reindex(subjects.index), found)


def in_order(targets: pd.DataFrame) -> pd.DataFrame:
    """Return ``targets`` by authority, standing, level, harm and, where all that is equal, the subject's key, with ``rank`` from 1 in each list."""
    places = targets.assign(_standing=targets["standing"].map(STANDINGS.index), _level=targets["level"].map(LEVELS.index))
    by = ["authority", "_standing", "_level", "harm", "subject"]
    ordered = places.sort_values(by, ascending=[True, True, True, False, True], kind="stable").drop(columns=["_standing", "_level"])
    return ordered.assign(rank=ordered.groupby("authority", sort=False).cumcount() + 1)


def urgent(targets: pd.DataFrame, *, at_most: int, health: float) -> pd.Series:
    """Return which targets are proposed for a quick alert: clear signs on goods that can hurt, the most harm first, nationwide at most so many."""
    may = targets["standing"].eq(CHOSEN) & targets["level"].eq(LEVELS[0]) & targets["factor_health"].ge(health)
    worst = targets[may].sort_values(["harm", "subject"], ascending=[False, True], kind="stable").head(at_most)
    return pd.Series(targets.index.isin(worst.index), index=targets.index)
