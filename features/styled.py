"""Letters and digits in fancy dress: mathematical, full-width, circled, squared, superscript, ringed, keycaps, flags."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from features.marks import LETTERS
from features.rewrite import Edit
from features.vocabulary import Vocabulary

STYLED = (
    "\u02b0-\u02b8\u02e1-\u02e3\u1d2c-\u1d6a\u1d78\u1d9b-\u1dbf\u2071\u207f\u2090-\u209c\u2100-\u2121\u2123-\u214f\u2160-\u217f"
    "\u249c-\u24e9\uff0d-\uff3a\uff3f\uff41-\uff5a\uff20\uff04\U0001d400-\U0001d7ff\U0001f100-\U0001f189"
)
RINGED = "\u2460-\u2468\u2474-\u247c\u24ea\u2776-\u277e\u2780-\u2788\u278a-\u2792"
NATION = "\U0001f1e6-\U0001f1ff"
COLONS = "\u2236\ua789\u02d0\ufe55\u05c3\uff1a"
KEYCAP = "\u20e3"
_STYLED_ONE = re.compile(f"[{STYLED}]")
_RINGED_ONE = re.compile(f"[{RINGED}]")
_NATIONS = re.compile(f"[^\\W_]*[{NATION}]+[^\\W_]*(?:[ .\\-_/&]{{1,2}}[{NATION}]+[^\\W_]*)*")
_NATION_RUN = re.compile(f"[^\\W_]*[{NATION}]+[^\\W_]*")
_NATION_ONE = re.compile(f"[{NATION}]")
_COLON = re.compile(f"[{COLONS}]")
_KEYCAPS = re.compile(f"(?<=[0-9]){KEYCAP}")
_LATIN_NAME = re.compile(r".*\bLATIN (?:CAPITAL|SMALL|SUBSCRIPT SMALL|SUPERSCRIPT SMALL) LETTER ([A-Z])")
_SELECTORS = ("\ufe0e", "\ufe0f")
#: ISO 3166 codes, and the European Union's: the flags that exist.
_COUNTRIES = frozenset(
    "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM "
    "CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET EU FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW "
    "GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME "
    "MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA "
    "RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY "
    "UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW".split()
)


def undo_styled_letters(text: str, known: Vocabulary, flags: set[str]) -> list[Edit]:
    edits = []
    for found in _STYLED_ONE.finditer(text):
        at = found.start()
        meant = _unstyled(found[0])
        # "NIKEⓇ": a registered name, not a letter more.
        registered = found[0] in "ⓇⒸ" and at and text[at - 1] in LETTERS and not text[at + 1 : at + 2].isalnum()
        if meant != found[0] and not registered:
            # The selector that colours an emoji goes with the letter that it was.
            edits.append(Edit(at, at + 1 + (text[at + 1 : at + 2] in _SELECTORS), meant))
    edits += [Edit(*found.span(), ":") for found in _COLON.finditer(text)]
    if edits:
        flags.add("styled")
    return sorted(edits)


@lru_cache(maxsize=4096)
def _unstyled(character: str) -> str:
    """The plain letter or digit behind a mathematical, circled, squared or full-width one; anything else as it is."""
    name = unicodedata.name(character, "")
    bare = unicodedata.normalize("NFKC", character)
    if len(bare) == 1 and bare.isalnum() and (bare.isascii() or name.startswith("MATHEMATICAL")):
        return bare
    if len(bare) == 1 and bare in ".-/_@$":
        return bare
    letter = _LATIN_NAME.fullmatch(name)
    return letter[1] if letter else character


def undo_ringed_digits(text: str, known: Vocabulary, flags: set[str]) -> list[Edit]:
    """Grades are written so ("rep ①:①", "fake①"); "①②③" and "fake①" are grades; "①②③" and "① Chất liệu" at the start of a line are lists."""
    edits = []
    for found in _RINGED_ONE.finditer(text):
        at = found.start()
        before, after = text[max(0, at - 2) : at], text[at + 1 : at + 2]
        touching = before[-1:].isascii() and (before[-1:].isalnum() or before[-1:] in tuple(":-/."))
        # "… đẹp ② Kích thước": the next point of a list whose lines were put together.
        listed = after == " " and text[at + 2 : at + 3].isupper()
        beside = touching or (before[-1:] == " " and before[:1].isalpha() and not listed)
        if beside and not after.isalpha() and not _RINGED_ONE.match(after):
            edits.append(Edit(at, at + 1, str(unicodedata.digit(found[0], int(unicodedata.numeric(found[0]))))))
    for found in _KEYCAPS.finditer(text):
        edits.append(Edit(*found.span(), " " if text[found.end() : found.end() + 1].isalpha() else ""))
    if edits:
        flags.add("styled")
    return sorted(edits)


def undo_nations(text: str, known: Vocabulary, flags: set[str]) -> list[Edit]:
    """Regional indicators are letters where they spell a known word or cannot be flags, which come in pairs; with them those beside them."""
    edits = []
    for found in _NATIONS.finditer(text) if _NATION_ONE.search(text) else ():
        if any(_is_spelt(run, known) for run in _NATION_RUN.findall(found[0])):
            edits.append(Edit(*found.span(), _NATION_ONE.sub(lambda one: _letter_of(one[0]), found[0])))
            flags.add("styled")
    return edits


def _letter_of(indicator: str) -> str:
    return chr(ord(indicator) - 0x1F1E6 + 65)


def _is_spelt(run: str, known: Vocabulary) -> bool:
    signs = "".join(map(_letter_of, _NATION_ONE.findall(run)))
    flags_only = len(signs) % 2 == 0 and all(signs[at : at + 2] in _COUNTRIES for at in range(0, len(signs), 2))
    return not flags_only or known.is_word(_NATION_ONE.sub(lambda one: _letter_of(one[0]), run).lower())
