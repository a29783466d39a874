"""Targets and the listings underneath: what an inspector gets."""

from __future__ import annotations

import pandas as pd
import pandera.pandas as pa

_LIST = "object"

TARGET_COLUMNS: dict[str, tuple[str, bool, str]] = {
    "code": ("str", False, "row code with a check letter, e.g. AG-2648-007-K"),
    "authority": ("str", False, "market surveillance authority by the displayed ship-from place, or the central list"),
    "rank": ("int64", False, "place in the authority's list, from 1"),
    "standing": ("str", False, "Chính thức (within capacity), Dự bị (reserve) or Chờ (waiting)"),
    "reserve": ("bool", False, "beyond the authority's capacity"),
    "level": ("str", False, "Ưu tiên 1, Ưu tiên 2 or Chưa đủ căn cứ nhận định"),
    "subject_kind": ("str", False, "seller, or listing where the crawl shows no seller"),
    "platform": ("str", False, "marketplace or site"),
    "seller_id": ("str", True, "the platform's id of the seller"),
    "seller_name": ("str", True, "shop name as displayed"),
    "subject_url": ("str", True, "address of the shop or listing"),
    "goods": ("str", True, "goods groups of the listings with signs, most frequent first"),
    "brands": ("str", True, "brands they name, most frequent first"),
    "signs": ("str", False, "display names of the signs, joined by '; '"),
    "reasons": (_LIST, False, "list of sentences, strongest first"),
    "location": ("str", True, "ship-from place as displayed"),
    "location_confidence": ("str", True, "how far the place can be relied on"),
    "n_flagged": ("int64", False, "listings with signs"),
    "n_collected": ("int64", False, "listings collected"),
    "action": ("str", False, "proposed next step; never an inspection"),
    "to_verify": (_LIST, False, "list of what to verify before anything else"),
    "priority": ("float64", False, "points; orders the list, not a probability"),
    "evidence_ids": (_LIST, False, "row hashes of the listings with signs, at most 20"),
}

LISTING_COLUMNS: dict[str, tuple[str, bool, str]] = {
    "code": ("str", False, "row code of the target"),
    "platform": ("str", False, "marketplace or site"),
    "listing_id": ("str", False, "the platform's id of the listing"),
    "url": ("str", True, "address as crawled"),
    "title": ("str", False, "title as the seller wrote it"),
    "price_vnd": ("float64", True, "asked price, VND"),
    "reference": ("str", True, "the market's price beside it, in words"),
    "captured_at": ("datetime64[us, UTC]", False, "when the crawl saw it, UTC"),
    "reasons": (_LIST, False, "list of sentences, strongest first"),
    "highlights": (_LIST, False, "list of {field, start, end} in the original text"),
    "source_file": ("str", False, "crawl file"),
    "source_line": ("float64", False, "line or record in that file"),
    "row_hash": ("str", False, "hash of the row's content: the evidence id"),
}


def _schema(columns: dict[str, tuple[str, bool, str]], name: str) -> pa.DataFrameSchema:
    return pa.DataFrameSchema(
        {key: pa.Column(kind, nullable=nullable, description=text) for key, (kind, nullable, text) in columns.items()},
        strict=True,
        name=name,
    )


TARGETS = _schema(TARGET_COLUMNS, "targets")
TARGET_LISTINGS = _schema(LISTING_COLUMNS, "target_listings")


def with_lists(table: pd.DataFrame) -> pd.DataFrame:
    """Return ``table`` with its list columns as Python lists, which Parquet hands back as arrays."""
    kinds = TARGET_COLUMNS | LISTING_COLUMNS
    return table.assign(**{name: table[name].map(list) for name in table if kinds[name][0] == _LIST})


def describe() -> pd.DataFrame:
    """Return ``column, type, nullable, description`` of targets."""
    return _describe(TARGET_COLUMNS)


def describe_listings() -> pd.DataFrame:
    """Return ``column, type, nullable, description`` of the listings underneath."""
    return _describe(LISTING_COLUMNS)


def _describe(columns: dict[str, tuple[str, bool, str]]) -> pd.DataFrame:
    rows = [(name, kind if kind != _LIST else "list", nullable, text) for name, (kind, nullable, text) in columns.items()]
    return pd.DataFrame(rows, columns=["column", "type", "nullable", "description"])
