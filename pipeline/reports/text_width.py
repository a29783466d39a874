"""How many lines a text takes in Times New Roman, and where to cut it so that it takes no more.

Excel and LibreOffice do not grow rows of a written workbook by themselves alike, so heights are reckoned here, from the widths of the
letters (Adobe's metrics of Times, which Times New Roman and Liberation Serif share).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache

from pipeline.law.tables import UNVERIFIED

#: Thousandths of the type size, for what differs from the 500 of most small letters and digits.
_WIDTHS = {
    **dict.fromkeys(" .,", 250), **dict.fromkeys("ijlt:;/|!'", 278), **dict.fromkeys("frI()-[]", 333), **dict.fromkeys("sJ", 389),
    **dict.fromkeys("acez?“”", 444), **dict.fromkeys("ELTZ+=<>", 611), **dict.fromkeys("SP", 556), **dict.fromkeys("BCRF", 667),
    **dict.fromkeys("ADGHKNOQUVXYw", 722), **dict.fromkeys("mM%&", 889), **dict.fromkeys("W@…—", 1000),
}  # fmt: skip
#: Letters carry marks; bold and rounding need a little more.
_SPARE = 1.05
_BARE = UNVERIFIED.strip("()")
_IN_BRACKETS = re.compile(rf"\([^()]*{_BARE}[^()]*\)")
_PADDING = 7
"""Pixels that a cell keeps free on both sides together."""


def column_points(width: float) -> float:
    """Return the points a column of ``width`` (Excel's unit: digits of the default type) leaves for text."""
    return (int(width * 7 + 5) - _PADDING) * 0.75


def text_points(text: str, size: float = 10.0) -> float:
    """Return how wide ``text`` is on one line, in points."""
    return sum(map(_letter, text)) * size * _SPARE / 1000


@lru_cache(maxsize=4096)
def _letter(letter: str) -> int:
    base = unicodedata.normalize("NFD", letter)[:1]
    if base == "đ":
        return 500
    if base == "Đ":
        return 722
    known = _WIDTHS.get(base)
    if known is not None:
        return known
    # Styled, full-width and picture letters are as wide as they can be.
    return 500 if ord(base or " ") < 0x500 else 1000


def n_lines(text: str, width: float, size: float = 10.0) -> int:
    """Return the lines ``text`` takes in a column of ``width``, wrapped between words as a spreadsheet does."""
    return sum(_wrapped(line, column_points(width), size) for line in text.split("\n"))


def _wrapped(line: str, room: float, size: float) -> int:
    lines, used, space = 1, 0.0, text_points(" ", size)
    for word in line.split(" "):
        needed = text_points(word, size)
        if used and used + space + needed > room:
            lines, used = lines + 1, 0.0
        used += needed + (space if used else 0.0)
        while used > room:  # a word longer than the column is broken anywhere
            lines, used = lines + 1, used - room
    return lines


def cut_to_lines(text: str, width: float, most: int, size: float = 10.0) -> str:
    """Return ``text``, or as many of its first words as fit in ``most`` lines, with "…" behind.

    >>> cut_to_lines("một hai ba bốn năm sáu bảy tám", 12, 1)
    'một hai ba…'
    """
    # A row holds a few hundred letters at most: measuring the rest of a giant text would only cost time.
    shortened = text[: most * int(width * 4 + 8)]
    if len(shortened) == len(text) and n_lines(text, width, size) <= most:
        return text
    text = shortened
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        if n_lines(text[:middle].rstrip() + "…", width, size) <= most:
            low = middle
        else:
            high = middle - 1
    kept = text[:low]
    at_word = kept.rfind(" ")
    return (kept[:at_word] if at_word > low * 0.6 else kept).rstrip(" \n,;:–(“").rstrip() + "…"


def cut_sentence(text: str, width: float, most: int) -> str:
    """Return a reason cut like `cut_to_lines`, but never without its "chưa kiểm chứng" where it had one."""
    cut = cut_to_lines(text, width, most)
    if _BARE not in text or _BARE in cut:
        return cut
    marked = _IN_BRACKETS.sub(f"({_BARE})", text)
    if n_lines(marked, width) <= most:
        return marked
    bare = re.sub(r"\s*\([^()]*\)", "", text)
    room = len(bare)
    while room > 0:
        kept = bare if room == len(bare) else bare[:room].rsplit(" ", 1)[0].rstrip(" ,;:–“") + "…"
        short = f"{kept} ({_BARE})"
        if n_lines(short, width) <= most:
            return short
        room = int(room * 0.9)
    return f"({_BARE})"


def cut_list(texts: Sequence[str], width: float, most: int) -> str:
    """Return sentences as bullets in at most ``most`` lines: as many as fit whole, "…" for the others; the first is cut where it must be."""
    lines = [cut_sentence(f"• {text}", width, most) for text in texts[:1]]
    for number, text in enumerate(texts[1:], start=1):
        if n_lines("\n".join([*lines, f"• {text}"]), width) > most - (number < len(texts) - 1):
            return "\n".join([*lines, "…"]) if n_lines("\n".join(lines), width) < most else "\n".join(lines)
        lines.append(f"• {text}")
    return "\n".join(lines)
