"""The share of desk review that is drawn by lot among those who show signs and stand near the cut, so that the list does not only confirm itself.

A draw is a reading at a desk, never a visit. Each in the pool has the same, recorded probability. Who is drawn depends on week, seed and the
subject's own key alone, so the same week draws the same and no order of rows changes it.
"""

from __future__ import annotations

import hashlib
from datetime import date

import pandas as pd


def draw_reviews(waiting: pd.DataFrame, last_harm: dict[str, float], *, slots: int, near: float, as_of: date, seed: int) -> pd.DataFrame:
    """Return ``drawn`` (flag) and ``probability`` (0 outside the pool), same index as ``waiting`` (index: subject; ``authority, harm``).

    An authority's pool are those waiting with at least ``near`` of ``last_harm``, the harm of its last chosen target; all of them where it has
    none. ``slots`` are drawn from each pool without putting back.
    """
    least = pd.Series([last_harm.get(name, 0.0) * near for name in waiting["authority"]], index=waiting.index, dtype="float64")
    pool = waiting[waiting["harm"].ge(least)]
    year, week, _ = as_of.isocalendar()
    lot = pd.Series([_lot(f"{seed}|{year}-{week:02d}|{subject}") for subject in pool.index], index=pool.index, dtype="str")
    place = lot.groupby(pool["authority"]).rank(method="first").astype(int)
    size = pool.groupby("authority")["harm"].transform("size")
    table = pd.DataFrame({"drawn": False, "probability": 0.0}, index=waiting.index)
    table.loc[pool.index, "drawn"] = (place <= slots).to_numpy()
    table.loc[pool.index, "probability"] = (slots / size).clip(upper=1.0).round(9).to_numpy()
    return table


def _lot(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
