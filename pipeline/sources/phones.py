"""Phone numbers in text: masked in place, so that offsets hold, and kept only as keyed hashes.

Vietnamese mobile numbers (03, 05, 07, 08, 09 and eight more digits, the old 012, 016, 018, 019 and eight more, 84 for the 0) in any usual
spacing, in look-alike digits, with the letter o for a nought, in words (`spelled_phones`), and without the nought after a word such as
"zalo". Landlines and hotlines (1900…) are left; so are prices, dates, tax codes and codes that a word before them names.
"""

from __future__ import annotations

import re
import unicodedata
from hashlib import blake2b
from itertools import pairwise

from pipeline.sources.spelled_phones import spelled_phones

_GAP = r"[ \t\u00a0.\-_()·•*\u200b-\u200d\u2060\ufe0f\u20e3]{0,3}"
_DIGIT = r"[\doO]"
_CONTACT = ("zalo", "sđt", "sdt", "đt", "tel", "phone", "mobile", "hotline", "lh", "gọi", "call", "alo")
_GLUED = (*_CONTACT, "dt", "line", "hệ", "he", "goi", "ib", "số")
#: Not inside a word or a longer number; a contact word may stand glued before it ("zalo0912…"), and so may an escaped line break.
_BEFORE = "(?:(?<![^\\W_])|" + "|".join(f"(?<={word})" for word in (*_GLUED, r"\\n", r"\\r", r"\\t")) + ")"
_NOUGHT = rf"(?:(?:\+|00)?{_GAP}84{_GAP}(?:[0oO]{_GAP})?|[0oO]{_GAP})"
_PHONE = re.compile(rf"{_BEFORE}\(?{_NOUGHT}(?:[35789]|1{_GAP}[2689])(?:{_GAP}{_DIGIT}){{8}}(?!\d)", re.IGNORECASE)
_BARE = re.compile(rf"(?:{'|'.join(_CONTACT)})[\s:.\-–(+]{{0,4}}(?P<number>[35789](?:{_GAP}\d){{8}})(?!\d)", re.IGNORECASE)
_DATE = re.compile(r"0?[1-9][-./ ]\d{1,2}[-./ ](?:19|20)\d\d(?!\d)")
_THOUSANDS = re.compile(r"\d{1,3}(?:\.\d{3}){2,}")
_CURRENCY = re.compile(r"\s{0,2}(?:₫|(?:đ|d|vnđ|vnd|đồng|dong)(?![\w/]))", re.IGNORECASE)
#: Words that say what the number after them is, when it is no phone.
_OTHER_NUMBER = re.compile(
    r"(?:\bmst|mã số thuế|ma so thue|tax(?: code| id)?|đkkd|gpkd|đkdn|giấy phép|giay phep|isbn|imei|sku|barcode|model|serial|"
    r"\bmã (?:sp|sản phẩm|hàng|vạch|đơn|vận đơn|tin))\W{0,3}(?:số\W{0,2})?$",
    re.IGNORECASE,
)
_STYLED = "⓪①-⑨⓿❶-❾➀-➈➊-➒⁰⁴-⁹₀-₉"
_SUSPECT = re.compile(rf"[\doO{_STYLED}](?:{_GAP}[\doO{_STYLED}]){{8}}")
_OTHER_DIGIT = re.compile(rf"[^\D0-9]|[{_STYLED}]")
_MASKED_DIGITS = 6
_USUAL_GROUPS = {
    (4, 3, 3),
    (4, 6),
    (3, 3, 4),
    (4, 2, 2, 2),
    (3, 4, 3),
    (4, 4, 2),
    (3, 7),
    (2, 3, 3, 3),
    (2, 9),
    (2, 2, 3, 4),
    (2, 3, 2, 2, 2),
    (2, 1, 3, 3, 3),
}


def mask(text: str, key: bytes) -> tuple[str, list[str]]:
    """Return ``text`` with the last six digits of each phone number as ``x``, same length, and the numbers' keyed hashes.

    >>> mask("gọi 0912.345.678 nhé", b"k")[0]
    'gọi 0912.xxx.xxx nhé'
    """
    spelled = spelled_phones(text)
    if not spelled and not _SUSPECT.search(text):
        return text, []
    plain = _ascii_digits(text)
    spans = [found.span() for found in _PHONE.finditer(plain) if not _is_other(plain, found)]
    taken = {place for start, end in spans for place in range(start, end)}
    bare = [found.span("number") for found in _BARE.finditer(plain)]
    spans += [span for span in bare if span[0] not in taken and not _is_price(plain, *span)]
    if not spans and not spelled:
        return text, []
    characters = list(text)
    for start, end in spans:
        places = [place for place in range(start, end) if plain[place].isdigit() or plain[place] in "oO"]
        for place in places[-_MASKED_DIGITS:]:
            characters[place] = "x"
    for _, tokens in spelled:
        for start, end in tokens[-_MASKED_DIGITS:]:
            characters[start:end] = "x" * (end - start)
    keys = [_key_of(plain[start:end], key) for start, end in spans] + [_key_of(digits, key) for digits, _ in spelled]
    return "".join(characters), list(dict.fromkeys(keys))


def may_hold_phone(text: str) -> bool:
    """A cheap first look; False means `mask` would find nothing."""
    return _SUSPECT.search(text) is not None or bool(spelled_phones(text))


def phone_key(text: str, key: bytes) -> str | None:
    """Return the keyed hash of a cell that is a phone number as a whole, also without its nought; ``None`` for anything else."""
    digits = re.sub(r"\D", "", _ascii_digits(text))
    spelled = digits if digits.startswith(("0", "84")) else "0" + digits
    return _key_of(spelled, key) if _PHONE.fullmatch(spelled) else None


def _key_of(number: str, key: bytes) -> str:
    digits = re.sub(r"\D", "", re.sub("[oO]", "0", number))
    digits = re.sub(r"^(?:00)?840?", "", digits) if len(digits) > 10 and digits.startswith(("84", "0084")) else digits.removeprefix("0")
    return blake2b(("0" + digits).encode(), key=key[:64], digest_size=8).hexdigest()


def _is_other(plain: str, found: re.Match[str]) -> bool:
    start, end = found.span()
    return (
        _DATE.match(found[0].lstrip("(")) is not None
        or _is_price(plain, start, end)
        or _is_list(plain, start, end)
        or sum(character.isdigit() for character in found[0]) < 8
        or _OTHER_NUMBER.search(plain, max(0, start - 30), start) is not None
    )


def _is_list(plain: str, start: int, end: int) -> bool:
    """Whether the digits are sizes, shades or measures side by side ("0.3 - 0.8 - 1.2", "07 - 08 - 09 - 10 - 11") and no one number."""
    groups = re.findall(r"[\doO]+", plain[start:end])
    lengths = tuple(map(len, groups))
    if len(groups) == 1 or lengths in _USUAL_GROUPS:
        return False
    after_point = start >= 2 and plain[start - 1] in ".," and plain[start - 2].isdigit()
    separators = set(re.findall(r"[.\-_·•*]", plain[start:end]))
    steps = {int(b) - int(a) for a, b in pairwise(groups) if a.isdigit() and b.isdigit()}
    return after_point or len(separators) > 1 or (max(lengths) <= 2 and len(steps) == 1 and steps != {0})


def _is_price(plain: str, start: int, end: int) -> bool:
    """Whether the digits are thousands in groups that go on to the left, end in six noughts or stand before a currency."""
    number = plain[start:end]
    begun = start >= 2 and plain[start - 1] in ".," and plain[start - 2].isdigit()
    grouped = _THOUSANDS.fullmatch(number) is not None
    tail = _THOUSANDS.search(number)
    priced = tail is not None and tail.end() == len(number) and _CURRENCY.match(plain, end) is not None
    return priced or (grouped and (begun or number.endswith("000.000")))


def _ascii_digits(text: str) -> str:
    """The same text, character for character, with every digit of another script or style as an ASCII digit."""
    return _OTHER_DIGIT.sub(lambda found: str(unicodedata.digit(found[0])), text)
