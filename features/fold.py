"""Lower case with one tone placement, and text without tones: the two views that words are compared in. Both keep every position."""

from __future__ import annotations

import re
import unicodedata

VIETNAMESE = "àáảãạăằắẳẵặâầấẩẫậđèéẻẽẹêềếểễệìíỉĩịòóỏõọôồốổỗộơờớởỡợùúủũụưừứửữựỳýỷỹỵ"

#: New tone placement to old ("oà" → "òa"): both are correct Vietnamese, only one must be searched for.
_NEW_TONE = {
    c + d: a + b
    for a, b, c, d in (
        *(("oòóỏõọ"[i], "a", "o", "aàáảãạ"[i]) for i in range(1, 6)),
        *(("oòóỏõọ"[i], "e", "o", "eèéẻẽẹ"[i]) for i in range(1, 6)),
        *(("uùúủũụ"[i], "y", "u", "yỳýỷỹỵ"[i]) for i in range(1, 6)),
    )
}
NEW_TONES = "".join(sorted({pair[1] for pair in _NEW_TONE}))
"""Second letters of the new placement."""
#: Begins with a set of letters, not with a look behind: that is what makes the search through a page cheap.
_NEW_TONE_PATTERN = re.compile(r"(?:o[àáảãạèéẻẽẹ]|u(?<!qu)[ỳýỷỹỵ])(?![^\W\d_])")
_PLAIN = {ord(c): unicodedata.normalize("NFD", c)[0] for c in VIETNAMESE + VIETNAMESE.upper()}
_PLAIN.update({ord("đ"): "d", ord("Đ"): "D"})


def fold(text: str) -> str:
    """Return lower case with one tone placement ("hoà", "thuỷ" → "hòa", "thủy"), of the same length."""
    return one_tone(lower(text))


def lower(text: str) -> str:
    """Return lower case of the same length: "İ", the one letter that grows, becomes "i"."""
    small = text.lower()
    return small if len(small) == len(text) else text.replace("İ", "I").lower()


def one_tone(low: str) -> str:
    """Return lower-case text with the old tone placement throughout."""
    return _NEW_TONE_PATTERN.sub(lambda found: _NEW_TONE[found[0]], low)


def plain(folded: str) -> str:
    """Return ``folded`` without tones, accents and đ, of the same length."""
    return folded if folded.isascii() else folded.translate(_PLAIN)
