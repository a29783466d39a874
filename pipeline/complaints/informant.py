"""Who reported: taken out of a row, keyed so that one person counts once, and blotted out of their own words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any
from unicodedata import normalize

from features.canonical import MAX_CHARACTERS, canonicalise
from features.fold import fold, lower, plain
from pipeline.sources.phones import mask, phone_key

#: Our names of what says who reported.
WHO = ("informant_name", "informant_phone", "informant_email", "informant_address", "informant_id")
BLOTTED = "[người phản ánh]"
_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
#: Nine or twelve digits: numbers of identity cards; also tax codes of persons.
_IDENTITY = re.compile(r"(?<![\w.])\d{9}(?:\d{3})?(?![\w])")
_MASKS = re.compile(r"\[[^\]\n]{1,20}\]|(?<!\w)[\d+(]?[\dx][\dx .()·-]*x(?!\w)")
_SHORTEST_PART = 2


@dataclass(frozen=True)
class Informant:
    """``key``: ``None`` where nothing says who it was; ``told``: what was said of them, for the sealed file alone."""

    key: str | None
    told: dict[str, str]


def informant_of(cells: Mapping[str, str], key: bytes) -> Informant:
    """Return who reported: known again by phone number, else e-mail, else ID number, else name with address."""
    told = {name: cells[name] for name in WHO if cells.get(name)}
    phone = told.get("informant_phone")
    by_phone = phone_key(phone, key) if phone else None
    if by_phone:
        return Informant(by_phone, told)
    for names in (("informant_email",), ("informant_id",), ("informant_name", "informant_address"), ("informant_phone",)):
        said = "|".join(_bare(told[name]) for name in names if name in told)
        if names[0] in told and said:
            return Informant(blake2b(f"{names[0]}|{said}".encode(), key=key[:64], digest_size=8).hexdigest(), told)
    return Informant(None, told)


def words_without(text: str, who: Informant, key: bytes) -> str:
    """Return ``text`` with phone numbers, e-mail addresses, ID numbers and everything that names the informant blotted out.

    Names are found however they are written: with or without marks, in any case.
    """
    masked = mask(normalize("NFC", text)[:MAX_CHARACTERS], key)[0]
    masked = _EMAIL.sub("[thư điện tử]", masked)
    masked = _IDENTITY.sub(lambda found: "x" * len(found[0]), masked)
    for said in (who.told.get(name) for name in ("informant_name", "informant_address")):
        if said:
            masked = _blot(masked, said)
    return masked


def comparable(words: str) -> str:
    """Return blotted words without their blots and masked numbers, so that two ways of writing one number do not make two texts.

    >>> comparable("gọi 0900 xxx xxx nhé") == comparable("gọi 0900.xxxxxx nhé")
    True
    """
    return " ".join(_MASKS.sub(" ", words).split())


def _blot(text: str, said: str) -> str:
    """The whole name, and its last word where a form of address stands before it ("chị Hoa")."""
    words = [re.escape(word) for word in plain(fold(said)).split()]
    if not words or len("".join(words)) < _SHORTEST_PART:
        return text
    whole = r"\s+".join(words)
    called = rf"(?:toi ten(?: la)?|ten toi la|toi la|anh|chi|ong|ba|em|co|chu|bac)\s+{words[-1]}"
    # Same length as the text, so that what is found there can be cut out here.
    bare = plain(fold(text)) if len(plain(fold(text))) == len(text) else plain(lower(text))
    out, last = [], 0
    for found in re.finditer(rf"(?<!\w)(?:{whole}|{called})(?!\w)", bare):
        out += [text[last : found.start()], BLOTTED]
        last = found.end()
    return "".join([*out, text[last:]])


def _bare(value: Any) -> str:
    return " ".join(plain(canonicalise(str(value)).folded).split())
