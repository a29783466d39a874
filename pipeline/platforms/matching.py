"""Whom a person's row is about: by the listing's id, its address, the seller's id, or the shop's name with its platform.

Addresses and names are looked up in a crawl where one is given. A name that two shops of a platform bear is nobody's: a namesake must not be
taken for somebody else.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pandas as pd

from features.canonical import canonicalise
from features.fold import plain
from pipeline.platforms.hosts import take_apart
from pipeline.platforms.listing_urls import NOBODY, subject_of
from pipeline.platforms.registry import load_registry
from pipeline.store import parts, read_parquet

BY_LISTING, BY_URL, BY_SELLER, BY_NAME, BY_NOTHING = WAYS = ("listing_id", "url", "seller_id", "shop_name", "none")
SUBJECT_COLUMNS = ["platform", "url", "listing_id", "seller_id", "seller_name"]
_CRAWL = ["platform", "listing_id", "url", "seller_id", "seller_name", "captured_at"]


def platform_code(said: str) -> str:
    """Return our code for a platform as people write it ("Shopee", "sàn Lazada", "tiki.vn"); an unknown one in lower case."""
    bare = shop_name_key(said).removeprefix("san ")
    for one in load_registry().platforms:
        if bare in {shop_name_key(name) for name in (one.code, one.name_vi, *one.domains)}:
            return one.code
    return said.strip().lower()


def shop_name_key(name: str) -> str:
    """Return a shop's name as two people may both write it: without case, marks, spacing and decoration."""
    folded = plain(canonicalise(name).folded)
    return " ".join("".join(character if character.isalnum() or character == "." else " " for character in folded).split())


def url_key(url: str) -> str | None:
    """Return host and path of an address, without scheme, "www." and what comes after the path; ``None`` where it is none."""
    host = take_apart(url)
    if host is None:
        return None
    path = urlsplit(url if "//" in url else f"//{url}").path.rstrip("/")
    return f"{host.text.removeprefix('www.')}{path}" if path else None


def match(rows: pd.DataFrame, crawl: Path | None = None) -> pd.DataFrame:
    """Return ``platform, listing_id, seller_id, matched_by`` for ``rows`` (``SUBJECT_COLUMNS``), same index.

    ``crawl`` is a run's output folder. A shop known by name only is stood for by its earliest listing.
    """
    told = rows[SUBJECT_COLUMNS].astype("object").where(rows[SUBJECT_COLUMNS].notna(), None)
    urls = {url: key for url in told["url"].dropna() if (key := url_key(url)) is not None}
    names = {name: shop_name_key(name) for name in told["seller_name"].dropna()}
    by_url, by_name = _looked_up(crawl, set(urls.values()), set(names.values())) if crawl is not None else ({}, {})
    found = [_one(row, urls, names, by_url, by_name) for row in told.itertuples(index=False)]
    table = pd.DataFrame(found, columns=["platform", "listing_id", "seller_id", "matched_by"], index=rows.index)
    return table.astype("str")


def _one(row: Any, urls: dict[str, str], names: dict[str, str], by_url: dict[str, Any], by_name: dict[tuple[str, str], Any]) -> tuple:
    named = subject_of(row.url) if row.url else NOBODY
    platform = row.platform or named.platform
    if platform and row.listing_id:
        return platform, row.listing_id, row.seller_id or named.seller_id, BY_LISTING
    if row.url and (seen := by_url.get(urls.get(row.url, ""))) is not None:
        return (*seen, BY_URL)
    if named.platform and (named.listing_id or named.seller_id):
        return named.platform, named.listing_id, named.seller_id or row.seller_id, BY_URL
    if platform and row.seller_id:
        return platform, None, row.seller_id, BY_SELLER
    if platform and row.seller_name and (shop := by_name.get((platform, names[row.seller_name]))) is not None:
        listing, seller = shop
        return platform, None if seller else listing, seller, BY_NAME
    return platform, None, None, BY_NOTHING


def _looked_up(
    crawl: Path, urls: set[str], names: set[str]
) -> tuple[dict[str, tuple[str, str, str | None]], dict[tuple[str, str], tuple[str, str | None]]]:
    if not urls and not names:
        return {}, {}
    frames = list(_candidates(crawl, urls, names))
    table = pd.concat(frames, ignore_index=True).sort_values(["captured_at", "platform", "listing_id"], kind="stable")
    plain_rows = table.astype("object").where(table.notna(), None)
    by_url = {row.url_key: (row.platform, row.listing_id, row.seller_id) for row in plain_rows[::-1].itertuples() if row.url_key in urls}
    shops: dict[tuple[str, str], dict[str, tuple[str, str | None]]] = {}
    for row in plain_rows[plain_rows["name_key"].isin(names)].itertuples():
        shops.setdefault((row.platform, row.name_key), {}).setdefault(row.seller_id or "", (row.listing_id, row.seller_id))
    return by_url, {key: next(iter(found.values())) for key, found in shops.items() if len(found) == 1}


def _candidates(crawl: Path, urls: set[str], names: set[str]) -> Iterable[pd.DataFrame]:
    """The rows of a crawl whose address or shop name is asked for. Addresses and names are read once each: most stand in many rows."""
    keys: dict[str, str] = {}
    for part in parts(crawl / "work" / "listings"):
        table = read_parquet(part, columns=_CRAWL)
        if names:
            keys |= {name: shop_name_key(name) for name in table["seller_name"].dropna().unique() if name not in keys}
        table["name_key"] = table["seller_name"].map(keys, na_action="ignore").astype("object")
        table["url_key"] = table["url"].map(url_key, na_action="ignore").astype("object") if urls else None
        yield table[table["name_key"].isin(names) | table["url_key"].isin(urls)]
