"""Row codes that survive being typed from paper: authority, week, number and a check letter ("AG-2648-007-K")."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date

import pandas as pd

#: Letters that are not mistaken for digits or for each other in print.
#: As many as a prime, so that no place in the code is blind.
_CHECK = "ABCDEFGHJKLMNPQRSTUVXYZ"
_CODE = re.compile(r"(?P<letters>[A-Z]{1,4}|C\d\d)-(?P<week>\d{4})-(?P<number>\d{3,6})-[A-Z]")


def row_code(abbreviation: str, day: date, number: int) -> str:
    """Return the code of row ``number`` (from 1) in the list of ``abbreviation`` for the ISO week of ``day``."""
    year, week, _ = day.isocalendar()
    body = f"{abbreviation}-{year % 100:02d}{week:02d}-{number:03d}"
    return f"{body}-{check_letter(body)}"


def row_codes(rows: pd.DataFrame, day: date, given: Mapping[tuple[str, str], str]) -> pd.Series:
    """Return a code for each of ``rows`` (``abbreviation, subject, rank``), same index.

    ``given`` has the codes that were given this week already, by letters and subject: those stay, and new rows get the next numbers of their list.
    Without any the number is the rank.
    """
    last: dict[str, int] = {}
    for (letters, _), code in given.items():
        last[letters] = max(last.get(letters, 0), number_of(code))
    out = []
    for row in rows.sort_values("rank", kind="stable").itertuples():
        letters = row.abbreviation
        if (letters, row.subject) in given:
            out.append((row.Index, given[letters, row.subject]))
            continue
        number = last[letters] + 1 if letters in last else row.rank
        if letters in last:
            last[letters] = number
        out.append((row.Index, row_code(letters, day, number)))
    return pd.Series(dict(out), dtype="str").reindex(rows.index)


def number_of(code: str) -> int:
    """Return the number within its list of a code as `row_code` made it.

    >>> number_of("AG-2648-007-K")
    7
    """
    found = _CODE.fullmatch(code)
    if found is None:
        raise ValueError(f"{code!r} is no row code; one looks like AG-2648-007-K")
    return int(found["number"])


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
