"""Addresses of listings and shops to ids: whose site it is by the registry, which listing by patterns (``configs/reference/listing_urls.csv``)."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import urlsplit

from features.errors import ConfigError
from pipeline.config import load_table
from pipeline.platforms.hosts import take_apart
from pipeline.platforms.registry import load_registry

_LONGEST = 2000


class Subject(NamedTuple):
    """What somebody writes about; ``None`` for what the address does not show."""

    platform: str | None
    listing_id: str | None
    seller_id: str | None


NOBODY = Subject(None, None, None)


def subject_of(url: str) -> Subject:
    """Return platform and ids that an address names; a site that the registry does not know, and a look-alike, name nobody.

    >>> subject_of("https://tiki.vn/ao-thun-p123456.html?spid=9"), subject_of("https://tiki-sale.vn/ao-thun-p123456.html")
    (Subject(platform='tiki', listing_id='123456', seller_id=None), Subject(platform=None, listing_id=None, seller_id=None))
    """
    host = take_apart(url) if len(url) <= _LONGEST else None
    site = load_registry().of_host(host.text) if host else None
    if site is None:
        return NOBODY
    path = urlsplit(url if "//" in url else f"//{url}").path
    for pattern in _patterns().get(site.code, ()):
        if (found := pattern.search(path)) is not None:
            named = found.groupdict()
            return Subject(site.code, named.get("listing_id"), named.get("seller_id"))
    return Subject(site.code, None, None)


@lru_cache(maxsize=1)
def _patterns() -> dict[str, tuple[re.Pattern[str], ...]]:
    found: dict[str, tuple[re.Pattern[str], ...]] = {}
    for line, row in enumerate(load_table("listing_urls").itertuples(), start=2):
        try:
            found[row.platform] = (*found.get(row.platform, ()), re.compile(row.pattern))
        except re.error as error:
            raise ConfigError(f"listing_urls.csv, line {line}: {row.pattern!r} is no pattern: {error}") from error
    return found
