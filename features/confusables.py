"""Look-alike letters: which foreign character stands for which Latin one, from Unicode's own confusables data and by the eye.

Two strengths. `look_alikes` are letters that Unicode itself calls confusable: a word made of them alone is read as Latin.
`near_alikes` only resemble a Latin letter ("ε", "к", "ƒ"): they are read so beside Latin letters or where a known word comes out, because
whole Russian and Greek words could be spelt with them.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache

from confusable_homoglyphs import confusables

_LATIN = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
#: Scripts whose letters are used as disguises in Vietnamese listings; Han, Hangul and kana are languages here, not disguises.
_SCRIPTS = ("CYRILLIC", "GREEK", "LATIN LETTER SMALL CAPITAL", "ARMENIAN", "CHEROKEE", "LISU")
#: Seen by the eye, not by Unicode. Not here: µ (micro), Ω (ohm), π, Φ, which measure things.
_BY_EYE = {
    "Α": "A", "α": "a", "Β": "B", "β": "b", "ε": "e", "Ε": "E", "η": "n", "Η": "H", "ι": "i", "κ": "k", "Κ": "K", "ν": "v", "ο": "o",
    "ρ": "p", "σ": "o", "τ": "t", "υ": "u", "χ": "x", "γ": "y", "ω": "w", "ς": "c", "ϲ": "c", "є": "e", "в": "b", "к": "k", "м": "m",
    "н": "h", "п": "n", "т": "t", "г": "r", "и": "u", "ь": "b", "я": "r", "ѕ": "s", "ј": "j", "ԁ": "d", "ԛ": "q", "ԝ": "w", "һ": "h",
    "ѵ": "v", "ӏ": "l", "ɡ": "g", "ɑ": "a", "ɩ": "i", "ı": "i", "ƒ": "f", "ł": "l", "ø": "o", "ħ": "h", "ŧ": "t", "ƙ": "k", "ɗ": "d",
    "ŋ": "n", "þ": "p", "ß": "b", "ɛ": "e", "ʋ": "v", "ɴ": "n", "ɪ": "i", "ʙ": "b", "ɢ": "g", "ʜ": "h", "ʟ": "l", "ʀ": "r", "ʏ": "y", "ǫ": "q",
}  # fmt: skip
_VIETNAMESE_MARKS = "\u0300\u0301\u0302\u0303\u0306\u0309\u031b\u0323"


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


@lru_cache(maxsize=1)
def near_alikes() -> dict[str, str]:
    """Return a map of letters that only resemble a Latin one: `_BY_EYE` in both cases, and Latin letters with foreign marks ("ḟ", "ǩ")."""
    table = dict(_BY_EYE)
    for glyph, latin in _BY_EYE.items():
        if len(glyph.upper()) == 1 and not glyph.upper().isascii():
            table.setdefault(glyph.upper(), latin.upper())
    for code in (*range(0xC0, 0x250), *range(0x1E00, 0x1F00)):
        base, *marks = list(unicodedata.normalize("NFD", chr(code)))
        if marks and base in _LATIN and any(mark not in _VIETNAMESE_MARKS for mark in marks):
            table.setdefault(chr(code), base)
    for code in (*range(0x370, 0x530), *range(0x1F00, 0x2000)):
        base, *marks = list(unicodedata.normalize("NFD", chr(code)))
        latin = unicodedata.normalize("NFC", (look_alikes() | table).get(base, "?") + "".join(marks))
        if marks and len(latin) == 1:
            table.setdefault(chr(code), latin)  # "ὰ" is "à", "ѐ" is "è"
    return {glyph: latin for glyph, latin in table.items() if glyph not in look_alikes()}


def _small_capital(latin: str) -> str | None:
    try:
        return unicodedata.lookup(f"LATIN LETTER SMALL CAPITAL {latin}")
    except KeyError:
        return None


def _is_disguise(glyph: str) -> bool:
    return ord(glyph) > 0x7F and unicodedata.name(glyph, "").startswith(_SCRIPTS)
