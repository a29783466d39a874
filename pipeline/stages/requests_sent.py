"""Which letters went out, and what platforms still owe: a term runs from receipt, so nothing is owed for a draft."""

from __future__ import annotations

import math
from datetime import date, timedelta
from pathlib import Path

import pandas as pd

from features.errors import DataError
from pipeline.state_folder import ADDRESSES, REQUESTS, SENT, grow, read_table

SENT_COLUMNS = ["letter", "sent_on"]
OWED_COLUMNS = ["letter", "platform", "sent_on", "due_on", "n_shops", "n_answered", "days_late"]


def note_sent(state: Path, letter: str, on: date) -> bool:
    """Note that a letter (its file name without ending) was received by the platform on a day; the first day that is noted stays.

    Returns whether it is new. Raises `DataError` where no such letter was drafted.
    """
    requests = read_table(state, REQUESTS)
    known = [] if requests is None else sorted(set(requests["letter"]))
    name = letter.removesuffix(".docx")
    if name not in known:
        raise DataError(f"{state} knows no letter {letter!r}; it knows {', '.join(known[-5:]) or 'none'}")
    sent = read_table(state, SENT)
    if sent is not None and sent["letter"].eq(name).any():
        return False
    grow(state, SENT, pd.DataFrame([[name, on.isoformat()]], columns=SENT_COLUMNS).astype("str"))
    return True


def due_requests(state: Path, as_of: date) -> pd.DataFrame:
    """Return the shops (``platform_requests`` with ``sent_on, due_on``) whose answers were due before a day; without a term or an id none is."""
    requests, sent = read_table(state, REQUESTS), read_table(state, SENT)
    if requests is None or sent is None:
        return pd.DataFrame(columns=["letter", "platform", "seller_id", "sent_on", "due_on"])
    table = requests[requests["seller_id"].notna() & requests["due_hours"].notna()].merge(sent, on="letter")
    days = [timedelta(days=math.ceil(hours / 24)) for hours in table["due_hours"]]
    table["due_on"] = [(date.fromisoformat(day) + span).isoformat() for day, span in zip(table["sent_on"], days, strict=True)]
    return table[table["due_on"].lt(as_of.isoformat())].reset_index(drop=True)


def owed(state: Path, as_of: date) -> pd.DataFrame:
    """Return the letters with shops that the platform has not answered for in time (``OWED_COLUMNS``), the latest first."""
    due, answers = due_requests(state, as_of), read_table(state, ADDRESSES)
    known = set() if answers is None else set((answers["platform"] + "|" + answers["seller_id"]).dropna())
    table = due.assign(answered=(due["platform"] + "|" + due["seller_id"]).isin(known))
    letters = table.groupby(["letter", "platform", "sent_on", "due_on"], as_index=False)
    found = letters.agg(n_shops=("answered", "size"), n_answered=("answered", "sum"))
    found = found[found["n_answered"].lt(found["n_shops"])]
    found["days_late"] = [(as_of - date.fromisoformat(day)).days for day in found["due_on"]]
    return found.sort_values(["days_late", "letter"], ascending=[False, True])[OWED_COLUMNS].reset_index(drop=True)
