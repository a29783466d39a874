"""Outcomes to labels: which status counts as what, as it was known on a day. What nobody looked at has no label.

| status | primary | strict |
|---|---|---|
| confirmed | positive | positive |
| cleared | negative | negative |
| pending, D days after the look | negative: inspected and not confirmed | none |
| pending before that, referred, not_found, not_inspected | none | none |

Looks of the last D days (`pipeline.labels.maturity`) give no label at all. A desk review is kept apart by ``kind``: it says whether a listing
is worth a look, not whether it is illegal, and gives way to any finding. A seller's outcome is a label of the seller, never of its listings.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd

from pipeline.labels.maturity import day_number, days_of, delay_days, immature
from pipeline.labels.reading import read_table
from pipeline.tables.outcomes import COLUMNS, DESK_REVIEW

KEY = ["platform", "listing_id"]
SELLER = ["platform", "seller_id"]
FINDING, DESK = "finding", "triage"
TABLE_COLUMNS = ["y", "strict", "behaviours", "known_at", "source", "kind", "status", "happened_at", "selection_probability"]
_POSITIVE = ("confirmed", "worth_a_look")
_NEGATIVE = ("cleared", "innocent")


@dataclass(frozen=True)
class Labels:
    """``table``: one row a labelled listing (primary definition), ``platform, listing_id`` and ``TABLE_COLUMNS``.

    ``y``: positive; ``strict``: the label also holds under the strict definition; ``kind``: ``finding`` or ``triage`` (a desk review).
    ``sellers``: the same for outcomes about a seller as a whole, by ``platform, seller_id``. ``outcomes``: every outcome known, as read.
    ``delays``: D in days by kind, missing where it cannot be told. ``notes`` say what was assumed or left out.
    """

    table: pd.DataFrame
    notes: list[str] = field(default_factory=list)
    sellers: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=[*SELLER, *TABLE_COLUMNS]))
    outcomes: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=list(COLUMNS)))
    delays: dict[str, int | None] = field(default_factory=dict)

    def positive(self, behaviour: str | None) -> pd.Series:
        """Return True for confirmed rows (of ``behaviour``); a confirmed row that names none counts as counterfeit."""
        return positive(self.table, behaviour)

    def strictly(self) -> Labels:
        """Return the labels of the strict definition: negative only where somebody was cleared."""
        return self._where(self.table["strict"])

    def findings(self) -> Labels:
        """Return the labels that rest on more than reading the listing."""
        return self._where(self.table["kind"].eq(FINDING))

    def triage(self) -> Labels:
        """Return the labels of desk reviews: whether a listing is worth a look."""
        return self._where(self.table["kind"].eq(DESK))

    def _where(self, kept: pd.Series) -> Labels:
        return replace(self, table=self.table[kept.astype(bool)].reset_index(drop=True))


def positive(table: pd.DataFrame, behaviour: str | None) -> pd.Series:
    """Return True for positive rows of a label table (of ``behaviour``); one that names none counts as counterfeit."""
    if behaviour is None:
        return table["y"]
    named = table["behaviours"].fillna("counterfeit")
    return table["y"] & named.map(lambda names: behaviour in names.replace(";", ",").replace(" ", "").split(",")).astype(bool)


def read_outcomes(path: Path, *, as_of: date | None = None) -> Labels:
    """Read outcomes (CSV or Parquet with at least ``platform, listing_id, status``) as labels, as they were known on ``as_of``.

    Without ``as_of`` the day of the latest outcome. Of several outcomes of one listing the one known last counts. Raises `DataError` naming
    the columns, rows or statuses it cannot use.
    """
    outcomes, notes = read_table(path)
    return label(outcomes, as_of=as_of, notes=notes)


def label(outcomes: pd.DataFrame, *, as_of: date | None = None, notes: list[str] | None = None) -> Labels:
    """Return the labels that a table of outcomes (`pipeline.tables.outcomes`) gives on ``as_of``."""
    said = list(notes or [])
    if as_of is not None and outcomes["known_at"].notna().any():
        later = days_of(outcomes["known_at"]).gt(day_number(as_of))
        if later.any():
            said.append(f"{int(later.sum()):,} outcomes known after {as_of} are left out")
        outcomes = outcomes[~later].reset_index(drop=True)
    kind = pd.Series(np.where(outcomes["source"].eq(DESK_REVIEW), DESK, FINDING), index=outcomes.index).astype("str")
    today = as_of or _latest(outcomes)
    delays = {name: _delay(outcomes[kind.eq(name)], today) for name in (FINDING, DESK)}
    rows = _judged(outcomes.assign(kind=kind), delays, today, said)
    listings = rows[rows["listing_id"].notna()]
    sellers = rows[rows["listing_id"].isna()]
    if len(sellers):
        said.append(f"{len(sellers):,} outcomes are about a seller as a whole: labels of the seller, not of its listings")
    table = _last_known(listings, KEY)
    n_triage = int(table["kind"].eq(DESK).sum())
    if n_triage:
        said.append(f"{n_triage:,} of {len(table):,} labels are desk reviews: they say what is worth a look, not what is illegal")
    return Labels(table, said, _last_known(sellers, SELLER), outcomes, delays)


def _judged(outcomes: pd.DataFrame, delays: dict[str, int | None], today: date | None, notes: list[str]) -> pd.DataFrame:
    """The outcomes that give a label, with ``y`` and ``strict``."""
    status = outcomes["status"]
    young = pd.Series(False, index=outcomes.index)
    for kind, delay in delays.items():
        mine = outcomes["kind"].eq(kind)
        if today is not None:
            young |= mine & immature(outcomes["happened_at"], delay, as_of=today)
    # A check was made, D days have passed and nothing was confirmed.
    overdue = status.eq("pending") & outcomes["happened_at"].notna() & ~young & (delays[FINDING] is not None)
    resolved = status.isin([*_POSITIVE, *_NEGATIVE])
    silent = ~resolved & ~overdue
    if silent.any():
        notes.append(f"{int(silent.sum()):,} outcomes say nothing about the goods (not found, pending, referred, cannot tell) and give no label")
    if (resolved & young).any():
        spans = ", ".join(f"{name} {delay} days" for name, delay in delays.items() if delay)
        n_young = int((resolved & young).sum())
        notes.append(f"{n_young:,} outcomes are too young to be fair (the last D days before {today}; D: {spans}) and count as unknown")
    if overdue.any():
        notes.append(f"{int(overdue.sum()):,} outcomes are still pending after D days: negative by the primary definition, none by the strict one")
    return outcomes.assign(y=status.isin(_POSITIVE), strict=resolved)[(resolved & ~young) | overdue]


def _last_known(rows: pd.DataFrame, key: list[str]) -> pd.DataFrame:
    """One row a key: a finding before a desk review, a decided one before a pending one, then the one known last."""
    firm = rows.assign(_firm=2 * rows["kind"].eq(FINDING) + rows["strict"].astype(int))
    ordered = firm.sort_values(["_firm", "known_at"], kind="stable", na_position="first")
    kept = ordered.drop_duplicates(key, keep="last").sort_values(key)
    return kept[[*key, *TABLE_COLUMNS]].reset_index(drop=True)


def _delay(outcomes: pd.DataFrame, today: date | None) -> int | None:
    decided = outcomes["status"].isin([*_POSITIVE, *_NEGATIVE])
    return None if today is None else delay_days(outcomes.loc[decided, "happened_at"], outcomes.loc[decided, "known_at"], as_of=today)


def _latest(outcomes: pd.DataFrame) -> date | None:
    latest = outcomes["known_at"].max()
    return None if pd.isna(latest) else latest.tz_convert("Asia/Ho_Chi_Minh").date()
