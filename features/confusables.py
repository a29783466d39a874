"""Look-alike letters: which foreign character stands for which Latin one, from Unicode's own confusables data."""

from __future__ import annotations

import unicodedata
from functools import lru_cache

from confusable_homoglyphs import confusables

_LATIN = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
#: Scripts whose letters are used as disguises in Vietnamese listings; Han, Hangul and kana are languages here, not disguises.
_SCRIPTS = ("CYRILLIC", "GREEK", "LATIN LETTER SMALL CAPITAL", "ARMENIAN", "CHEROKEE", "LISU")


@lru_cache(maxsize=1)
def look_alikes() -> dict[str, str]:
    """Return a map from one look-alike letter to the one Latin letter it imitates, case kept where Unicode tells it."""
    table: dict[str, str] = {}
    for latin in _LATIN:
        for candidates in confusables.is_confusable(latin, greedy=True) or []:
            for entry in candidates["homoglyphs"]:
                glyph = entry["c"]
                if len(glyph) == 1 and _is_disguise(glyph):
                    table.setdefault(glyph, latin)
        # Unicode calls only some small capitals confusable; "ʀᴇᴘ" is one alphabet.
        if (small := _small_capital(latin)) is not None:
            table.setdefault(small, latin.lower())
    # Unicode has the capital iota and the capital і look like l; in "NІKE" they stand for I.
    return table | {"\N{GREEK CAPITAL LETTER IOTA}": "I", "\N{CYRILLIC CAPITAL LETTER BYELORUSSIAN-UKRAINIAN I}": "I"}


def _small_capital(latin: str) -> str | None:
    try:
        return unicodedata.lookup(f"LATIN LETTER SMALL CAPITAL {latin}")
    except KeyError:
        return None


def _is_disguise(glyph: str) -> bool:
    return ord(glyph) > 0x7F and unicodedata.name(glyph, "").startswith(_SCRIPTS)
