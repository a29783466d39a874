"""How suspect sellers of the invented market write a brand so that word lists miss it."""

from __future__ import annotations

import random
from collections.abc import Mapping

_BOLD_CAPITAL, _BOLD_SMALL, _BOLD_DIGIT = 0x1D5D4, 0x1D5EE, 0x1D7EC


def disguise(text: str, brand: str, how: str, *, sounds: Mapping[str, str], homoglyphs: Mapping[str, str], draw: random.Random) -> str:
    """Return ``text`` with ``brand`` written as ``how`` says: plain, dots, spaces, underscore, styled, homoglyph or sound."""
    if how == "plain" or brand not in text:
        return text
    return text.replace(brand, _written(brand, how, sounds, homoglyphs, draw))


def _written(brand: str, how: str, sounds: Mapping[str, str], homoglyphs: Mapping[str, str], draw: random.Random) -> str:
    if how == "dots":
        return ".".join(brand.replace(" ", ""))
    if how == "spaces":
        return " ".join(brand.replace(" ", ""))
    if how == "underscore":
        at = draw.randrange(1, len(brand))
        return brand[:at] + "_" + brand[at:]
    if how == "styled":
        return "".join(_bold(letter) for letter in brand)
    if how == "homoglyph":
        return "".join(homoglyphs.get(letter, letter) for letter in brand)
    return sounds.get(brand, ".".join(brand))


def _bold(letter: str) -> str:
    if "A" <= letter <= "Z":
        return chr(_BOLD_CAPITAL + ord(letter) - ord("A"))
    if "a" <= letter <= "z":
        return chr(_BOLD_SMALL + ord(letter) - ord("a"))
    if "0" <= letter <= "9":
        return chr(_BOLD_DIGIT + ord(letter) - ord("0"))
    return letter
