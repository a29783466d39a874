"""Targets to what people open: for each authority its workbook and page, for the central role all of them."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq

from pipeline.planning.places import places_on
from pipeline.reference import load_reference
from pipeline.reports.safe_text import for_csv
from pipeline.reports.target_row import abbreviation
from pipeline.stages.sightings import with_sightings
from pipeline.store import read_json, read_parquet, write_atomically, write_json
from pipeline.tables.targets import with_lists

PLANS = "plans"


def report_folder(out: Path) -> dict[str, Any]:
    """Write everything people open from what `soihang plan` left in ``out/work``; returns how the situation report agrees with the lists."""
    work = out / "work"
    targets = with_lists(read_parquet(work / "targets.parquet"))
    listings = with_sightings(with_lists(read_parquet(work / "target_listings.parquet")), work)
    left = read_parquet(work / "left.parquet") if (work / "left.parquet").is_file() else None
    summary = read_json(work / "summary.json")
    report(targets, listings, summary, out=out, left=left)
    return report_situation(out, targets, summary)


def report_situation(out: Path, targets: pd.DataFrame, summary: dict[str, Any]) -> dict[str, Any]:
    """Write ``thuc-trang.xlsx`` into ``out`` and nowhere else: it is for the central role."""
    from pipeline.reports.situation import FILE, write_situation
    from pipeline.stages.situation import facts, situation

    day, points = date.fromisoformat(summary["as_of"]), float(summary["flagged_points"])
    places = places_on(day, load_reference().provinces)
    signs = [name for name in pq.read_schema(out / "scores.parquet").names if name.startswith("evidence_")]
    scores = read_parquet(out / "scores.parquet", columns=["points", *signs])
    made = situation(out / "work" / "listings", out / "work", scores, targets, as_of=day, flagged_points=points, places=places)
    write_atomically(out / FILE, partial(write_situation, made=made, targets=targets, summary=summary))
    return facts(made)


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


def tell(out: Path) -> None:
    """Write workbooks, pages, situation report and CSV from what `choose` left."""
    told = report_folder(out)
    write_json(told, out / "work" / "situation.json")
