"""A text as numbers: what each character can be, so that a page is looked over in a few array operations."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from features.characters import odd_letters
from features.fold import NEW_TONES, lower
from features.vocabulary import LEET

ALNUM, LETTER, SEPARATOR, LEET_SIGN, ODD, OUTSIDE, TONE = 1, 2, 4, 8, 16, 32, 64
"""``OUTSIDE`` is whatever is no letter and no digit; ``TONE`` a letter that can carry a syllable's tone in the new way ("oà", "uý")."""
SEPARATORS = ".-_*·|/'’+~,:"
"""What sellers put between the letters of a word; blanks apart."""
_CODES = 0x20000

Bits = npt.NDArray[np.uint8]


class Letters(NamedTuple):
    """``codes`` and ``kinds`` (bits) of a lower-case text, with one blank before it and one behind."""

    codes: npt.NDArray[np.uint32]
    kinds: Bits

    def any(self, bit: int) -> bool:
        """True where some character is of this kind."""
        return bool((self.kinds & bit).any())


def letters_of(low: str) -> Letters:
    """Return the characters of ``low`` as numbers."""
    codes = np.frombuffer(f" {low} ".encode("utf-32-le", "surrogatepass"), dtype="<u4")
    return Letters(codes, kinds_table().take(codes, mode="clip"))


@lru_cache(maxsize=1)
def kinds_table() -> Bits:
    """Bits by code; codes beyond the table count as its last, which is nothing."""
    table = np.zeros(_CODES + 1, dtype=np.uint8)
    odd = odd_letters()
    for code in range(_CODES):
        letter = chr(code)
        table[code] |= (ALNUM if letter.isalnum() else OUTSIDE) | (LETTER if letter.isalpha() else 0)
        if odd.match(letter):
            # Texts are looked at in lower case: what a disguise becomes there is suspicious too.
            for seen in {letter, lower(letter)} - {"k", "å", "i"}:  # Kelvin, Ångström and İ become letters that are none
                table[ord(seen)] |= ODD
    for letters, bit in ((SEPARATORS, SEPARATOR), ("".join(LEET), LEET_SIGN), (NEW_TONES, TONE)):
        for letter in letters:
            table[ord(letter)] |= bit
    return table
