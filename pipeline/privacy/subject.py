"""Whom an erasure is about, and how that stands in files: a phone number, a tax code, or a seller of a platform.

A number is found in any spacing and with 0, 84 or +84 before it, and as the keyed hash that stands for it; a seller by its key, its name, and
its id where the id is long enough to mean nothing else.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import blake2b
from unicodedata import normalize

from features.errors import DataError
from pipeline.sources.phones import phone_key
from pipeline.sources.tax_codes import tax_key

PHONE, TAX_CODE, SELLER = KINDS = ("phone", "tax_code", "seller")
ERASED = "[đã xóa "
"""How every token begins that stands in place of an erased value."""
GONE = "[hết hạn lưu]"
"""What stands where something was kept long enough."""

_GAP = r"[\s.\-_()]{0,2}"
_LEAST_ID, _LEAST_NAME = 6, 4
_TAGS = re.compile(r"<[^<>]{0,2000}>")


@dataclass(frozen=True)
class Subject:
    """``kind`` and ``platform`` (of a seller); ``pattern`` finds it in folded text; ``seller_id`` and ``names`` are a seller's own.

    ``stone`` names the tombstone; ``token`` is what stands in place of the value afterwards.
    """

    kind: str
    stone: str
    pattern: re.Pattern[str]
    platform: str | None = None
    seller_id: str | None = None
    names: tuple[str, ...] = ()

    @property
    def token(self) -> str:
        """What stands where the value stood."""
        return f"{ERASED}{self.stone}]"

    def is_in(self, text: str) -> bool:
        """True where the value stands in ``text``, also cut up by the tags of a page or a workbook's XML, or escaped."""
        plain = normalize("NFC", text)
        if self.pattern.search(plain):
            return True
        if "<" not in plain and "&" not in plain:
            return False
        return self.pattern.search(html.unescape(_TAGS.sub("", plain))) is not None

    def redacted(self, text: str) -> str:
        """Return ``text`` with the token in place of the value; the same object where it holds none."""
        plain = normalize("NFC", text)
        return self.pattern.sub(self.token, plain) if self.pattern.search(plain) else text


def phone_subject(number: str, key: bytes, *, stone: str) -> Subject:
    """Return the subject for a phone number; raises `DataError` where it is none."""
    hashed = phone_key(number, key)
    if hashed is None:
        raise DataError("this is no Vietnamese phone number; write it as 0900000001")
    digits = re.sub(r"\D", "", number)
    digits = digits.removeprefix("00").removeprefix("84").removeprefix("0")
    spaced = _GAP.join(digits)
    return Subject(PHONE, stone, re.compile(rf"(?<![\d.,])(?:(?:\+|00)?{_GAP}84{_GAP}0?|0)?{_GAP}{spaced}(?!\d)|(?<![0-9a-f]){hashed}(?![0-9a-f])"))


def tax_subject(code: str, key: bytes, *, stone: str) -> Subject:
    """Return the subject for a tax code of ten, twelve or thirteen digits; raises `DataError` for anything else."""
    digits = re.sub(r"\D", "", code)
    if len(digits) not in (10, 12, 13):
        raise DataError("a tax code has 10, 12 or 13 digits")
    hashed = tax_key(code, key)
    return Subject(TAX_CODE, stone, re.compile(rf"(?<!\d){_GAP.join(digits)}(?!\d)|[x\s.\-]*\d?\d?\d?~?(?<![0-9a-f]){hashed}(?![0-9a-f])"))


def seller_subject(platform: str, seller_id: str, names: Iterable[str], *, stone: str) -> Subject:
    """Return the subject for a seller: ``names`` are those the shop had in the tables searched."""
    known = tuple(sorted({" ".join(normalize("NFC", name).split()) for name in names} - {""}))
    parts = [rf"{re.escape(platform)}\|(?:id\|)?{re.escape(seller_id)}(?![\w|])"]
    parts += [rf"{re.escape(platform)}\|name\|{re.escape(name)}" for name in known]
    parts += [rf"(?<!\w){re.escape(name)}(?!\w)" for name in sorted(known, key=len, reverse=True) if len(name) >= _LEAST_NAME]
    if len(seller_id) >= _LEAST_ID:
        parts.append(rf"(?<!\w){re.escape(seller_id)}(?!\w)")
    return Subject(SELLER, stone, re.compile("|".join(parts), re.IGNORECASE), platform, seller_id, known)


def is_gone(value: object) -> bool:
    """True where a value was erased or has been kept long enough."""
    return isinstance(value, str) and (value == GONE or value.startswith(ERASED))


def stone_key(kind: str, value: str, key: bytes) -> str:
    """Return the keyed hash by which a tombstone knows what was erased (16 hex digits), without holding it."""
    return blake2b(f"{kind}|{value}".encode(), key=key[:64], person=b"soihang erased", digest_size=8).hexdigest()
