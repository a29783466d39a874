"""Which shops and listings platforms were asked about, in which letter: one row a subject a letter, never changed."""

from __future__ import annotations

import pandas as pd
import pandera.pandas as pa

#: column: (type, may be missing, meaning)
COLUMNS: dict[str, tuple[str, bool, str]] = {
    "letter": ("str", False, "file name of the letter without ending: day and platform"),
    "platform": ("str", False, "marketplace or site, lower case, as in listings"),
    "seller_id": ("str", True, "the platform's id of the seller that is asked about"),
    "listing_id": ("str", True, "the platform's id of the listing whose seller is asked for; missing where the seller is known"),
    "code": ("str", False, "row code of the target that it belongs to"),
    "drafted_on": ("str", False, "the letter's day, 2026-11-24; not the day it was sent"),
    "due_hours": ("float64", True, "hours the platform has from receipt, by the law of that day; missing where our table has no basis"),
}
PLATFORM_REQUESTS = pa.DataFrameSchema(
    {name: pa.Column(kind, nullable=nullable, description=text) for name, (kind, nullable, text) in COLUMNS.items()},
    checks=pa.Check(lambda table: table["listing_id"].notna() | table["seller_id"].notna(), error="neither listing_id nor seller_id"),
    strict=True,
    name="platform_requests",
)


def validate_requests(table: pd.DataFrame) -> pd.DataFrame:
    """Return ``table`` with the schema's columns in order; raises pandera's ``SchemaError`` on the first broken promise."""
    return PLATFORM_REQUESTS.validate(table[list(COLUMNS)])


def describe() -> pd.DataFrame:
    """Return ``column, type, nullable, description``."""
    rows = [(name, kind, nullable, text) for name, (kind, nullable, text) in COLUMNS.items()]
    return pd.DataFrame(rows, columns=["column", "type", "nullable", "description"])
