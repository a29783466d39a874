"""Times as sites print them: epochs, ISO and Vietnamese dates, as UTC with how exact they are."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from pipeline.sources.figures import number

VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")


def epoch(value: Any) -> tuple[datetime, str] | None:
    """Read seconds, or milli- or microseconds, since 1970 (told apart by size) as UTC."""
    seconds = number(value)
    if seconds is None or seconds <= 0:
        return None
    for _ in range(2):
        seconds = seconds / 1000 if seconds > 1e11 else seconds
    return (datetime.fromtimestamp(seconds, UTC), "second") if seconds < 4e9 else None


_DATE_FORMS: tuple[tuple[re.Pattern[str], str, str], ...] = (
    (re.compile(r"\d{4}"), "%Y", "year"),
    (re.compile(r"\d{4}-\d{2}"), "%Y-%m", "month"),
    (re.compile(r"\d{1,2}/\d{4}"), "%m/%Y", "month"),
    (re.compile(r"\d{4}-\d{1,2}-\d{1,2}"), "%Y-%m-%d", "day"),
    (re.compile(r"\d{4}/\d{1,2}/\d{1,2}"), "%Y/%m/%d", "day"),
    (re.compile(r"\d{8}"), "%Y%m%d", "day"),
    (re.compile(r"\d{1,2}/\d{1,2}/\d{4}"), "%d/%m/%Y", "day"),
    (re.compile(r"\d{1,2}-\d{1,2}-\d{4}"), "%d-%m-%Y", "day"),
    (re.compile(r"\d{1,2}\.\d{1,2}\.\d{4}"), "%d.%m.%Y", "day"),
)
_CLOCK_LAST = re.compile(r"(?P<day>\d{1,2}[/.-]\d{1,2}[/.-]\d{4}|\d{4}/\d{1,2}/\d{1,2}),?\s+(?P<clock>\d{1,2}:\d{2}(?::\d{2})?)")
_CLOCK_FIRST = re.compile(r"(?P<clock>\d{1,2}:\d{2}(?::\d{2})?),?\s+(?P<day>\d{1,2}[/.-]\d{1,2}[/.-]\d{4})")


def moment(value: Any) -> tuple[datetime, str] | None:
    """Read a date or time as ``(UTC, precision)``; without a zone it is Vietnamese time; numbers are epochs.

    Precision is ``second``, ``day``, ``month`` or ``year``; a coarser time is the first moment of its span. Days come first
    ("03/11/2026" is 3 November), as Vietnamese sites write them.
    """
    if isinstance(value, int | float) and not isinstance(value, bool):
        return epoch(value)
    try:
        if isinstance(value, datetime):
            # A workbook keeps "25/11/2026" as the midnight it begins with.
            return _in_utc(value), "day" if value.tzinfo is None and value.time() == time() else "second"
        if isinstance(value, date):
            return _in_utc(datetime.combine(value, time())), "day"
        return _written(value.strip()[:40]) if isinstance(value, str) else None
    except (ValueError, OverflowError):
        return None


@lru_cache(maxsize=20_000)
def _written(text: str) -> tuple[datetime, str] | None:
    for pattern, form, precision in _DATE_FORMS:
        if pattern.fullmatch(text):
            return _in_utc(datetime.strptime(text, form)), precision
    if re.fullmatch(r"\d{9,16}(?:\.\d+)?", text):
        return epoch(text)
    for pattern in (_CLOCK_LAST, _CLOCK_FIRST):
        if found := pattern.fullmatch(text):
            day = _written(found["day"])
            clock = time.fromisoformat(found["clock"].zfill(len(found["clock"]) + (found["clock"].index(":") == 1)))
            return (_in_utc(datetime.combine(day[0].astimezone(VIETNAM).date(), clock)), "second") if day else None
    return _in_utc(datetime.fromisoformat(text)), "second"


def _in_utc(when: datetime) -> datetime:
    return (when if when.tzinfo else when.replace(tzinfo=VIETNAM)).astimezone(UTC)
