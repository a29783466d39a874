"""Where issued lists lie and which was the last: ``issued/2026-W48/ban-1`` (docs/planning.md)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd

from pipeline.store import read_json, read_parquet
from pipeline.tables.targets import with_lists

ISSUED = "issued"
_WEEK = re.compile(r"(\d{4})-W(\d{2})")
_VERSION, _ALERT = re.compile(r"ban-(\d+)"), re.compile(r"canh-bao-(\d+)")


@dataclass(frozen=True)
class LastList:
    """The list to compare with: ``targets`` of all its rows (``None`` where there was none), its ``label``, and the codes that its week gave
    already, by letters and subject.
    """

    targets: pd.DataFrame | None = None
    label: str = "danh sách trước"
    codes: Mapping[tuple[str, str], str] | None = None


@dataclass(frozen=True)
class IssuedList:
    """One closed list: ``facts`` is its ``issue.json``."""

    folder: Path
    facts: dict[str, Any]

    @property
    def version(self) -> int:
        """1 for a first issue."""
        return int(self.facts["version"])

    @property
    def label(self) -> str:
        """What people call it."""
        return f"Danh sách số {self.facts['list']}, bản {self.version}"

    def targets(self) -> pd.DataFrame:
        """Return all its rows."""
        return with_lists(read_parquet(self.folder / "targets.parquet"))


def week_name(day: date) -> str:
    """Return the folder's name of the ISO week of ``day``: "2026-W48"."""
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02d}"


def list_number(day: date) -> str:
    """Return the number of the week's list: "48/2026"."""
    year, week, _ = day.isocalendar()
    return f"{week}/{year}"


def versions(issued: Path, week: str) -> list[IssuedList]:
    """Return the closed lists of a week, the first first. A folder without ``issue.json`` was never finished and does not count."""
    return _closed(issued / week, _VERSION)


def alerts(issued: Path, week: str) -> list[IssuedList]:
    """Return the quick alerts of a week, the first first."""
    return _closed(issued / week, _ALERT)


def _closed(week: Path, wanted: re.Pattern[str]) -> list[IssuedList]:
    found = [(int(name[1]), path) for path in week.glob("*") if (name := wanted.fullmatch(path.name))]
    return [IssuedList(path, read_json(path / "issue.json")) for _, path in sorted(found) if (path / "issue.json").is_file()]


def last_list(issued: Path, as_of: date) -> LastList:
    """Return the list to compare that of ``as_of`` with: the latest version of the latest week up to its own, with the codes its week gave."""
    this = week_name(as_of)
    weeks = sorted((path.name for path in issued.glob("*-W*") if _WEEK.fullmatch(path.name) and path.name <= this), reverse=True)
    codes = {
        (_letters(row.code), row.subject): row.code
        for one in [*versions(issued, this), *alerts(issued, this)]
        for row in read_parquet(one.folder / "targets.parquet", columns=["code", "subject"]).itertuples()
    }
    for week in weeks:
        if found := versions(issued, week):
            return LastList(found[-1].targets(), found[-1].label, codes)
    return LastList(codes=codes)


def _letters(code: str) -> str:
    return code.split("-", 1)[0]
