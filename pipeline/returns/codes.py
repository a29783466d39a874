"""Row codes in what people typed or copied, and which known code a wrong one may have been."""

from __future__ import annotations

import re
from collections.abc import Container
from string import ascii_uppercase, digits

from pipeline.codes import is_valid

_DASHES = re.compile(r"[\u2010-\u2015\u2212_.]")
_CODE = re.compile(r"(?<![A-Z0-9])([A-Z]{1,4})-?([0-9OIL]{4})-?([0-9OIL]{3,6})-?([A-Z])(?![A-Z0-9])")
#: Letters that are typed for digits.
_DIGITS = str.maketrans("OIL", "011")


def codes_in(text: str) -> list[str]:
    """Return the codes that stand in ``text``, well written, each once; whether their check letter fits is not asked.

    >>> codes_in("7 · ag–2648–oo7-k"), codes_in("không có mã")
    (['AG-2648-007-K'], [])
    """
    spaced = _DASHES.sub("-", text.upper())
    found = _CODE.findall(re.sub(r"\s*-\s*", "-", spaced))
    codes = [f"{letters}-{week.translate(_DIGITS)}-{number.translate(_DIGITS)}-{check}" for letters, week, number, check in found]
    return list(dict.fromkeys(codes))


def meant(code: str, known: Container[str]) -> str | None:
    """Return the one known code that is a slip away: a character changed, dropped or added, or two swapped. ``None`` for none or several."""
    edits = [(letter, width) for letter in ascii_uppercase + digits + "-" for width in (0, 1)] + [("", 1)]
    slips = {code[:at] + new + code[at + width :] for at in range(len(code) + 1) for new, width in edits}
    slips |= {code[:at] + code[at + 1] + code[at] + code[at + 2 :] for at in range(len(code) - 1)}
    found = {slip for slip in slips - {code} if slip in known and is_valid(slip)}
    return found.pop() if len(found) == 1 else None
