"""Targets to what people open: the workbook, the page and the CSV."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pandas as pd

from pipeline.reports.safe_text import for_csv
from pipeline.store import write_atomically


def report(targets: pd.DataFrame, listings: pd.DataFrame, summary: dict[str, Any], *, out: Path) -> None:
    """Write ``plan.xlsx``, ``index.html`` and ``targets.csv`` into ``out``, each whole or not at all."""
    from pipeline.reports.page import write_page
    from pipeline.reports.workbook import write_workbook

    write_atomically(out / "plan.xlsx", lambda path: write_workbook(path, targets, listings, summary))
    write_atomically(out / "index.html", lambda path: write_page(path, targets, listings, summary))
    write_atomically(out / "targets.csv", lambda path: write_csv(path, targets))


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
