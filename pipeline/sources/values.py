"""Cells as texts, flags, lists and literals, and the readers a mapping may name (`SCALARS`). Pure functions of one value."""

from __future__ import annotations

import ast
import json
import math
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any
from unicodedata import normalize

from pipeline.sources.addresses import shop_id
from pipeline.sources.figures import count, number, percent, price
from pipeline.sources.times import epoch, moment

MAX_CELL = 200_000
"""Longest cell that is read as JSON or as a Python literal, characters."""

_BRACKETS = re.compile(r"[\[\](){}]")
_MAX_NESTED = 100
_SIGNS = re.compile(r"(?:[-+~]\s*){100}")


def literal(cell: str) -> Any:
    """Read a cell that holds JSON or a Python literal, safely; ``None`` where it is neither or too long."""
    if len(cell) > MAX_CELL:
        return None
    try:
        return json.loads(cell)
    except (ValueError, RecursionError):
        pass
    # Python's own reader of literals can exhaust the machine's stack on nests and chains of signs: what no payload needs is not tried.
    if _nests(cell) > _MAX_NESTED or _SIGNS.search(cell):
        return None
    try:
        return ast.literal_eval(cell)
    except (ValueError, SyntaxError, MemoryError, RecursionError, TypeError):
        return None


def _nests(cell: str) -> int:
    """The deepest nest of brackets, those inside quotes counted too."""
    depth = deepest = 0
    for bracket in _BRACKETS.findall(cell):
        depth += 1 if bracket in "[({" else -1
        deepest = max(deepest, depth)
    return deepest


def spelled(value: Any) -> str:
    """Return ``str(value)``; nothing for what cannot be written out: a nest too deep for the stack, a number of more than 4,300 digits."""
    try:
        return str(value)
    except (RecursionError, ValueError):
        return ""


def flag(value: Any) -> bool | None:
    """Read yes or no: true/false, 1/0, "yes", "có", "không"."""
    if isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        return {0.0: False, 1.0: True}.get(value)
    text = normalize("NFC", value[:20]).strip().lower() if isinstance(value, str) else ""
    if text in {"1", "1.0", "true", "yes", "y", "có", "co"}:
        return True
    return False if text in {"0", "0.0", "false", "no", "n", "không", "khong"} else None


def text(value: Any) -> str | None:
    """Read text; lists are joined by ";", each member once, whole floats lose their ".0" (ids), blank is ``None``."""
    if value is None or value is True or value is False:
        return None
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    if isinstance(value, Decimal):
        plain = f"{value:f}" if value.is_finite() else ""
        return (plain.rstrip("0").rstrip(".") if "." in plain else plain) or None
    if isinstance(value, float):
        if not math.isfinite(value):
            return None
        value = int(value) if value.is_integer() and abs(value) < 1e18 else value
    if isinstance(value, list | tuple):
        value = ";".join(dict.fromkeys(str(item) for item in value if isinstance(item, str | int) and not isinstance(item, bool)))
    if isinstance(value, dict):
        return None
    result = spelled(value)
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
    "shop": shop_id,
    "time": moment,
    "epoch": epoch,
}
