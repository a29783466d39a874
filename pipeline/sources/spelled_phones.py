"""Phone numbers written in words, or in words and digits mixed, to slip past filters: "không chín tám 1.2.3 bốn năm sáu bảy".

Ten of them in a row that begin like a mobile number (không ba, không chín …) are no sentence; fewer, or others, are left alone. Decomposed
Vietnamese is not read.
"""

from __future__ import annotations

import re

_WORDS = {
    "0": ("không", "khong", "hông", "ko"),
    "1": ("một", "mốt", "mot"),
    "2": ("hai",),
    "3": ("ba",),
    "4": ("bốn", "bon", "tư", "tu"),
    "5": ("năm", "nam", "lăm"),
    "6": ("sáu", "sau"),
    "7": ("bảy", "bẩy", "bay"),
    "8": ("tám", "tam"),
    "9": ("chín", "chin"),
}
_VALUE = {word: digit for digit, words in _WORDS.items() for word in words} | {digit: digit for digit in _WORDS}
_ANY = "|".join(sorted(_VALUE, key=len, reverse=True))
_MOBILE = "|".join(word for word, digit in _VALUE.items() if digit in "35789")
_NOUGHT = "|".join(word for word, digit in _VALUE.items() if digit == "0")
_GAP = r"[\s.,\-_/·•*]{0,3}"
_SPELLED = re.compile(rf"(?<![^\W_])(?:{_NOUGHT}){_GAP}(?:{_MOBILE})(?:{_GAP}(?:{_ANY})){{8}}(?![^\W_])", re.IGNORECASE)
_TOKEN = re.compile(_ANY, re.IGNORECASE)
#: How such a number begins, sought in folded text: a pattern that minds case is five times as fast, and most texts hold no such beginning.
_BEGINNING = re.compile(rf"(?:{_NOUGHT}){_GAP}(?:{_MOBILE})(?:{_GAP}(?:{_ANY})){{2}}")


def spelled_phones(text: str) -> list[tuple[str, list[tuple[int, int]]]]:
    """Return each number as ten digits, with the place of every digit or word; numbers in digits alone are not ours.

    >>> spelled_phones("zalo không chín 0 0 không không 0 0 không một")[0][0]
    '0900000001'
    """
    found: list[tuple[str, list[tuple[int, int]]]] = []
    if not _BEGINNING.search(_folded(text)):
        return found
    for run in _SPELLED.finditer(text):
        tokens = list(_TOKEN.finditer(text, *run.span()))
        digits = "".join(_VALUE[_folded(token[0])] for token in tokens)
        if len(digits) == 10 and any(token[0].isalpha() for token in tokens):
            found.append((digits, [token.span() for token in tokens]))
    return found


def _folded(text: str) -> str:
    # Where case is set aside "haı" and "ſáu" count as "hai" and "sáu"; folding leaves the dotless ı.
    return text.casefold().replace("ı", "i")
