"""The listings table: one row per listing per capture, after ingest."""

from __future__ import annotations

import pandas as pd
import pandera.pandas as pa
import pyarrow as arrow

_TEXT, _NUMBER, _FLAG, _TIME = "str", "float64", "boolean", "datetime64[us, UTC]"

#: column: (type, may be missing, meaning with unit and time zone)
COLUMNS: dict[str, tuple[str, bool, str]] = {
    "platform": (_TEXT, False, "marketplace or site, lower case (shopee, tiki, lazada, …); part of the key"),
    "listing_id": (_TEXT, False, "the platform's own id of the listing; part of the key"),
    "captured_at": (_TIME, False, "when the crawl saw it, UTC; the mapping's default or the file's date where the payload has none; part of the key"),
    "captured_precision": (_TEXT, False, "how exact captured_at is: second, day, month, year or file"),
    "url": (_TEXT, True, "address of the listing as crawled"),
    "title": (_TEXT, False, "title as the seller wrote it; digits of phone numbers masked in place"),
    "description": (_TEXT, True, "description as text, at most 20,000 characters; phone digits masked in place"),
    "category": (_TEXT, True, "the platform's category, name or number"),
    "brand": (_TEXT, True, "the platform's brand field, as given"),
    "price_vnd": (_NUMBER, True, "asked price, VND, before vouchers and shipping; placeholders are missing and flagged"),
    "list_price_vnd": (_NUMBER, True, "crossed-out price, VND"),
    "seller_id": (_TEXT, True, "the platform's own id of the seller"),
    "seller_name": (_TEXT, True, "shop name as displayed"),
    "seller_type": (_TEXT, True, "the platform's class of seller (official_shop, normal, …)"),
    "is_official": (_FLAG, True, "the platform marks the shop as official"),
    "seller_joined_at": (_TIME, True, "when the shop opened, UTC"),
    "seller_rating": (_NUMBER, True, "rating of the shop, 0 to 5; 0 means none"),
    "seller_n_products": (_NUMBER, True, "products the shop lists"),
    "seller_n_followers": (_NUMBER, True, "followers of the shop"),
    "rating": (_NUMBER, True, "rating of the listing, 0 to 5; 0 means none"),
    "n_reviews": (_NUMBER, True, "reviews of the listing"),
    "n_sold": (_NUMBER, True, "units sold so far, as displayed"),
    "n_images": (_NUMBER, True, "pictures of the listing"),
    "image_hashes": (_TEXT, True, "hashes of the pictures, joined by ';'"),
    "location": (_TEXT, True, "ship-from place as displayed; not the seller's business address"),
    "tax_code": (_TEXT, True, "tax code as displayed; of twelve digits (household or person) masked, with its keyed hash behind '~'"),
    "licence_no": (_TEXT, True, "licence or registration number as displayed; twelve digits as in tax_code"),
    "contact_keys": (_TEXT, True, "keyed hashes of phone numbers found in the text, joined by ';'; the numbers are not stored"),
    "created_at": (_TIME, True, "when the listing was put up, UTC"),
    "variants": (_TEXT, True, "names of the variants, joined by ';'"),
    "source": (_TEXT, False, "name of the mapping that read it"),
    "observes": (_TEXT, False, "columns this source can show, joined by ','; silence in any other is no sign"),
    "flags": (
        _TEXT,
        True,
        "oddities nulled or cut at ingest, joined by ',': price_placeholder, price_unreadable, value_odd, time_odd, text_cut, "
        "control_characters, title_from_address",
    ),
    "source_file": (_TEXT, False, "name of the crawl file, with the folders before it where two files share a name"),
    "source_line": (_NUMBER, False, "line (of a row over several lines the first), or number of the record, in that file, from 1"),
    "row_hash": (_TEXT, False, "64-bit hash of the row's content, hex"),
}

LISTINGS = pa.DataFrameSchema(
    {name: pa.Column(kind, nullable=nullable, description=text) for name, (kind, nullable, text) in COLUMNS.items()}
    | {"^x_[a-z0-9_]+$": pa.Column(regex=True, nullable=True, required=False, description="further column of the source")},
    strict=True,
    name="listings",
)

_ARROW = {_TEXT: arrow.string(), _NUMBER: arrow.float64(), _FLAG: arrow.bool_(), _TIME: arrow.timestamp("us", tz="UTC")}


def arrow_schema(further: dict[str, arrow.DataType]) -> arrow.Schema:
    """Return the file schema: the fixed columns and then ``further`` (``x_NAME``), so that every partition is alike."""
    fixed = [(name, _ARROW[kind]) for name, (kind, _, _) in COLUMNS.items()]
    return arrow.schema(fixed + sorted(further.items()))


def validate_listings(table: pd.DataFrame) -> pd.DataFrame:
    """Return ``table`` with its columns in order; raises pandera's ``SchemaError`` on the first broken promise."""
    further = sorted(name for name in table if name.startswith("x_"))
    return LISTINGS.validate(table[[*COLUMNS, *further]])


def describe() -> pd.DataFrame:
    """Return ``column, type, nullable, description``."""
    rows = [(name, kind, nullable, text) for name, (kind, nullable, text) in COLUMNS.items()]
    rows.append(("x_NAME", "float64, boolean or str", True, "further column a mapping carries; models use it as it is"))
    return pd.DataFrame(rows, columns=["column", "type", "nullable", "description"])
