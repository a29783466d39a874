"""What stands in the register as the outcomes table that training, scoring and label counts read."""

from __future__ import annotations

import json
from datetime import date, datetime, time

import pandas as pd
from sqlalchemy import Connection

from pipeline.register.facts import standing
from pipeline.register.lists import issued_rows
from pipeline.register.schema import AGREE, DESK_REVIEWS, OUTCOMES, POSTPONE, REFUSE
from pipeline.sources.times import VIETNAM
from pipeline.tables.outcomes import COLUMNS, DESK_REVIEW, validate_outcomes

_TEXTS = ("platform", "listing_id", "seller_id", "status", "behaviours", "source", "authority")
_TRIAGE = {AGREE: "worth_a_look", REFUSE: "innocent", POSTPONE: "cannot_tell"}


def outcomes_table(connection: Connection, *, as_of: date | None = None, shown_listings: bool = False) -> pd.DataFrame:
    """Return everything that stands, known by ``as_of`` (Vietnamese day, inclusive), as `pipeline.tables.outcomes`.

    A finding about a seller is one row about the seller; where a single listing was shown under the target it is about that listing.
    ``shown_listings``: a finding on the list's own signs also speaks of each listing that was shown (at most 20 a target), in place of the
    seller's row: more to learn from, and wrong wherever only some of them were bad.
    """
    until = None if as_of is None else datetime.combine(as_of, time(23, 59, 59, 999999), VIETNAM)
    rows = issued_rows(connection).set_index("first_id")
    facts = pd.concat([_findings(connection, rows, until), _reviews(connection, rows, until)], ignore_index=True)
    table = _spread(facts, shown_listings=shown_listings).astype(dict.fromkeys(_TEXTS, "str"))
    for name in ("happened_at", "known_at"):
        table[name] = pd.to_datetime(table[name], utc=True).astype("datetime64[us, UTC]")
    table = table.astype({"selection_probability": "float64", "usefulness": "float64"})
    order = ["known_at", "platform", "seller_id", "listing_id", "source", "status"]
    return validate_outcomes(table.sort_values(order, kind="stable").reset_index(drop=True)[list(COLUMNS)])


def _findings(connection: Connection, rows: pd.DataFrame, until: datetime | None) -> pd.DataFrame:
    table = standing(connection, OUTCOMES, known_until=until).join(rows[["listing_ids"]], on="issued_row_id")
    listed = table["issued_row_id"].map(rows["behaviours"])
    # Of a day nobody knows the hour: the look counts from the day's beginning in Viet Nam.
    return table.assign(listed=listed, happened_at=pd.to_datetime(table["happened_on"]).dt.tz_localize(VIETNAM))


def _reviews(connection: Connection, rows: pd.DataFrame, until: datetime | None) -> pd.DataFrame:
    table = standing(connection, DESK_REVIEWS, known_until=until)
    subject = ["platform", "seller_id", "listing_id", "authority", "selection_probability", "listing_ids"]
    status = table["opinion"].map(_TRIAGE)
    return table.join(rows[subject], on="issued_row_id").assign(
        status=status, source=DESK_REVIEW, behaviours=None, listed=None, happened_at=pd.NaT, usefulness=None
    )


def _spread(facts: pd.DataFrame, *, shown_listings: bool) -> pd.DataFrame:
    """A row for each listing that the fact speaks of."""
    ids = [_speaks_of(row, shown_listings) for row in facts[["listing_id", "listing_ids", "status", "behaviours", "listed"]].itertuples(index=False)]
    return facts.assign(listing_id=pd.Series(ids, index=facts.index, dtype="object")).explode("listing_id").reset_index(drop=True)


def _speaks_of(row: tuple[object, ...], shown_listings: bool) -> list[object]:
    listing_id, shown, status, behaviours, listed = row
    if isinstance(listing_id, str) or not isinstance(shown, str):
        return [listing_id]
    listings = json.loads(shown)
    on_signs = status == "cleared" or (status == "confirmed" and _names(listed) <= _names(behaviours))
    if len(listings) == 1 or (shown_listings and listings and on_signs):
        return list(listings)
    return [None]


def _names(joined: object) -> set[str]:
    return set(joined.split(",")) if isinstance(joined, str) else set()
