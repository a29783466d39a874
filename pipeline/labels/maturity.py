"""How long it takes until an outcome is known, and so from which day on "nothing confirmed" still means "not known yet".

Of visits made last week, those already decided are the quick ones; they say nothing fair about the rest. So the last D days before the
day of reading are unknown, D being the 90th percentile of the delay between the look and the knowledge.
"""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

from pipeline.sources.times import VIETNAM

QUANTILE = 0.9
#: Fewer delays than this say nothing about their 90th percentile.
LEAST = 20


def days_of(times: pd.Series) -> pd.Series:
    """Return the Vietnamese calendar day of each time as days since 1970; missing stays missing."""
    local = times.dt.tz_convert(VIETNAM).dt.tz_localize(None).dt.floor("D")
    return ((local - pd.Timestamp("1970-01-01")) / pd.Timedelta(days=1)).astype("float64")


def day_number(day: date) -> int:
    """Return ``day`` as days since 1970."""
    return (day - date(1970, 1, 1)).days


def delay_days(happened: pd.Series, known: pd.Series, *, as_of: date) -> int | None:
    """Return D in days (rounded up), or ``None`` where fewer than 20 outcomes carry both dates.

    Looks of the last D days are left out of a second estimate: among them only short delays can have been seen.
    """
    delay = days_of(known) - days_of(happened)
    usable = delay.ge(0)
    if usable.sum() < LEAST:
        return None
    first = float(np.quantile(delay[usable], QUANTILE))
    early = usable & (days_of(happened) <= day_number(as_of) - first)
    return int(np.ceil(np.quantile(delay[early], QUANTILE) if early.sum() >= LEAST else first))


def immature(happened: pd.Series, delay: int | None, *, as_of: date) -> pd.Series:
    """Return True for looks of the last ``delay`` days up to ``as_of``; False where the date or the delay is not known."""
    if delay is None or delay == 0:
        return pd.Series(False, index=happened.index)
    return days_of(happened).gt(day_number(as_of) - delay)
