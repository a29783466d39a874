"""Which platforms, sites and social pages are known: by code, by address and by day (``configs/reference/platforms.csv``).

The table says what is known and how well; where it says nothing, nothing is said. Whether an operator kept its duty to register is for
somebody to look up in the ministry's register: a missing entry here accuses nobody.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import pandas as pd

from features.errors import ConfigError
from pipeline.config import load_table
from pipeline.law.tables import FULL_TEXT, in_force, split

TYPES = ("direct", "intermediary", "social", "integrated")
STATUSES = {"registered": "đã đăng ký", "notified": "đã thông báo", "applied": "đang làm thủ tục", "unknown": "chưa tra cứu"}
UNKNOWN_TYPE = "chưa rõ loại"
_LONGEST = 2000
#: Nothing that a browser or an office program would read otherwise than a person: spaces, quotes, angles, controls, direction marks.
_UNSAFE = re.compile("[\\s<>\"'\\\\\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]")


class Platform(NamedTuple):
    """One platform as the table has it; ``None`` where nothing is known. ``verified`` is false unless the fact was read at its source."""

    code: str
    name_vi: str
    registered: bool
    domains: tuple[str, ...]
    sister_domains: tuple[str, ...]
    type: str | None
    cross_border: bool
    status: str
    status_on: date | None
    legal_entity: str | None
    business_code: str | None
    address: str | None
    note: str | None
    verified: bool
    valid_from: date
    valid_to: date | None


class PlatformType(NamedTuple):
    """What the law of the day calls a platform; ``duty_vi`` is empty where it was not read."""

    name_vi: str
    instrument: str | None
    duty_vi: str
    verified: bool


@dataclass(frozen=True)
class Registry:
    """Every platform of the table; `load_registry` reads ours."""

    platforms: tuple[Platform, ...]
    types: pd.DataFrame

    def get(self, code: str, as_of: date | None = None) -> Platform | None:
        """Return the platform of a listing's ``platform``, ``None`` where the table has none on that day (without a day: the latest)."""
        return next((one for one in reversed(self.platforms) if one.code == code and _stands(one, as_of)), None)

    def of_host(self, host: str, as_of: date | None = None) -> Platform | None:
        """Return whose site ``host`` is, sister sites abroad included; look-alikes belong to nobody."""
        found = [one for one in self.platforms if _stands(one, as_of) and _is_at(host, (*one.domains, *one.sister_domains))]
        # The longest name wins, so that a shop inside a site of another's is told from it.
        return max(found, key=lambda one: max(len(name) for name in (*one.domains, *one.sister_domains) if _is_at(host, (name,))), default=None)

    def is_registered(self, url: object) -> bool:
        """True where ``url`` is a plain https address of a site that the table calls registered: only such an address may be a live link."""
        host = plain_host(url)
        return host is not None and any(one.registered and one.valid_to is None and _is_at(host, one.domains) for one in self.platforms)

    def type_of(self, platform: Platform, day: date) -> PlatformType:
        """Return what the law of ``day`` calls the platform."""
        for row in self.types.itertuples():
            if row.type == platform.type and in_force(row.valid_from, row.valid_to, day):
                return PlatformType(row.name_vi, row.instrument, row.duty_vi, row.verified == FULL_TEXT)
        return PlatformType(UNKNOWN_TYPE, None, "", False)

    def name(self, code: str) -> str:
        """Return the name people write; a platform we do not know keeps its code."""
        found = self.get(code)
        return found.name_vi if found else code


@lru_cache(maxsize=1)
def load_registry() -> Registry:
    """Read the tables; raises `ConfigError` naming line and value of the first thing that is none of the known."""
    table, types = load_table("platforms"), load_table("platform_types")
    for line, row in enumerate(table.itertuples(), start=2):
        if row.type not in (*TYPES, None) and isinstance(row.type, str):
            raise ConfigError(f"platforms.csv, line {line}: unknown type {row.type!r}; known: {', '.join(TYPES)}")
        if row.status not in STATUSES:
            raise ConfigError(f"platforms.csv, line {line}: unknown status {row.status!r}; known: {', '.join(STATUSES)}")
        if not split(row.domains):
            raise ConfigError(f"platforms.csv, line {line}: {row.platform} has no domain")
    dated = types.assign(
        valid_from=types["valid_from"].map(date.fromisoformat),
        valid_to=pd.Series([_day(value) for value in types["valid_to"]], dtype="object"),
        duty_vi=types["duty_vi"].fillna(""),
    )
    return Registry(tuple(_platform(row) for row in table.itertuples()), dated)


def is_registered(url: object) -> bool:
    """True where ``url`` may be a live link: a plain https address of a registered site of ours.

    >>> is_registered("https://shopee.vn/product/1/2"), is_registered("https://shopee-sale.vn/"), is_registered("https://shopee.vn@x.top/")
    (True, False, False)
    """
    return load_registry().is_registered(url)


def plain_host(url: object) -> str | None:
    """Return the host of a plain https address in lower case; ``None`` where there is a user, a port, another scheme or an unsafe character."""
    if not isinstance(url, str) or len(url) > _LONGEST or _UNSAFE.search(url.strip()):
        return None
    try:
        parts = urlsplit(url.strip())
        if parts.scheme != "https" or parts.username is not None or parts.port is not None:
            return None
        host = (parts.hostname or "").lower().removesuffix(".")
    except ValueError:
        return None
    return host if host.isascii() and host else None


def _is_at(host: str, domains: tuple[str, ...]) -> bool:
    return any(host == name or host.endswith("." + name) for name in domains)


def _stands(one: Platform, as_of: date | None) -> bool:
    return as_of is None or in_force(one.valid_from, one.valid_to, as_of)


def _platform(row: Any) -> Platform:
    return Platform(
        row.platform,
        row.name_vi,
        row.registered == "yes",
        split(row.domains),
        split(row.sister_domains),
        _text(row.type),
        row.cross_border == "yes",
        row.status,
        _day(row.status_on),
        _text(row.legal_entity),
        _text(row.business_code),
        _text(row.address),
        _text(row.note),
        row.verified == FULL_TEXT,
        date.fromisoformat(row.valid_from),
        _day(row.valid_to),
    )


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _day(value: Any) -> date | None:
    return date.fromisoformat(value) if isinstance(value, str) else None
