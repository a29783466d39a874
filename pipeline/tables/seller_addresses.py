"""What platforms answered about sellers, without anything personal: that there is an address, in whose area, and where the plain one lies."""

from __future__ import annotations

import pandas as pd
import pandera.pandas as pa

#: column: (type, may be missing, meaning)
COLUMNS: dict[str, tuple[str, bool, str]] = {
    "record_id": ("str", False, "16 hex digits; the plain record in seller_addresses.private.jsonl bears the same"),
    "platform": ("str", False, "marketplace or site, lower case, as in listings"),
    "seller_id": ("str", True, "the platform's id of the seller; missing where the crawl shows only the shop's name"),
    "seller_name": ("str", True, "shop name as displayed to everybody, as it was asked about"),
    "has_address": ("bool", False, "the answer holds an address"),
    "authority": ("str", True, "whose area the address lies in, as of the answer; missing where its province could not be read"),
    "authority_code": ("str", True, "code of that authority with its scheme"),
    "province": ("str", True, "province of the address: the only part of it that stands here"),
    "tax_code_masked": ("str", True, "tax code with all but its last three digits as x: of households and persons it is personal data"),
    "tax_key": ("str", True, "keyed hash of the tax code, for joins"),
    "name_key": ("str", True, "keyed hash of the name, case and spaces set aside"),
    "contact_keys": ("str", True, "keyed hashes of phone numbers, joined by ';', as in listings"),
    "has_registration": ("bool", False, "the answer names a business registration"),
    "answered_on": ("str", False, "the day the answer was received, 2026-11-25"),
    "source_file": ("str", False, "name of the file that came"),
    "source_line": ("int64", False, "row in it"),
    "file_sha256": ("str", False, "SHA-256 of that file"),
}
SELLER_ADDRESSES = pa.DataFrameSchema(
    {name: pa.Column(kind, nullable=nullable, description=text) for name, (kind, nullable, text) in COLUMNS.items()},
    checks=pa.Check(lambda table: table["seller_id"].notna() | table["seller_name"].notna(), error="neither seller_id nor seller_name"),
    strict=True,
    name="seller_addresses",
)


def validate_addresses(table: pd.DataFrame) -> pd.DataFrame:
    """Return ``table`` with the schema's columns in order; raises pandera's ``SchemaError`` on the first broken promise."""
    return SELLER_ADDRESSES.validate(table[list(COLUMNS)])


def describe() -> pd.DataFrame:
    """Return ``column, type, nullable, description``."""
    rows = [(name, kind, nullable, text) for name, (kind, nullable, text) in COLUMNS.items()]
    return pd.DataFrame(rows, columns=["column", "type", "nullable", "description"])
