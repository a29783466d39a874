"""Coverage of issued lists as plain values and as lines of a terminal."""

from __future__ import annotations

from typing import Any

import pandas as pd

from pipeline.register.coverage import COUNTS, Coverage

_MOST = 20


def status_json(found: Coverage) -> dict[str, Any]:
    """Return everything `soihang outcomes status` says."""
    return {
        "as_of": found.today.isoformat(),
        "all": _records(found.by())[0] if len(found.rows) else None,
        "authorities": _records(found.by("authority")),
        "lists": _records(found.by("number")),
        "overdue": _records(found.overdue().astype({"due_on": "str"})),
        "reviews": found.reviews(),
    }


def status_lines(said: dict[str, Any], *, name_overdue: bool) -> list[str]:
    """Return the summary for a terminal."""
    if not said["all"]:
        return [f"no list was issued until {said['as_of']}; name the folder of issued lists with --issued"]
    reviews = said["reviews"]
    lines = [
        f"as of {said['as_of']}, rows within capacity: {_line(said['all'])}",
        f"reviewers: {reviews['agree']:,} agreed, {reviews['refuse']:,} refused, {reviews['postpone']:,} postponed, {reviews['silent']:,} silent",
        "expected against found: " + (_expected(said["all"]) or "unknown, no calibrated model stood behind the decided rows"),
    ]
    lines += [f"  {one['authority']}: {_line(one)}" for one in said["authorities"]]
    shown = said["lists"] if len(said["lists"]) <= _MOST else said["lists"][-_MOST:]
    lines += [f"  list {one['number']}: {_line(one)}" for one in shown]
    lines += [f"  ({len(said['lists']) - len(shown)} earlier lists: --json)"] if len(shown) < len(said["lists"]) else []
    if name_overdue:
        lines += [
            f"  overdue {one['overdue_days']:.0f} days: {one['code']} ({one['authority']}, due {one['due_on']}"
            + (", sent back to be corrected)" if one["sent_back"] else ")")
            for one in said["overdue"]
        ]
    return lines


def _line(one: dict[str, Any]) -> str:
    states = ", ".join(f"{one[name]:,} {name.replace('_', ' ')}" for name in COUNTS[1:] if one[name])
    useful = f"; usefulness {one['usefulness']:.1f} of 5 ({one['n_useful']})" if one["n_useful"] else ""
    back = f", {one['sent_back']:,} sent back to be corrected" if one["sent_back"] else ""
    expected = f"; {_expected(one)}" if one["n_expected"] else ""
    return f"{one['answered']:,} of {one['issued']:,} answered ({one['coverage']:.0%}), {one['overdue']:,} overdue{back}{useful}{expected} [{states}]"


def _expected(one: dict[str, Any]) -> str:
    if not one["n_expected"]:
        return ""
    return (
        f"{one['expected']:.1f} finds expected of {one['n_expected']:,} decided, {one['found_of_expected']:,} found "
        f"[{one['found_low']:.0f}, {one['found_high']:.0f}]"
    )


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(name): value for name, value in row.items()} for row in table.astype("object").where(table.notna(), None).to_dict("records")]
