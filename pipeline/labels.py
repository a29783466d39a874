"""Outcomes to labels: what somebody found, as it was known on a day. What nobody looked at has no label."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd

from features.errors import DataError

_CONFIRMED = {"confirmed", "1", "1.0", "true"}
_CLEARED = {"cleared", "0", "0.0", "false"}
_NO_LABEL = {"not_found", "not_inspected", "pending", "referred", ""}
KEY = ["platform", "listing_id"]


@dataclass(frozen=True)
class Labels:
    """``table``: one row a labelled listing, ``platform, listing_id, y, behaviours, known_at, source``; ``notes`` say what was assumed."""

    table: pd.DataFrame
    notes: list[str] = field(default_factory=list)

    def positive(self, behaviour: str | None) -> pd.Series:
        """Return True for confirmed rows (of ``behaviour``); a confirmed row that names none counts as counterfeit."""
        if behaviour is None:
            return self.table["y"]
        named = self.table["behaviours"].fillna("counterfeit")
        return self.table["y"] & named.map(lambda names: behaviour in names.replace(";", ",").replace(" ", "").split(","))


def read_outcomes(path: Path, *, as_of: date | None = None) -> Labels:
    """Read outcomes (CSV or Parquet with at least ``platform, listing_id, status``), known on ``as_of``.

    Of several outcomes of one listing the one known last counts. Raises `DataError` naming the columns or statuses it cannot use.
    """
    table = _read(path)
    missing = [name for name in (*KEY, "status") if name not in table]
    if missing:
        raise DataError(f"{path}: outcomes need the columns platform, listing_id, status; missing: {', '.join(missing)}")
    status = table["status"].astype("object").map(lambda value: "" if pd.isna(value) else str(value).strip().lower())
    unknown = sorted(set(status) - _CONFIRMED - _CLEARED - _NO_LABEL)
    if unknown:
        raise DataError(f"{path}: unknown status {unknown[:5]}; known: confirmed, cleared, not_found, not_inspected, pending, referred, or 1 and 0")
    notes = []
    known, said = _known_at(table)
    notes += said
    out = pd.DataFrame(
        {
            # Ingest writes platforms in lower case.
            "platform": table["platform"].astype("str").str.strip().str.lower(),
            "listing_id": table["listing_id"].map(_id).astype("str"),
            "y": status.isin(_CONFIRMED).to_numpy(),
            "behaviours": _optional(table, "behaviours"),
            "known_at": known,
            "source": _optional(table, "source"),
        }
    )
    labelled = status.isin(_CONFIRMED | _CLEARED).to_numpy()
    if (~labelled).any():
        notes.append(f"{int((~labelled).sum()):,} outcomes say nothing about the goods (not found, pending, referred) and give no label")
    out = out[labelled]
    if as_of is not None and out["known_at"].notna().any():
        later = out["known_at"].dt.tz_convert("Asia/Ho_Chi_Minh").dt.date > as_of
        if later.any():
            notes.append(f"{int(later.sum()):,} outcomes known after {as_of} are left out")
        out = out[~later]
    out = out.sort_values("known_at", kind="stable", na_position="first").drop_duplicates(KEY, keep="last").sort_values(KEY)
    return Labels(out.reset_index(drop=True), notes)


def _read(path: Path) -> pd.DataFrame:
    try:
        return pd.read_parquet(path) if path.suffix == ".parquet" else pd.read_csv(path, dtype={"listing_id": "str"}, encoding="utf-8-sig")
    except (OSError, ValueError) as error:
        raise DataError(f"cannot read outcomes {path}: {error}") from error


def _known_at(table: pd.DataFrame) -> tuple[pd.Series, list[str]]:
    for name in ("known_at", "happened_at", "date"):
        if name in table and table[name].notna().any():
            when = pd.to_datetime(table[name], utc=True, errors="coerce", format="mixed").astype("datetime64[us, UTC]")
            notes = [] if name == "known_at" else [f"no known_at: {name} stands in for it"]
            if when.nunique() == 1:
                notes.append("all outcomes carry one date; time cannot separate them")
            return when, notes
    nothing = pd.Series(pd.NaT, index=table.index, dtype="datetime64[us, UTC]")
    return nothing, ["outcomes carry no date: they count as known at once"]


def _optional(table: pd.DataFrame, name: str) -> pd.Series:
    return table[name].astype("str") if name in table else pd.Series(np.nan, index=table.index).astype("str")


def _id(value: object) -> str:
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value).strip()
