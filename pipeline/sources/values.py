"""What sites print, as numbers and dates: prices in dong, counts, percents, times. Pure functions of one value.

What cannot be read is ``None``; whether a price is a placeholder is judged apart, because a placeholder is a tactic and not an error.
"""

from __future__ import annotations

import ast
import json
import math
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")
MAX_CELL = 200_000
"""Longest cell that is read as JSON or as a Python literal, characters."""

_PRICE = re.compile(
    r"(?P<int>\d{1,3}(?:[.,\s]\d{3})+(?!\d)|\d+)(?:[.,](?P<frac>\d+))?\s*(?P<unit>triệu|trieu|tr|ngàn|nghìn|ngan|nghin|tỷ|tỉ|ty|k|m)?(?P<tail>\d{1,3})?",
    re.IGNORECASE,
)
_UNITS = {"k": 1e3, "ngàn": 1e3, "nghìn": 1e3, "ngan": 1e3, "nghin": 1e3, "tr": 1e6, "triệu": 1e6, "trieu": 1e6, "m": 1e6}
_UNITS |= {"tỷ": 1e9, "tỉ": 1e9, "ty": 1e9}
_FREE = re.compile(r"^\s*(?:free|miễn phí|tặng|cho tặng)\s*$", re.IGNORECASE)
_COUNT = re.compile(r"(\d+(?:[.,]\d+)*)\s*(k|tr|triệu|nghìn|ngàn|m)?(?![a-zà-ỹ])", re.IGNORECASE)


def parse_price_vnd(text: str) -> float | None:
    """Read a shop's price as dong, or ``None`` where there is no number.

    >>> parse_price_vnd("1.290.000đ"), parse_price_vnd("299k"), parse_price_vnd("1,5tr"), parse_price_vnd("1tr2")
    (1290000.0, 299000.0, 1500000.0, 1200000.0)
    """
    if _FREE.match(text):
        return 0.0
    found = _PRICE.search(text)
    if found is None:
        return None
    unit = (found["unit"] or "").lower()
    whole = re.sub(r"[.,\s]", "", found["int"])
    fraction = found["frac"] or ""
    value = float(whole + ("." + fraction if fraction and (unit or len(fraction) <= 2) else ""))
    if fraction and not unit and len(fraction) > 2:
        value = float(whole + fraction)
    value *= _UNITS.get(unit, 1.0)
    if unit and found["tail"] and not fraction:
        # "1tr2" is 1.2 million, "2tr350" 2.35 million.
        value += float(found["tail"]) / 10 ** len(found["tail"]) * _UNITS[unit]
    if text.lstrip().startswith("-"):
        value = -value
    return value if math.isfinite(value) and abs(value) < 1e15 else None


def price(value: Any) -> float | None:
    """Read a price given as number or text."""
    if isinstance(value, str):
        return parse_price_vnd(value)
    return number(value)


def number(value: Any) -> float | None:
    """Read a plain number ("4.9", "1e3", 12); commas as decimal points where they are the only mark."""
    if value is None or isinstance(value, bool):
        return None
    if isinstance(value, str):
        text = value.strip().replace(",", ".") if value.count(",") == 1 and "." not in value else value.strip()
        try:
            value = float(text)
        except ValueError:
            found = re.search(r"-?\d+(?:[.,]\d+)?", value)
            if found is None:
                return None
            value = float(found[0].replace(",", "."))
    if not isinstance(value, int | float):
        return None
    result = float(value)
    return result if math.isfinite(result) else None


def count(value: Any) -> float | None:
    """Read how many: "1,2k đã bán", "Đã bán 3.7k", "(559)", "1.234", 12."""
    if not isinstance(value, str):
        return number(value)
    found = _COUNT.search(value)
    if found is None:
        return None
    unit = (found[2] or "").lower()
    digits = found[1]
    if unit:
        return float(digits.replace(",", ".")) * (1e6 if unit in ("tr", "triệu", "m") else 1e3) if digits.count(".") < 2 else None
    return float(re.sub(r"[.,](?=\d{3}(?:\D|$))", "", digits).replace(",", "."))


def percent(value: Any) -> float | None:
    """Read "15% Off", "Voucher giảm 40%" or 0.15 as a share of one."""
    if isinstance(value, str):
        found = re.search(r"(\d+(?:[.,]\d+)?)\s*%", value)
        return float(found[1].replace(",", ".")) / 100 if found else None
    plain = number(value)
    return plain if plain is None or plain <= 1 else plain / 100


def flag(value: Any) -> bool | None:
    """Read yes or no: true/false, 1/0, "yes", "có", "không"."""
    if isinstance(value, bool):
        return value
    text = str(value).strip().lower()
    if text in {"1", "1.0", "true", "yes", "y", "có", "co"}:
        return True
    return False if text in {"0", "0.0", "false", "no", "n", "không", "khong"} else None


def epoch(value: Any) -> tuple[datetime, str] | None:
    """Read seconds or milliseconds since 1970 (told apart by size) as UTC."""
    seconds = number(value)
    if seconds is None or seconds <= 0:
        return None
    seconds = seconds / 1000 if seconds > 1e11 else seconds
    return (datetime.fromtimestamp(seconds, UTC), "second") if seconds < 4e9 else None


_DATE_FORMS: tuple[tuple[re.Pattern[str], str, str], ...] = (
    (re.compile(r"^\d{4}$"), "%Y", "year"),
    (re.compile(r"^\d{4}-\d{2}$"), "%Y-%m", "month"),
    (re.compile(r"^\d{2}/\d{4}$"), "%m/%Y", "month"),
    (re.compile(r"^\d{4}-\d{2}-\d{2}$"), "%Y-%m-%d", "day"),
    (re.compile(r"^\d{1,2}/\d{1,2}/\d{4}$"), "%d/%m/%Y", "day"),
    (re.compile(r"^\d{1,2}-\d{1,2}-\d{4}$"), "%d-%m-%Y", "day"),
)


def moment(value: Any) -> tuple[datetime, str] | None:
    """Read a date or time as ``(UTC, precision)``; without a zone it is Vietnamese time; numbers are epochs.

    Precision is ``second``, ``day``, ``month`` or ``year``; a coarser time is the first moment of its span.
    """
    if isinstance(value, datetime):
        return (value if value.tzinfo else value.replace(tzinfo=VIETNAM)).astimezone(UTC), "second"
    if isinstance(value, int | float) and not isinstance(value, bool):
        return epoch(value)
    if not isinstance(value, str):
        return None
    text = value.strip()
    for pattern, form, precision in _DATE_FORMS:
        if pattern.match(text):
            try:
                return datetime.strptime(text, form).replace(tzinfo=VIETNAM).astimezone(UTC), precision
            except (ValueError, OverflowError):
                return None
    if re.fullmatch(r"\d{9,13}", text):
        return epoch(text)
    try:
        when = datetime.fromisoformat(text)
        return (when if when.tzinfo else when.replace(tzinfo=VIETNAM)).astimezone(UTC), "second"
    except (ValueError, OverflowError):
        return None


def literal(cell: str) -> Any:
    """Read a cell that holds JSON or a Python literal, safely; ``None`` where it is neither or too long."""
    if len(cell) > MAX_CELL:
        return None
    try:
        return json.loads(cell)
    except (ValueError, RecursionError):
        pass
    try:
        return ast.literal_eval(cell)
    except (ValueError, SyntaxError, MemoryError, RecursionError, TypeError):
        return None


def text(value: Any) -> str | None:
    """Read text; lists are joined, whole floats lose their ".0" (ids), blank is ``None``."""
    if value is None or value is True or value is False:
        return None
    if isinstance(value, float):
        if not math.isfinite(value):
            return None
        value = int(value) if value.is_integer() and abs(value) < 1e18 else value
    if isinstance(value, list):
        value = ";".join(str(item) for item in value if isinstance(item, str | int))
    if isinstance(value, dict):
        return None
    result = str(value)
    return result if result.strip() else None


def length(value: Any) -> float | None:
    """Count a list's members; a text counts its ";"- or space-separated addresses."""
    if isinstance(value, list):
        return float(len(value))
    if isinstance(value, str) and value.strip():
        inner = literal(value) if value.lstrip().startswith("[") else None
        return float(len(inner)) if isinstance(inner, list) else float(len(re.split(r"[;\s]+", value.strip())))
    return None


SCALARS: dict[str, Callable[[Any], Any]] = {
    "text": text,
    "price": price,
    "number": number,
    "count": count,
    "percent": percent,
    "flag": flag,
    "length": length,
    "time": moment,
    "epoch": epoch,
}
