"""Targets to what people open: for each authority its workbook and page, for the central role all of them."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from pipeline.reports.safe_text import for_csv
from pipeline.reports.target_row import abbreviation
from pipeline.store import write_atomically

PLANS = "plans"


def report(
    targets: pd.DataFrame, listings: pd.DataFrame, summary: dict[str, Any], *, out: Path, left: pd.DataFrame | None = None
) -> None:
    """Write ``plan.xlsx``, ``index.html`` and ``targets.csv`` into ``out``, and each authority's own into ``out/plans``; each whole or not at all.

    ``left``: who stood on the last list and stands on none now (``code, authority, change, change_why``).
    """
    from pipeline.reports.page import write_page
    from pipeline.reports.workbook import write_workbook

    write_atomically(out / "plan.xlsx", partial(write_workbook, targets=targets, listings=listings, summary=summary, left=left))
    write_atomically(out / "index.html", partial(write_page, targets=targets, listings=listings, summary=summary))
    write_atomically(out / "targets.csv", partial(write_csv, targets=targets))
    write_plans(out / PLANS, targets, listings, summary, left=left)


def write_plans(
    folder: Path, targets: pd.DataFrame, listings: pd.DataFrame, summary: dict[str, Any], *, left: pd.DataFrame | None = None
) -> list[Path]:
    """Write ``CODE.xlsx`` and ``CODE.html`` for every authority with targets; what an earlier run left of others is removed."""
    from pipeline.reports.page import write_page
    from pipeline.reports.workbook import write_workbook

    written = []
    for code, own, under, gone in by_authority(targets, listings, left):
        book, page = folder / f"{code}.xlsx", folder / f"{code}.html"
        write_atomically(book, partial(write_workbook, targets=own, listings=under, summary=summary, left=gone))
        write_atomically(page, partial(write_page, targets=own, listings=under, summary=summary))
        written += [book, page]
    for old in [*folder.glob("*.xlsx"), *folder.glob("*.html")]:
        if old not in written:
            old.unlink()
    return written


def by_authority(
    targets: pd.DataFrame, listings: pd.DataFrame, left: pd.DataFrame | None = None
) -> Iterator[tuple[str, pd.DataFrame, pd.DataFrame, pd.DataFrame | None]]:
    """Yield the letters of an authority's codes, its targets, the listings under them and who left its list, by those letters."""
    under = dict(iter(listings.groupby(listings["code"].map(abbreviation), sort=False)))
    gone = {} if left is None else dict(iter(left.groupby("authority", sort=False)))
    for code, own in targets.groupby(targets["code"].map(abbreviation), sort=True):
        yield str(code), own, under.get(code, listings.iloc[:0]), gone.get(own["authority"].iat[0])


def write_csv(path: Path, targets: pd.DataFrame) -> None:
    """Write UTF-8 with BOM (Excel needs it), no cell of which a spreadsheet would run as a formula."""
    with path.open("w", encoding="utf-8-sig", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(targets.columns)
        for row in targets.itertuples(index=False, name=None):
            writer.writerow([_cell(value) for value in row])


def _cell(value: Any) -> Any:
    if isinstance(value, list):
        return for_csv(" | ".join(str(item) for item in value))
    if isinstance(value, str):
        return for_csv(value)
    return "" if value is None or value != value else value
