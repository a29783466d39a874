"""What a weekly list would have found and when, beside what was found in history.

Each week the highest-scored ``capacity`` of that week's new listings are taken. A find counts from the listing's first capture; history found
it on the day of its outcome. A listing that was last seen before that day is censored there: that much earlier is certain, more is not.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


def weekly_finds(rows: pd.DataFrame, scores: dict[str, Floats], *, capacity: int) -> list[dict[str, Any]]:
    """Return one entry a week: ``week`` (its Monday), ``n``, ``positive``, ``history`` (positives whose outcome fell in that week), and what each
    scorer's list of ``capacity`` holds.

    ``rows``: ``first_seen, happened_at`` (UTC), ``y``. Tied rows count as a random order of them would on average.
    """
    week = _monday(rows["first_seen"])
    found_in = _monday(rows["happened_at"])
    y = rows["y"].to_numpy(dtype=float)
    out = []
    for monday in sorted(week.dropna().unique()):
        mine = week.eq(monday).to_numpy()
        entry: dict[str, Any] = {"week": pd.Timestamp(monday).date().isoformat(), "n": int(mine.sum()), "positive": int(y[mine].sum())}
        entry["history"] = int(y[found_in.eq(monday).to_numpy()].sum())
        for name, score in scores.items():
            entry[name] = round(float(taken_share(score[mine], capacity) @ y[mine]), 2)
        out.append(entry)
    return out


def days_earlier(rows: pd.DataFrame, score: Floats, *, capacity: int) -> dict[str, Any]:
    """Return how much earlier the weekly lists would have had what history found.

    ``rows`` as above, with ``last_seen``. ``n_found`` of ``n_positive``; ``median_days`` between first capture and outcome over the found;
    ``at_least_median_days``: the same cut at the day the listing was last seen, and ``n_censored`` where that cut bites.
    """
    week = _monday(rows["first_seen"])
    taken = np.zeros(len(rows))
    for monday in week.dropna().unique():
        mine = week.eq(monday).to_numpy()
        taken[mine] = taken_share(score[mine], capacity)
    y = rows["y"].to_numpy(dtype=bool)
    found = y & (taken >= 0.5) & rows["happened_at"].notna().to_numpy()
    theirs = rows[found]
    gap = (theirs["happened_at"] - theirs["first_seen"]).dt.total_seconds() / 86_400
    cut = theirs["happened_at"].where(theirs["happened_at"] < theirs["last_seen"], theirs["last_seen"])
    sure = ((cut - theirs["first_seen"]).dt.total_seconds() / 86_400).clip(lower=0)
    return {
        "n_positive": int(y.sum()),
        "n_found": int(found.sum()),
        "n_earlier": int((gap > 0).sum()),
        "median_days": round(float(gap.median()), 1) if len(gap) else None,
        "at_least_median_days": round(float(sure.median()), 1) if len(sure) else None,
        "n_censored": int((theirs["last_seen"] < theirs["happened_at"]).sum()),
    }


def taken_share(score: Floats, capacity: int) -> Floats:
    """Return which share of each row a list of ``capacity`` takes: 1, 0, or between for rows tied at its end."""
    if len(score) <= capacity:
        return np.ones(len(score))
    edge = np.sort(score)[::-1][capacity - 1]
    above, tied = score > edge, score == edge
    return np.where(above, 1.0, np.where(tied, (capacity - above.sum()) / tied.sum(), 0.0))


def _monday(times: pd.Series) -> pd.Series:
    """The Monday of each time's week, Vietnamese time; missing stays missing."""
    local = times.dt.tz_convert("Asia/Ho_Chi_Minh").dt.tz_localize(None).dt.normalize()
    return local - pd.to_timedelta(local.dt.day_of_week, unit="D")
