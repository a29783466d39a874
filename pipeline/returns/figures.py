"""Sums and days as officers type them. What is not wholly understood is not read: a fine must not be guessed."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from unicodedata import normalize

from pipeline.sources.figures import parse_price_vnd
from pipeline.sources.times import VIETNAM, moment

Cell = str | int | float | bool | date | datetime

_UNIT = "triệu|trieu|tr|ngàn|nghìn|ngan|nghin|tỷ|tỉ|ty|k"
_AFTER = r"(?:\d{1,3}|\s+\d{1,3}\s*(?:nghìn|ngàn|nghin|ngan|k)|\s*(?:rưỡi|rưởi))?"
_SUM = re.compile(rf"(?:\d{{1,3}}(?:[.,\s]\d{{3}})+|\d+)(?:[.,]\d{{1,2}})?\s*(?:(?:{_UNIT}){_AFTER})?")
_AROUND = re.compile(r"^(?:khoảng|tổng cộng|tổng|phạt tiền|phạt|số tiền|trị giá|là|:|~|\s)+|(?:\s|đồng|đ|₫|vnđ|vnd|\.-|/-)+$")
#: Nobody is fined less; a "5" is five million in its writer's head.
LEAST_VND = 10_000
_MOST_VND = 10**13
_NOTHING = {"0", "không", "khong", "ko", "-", "–", "không có", "khong co"}

_LONG_DAY = re.compile(r"(?:ngày\s*)?(\d{1,2})\s*(?:tháng|thg\.?|[/.\-\s])\s*(\d{1,2})\s*(?:năm|[/.\-\s,])\s*(\d{4}|\d{2})")
_SHORT_DAY = re.compile(r"(?:ngày\s*)?(\d{1,2})\s*[/.\-]\s*(\d{1,2})")
#: Days that a spreadsheet counts from; between them lie the numbers that can be days of our time.
_FIRST_SERIAL, _LAST_SERIAL, _SERIAL_ZERO = 36_526, 73_050, date(1899, 12, 30)


def read_vnd(value: Cell) -> int | None:
    """Return a sum in dong, 0 for "không"; ``None`` for what is not wholly one sum of at least 10,000 đ.

    >>> read_vnd("1,2 triệu"), read_vnd("5.000.000 đ"), read_vnd("2 triệu rưỡi"), read_vnd(7500000)
    (1200000, 5000000, 2500000, 7500000)
    >>> read_vnd("5"), read_vnd("5 triệu + 2 triệu"), read_vnd("theo QĐ 12"), read_vnd("không")
    (None, None, None, 0)
    """
    if isinstance(value, bool | date):
        return None
    if isinstance(value, str):
        text = normalize("NFC", value).strip().lower()
        if text in _NOTHING:
            return 0
        text = _AROUND.sub("", _AROUND.sub("", text))
        read = parse_price_vnd(text) if _SUM.fullmatch(text) else None
    else:
        read = float(value)
    if read is None or not read == read or read != int(read):
        return None
    return int(read) if read == 0 or LEAST_VND <= read <= _MOST_VND else None


def read_day(value: Cell, *, since: date) -> date | None:
    """Return a day; days come before months, two-digit years are of this century, and a day without a year is the first such day from ``since`` on.

    >>> read_day("3/11/26", since=date(2026, 11, 1)), read_day("ngày 3 tháng 11 năm 2026", since=date(2026, 11, 1))
    (datetime.date(2026, 11, 3), datetime.date(2026, 11, 3))
    >>> read_day("5/1", since=date(2026, 11, 23)), read_day("tuần sau", since=date(2026, 11, 23))
    (datetime.date(2027, 1, 5), None)
    """
    if isinstance(value, bool):
        return None
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    if isinstance(value, int | float):
        return _SERIAL_ZERO + timedelta(days=int(value)) if _FIRST_SERIAL <= value <= _LAST_SERIAL else None
    return _written(normalize("NFC", value).strip().lower().rstrip("."), since)


def _written(text: str, since: date) -> date | None:
    if found := _LONG_DAY.fullmatch(text):
        year = int(found[3]) + (2000 if len(found[3]) == 2 else 0)
        return _day(year, int(found[2]), int(found[1]))
    if found := _SHORT_DAY.fullmatch(text):
        this_year = _day(since.year, int(found[2]), int(found[1]))
        return this_year if this_year is None or this_year >= since else _day(since.year + 1, int(found[2]), int(found[1]))
    read = moment(text) if not text.replace(".", "").isdigit() or len(text) == 8 else None
    return read[0].astimezone(VIETNAM).date() if read and read[1] in ("day", "second") else None


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
