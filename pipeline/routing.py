"""Which authority a seller's displayed ship-from place points to: a hint for routing, never an address.

Legacy province names (63, until 2025-06-30) lead to exactly one current authority (34); places abroad, unknown or ambiguous go to
the central list, where nothing is lost.
"""

from __future__ import annotations

import re

import pandas as pd

from features.canonical import canonicalise, plain

CENTRAL = "Danh sách trung ương (chưa rõ địa bàn)"
CENTRAL_ABBREVIATION = "TW"

_PREFIX = re.compile(r"^(?:tinh|thanh pho|tp|t\.p)[. ]+")
_ALIASES = {
    "hcm": "ho chi minh",
    "tphcm": "ho chi minh",
    "tp hcm": "ho chi minh",
    "sai gon": "ho chi minh",
    "ho chi minh city": "ho chi minh",
    "hanoi": "ha noi",
    "hue": "thua thien hue",
    "ba ria vung tau": "ba ria - vung tau",
    "vung tau": "ba ria - vung tau",
    "dak lak": "dak lak",
    "da nang city": "da nang",
}


def route(locations: pd.Series, provinces: pd.DataFrame) -> pd.DataFrame:
    """Return ``authority, abbreviation, province`` for displayed places (same index); unknown ones go to the central list."""
    known = _names(provinces)
    texts = pd.Series(locations.dropna().unique(), dtype="str")
    found = {text: known.get(place_key(text)) for text in texts}
    rows = [found.get(text) if isinstance(text, str) else None for text in locations]
    return pd.DataFrame(
        [row or (CENTRAL, CENTRAL_ABBREVIATION, None) for row in rows],
        columns=["authority", "abbreviation", "province"],
        index=locations.index,
    )


def _names(provinces: pd.DataFrame) -> dict[str, tuple[str, str, str]]:
    names: dict[str, tuple[str, str, str]] = {}
    for row in provinces.itertuples():
        answer = (str(row.authority), str(row.abbreviation), str(row.current_name))
        names[place_key(str(row.legacy_name))] = answer
        names.setdefault(place_key(str(row.current_name)), answer)
    return names


def place_key(text: str) -> str:
    """Return the province a displayed place ends in, folded and without "tỉnh" or "TP."; for comparing names, not for showing."""
    last = re.split(r"[,;|]", plain(canonicalise(text).folded).strip())[-1].strip(" .")
    bare = _PREFIX.sub("", last).strip()
    return _ALIASES.get(bare, bare)
