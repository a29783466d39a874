"""Which particulars of a seller the law asked for on the day of the capture, and which of them the listing's page showed.

A fact to show, never a reason to rank higher: a page that shows none may be the platform's fault. A particular counts only where the source
can show it at all.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from features.days import NEVER, Bools, Ints, day_number


def identity(rows: pd.DataFrame, duties: pd.DataFrame) -> pd.DataFrame:
    """Return ``seller_identity_share`` (shown of asked for) and ``seller_identity_missing`` (1.0: asked for, none shown), same index.

    ``duties`` (``column, valid_from, valid_to``, days inclusive) says what was asked for when; missing where nothing was, or the source
    cannot show it. A tax code and a licence number stand in for each other: many sources show one of them.
    """
    day = day_number(rows["captured_at"])
    observed = ("," + rows["observes"].fillna("") + ",").astype("str")
    asked, shown = np.zeros(len(rows), dtype=np.int64), np.zeros(len(rows), dtype=np.int64)
    for column, periods in duties.groupby("column", sort=True):
        there = _there(rows, str(column))
        can_show = observed.str.contains(f",{column},", regex=False).to_numpy(dtype=bool) | there
        due = _in_force(day, periods) & can_show
        asked += due
        shown += due & there
    share = np.where(asked > 0, shown / np.maximum(asked, 1), np.nan)
    missing = np.where(asked > 0, (shown == 0).astype(float), np.nan)
    return pd.DataFrame({"seller_identity_share": share, "seller_identity_missing": missing}, index=rows.index)


def _there(rows: pd.DataFrame, column: str) -> Bools:
    if column not in rows:
        return np.zeros(len(rows), dtype=bool)
    values = rows[column]
    # A flag that says "not verified" shows nothing.
    there: Bools = (values.notna() & values.ne(False).fillna(True)).to_numpy(dtype=bool)
    return there


def _in_force(day: Ints, periods: pd.DataFrame) -> Bools:
    begins = day_number(pd.to_datetime(periods["valid_from"], utc=True))
    ends = day_number(pd.to_datetime(periods["valid_to"], utc=True))
    due = np.zeros(len(day), dtype=bool)
    for begin, end in zip(begins, ends, strict=True):
        due |= (day >= begin) & (day <= end) & (day < NEVER)
    return due
