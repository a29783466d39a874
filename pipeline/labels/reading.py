"""A file of outcomes, however its maker writes ids, dates and statuses, as the table of `pipeline.tables.outcomes`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from features.errors import DataError
from models.weights import BEHAVIOURS
from pipeline.sources.times import VIETNAM, moment
from pipeline.tables.outcomes import COLUMNS, DESK_REVIEW, FINDINGS, SOURCES, TRIAGE, validate_outcomes

_SAME_AS = {"1": "confirmed", "1.0": "confirmed", "true": "confirmed", "0": "cleared", "0.0": "cleared", "false": "cleared", "": "not_inspected"}
#: Codes of the behaviours' legal taxonomy, by their beginning, longest first.
_CODES = {
    "cf.a": "false_quality", "cf.b": "false_quality", "cf.c": "false_quality", "cf.d": "false_quality", "adv": "false_quality",
    "cf": "counterfeit", "ip": "counterfeit", "fr": "scam", "ban": "prohibited", "cond": "prohibited", "smg": "smuggled", "unk": "smuggled",
    "ec.info": "undisclosed", "lbl": "undisclosed", "reg": "undisclosed",
}  # fmt: skip
#: A desk review decides whether a look is worth while; written as a verdict it is still only that.
_TRIAGE_OF = {"confirmed": "worth_a_look", "cleared": "innocent", "not_found": "cannot_tell", "pending": "cannot_tell"}


class OutcomeTable(NamedTuple):
    """``table`` obeys the outcomes schema; ``notes`` say what was assumed."""

    table: pd.DataFrame
    notes: list[str]


def read_table(path: Path) -> OutcomeTable:
    """Read CSV or Parquet with ``platform``, ``status`` and ``listing_id`` or ``seller_id``.

    Raises `DataError` naming the column, or file, line and value, that cannot be used. Further columns (who looked, say) are dropped.
    """
    raw = _read(path)
    missing = [name for name in ("platform", "status") if name not in raw]
    missing += ["listing_id (or seller_id)"] if "listing_id" not in raw and "seller_id" not in raw else []
    if missing:
        raise DataError(f"{path}: outcomes need the columns platform, listing_id, status; missing: {', '.join(missing)}")
    notes: list[str] = []
    source = _sources(raw, notes)
    table = pd.DataFrame(
        {
            # Ingest writes platforms in lower case.
            "platform": raw["platform"].astype("str").str.strip().str.lower(),
            "listing_id": _ids(raw, "listing_id"),
            "seller_id": _ids(raw, "seller_id"),
            "status": _statuses(raw, source, path),
            "behaviours": _behaviours(raw, notes),
            "happened_at": _times(raw, "happened_at", path),
            "known_at": _known_at(raw, path, notes),
            "source": source,
            "authority": _text(raw, "authority"),
            "selection_probability": _numbers(raw, "selection_probability", path, "above 0 up to 1", lambda x: (x > 0) & (x <= 1)),
            "usefulness": _numbers(raw, "usefulness", path, "1 to 5", lambda x: (x >= 1) & (x <= 5)),
        }
    )[list(COLUMNS)]
    _say(table["platform"].isna() | (table["listing_id"].isna() & table["seller_id"].isna()), raw, path, "names neither a listing nor a seller")
    return OutcomeTable(validate_outcomes(table), notes)


def _read(path: Path) -> pd.DataFrame:
    try:
        if path.suffix == ".parquet":
            return pd.read_parquet(path).reset_index(drop=True)
        return pd.read_csv(path, dtype={"listing_id": "str", "seller_id": "str"}, encoding="utf-8-sig")
    except (OSError, ValueError) as error:
        raise DataError(f"cannot read outcomes {path}: {error}") from error


def _statuses(raw: pd.DataFrame, source: pd.Series, path: Path) -> pd.Series:
    status = raw["status"].map(lambda value: "" if pd.isna(value) else str(value).strip().lower()).astype("str").replace(_SAME_AS)
    unknown = sorted(set(status) - {*FINDINGS, *TRIAGE})
    if unknown:
        known = ", ".join((*FINDINGS, "or 1 and 0; of a desk review", *TRIAGE))
        raise DataError(f"{path}: unknown status {unknown[:5]}; known: {known}")
    desk = source.eq(DESK_REVIEW)
    _say(status.isin(TRIAGE) & ~desk, raw, path, f"has a status of a desk review, but source is not {DESK_REVIEW}")
    return status.where(~desk, status.replace({**_TRIAGE_OF, **dict.fromkeys(("not_inspected", "referred"), "cannot_tell")}))


def _sources(raw: pd.DataFrame, notes: list[str]) -> pd.Series:
    source = _text(raw, "source").str.strip().str.lower()
    strange = source.notna() & ~source.isin(SOURCES)
    if strange.any():
        first = source[strange].iloc[0]
        notes.append(f"{int(strange.sum()):,} outcomes come from a source we do not know (first: {first!r}); they count as findings")
    return source.mask(strange, "other")


def _behaviours(raw: pd.DataFrame, notes: list[str]) -> pd.Series:
    written = _text(raw, "behaviours").str.lower().str.replace(";", ",").str.replace(" ", "")
    known = {text: ",".join(dict.fromkeys(_behaviour(name) for name in text.split(",") if name)) for text in written.dropna().unique()}
    strange = sorted({name for names in known.values() for name in names.split(",")} - set(BEHAVIOURS))
    if strange:
        notes.append(f"behaviours we do not know count for none that is learned: {', '.join(strange[:5])}; known: {', '.join(BEHAVIOURS)}")
    return written.map(known, na_action="ignore").astype("str")


def _behaviour(name: str) -> str:
    if name in BEHAVIOURS:
        return name
    return next((behaviour for code, behaviour in _CODES.items() if name == code or name.startswith(code + ".")), name)


def _known_at(raw: pd.DataFrame, path: Path, notes: list[str]) -> pd.Series:
    for name in ("known_at", "happened_at", "date"):
        if name in raw and raw[name].notna().any():
            when = _times(raw, name, path)
            if name != "known_at":
                notes.append(f"no known_at: {name} stands in for it")
            if when.nunique() == 1:
                notes.append("all outcomes carry one date; time cannot separate them")
            return when
    notes.append("outcomes carry no date: they count as known at once")
    return pd.Series(pd.NaT, index=raw.index, dtype="datetime64[us, UTC]")


def _times(raw: pd.DataFrame, name: str, path: Path) -> pd.Series:
    """Times without a zone are Vietnamese, and "03/11/2026" is 3 November, as everywhere else in what we read."""
    values = raw[name] if name in raw else pd.Series(pd.NaT, index=raw.index)
    if isinstance(values.dtype, pd.DatetimeTZDtype) or pd.api.types.is_datetime64_dtype(values):
        zoned = values if isinstance(values.dtype, pd.DatetimeTZDtype) else values.dt.tz_localize(VIETNAM)
        return zoned.dt.tz_convert("UTC").astype("datetime64[us, UTC]")
    written = values.map(lambda value: not pd.isna(value) and bool(str(value).strip())).to_numpy(dtype=bool)
    read = pd.to_datetime([_time(value) if there else None for value, there in zip(values, written, strict=True)], utc=True)
    _say(pd.Series(written & np.asarray(read.isna()), index=raw.index), raw, path, f"has a {name} that is no date", values)
    return pd.Series(read, index=raw.index).astype("datetime64[us, UTC]")


def _time(value: Any) -> datetime | None:
    """The time in UTC, or ``None`` where it cannot be read."""
    whole = isinstance(value, int | float | np.number) and not isinstance(value, bool)
    # 20260501 is a day, not the 234th of 1970.
    found = moment(str(int(value)) if whole and 19_000_101 <= value <= 21_001_231 else value)
    if found is not None:
        return found[0]
    other = pd.to_datetime(value, utc=True, errors="coerce")
    return None if pd.isna(other) else other.to_pydatetime()


def _numbers(raw: pd.DataFrame, name: str, path: Path, span: str, fits: Callable[[pd.Series], pd.Series]) -> pd.Series:
    values = raw[name] if name in raw else pd.Series(np.nan, index=raw.index)
    number = pd.to_numeric(values, errors="coerce").astype("float64")
    _say(values.notna() & (number.isna() | ~fits(number)), raw, path, f"has a {name} outside {span}", values)
    return number


def _say(bad: pd.Series, raw: pd.DataFrame, path: Path, what: str, values: pd.Series | None = None) -> None:
    if bad.any():
        first = int(np.flatnonzero(bad.to_numpy(dtype=bool))[0])
        value = "" if values is None else f" ({values.iloc[first]!r})"
        raise DataError(f"{path}, row {first + 1}: {what}{value}; {int(bad.sum()):,} of {len(raw):,} rows do. Correct or remove them.")


def _text(raw: pd.DataFrame, name: str) -> pd.Series:
    values = raw[name].astype("str") if name in raw else pd.Series(np.nan, index=raw.index).astype("str")
    return values.where(values.str.strip().ne(""))


def _ids(raw: pd.DataFrame, name: str) -> pd.Series:
    if name not in raw:
        return pd.Series(np.nan, index=raw.index).astype("str")
    values = raw[name].map(_id, na_action="ignore").astype("str")
    return values.where(values.ne(""))


def _id(value: object) -> str:
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value).strip()
