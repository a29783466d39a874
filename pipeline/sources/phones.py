"""Phone numbers in text: masked in place, so that offsets hold, and kept only as keyed hashes."""

from __future__ import annotations

import re
from hashlib import blake2b

_START = r"(?:\+?84|0)"
_GAP = r"[ .\-_]{0,2}"
#: Vietnamese mobile numbers (03, 05, 07, 08, 09 and eight more digits), with or without separators, not inside longer codes.
_PHONE = re.compile(rf"(?<![\w.,])\(?{_START}\)?{_GAP}[35789](?:{_GAP}\d){{8}}(?![\d])(?![.,]\d)")
_MASKED_DIGITS = 6


def mask(text: str, key: bytes) -> tuple[str, list[str]]:
    """Return ``text`` with the last six digits of each phone number as ``x``, same length, and the numbers' keyed hashes.

    >>> mask("gọi 0912.345.678 nhé", b"k")[0]
    'gọi 0912.xxx.xxx nhé'
    """
    keys: list[str] = []

    def hide(found: re.Match[str]) -> str:
        digits = re.sub(r"\D", "", found[0])
        national = "0" + digits[2:] if digits.startswith("84") and len(digits) == 11 else digits
        keys.append(blake2b(national.encode(), key=key[:64], digest_size=8).hexdigest())
        seen = 0
        out = []
        for character in reversed(found[0]):
            hidden = character.isdigit() and seen < _MASKED_DIGITS
            seen += character.isdigit()
            out.append("x" if hidden else character)
        return "".join(reversed(out))

    return _PHONE.sub(hide, text), keys


def may_hold_phone(text: str) -> bool:
    """A cheap first look; False means `mask` would find nothing."""
    return sum(character.isdigit() for character in text) >= 10 and bool(_PHONE.search(text))
