"""How Vietnamese sellers also write a phrase: without tones, with tones on some syllables only, in teencode ("hàg nháj", "siu kấp").

These ways are made from the lexicon's own phrases and searched for like them, instead of changing the listing's text: a text that is read
without its tones everywhere meets thousands of innocent words ("hạng gia" is not "hàng giả"). A way that is an ordinary phrase of its own
("hang gia dung") is named in the lexicon as ``never`` and not made.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice, product

from features.fold import plain

MAX_WAYS = 400
"""No phrase is searched for in more ways than this."""
_LEAST_LETTERS = 5

#: Whole syllables that have a written-chat form of their own.
_WHOLE = {
    "không": ("ko", "kg", "hok", "hông", "khg", "hem"),
    "chính": ("9", "chjnh"),
    "fake": ("phake", "fây", "phây", "feik"),
    "giống": ("zống", "jống"),
    "loại": ("lọai", "loạj"),
    "hàng": ("hàg", "hànq"),
    "quảng": ("wảng", "quảg"),
    "tiền": ("tìn", "tjền"),
    "điện": ("đjện",),
    "được": ("dc", "đc"),
}
#: Beginnings, middles and ends of syllables as teencode writes them; the first letters of a rule are looked for in the toneless syllable.
_RULES = tuple(
    (re.compile(pattern), new)
    for pattern, new in (
        (r"^ph", "f"),
        (r"^qu", "w"),
        (r"^gi(?=[^\W\d])", "j"),
        (r"^gi(?=[^\W\d])", "z"),
        (r"^c(?=[^h])", "k"),
        (r"^ngh", "ng"),
        (r"^d", "z"),
        (r"^nh", "nk"),
        (r"ng$", "g"),
        (r"(?<=[^\W\d])i$", "j"),
        (r"(?<=[^\W\d])í(?=nh|n$)", "j"),
        (r"iê(?=u)", "i"),
        (r"iế(?=u)", "í"),
        (r"iệ(?=u)", "ị"),
    )
)
_RATIO = re.compile(r"(?<=\d):(?=\d)")


def spellings(form: str) -> frozenset[str]:
    """Return the other ways of writing ``form`` (folded), at most `MAX_WAYS`; none for short forms and for one word without tones.

    >>> sorted(spellings("siêu cấp"))[:3], spellings("auth")
    (['sieu cap', 'sieu cấp', 'sieu kap'], frozenset())
    """
    loose = {_RATIO.sub(colon, form) for colon in (" : ", ": ", " :")} if _RATIO.search(form) else set()
    if 1 <= form.count(" ") <= 2:
        loose |= {written.replace(" ", dash) for written in (form, plain(form)) for dash in (" - ", " / ")}
    syllables = form.split(" ")
    if sum(map(str.isalpha, form)) >= _LEAST_LETTERS and (len(syllables) > 1 or not form.isascii()):
        loose |= {way for base in (form, *(one for one in loose if ":" in one)) for way in islice(_ways(base.split(" ")), MAX_WAYS)}
    return frozenset(loose) - {form}


def _ways(syllables: list[str]) -> Iterator[str]:
    """Fewest liberties first: tones left out here and there, then one syllable in teencode, then every mixture."""
    toned = [list(dict.fromkeys((syllable, plain(syllable)))) for syllable in syllables]
    yield " ".join(map(plain, syllables))
    yield from map(" ".join, islice(product(*toned), MAX_WAYS // 4))
    written = [[*ways, *_teencode(syllable)] for ways, syllable in zip(toned, syllables, strict=True)]
    for place, ways in enumerate(written):
        for way in ways:
            yield " ".join([*syllables[:place], way, *syllables[place + 1 :]])
            yield " ".join([*map(plain, syllables[:place]), plain(way), *map(plain, syllables[place + 1 :])])
    yield from map(" ".join, product(*written))


def _teencode(syllable: str) -> list[str]:
    found = list(_WHOLE.get(syllable, ()))
    for pattern, new in _RULES:
        found += [changed for base in (syllable, *found) if (changed := pattern.sub(new, base)) not in (base, syllable)]
    found = list(dict.fromkeys(found))[:8]
    return list(dict.fromkeys([*found, *map(plain, found)]))
