"""Addresses that look like a known platform's or a famous brand's and are not: a reason to look, never a finding.

Five ways, strongest first: the name set before another site ("lazada.com.vn.xyz"), its letters imitated ("xn--…", "sh0pee"), words added
("shopee-sale.vn"), a slip of the finger ("shoppe.vn"), and the very name under an ending that the table does not know, which may be a
sister site. A brand's own name alone is never one: it is most likely the brand's.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import pandas as pd

from features.canonical import canonicalise
from features.fold import plain
from features.near_names import distance
from pipeline.config import load_table
from pipeline.platforms.hosts import Host, readings, take_apart
from pipeline.platforms.registry import Registry, load_registry

WAYS = {
    "before_other_site": "tên “{name}” đứng trước một tên miền khác ({site})",
    "characters": "viết bằng ký tự gần giống “{name}”",
    "added_words": "ghép thêm chữ vào tên “{name}”",
    "near_name": "chỉ khác “{name}” {edits} ký tự",
    "other_ending": "tên “{name}” dưới đuôi tên miền chưa có trong danh mục (có thể là trang cùng chủ)",
}
#: Shorter names stand inside too many words.
_SHORTEST = 4
#: From how many letters one slip, and from how many two, still mean this name: "bendo" is no "sendo".
_ONE_SLIP, _TWO_SLIPS = 6, 10


class LookAlike(NamedTuple):
    """``imitates`` is a domain or brand; ``of`` says which; ``way`` a key of `WAYS`; ``weak`` where an honest reason is likely."""

    host: str
    imitates: str
    of: str
    way: str
    why_vi: str
    weak: bool


@dataclass(frozen=True)
class Known:
    """Names to compare with: ``sites`` maps a site's own name to its domain, ``brands`` a brand's to how it is written."""

    sites: dict[str, str]
    brands: dict[str, str]
    words: frozenset[str]
    registry: Registry


@lru_cache(maxsize=1)
def load_known() -> Known:
    """Read platforms, famous brands and the words that are added to names."""
    brands = load_table("brands")
    return known_names(load_registry(), brands, frozenset(load_table("domain_words")["word"].astype(str)))


def known_names(registry: Registry, brands: pd.DataFrame, words: frozenset[str]) -> Known:
    """Return the names of ``registry`` and of the famous ``brands``; brands that are common words, and short names, are left out."""
    sites: dict[str, str] = {}
    for platform in registry.platforms:
        for domain in platform.domains:
            host = take_apart(domain)
            if host is not None and len(host.name) >= _SHORTEST and not host.name.isdigit():
                sites.setdefault(host.name, domain)
    wanted = brands[brands["luxury"].eq("yes") & ~brands["common_word"].eq("yes")]
    names = {_joined(name): str(name) for name in wanted["brand"].dropna()}
    return Known(sites, {one: name for one, name in names.items() if len(one) >= _SHORTEST and one not in sites}, words, registry)


def look_alike(address: str, known: Known | None = None) -> LookAlike | None:
    """Return what ``address`` (host or URL) imitates, ``None`` where it is a known site or like none.

    >>> look_alike("shopee-sale.vn").way, look_alike("lazada.com.vn.xyz").way, look_alike("shopee.vn") is None
    ('added_words', 'before_other_site', True)
    """
    book = known or load_known()
    host = take_apart(address)
    if host is None or book.registry.of_host(host.text):
        return None
    return next(_found(host, book), None)


def look_alikes_among(addresses: Iterable[str], known: Known | None = None) -> list[LookAlike]:
    """Return the look-alikes among ``addresses``, each host once, in order."""
    book = known or load_known()
    hosts = {host.text: one for one in addresses if (host := take_apart(one)) is not None}
    return [found for one in hosts.values() if (found := look_alike(one, book)) is not None]


def _found(host: Host, known: Known) -> Iterator[LookAlike]:
    for name, domain in known.sites.items():
        if any(name in readings(label) for label in host.before):
            yield _say(host, domain, "platform", "before_other_site", name)
    for names, of in ((known.sites, "platform"), (known.brands, "brand")):
        for name, shown in names.items():
            if host.name != name and name in readings(host.name):
                yield _say(host, shown, of, "characters", name)
    for names, of in ((known.sites, "platform"), (known.brands, "brand")):
        for name, shown in names.items():
            if _has_added_words(host.name, name, known.words):
                yield _say(host, shown, of, "added_words", name)
    for names, of in ((known.sites, "platform"), (known.brands, "brand")):
        for name, shown in names.items():
            if edits := _slips(host.name, name, of):
                yield _say(host, shown, of, "near_name", name, edits)
    if host.name in known.sites:
        yield _say(host, known.sites[host.name], "platform", "other_ending", host.name)


def _say(host: Host, imitates: str, of: str, way: str, name: str, edits: int = 0) -> LookAlike:
    weak = way == "other_ending" or of == "brand"
    return LookAlike(host.text, imitates, of, way, WAYS[way].format(name=name, site=host.site, edits=edits), weak)


def _has_added_words(label: str, name: str, words: frozenset[str]) -> bool:
    """Whether ``label`` is ``name`` and something beside it: set off by a hyphen, or one of the words that are added to names."""
    pieces = label.split("-")
    if len(pieces) > 1 and any(name in readings(piece) for piece in pieces):
        return True
    for read in readings(label.replace("-", "")):
        if read != name and name in read:
            before, _, after = read.partition(name)
            if all(_is_words(rest, words) for rest in (before, after)):
                return True
    return False


def _is_words(text: str, words: frozenset[str]) -> bool:
    """Whether ``text`` can be cut into ``words``; nothing at all can."""
    reached = [True] + [False] * len(text)
    for end in range(1, len(text) + 1):
        reached[end] = any(reached[begin] and text[begin:end] in words for begin in range(end))
    return reached[-1]


def _slips(label: str, name: str, of: str) -> int:
    """How many slips of the finger lie between label and name, 0 where too many; brands, of which there are hundreds, only from longer names."""
    least = _ONE_SLIP + (of == "brand")
    if len(name) < least or label == name or abs(len(label) - len(name)) > 2:
        return 0
    edits = distance(label, name)
    return edits if edits <= 1 + (len(name) >= _TWO_SLIPS) else 0


def _joined(name: str) -> str:
    return "".join(character for character in plain(canonicalise(str(name)).folded) if character.isalnum())
