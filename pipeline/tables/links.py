"""The tables of links: edges between sellers with their evidence, the networks they make, and the keys that must not tie anybody."""

from __future__ import annotations

import pandas as pd
import pandera.pandas as pa

from features.ties import KINDS

_SELLER = "key of a seller: platform, then id or name as the crawl shows it"

#: table: column: (type, may be missing, meaning)
LINK_COLUMNS: dict[str, tuple[str, bool, str]] = {
    "seller_a": ("str", False, f"{_SELLER}; first in order"),
    "seller_b": ("str", False, _SELLER),
    "points": ("float64", False, "weight of all that ties them (configs/links.yaml); no probability"),
    "strong": ("bool", False, "enough to put both in one network"),
    "network": ("str", True, "id of the network that holds both; missing where they are in none together"),
    **{f"n_{kind}": ("int64", False, f"shared keys of this kind ({kind}) that count") for kind in KINDS},
    "since": ("datetime64[us, UTC]", False, "first moment of the day (Asia/Ho_Chi_Minh) from which both had been seen"),
}
NETWORK_COLUMNS: dict[str, tuple[str, bool, str]] = {
    "network": ("str", False, "id of the network; stable from run to run where the previous run is given"),
    "seller": ("str", False, _SELLER),
    "platform": ("str", False, "marketplace or site"),
    "n_sellers": ("int64", False, "sellers in the network"),
    "oldest": ("bool", False, "the seller seen first"),
    "ties": ("str", False, "what ties it to the others, joined by ',': " + ", ".join(KINDS)),
}
HUB_COLUMNS: dict[str, tuple[str, bool, str]] = {
    "kind": ("str", False, ", ".join(KINDS)),
    "key": ("str", False, "the shared key, hashed"),
    "n_sellers": ("int64", False, "sellers that show it"),
    "why": ("str", False, "why it ties nobody, or counts half"),
    "example": ("str", False, f"{_SELLER} that shows it"),
}


def _schema(columns: dict[str, tuple[str, bool, str]], name: str, unique: list[str]) -> pa.DataFrameSchema:
    return pa.DataFrameSchema(
        {key: pa.Column(kind, nullable=nullable, description=text) for key, (kind, nullable, text) in columns.items()},
        unique=unique,
        strict=True,
        name=name,
    )


LINKS = _schema(LINK_COLUMNS, "links", ["seller_a", "seller_b"])
NETWORKS = _schema(NETWORK_COLUMNS, "networks", ["seller"])
HUBS = _schema(HUB_COLUMNS, "hubs", ["kind", "key"])


def validated(table: pd.DataFrame, schema: pa.DataFrameSchema) -> pd.DataFrame:
    """Return ``table`` with the schema's columns in order and of its types; raises pandera's ``SchemaError`` on the first broken promise."""
    kinds = {name: column.dtype.type for name, column in schema.columns.items()}
    return schema.validate(table[list(schema.columns)].astype(kinds))


def describe() -> pd.DataFrame:
    """Return ``column, type, nullable, description`` of links."""
    return pd.DataFrame([(name, *rest) for name, rest in LINK_COLUMNS.items()], columns=["column", "type", "nullable", "description"])


def describe_networks() -> pd.DataFrame:
    """Return ``column, type, nullable, description`` of networks."""
    return pd.DataFrame([(name, *rest) for name, rest in NETWORK_COLUMNS.items()], columns=["column", "type", "nullable", "description"])
