"""Figures as sites print them: prices in dong, counts, percents. Pure functions of one value.

What cannot be read is ``None``; whether a price is a placeholder is judged apart, because a placeholder is a tactic and not an error.
"""

from __future__ import annotations

import math
import re
from decimal import Decimal
from typing import Any
from unicodedata import normalize

_UNITS = {"k": 1e3, "ngàn": 1e3, "nghìn": 1e3, "ngan": 1e3, "nghin": 1e3, "tr": 1e6, "triệu": 1e6, "trieu": 1e6, "m": 1e6}
_UNITS |= {"tỷ": 1e9, "tỉ": 1e9, "ty": 1e9}
_UNIT = "triệu|trieu|tr|ngàn|nghìn|ngan|nghin|tỷ|tỉ|ty|k|m"
_PRICE = re.compile(
    r"(?P<int>\d{1,3}(?:[.,\s]\d{3})+(?!\d)|\d+)(?:[.,](?P<frac>\d+))?"
    rf"\s*(?P<unit>{_UNIT})?(?:(?P<tail>\d{{1,3}})|\s+(?P<rest>\d{{1,3}})\s*(?P<rest_unit>ngàn|nghìn|ngan|nghin|k)(?![a-zà-ỹ])|\s*(?P<half>rưỡi|rưởi))?",
    re.IGNORECASE,
)
_FREE = re.compile(r"^\s*(?:free|miễn phí|tặng|cho tặng)\s*$", re.IGNORECASE)
_COUNT = re.compile(rf"(\d+(?:[.,]\d+)*)\s*({_UNIT})?(?![a-zà-ỹ])", re.IGNORECASE)
_MAX_SPELLED = 200
"""A price or count is looked for in this many first characters: nobody prints one further behind, and a cell may hold megabytes."""


def parse_price_vnd(text: str) -> float | None:
    """Read a shop's price as dong, or ``None`` where there is no number. Of a span ("99k - 129k") it is the lower end.

    >>> parse_price_vnd("1.290.000đ"), parse_price_vnd("299k"), parse_price_vnd("1,5tr"), parse_price_vnd("1tr2")
    (1290000.0, 299000.0, 1500000.0, 1200000.0)
    >>> parse_price_vnd("₫167,000"), parse_price_vnd("2 triệu rưỡi"), parse_price_vnd("Free"), parse_price_vnd("Liên hệ")
    (167000.0, 2500000.0, 0.0, None)
    """
    text = normalize("NFC", text[:_MAX_SPELLED])
    if _FREE.match(text):
        return 0.0
    found = _PRICE.search(text)
    if found is None:
        return None
    unit = (found["unit"] or "").lower()
    scale = _UNITS.get(unit, 1.0)
    whole = re.sub(r"[.,\s]", "", found["int"])
    fraction = found["frac"] or ""
    # "1.2345" without a unit is thousands gone wrong, "12,50" is a decimal.
    value = float(whole + fraction) if len(fraction) > 2 and not unit else float(f"{whole}.{fraction or 0}")
    value *= scale
    if unit and not fraction:
        value += _after_unit(found, scale)
    if re.match(r"\s*[₫đ$]?\s*[-−–]", text):
        value = -value
    return value if math.isfinite(value) and abs(value) < 1e15 else None


def _after_unit(found: re.Match[str], scale: float) -> float:
    """What "1tr2", "2tr350", "1 triệu 200 nghìn" and "2 triệu rưỡi" add to the whole."""
    if found["tail"]:
        return float(found["tail"]) / 10.0 ** len(found["tail"]) * scale
    if found["rest"] and scale > 1e3:
        return float(found["rest"]) * 1e3
    return scale / 2 if found["half"] else 0.0


def price(value: Any) -> float | None:
    """Read a price given as number or text; of a list the first member that can be read."""
    if isinstance(value, str):
        return parse_price_vnd(value)
    if isinstance(value, list):
        # One list inside another is as far as any payload goes; a nest of hundreds would exhaust the stack.
        inner = [one for member in value[:20] for one in (member[:20] if isinstance(member, list) else [member])]
        return next((read for one in inner if (read := parse_price_vnd(one) if isinstance(one, str) else number(one)) is not None), None)
    return number(value)


def number(value: Any) -> float | None:
    """Read a plain number ("4.9", "1e3", 12); commas as decimal points where they are the only mark."""
    if value is None or isinstance(value, bool):
        return None
    if isinstance(value, str):
        text = value[:_MAX_SPELLED].strip()
        text = text.replace(",", ".") if text.count(",") == 1 and "." not in text else text
        try:
            value = float(text)
        except ValueError:
            found = re.search(r"-?\d+(?:\.\d+)?", text)
            if found is None:
                return None
            value = float(found[0])
    if not isinstance(value, int | float | Decimal):
        return None
    try:
        result = float(value)
    except (OverflowError, ValueError):
        return None
    return result if math.isfinite(result) else None


def count(value: Any) -> float | None:
    """Read how many: "1,2k đã bán", "Đã bán 3.7k", "(559)", "1.234", 12."""
    if not isinstance(value, str):
        return number(value)
    found = _COUNT.search(normalize("NFC", value[:_MAX_SPELLED]))
    if found is None:
        return None
    digits, unit = found[1], (found[2] or "").lower()
    # Marks before three digits part thousands; before a unit, or one or two digits, the last one is a decimal point.
    whole, mark, last = digits.rpartition(",") if digits.rfind(",") > digits.rfind(".") else digits.rpartition(".")
    if mark and (unit or len(last) != 3):
        digits = re.sub(r"\D", "", whole) + "." + last
    else:
        digits = re.sub(r"\D", "", digits)
    result = float(digits) * _UNITS.get(unit, 1.0)
    return result if math.isfinite(result) else None


def percent(value: Any) -> float | None:
    """Read "15% Off", "Voucher giảm 40%" or 0.15 as a share of one."""
    if isinstance(value, str):
        found = re.search(r"(\d{1,9}(?:[.,]\d{1,9})?)\s*%", value[:_MAX_SPELLED])
        return float(found[1].replace(",", ".")) / 100 if found else None
    plain = number(value)
    return plain if plain is None or plain <= 1 else plain / 100
