"""How much of what was issued came back, what is overdue, and whether the lists were any good. Plain counts from the register."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time

import numpy as np
import pandas as pd
from sqlalchemy import Connection, select

from models.proportions import share
from pipeline.register.facts import standing
from pipeline.register.lists import GIVEN, issued_rows
from pipeline.register.schema import DESK_REVIEWS, OUTCOMES, RETURN_FILES, RETURNED, RETURNED_ROWS
from pipeline.sources.times import VIETNAM
from pipeline.tables.targets import CHOSEN

#: Counted per list, per authority and over all: each issued row is in exactly one of the last five.
COUNTS = ["issued", "found", "cleared", "open", "not_found", "not_inspected", "silent"]
_KINDS = {"confirmed": "found", "pending": "open", "referred": "open"} | {name: name for name in ("cleared", "not_found", "not_inspected")}


@dataclass(frozen=True)
class Coverage:
    """``rows``: every given row with ``state`` (see `COUNTS`), ``answered``, ``overdue_days``, ``opinion``; as of ``today``."""

    rows: pd.DataFrame
    today: date

    def by(self, name: str | None = None) -> pd.DataFrame:
        """Return counts of the rows that a team was to visit or check, by ``number`` or ``authority``, or over all.

        ``sent_back``: not answered, but somebody tried and the row was returned to be corrected. ``expected``: finds that a calibrated model
        expected of its ``n_expected`` decided rows, beside ``found_of_expected`` and the 95 % interval of that count; without such a model zero rows.
        """
        due = self.rows[self.rows["standing"].eq(CHOSEN)]
        key = due[name] if name else pd.Series("all", index=due.index)
        states = pd.crosstab(key, due["state"]).reindex(columns=COUNTS[1:], fill_value=0)
        states.insert(0, "issued", states.sum(axis=1))
        answered = due.groupby(key)["answered"].sum()
        counted = states.assign(
            answered=answered,
            coverage=answered / states["issued"],
            overdue=due["overdue_days"].gt(0).groupby(key).sum(),
            sent_back=due["sent_back"].groupby(key).sum(),
            usefulness=due.groupby(key)["usefulness"].mean(),
            n_useful=due.groupby(key)["usefulness"].count(),
        )
        expected = pd.DataFrame([_expected(due[key.eq(one)]) for one in counted.index], index=counted.index)
        return pd.concat([counted, expected], axis=1).rename_axis(name or "all").reset_index()

    def overdue(self) -> pd.DataFrame:
        """Return the rows whose answer is late, by authority, list and code."""
        late = self.rows[self.rows["standing"].eq(CHOSEN) & self.rows["overdue_days"].gt(0)]
        return late.sort_values(["authority", "due_on", "code"])[["authority", "number", "code", "due_on", "overdue_days", "state", "sent_back"]]

    def reviews(self) -> dict[str, int]:
        """Return how many given rows reviewers agreed to, refused, postponed, or said nothing of."""
        counts = self.rows["opinion"].fillna("silent").value_counts()
        return {name: int(counts.get(name, 0)) for name in ("agree", "refuse", "postpone", "silent")}


def _sent_back(connection: Connection, today: date) -> list[int]:
    """Issued rows of which a returned workbook said something that could not be taken."""
    rows = select(RETURNED_ROWS.c.issued_row_id).join(RETURN_FILES).where(
        RETURNED_ROWS.c.fate == RETURNED, RETURNED_ROWS.c.issued_row_id.is_not(None), RETURN_FILES.c.received_on <= today
    )  # fmt: skip
    return [int(row_id) for row_id in connection.execute(rows).scalars()]


def _expected(rows: pd.DataFrame) -> dict[str, float]:
    decided = rows[rows["state"].isin(["found", "cleared"]) & rows["expected"].notna()]
    found, n = decided["state"].eq("found"), len(decided)
    bounds = share(found.to_numpy(dtype=float))
    return {
        "n_expected": n, "expected": float(decided["expected"].astype(float).sum()), "found_of_expected": int(found.sum()),
        "found_low": bounds.low * n, "found_high": bounds.high * n,
    }  # fmt: skip


def coverage(connection: Connection, *, today: date) -> Coverage:
    """Return what came back by the end of ``today`` (Vietnamese day) of the lists issued until then, the latest version of each row."""
    rows = issued_rows(connection)
    # A row that a correction took off its list is owed by nobody.
    rows = rows[rows["stands"] & rows["standing"].isin(GIVEN) & (rows["list_date"] <= today)].reset_index(drop=True)
    until = datetime.combine(today, time(23, 59, 59, 999999), VIETNAM)
    found = standing(connection, OUTCOMES, known_until=until)
    found = found[found["issued_row_id"].notna() & found["source"].eq("inspection")].set_index("issued_row_id")
    opinions = standing(connection, DESK_REVIEWS, known_until=until).set_index("issued_row_id")["opinion"].astype("object")
    state = rows["first_id"].map(found["status"].map(_KINDS).astype("object")).astype("object").fillna("silent").astype("str")
    answered = ~state.isin(["silent", "not_inspected"])
    tried = set(_sent_back(connection, today))
    late = np.array([(today - due).days for due in rows["due_on"]], dtype=float)
    return Coverage(
        rows.assign(
            state=state, answered=answered, overdue_days=np.where(answered, 0.0, np.maximum(late, 0)),
            sent_back=~answered & rows["first_id"].isin(tried),
            usefulness=rows["first_id"].map(found["usefulness"]).astype("float64"), opinion=rows["first_id"].map(opinions).astype("str"),
        ),
        today,
    )  # fmt: skip
