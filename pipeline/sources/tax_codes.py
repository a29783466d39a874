"""Tax codes of households and persons: twelve digits, which since 2025-07-01 are the person's identity number, so personal data.

Masked in place (the last three digits stay, the length is kept); where a join needs them a keyed hash stands beside. Codes of enterprises (ten
digits, or ten and three of a branch) are public and stay.
"""

from __future__ import annotations

import re
from hashlib import blake2b

_GAP = r"[ .\-]?"
_TWELVE = re.compile(rf"(?<![\w.,])0{_GAP}\d(?:{_GAP}\d){{10}}(?![\d.,]?\d)")
#: What has to stand before twelve digits in free text: a number alone may be a parcel or a barcode.
_SAID = re.compile(
    r"(?:\bmst|\bmã số thuế|\bma so thue|\bmã số hộ|\bcccd|\bcmnd|\bcăn cước|\bcan cuoc|\bđịnh danh|\bdinh danh|\btax(?: code| id)?)"
    r"(?:\s+(?:cá nhân|ca nhan|hộ kinh doanh|hkd|công dân|cong dan|của|là|số|so)){0,3}\W{0,4}$",
    re.IGNORECASE,
)
_KEPT = 3
_PERSON = b"soihang tax"


def is_personal(code: str) -> bool:
    """True where a tax code as a whole is that of a household or person.

    >>> is_personal("001 099 000 001"), is_personal("0100000001"), is_personal("0100000001-001")
    (True, False, False)
    """
    digits = re.sub(r"[\s.\-]", "", code)
    return len(digits) == 12 and digits.isdigit() and digits.startswith("0")


def stored_tax_code(code: str, key: bytes) -> str:
    """Return a tax code as it may be stored: of a person masked, with a keyed hash behind "~" by which two listings can still be joined.

    >>> stored_tax_code("0100000001", b"k"), stored_tax_code("001099000001", b"k")[:13]
    ('0100000001', 'xxxxxxxxx001~')
    """
    return f"{_masked(code)}~{tax_key(code, key)}" if is_personal(code) else code


def tax_key(code: str, key: bytes) -> str:
    """Return the keyed hash of a tax code, however it is spaced."""
    digits = re.sub(r"[\s.\-]", "", code)
    return blake2b(digits.encode(), key=key[:64], person=_PERSON, digest_size=8).hexdigest()


def mask_tax_codes(text: str) -> str:
    """Return ``text`` with all but the last three digits of each person's tax or identity number as ``x``, same length.

    >>> mask_tax_codes("MST: 001099000001, mã vạch 893850000001"), mask_tax_codes("CCCD số 001 099 000 001")
    ('MST: xxxxxxxxx001, mã vạch 893850000001', 'CCCD số xxx xxx xxx 001')
    """
    if is_personal(text):
        return _masked(text)
    spans = [found.span() for found in _TWELVE.finditer(text) if _SAID.search(text, max(0, found.start() - 40), found.start())]
    for start, end in spans:
        text = text[:start] + _masked(text[start:end]) + text[end:]
    return text


def mask_any_twelve_digits(text: str) -> str:
    """Return ``text`` with every twelve digits that could be a person's number masked, same length: for raw rows, where no word says what is what.

    >>> mask_any_twelve_digits("T1;Giày;001099000001;250000")
    'T1;Giày;xxxxxxxxx001;250000'
    """
    return _TWELVE.sub(lambda found: _masked(found[0]), text)


def _masked(code: str) -> str:
    places = [place for place, character in enumerate(code) if character.isdigit()][:-_KEPT]
    return "".join("x" if place in places else character for place, character in enumerate(code))
