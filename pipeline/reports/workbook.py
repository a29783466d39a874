"""``plans/CODE.xlsx`` and ``plan.xlsx``: the list an inspector opens, prints, fills in and sends back. Same content, same bytes.

Five sheets, each with a file of its own: *Danh sách*, *Kết quả*, *Tin đăng*, *Thay đổi so với tuần trước*, *Hướng dẫn*. No cell is a formula,
no macro, nothing newer than Excel 2013.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd
import xlsxwriter

from pipeline.reports.changes_sheet import write_changes
from pipeline.reports.guide_sheet import write_guide
from pipeline.reports.list_sheet import write_list
from pipeline.reports.listings_sheet import write_listings
from pipeline.reports.results_sheet import GIVEN, LIST_SHEET, RESULTS_SHEET, write_results
from pipeline.reports.sheet_styles import FONT, add_styles, mark_synthetic
from pipeline.reports.target_row import in_reading_order
from pipeline.reports.wording import SYNTHETIC

LISTINGS_SHEET, CHANGES_SHEET, GUIDE_SHEET = "Tin đăng", "Thay đổi so với tuần trước", "Hướng dẫn"
_WAITING_ROWS = 200
"""Targets that wait and are still shown on the screen; all of them stand in ``targets.csv``."""
_ROWS = 20_000
_CREATED = datetime(2026, 1, 1)


def write_workbook(
    path: Path, targets: pd.DataFrame, listings: pd.DataFrame, summary: dict[str, Any], *, left: pd.DataFrame | None = None
) -> None:
    """Write the five sheets for ``targets`` (of one authority or of all) and the ``listings`` under them.

    All that were given to somebody are shown, and of those that wait the first 200 an authority. ``left`` holds who stood on the last list
    and stands on none now. ``summary`` may carry ``list_name``, ``approver`` and ``approved_on``: without the last two the list is a draft.
    """
    ordered = in_reading_order(targets)
    given = ordered["standing"].isin(GIVEN)
    waiting = ordered[~given].groupby("authority", sort=False).cumcount()
    shown = ordered[given | waiting.reindex(ordered.index).lt(_WAITING_ROWS)].head(_ROWS)
    worked_on = shown[shown["standing"].isin(GIVEN)]
    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False, "in_memory": True}
    with xlsxwriter.Workbook(str(path), options) as book:
        title = "Danh sách đối tượng đề xuất rà soát, xác minh"
        book.set_properties({"title": f"{SYNTHETIC} – {title}" if summary["synthetic"] else title, "created": _CREATED})
        book.formats[0].set_font_name(FONT)
        styles = add_styles(book)
        names = (LIST_SHEET, RESULTS_SHEET, LISTINGS_SHEET, CHANGES_SHEET, GUIDE_SHEET)
        for_list, for_results, for_listings, for_changes, for_guide = (book.add_worksheet(name) for name in names)
        write_guide(book, for_guide, styles, summary, name=GUIDE_SHEET)
        write_list(for_list, styles, shown, summary, n_all=len(targets))
        write_results(for_results, styles, worked_on)
        write_listings(for_listings, styles, _under(worked_on, listings))
        write_changes(for_changes, styles, worked_on, left)
        if summary["synthetic"]:
            # A sheet printed or copied alone must still say what it is.
            for sheet in book.worksheets():
                mark_synthetic(sheet)


def _under(targets: pd.DataFrame, listings: pd.DataFrame) -> pd.DataFrame:
    """The listings of the targets, in the targets' order."""
    place = listings["code"].map(pd.Series(range(len(targets)), index=targets["code"]))
    return listings.assign(place=place)[place.notna()].sort_values("place", kind="stable").drop(columns="place")
