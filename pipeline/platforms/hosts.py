"""A host name taken apart: the site's own name, what stands before it, what it ends in, and what its letters look like to a reader."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from itertools import product
from typing import NamedTuple
from urllib.parse import urlsplit

from features.confusables import look_alikes, near_alikes
from features.fold import lower, plain

#: Endings of two parts under which anybody registers names: of Viet Nam, and those that shops here use otherwise.
_ENDINGS = frozenset(
    f"{second}.{top}"
    for top, seconds in {
        "vn": "com net org edu gov int ac biz info name pro health id io ai",
        "cn": "com net org", "hk": "com", "tw": "com", "sg": "com", "my": "com", "ph": "com", "br": "com", "au": "com", "th": "co in",
        "id": "co", "uk": "co org", "jp": "co", "kr": "co",
    }.items()
    for second in seconds.split()
)  # fmt: skip
#: Read one for the other at a glance.
_READ_AS = {"l": "i", "i": "l", "0": "o", "1": "li", "3": "e", "4": "a", "5": "s", "6": "g", "7": "t", "8": "b", "9": "g"}
_PAIRS = (("rn", "m"), ("vv", "w"), ("cl", "d"))
_MOST_READINGS = 256
#: Endings that count in running text, where a missing space makes "tiki.thông" and "sale.shop" of two sentences; typed addresses may end in any.
_SEEN_ENDINGS = (
    "vn|com|net|org|info|biz|top|xyz|shop|store|online|site|website|club|vip|io|co|asia|me|cc|app|link|live|win|icu|fun|pro|tk|ml|ga|cf|gq|us|eu|"
    "cn|hk|tw|sg|th|id|my|ph|la|kh|jp|kr|ru|in"
)
_HOST = re.compile(rf"(?<![\w@.-])(?:https?://)?((?:[^\W_](?:[\w-]{{0,61}}[^\W_])?\.){{1,6}}(?:{_SEEN_ENDINGS}))(?![\w@-])", re.IGNORECASE)


class Host(NamedTuple):
    """``before``: labels left of the site's ``name``, as written; ``ending``: what it ends in; ``text``: the whole, IDN decoded."""

    before: tuple[str, ...]
    name: str
    ending: str
    text: str

    @property
    def site(self) -> str:
        """The name that somebody registered."""
        return f"{self.name}.{self.ending}"


def take_apart(address: str) -> Host | None:
    """Return the parts of a host or URL, punycode decoded; ``None`` where there is no host name.

    >>> take_apart("https://lazada.com.vn.xyz/a").site, take_apart("m.shopee.com.vn").name
    ('vn.xyz', 'shopee')
    """
    try:
        host = urlsplit(address if "//" in address else f"//{address}").hostname or ""
    except ValueError:
        return None
    labels = [_decoded(label) for label in host.strip(".").split(".")]
    if len(labels) < 2 or not all(labels) or labels[-1].isdigit():
        return None
    size = 2 if len(labels) > 2 and ".".join(labels[-2:]) in _ENDINGS else 1
    return Host(tuple(labels[: -size - 1]), labels[-size - 1], ".".join(labels[-size:]), ".".join(labels))


@lru_cache(maxsize=4096)
def readings(label: str) -> frozenset[str]:
    """Return what a label may be read as in plain Latin letters: letters of other scripts and marks undone first, then digits for letters.

    >>> "shopee" in readings("sh0pее"), "lazada" in readings("1azada"), "tiki" in readings("tlki")
    (True, True, True)
    """
    options = [character + _READ_AS.get(character, "") for character in _latin(label)]
    seen: dict[str, None] = {}
    for letters in product(*options):
        text = "".join(letters)
        seen |= dict.fromkeys([text, *(text.replace(pair, single) for pair, single in _PAIRS if pair in text)])
        if len(seen) >= _MOST_READINGS:
            break
    return frozenset(seen)


def addresses_in(text: str) -> list[str]:
    """Return the host names that a text shows, in order, each once."""
    return list(dict.fromkeys(found[1].lower() for found in _HOST.finditer(text)))


def _decoded(label: str) -> str:
    low = label.lower()
    if not low.startswith("xn--"):
        return low
    try:
        return low[4:].encode("ascii").decode("punycode")
    except (UnicodeError, ValueError):
        return low


@lru_cache(maxsize=4096)
def _latin(label: str) -> str:
    glyphs = {**near_alikes(), **look_alikes()}
    low = plain(lower("".join(glyphs.get(character, character) for character in unicodedata.normalize("NFKC", label))))
    bare = "".join(character for character in unicodedata.normalize("NFD", low) if not unicodedata.combining(character))
    return plain(bare)
