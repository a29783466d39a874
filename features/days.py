"""Days in Vietnam as whole numbers, and how much had happened to each of many groups by the end of one.

A market feature is *as of* the day a listing was captured: what happened later, or became known later, does not exist for it. `Events`
is how that promise is kept: sums are whole numbers over sorted days, so that events after a day, however many and in whatever order, cannot
move what is counted up to it by a single bit.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

#: Vietnam has kept UTC+7 without summer time since 1975.
_OFFSET_SECONDS = 7 * 3600
_DAY_SECONDS = 86_400
#: A group's days lie in one stretch of a 64-bit key; 2,800 years are enough.
_SPAN = 1 << 20
#: Stands for "no day known"; later than any real one.
NEVER = _SPAN - 1


def day_number(times: pd.Series) -> Ints:
    """Return each time's day in Asia/Ho_Chi_Minh, counted from 1970-01-01; `NEVER` where the time is missing.

    >>> day_number(pd.Series(pd.to_datetime(["1970-01-01T16:59Z", "1970-01-01T17:00Z"]))).tolist()
    [0, 1]
    """
    when = pd.DatetimeIndex(times)
    when = when.tz_convert(None) if when.tz is not None else when
    seconds = when.as_unit("s").asi8
    days = np.clip((seconds + _OFFSET_SECONDS) // _DAY_SECONDS, 0, NEVER - 1)
    return np.where(when.isna(), NEVER, days).astype(np.int64)


class Events:
    """Things that happened to groups on days, to be counted or added up to the end of any day.

    ``group`` are codes from 0, ``day`` numbers of `day_number`; events on day `NEVER` never happened. ``weight`` are whole numbers (1 each
    where there are none): fractions are counted in millionths, so that no sum depends on its order.
    """

    def __init__(self, group: Ints, day: Ints, weight: Ints | None = None) -> None:
        real = day < NEVER
        keys = group[real] * _SPAN + np.maximum(day[real], 0)
        if weight is None:
            self._keys = np.sort(keys)
            self._sums = np.arange(len(keys) + 1, dtype=np.int64)
        else:
            order = np.argsort(keys, kind="stable")
            self._keys = keys[order]
            self._sums = np.concatenate([[0], np.cumsum(weight[real][order], dtype=np.int64)])

    def until(self, group: Ints, day: Ints) -> Ints:
        """Return the sum of each ``group``'s events up to the end of ``day``."""
        begin = group * _SPAN
        first = np.searchsorted(self._keys, begin, side="left")
        last = np.searchsorted(self._keys, begin + np.clip(day, -1, NEVER - 1), side="right")
        return self._sums[np.maximum(first, last)] - self._sums[first]

    def last_before(self, group: Ints, day: Ints) -> Ints:
        """Return the day of each ``group``'s last event before ``day``, -1 where there is none."""
        return self._at(np.searchsorted(self._keys, group * _SPAN + day, side="left") - 1, group, -1)

    def next_from(self, group: Ints, day: Ints) -> Ints:
        """Return the day of each ``group``'s first event on or after ``day``, `NEVER` where there is none."""
        return self._at(np.searchsorted(self._keys, group * _SPAN + day, side="left"), group, NEVER)

    def _at(self, place: Ints, group: Ints, otherwise: int) -> Ints:
        if not len(self._keys):
            return np.full(len(group), otherwise, dtype=np.int64)
        inside = (place >= 0) & (place < len(self._keys))
        keys = self._keys[np.where(inside, place, 0)]
        return np.where(inside & (keys // _SPAN == group), keys % _SPAN, otherwise).astype(np.int64)


def first_days(group: Ints, day: Ints, n_groups: int) -> Ints:
    """Return the earliest ``day`` of each of ``n_groups`` groups, `NEVER` where it has none."""
    first = np.full(n_groups, NEVER, dtype=np.int64)
    np.minimum.at(first, group, day)
    return first
