"""Row codes that survive being typed from paper: authority, week, number and a check letter ("AG-2648-007-K")."""

from __future__ import annotations

from datetime import date

#: Letters that are not mistaken for digits or for each other in print.
#: As many as a prime, so that no place in the code is blind.
_CHECK = "ABCDEFGHJKLMNPQRSTUVXYZ"


def row_code(abbreviation: str, day: date, number: int) -> str:
    """Return the code of row ``number`` (from 1) in the list of ``abbreviation`` for the ISO week of ``day``."""
    year, week, _ = day.isocalendar()
    body = f"{abbreviation}-{year % 100:02d}{week:02d}-{number:03d}"
    return f"{body}-{check_letter(body)}"


def check_letter(body: str) -> str:
    """Weighted sum of the characters modulo 23; catches any one wrong digit and any two neighbouring digits swapped.

    >>> check_letter("AG-2648-007") == check_letter("AG-2648-070")
    False
    """
    total = sum(place * ord(character) for place, character in enumerate(body, start=1))
    return _CHECK[total % len(_CHECK)]


def is_valid(code: str) -> bool:
    """True where the last letter fits the rest."""
    body, dash, letter = code.strip().upper().rpartition("-")
    return bool(dash) and len(letter) == 1 and check_letter(body) == letter
