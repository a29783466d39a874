"""Any ranked list, a human's too, against outcomes: read, matched, judged, and compared with another at equal budget."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from features.errors import DataError
from models.list_quality import compare_lists, list_quality
from pipeline.labels import Labels

_READERS = {".csv": "csv", ".xlsx": "xlsx", ".parquet": "parquet"}


def read_list(path: Path) -> pd.DataFrame:
    """Return ``platform`` and ``listing_id`` or ``seller_id`` in the list's order, repeats dropped.

    A ``rank`` column orders; without one the rows' order counts. Raises `DataError` naming the file and what it lacks.
    """
    table = _read(path)
    table.columns = [str(name).strip().lower() for name in table]
    if "platform" not in table or not {"listing_id", "seller_id"} & set(table):
        raise DataError(f"{path}: a list needs the columns platform and listing_id (or seller_id); it has {', '.join(map(str, table))[:200]}")
    unit = "listing_id" if "listing_id" in table and table["listing_id"].notna().any() else "seller_id"
    if "rank" in table:
        table = table.assign(rank=pd.to_numeric(table["rank"], errors="coerce")).sort_values("rank", kind="stable", na_position="last")
    out = pd.DataFrame({"platform": table["platform"].astype("str").str.strip().str.lower(), unit: table[unit].map(_id).astype("str")})
    out = out.dropna().drop_duplicates().reset_index(drop=True)
    if out.empty:
        raise DataError(f"{path} names no target: {unit} is empty in all {len(table):,} rows")
    return out


def evaluate_list(path: Path, labels: Labels, *, against: Path | None = None, resamples: int, seed: int) -> dict[str, Any]:
    """Return the figures of the list, and with ``against`` those of a second one and their comparison; raises `DataError` where the two lists
    name different things or no outcome speaks of any target.
    """
    first = read_list(path)
    unit = str(first.columns[1])
    found, groups = _found(labels, unit)
    lists = {path.name: _keys(first)}
    if against is not None:
        second = read_list(against)
        if second.columns[1] != unit:
            raise DataError(f"{path.name} lists {unit}, {against.name} lists {second.columns[1]}; two lists must name the same kind of target")
        lists[against.name if against.name != path.name else str(against)] = _keys(second)
    if not any(keys.isin(found.index).any() for keys in lists.values()):
        raise DataError(f"none of the {len(first):,} targets of {path} has an outcome; check platform and {unit}")
    summary: dict[str, Any] = {
        "unit": unit,
        "known": {"looked_at": len(found), "finds": int(found.sum())},
        "lists": {name: {"targets": len(keys), "at": list_quality(keys, found)} for name, keys in lists.items()},
        "notes": list(labels.notes),
    }
    if against is not None:
        left, right = lists.values()
        summary["comparison"] = compare_lists(left, right, found, n_resamples=resamples, seed=seed, groups=groups)
    return summary


def list_lines(summary: dict[str, Any]) -> list[str]:
    """Return the summary for a terminal."""
    known = summary["known"]
    lines = [f"outcomes of {known['looked_at']:,} targets ({summary['unit']}), {known['finds']:,} of them finds"]
    for name, one in summary["lists"].items():
        lines.append(f"{name}: {one['targets']:,} targets")
        for at in one["at"]:
            share = f"{at['precision']:.0%} [{at['ci'][0]:.0%}, {at['ci'][1]:.0%}]" if at["precision"] is not None else "nothing known"
            recall = f", {at['recall']:.0%} of all known finds" if at["recall"] is not None else ""
            lines.append(
                f"  first {at['k']:>5,}: {at['finds']:,} finds of {at['looked_at']:,} looked at ({share}; "
                f"{at['if_unseen_innocent']:.0%} to {at['if_unseen_guilty']:.0%} whatever the unseen are){recall}"
            )
    if "comparison" in summary:
        lines += _comparison(summary["comparison"], *summary["lists"])
    return lines + [f"note: {note}" for note in summary["notes"]]


def _comparison(one: dict[str, Any], left: str, right: str) -> list[str]:
    said = {"tie": "a tie (inside the noise)", "better": f"{left} is better", "worse": f"{right} is better"}
    lines = [f"at equal budget ({one['k']:,} targets, {one['overlap']:,} in both): {one['finds'][0]:,} finds against {one['finds'][1]:,}"]
    for name, what in (("finds_difference", "finds"), ("precision_difference", "precision among looked-at")):
        figure = one[name]
        bounds = f" [{figure['ci'][0]:+.2f}, {figure['ci'][1]:+.2f}]" if figure["ci"] else ""
        value = f"{figure['difference']:+.2f}" if figure["difference"] is not None else "unknown"
        lines.append(f"  {what}: {value}{bounds}: {said[figure['verdict']]}")
    return lines


def _found(labels: Labels, unit: str) -> tuple[pd.Series, pd.Series | None]:
    """True or False by target, and for listings their sellers, where outcomes name them."""
    table = labels.table
    outcomes = labels.outcomes
    if unit == "listing_id":
        found = pd.Series(table["y"].to_numpy(dtype=bool), index=_keys(table[["platform", unit]]))
        named = outcomes.dropna(subset=["listing_id", "seller_id"]).drop_duplicates(["platform", "listing_id"])
        sellers = pd.Series(named["seller_id"].to_numpy(), index=_keys(named[["platform", unit]]))
        return found, sellers.reindex(found.index).fillna(pd.Series(found.index, index=found.index)) if len(named) else None
    # A seller counts as found with one confirmed listing or a finding about it as a whole: a visit found something.
    sellers_of = outcomes.dropna(subset=["seller_id", "listing_id"]).drop_duplicates(["platform", "listing_id"])
    by_listing = table.merge(sellers_of[["platform", "listing_id", "seller_id"]], on=["platform", "listing_id"])[["platform", "seller_id", "y"]]
    both = pd.concat([by_listing, labels.sellers[["platform", "seller_id", "y"]]], ignore_index=True)
    grouped = both.groupby(["platform", "seller_id"])["y"].any()
    return pd.Series(grouped.to_numpy(dtype=bool), index=_keys(grouped.index.to_frame(index=False))), None


def _keys(table: pd.DataFrame) -> pd.Index:
    return pd.Index(table.iloc[:, 0].astype(str) + "|" + table.iloc[:, 1].astype(str))


def _read(path: Path) -> pd.DataFrame:
    kind = _READERS.get(path.suffix.lower())
    if kind is None:
        raise DataError(f"{path}: a list is a .csv, .xlsx or .parquet file")
    try:
        if kind == "parquet":
            return pd.read_parquet(path)
        if kind == "xlsx":
            return pd.read_excel(path, dtype="str", engine="openpyxl")
        return pd.read_csv(path, dtype="str", encoding="utf-8-sig")
    except (OSError, ValueError, KeyError) as error:
        raise DataError(f"cannot read the list {path}: {error}") from error


def _id(value: object) -> object:
    if pd.isna(value):  # type: ignore[call-overload]
        return value
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value).strip()
