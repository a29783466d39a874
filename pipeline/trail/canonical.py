"""One way to write a JSON value, so that equal content has equal bytes and a hash of it means something."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Any


def canonical(value: Any) -> bytes:
    """Return ``value`` as UTF-8 JSON on one line: sorted names, no blanks, no number that JSON does not know.

    >>> canonical({"b": 1, "a": "đ"}).decode()
    '{"a":"đ","b":1}'
    """
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def readable(value: Any) -> bytes:
    """Return ``value`` as JSON for people to read: sorted names, a line each, one line end at the end."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, indent=1, allow_nan=False).encode() + b"\n"


def sha256(content: bytes) -> str:
    """Return the SHA-256 of ``content``, hex."""
    return hashlib.sha256(content).hexdigest()


def read_canonical(content: bytes, write: Callable[[Any], bytes] = canonical) -> dict[str, Any] | None:
    """Return the object that ``write`` turns into ``content``, or ``None`` where any byte is not as it would write it.

    Hex in capitals, a blank or an escape would else be a change that no check of the values sees.
    """
    try:
        value = json.loads(content)
        return value if isinstance(value, dict) and write(value) == content else None
    except (ValueError, RecursionError):
        return None
