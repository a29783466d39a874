"""The reviews table: what a buyer wrote of a listing or a shop, when, and what was read in it."""

from __future__ import annotations

import pandas as pd
import pandera.pandas as pa

_TEXT, _NUMBER, _TIME, _FLAG, _WHOLE = "str", "float64", "datetime64[us, UTC]", "bool", "int64"

#: column: (type, may be missing, meaning with unit and time zone)
COLUMNS: dict[str, tuple[str, bool, str]] = {
    "platform": (_TEXT, False, "marketplace or site, lower case, as in listings"),
    "listing_id": (_TEXT, True, "the platform's id of the listing that was reviewed; missing where only the seller is known"),
    "seller_id": (_TEXT, True, "the platform's id of the seller; missing where only the listing is known"),
    "rating": (_NUMBER, True, "stars, 1 to 5"),
    "text": (_TEXT, True, "what the buyer wrote, at most 20,000 characters; phone digits masked in place"),
    "created_at": (_TIME, True, "when it was written, UTC; without it a review counts for no day"),
    "reviewer_key": (_TEXT, True, "keyed hash of the reviewer's id; the id itself is not stored"),
    "complaint": (_FLAG, False, "the text complains of fake goods, fraud or goods other than shown"),
    "complaint_fake": (_FLAG, False, "the text complains of fake goods"),
    "text_key": (_WHOLE, False, "64-bit hash of the text's words, the same for the same words however they are set"),
    "n_letters": (_WHOLE, False, "letters and digits in the text"),
}

REVIEWS = pa.DataFrameSchema(
    {
        name: pa.Column(kind, pa.Check.in_range(1, 5) if name == "rating" else None, nullable=nullable, description=text)
        for name, (kind, nullable, text) in COLUMNS.items()
    },
    checks=pa.Check(lambda table: table["listing_id"].notna() | table["seller_id"].notna(), error="neither listing_id nor seller_id"),
    strict=True,
    name="reviews",
)


def validate_reviews(table: pd.DataFrame) -> pd.DataFrame:
    """Return ``table`` with the schema's columns in order; raises pandera's ``SchemaError`` on the first broken promise."""
    return REVIEWS.validate(table[list(COLUMNS)])


def describe() -> pd.DataFrame:
    """Return ``column, type, nullable, description``."""
    rows = [(name, kind, nullable, text) for name, (kind, nullable, text) in COLUMNS.items()]
    return pd.DataFrame(rows, columns=["column", "type", "nullable", "description"])
