"""The scores table: one row a scored listing, higher ``risk`` is riskier."""

from __future__ import annotations

import pandas as pd
import pandera.pandas as pa

from models.weights import BEHAVIOURS

_EVIDENCE = {
    f"evidence_{name}": pa.Column(
        "float64", description=f"points of signs for {name}; a sum of written judgements, not a probability"
    )
    for name in BEHAVIOURS
}
_PROBABILITY = {
    f"probability{part}_{name}": pa.Column(
        "float64",
        pa.Check.in_range(0, 1),
        nullable=True,
        description=f"calibrated probability of {name}{meaning}; missing unless a calibrated model stands behind it",
    )
    for name in BEHAVIOURS[:3]
    for part, meaning in (("", ""), ("_low", ", lower bound"), ("_high", ", upper bound"))
}

SCORES = pa.DataFrameSchema(
    {
        "platform": pa.Column("str", description="marketplace or site; with listing_id and captured_at the key"),
        "listing_id": pa.Column("str", description="the platform's id of the listing"),
        "captured_at": pa.Column("datetime64[us, UTC]", nullable=True, description="when the crawl saw it, UTC"),
        "seller_id": pa.Column("str", nullable=True, description="the platform's id of the seller; missing where the crawl shows none"),
        "score_kind": pa.Column("str", pa.Check.isin(["evidence", "probability"]), description="what orders the list"),
        "risk": pa.Column("float64", pa.Check.in_range(0, 1), description="0 to 1, higher is riskier; only the order means anything"),
        "points": pa.Column("float64", description="total points behind risk"),
        "band": pa.Column("str", pa.Check.isin(["red", "amber", "green"]), description="amber: cannot tell from the listing"),
        **_EVIDENCE,
        **_PROBABILITY,
        "expected_harm": pa.Column("float64", nullable=True, description="VND; missing until harm is modelled"),
        "model_version": pa.Column("str", description="name or checksum of what scored"),
        "run_id": pa.Column("str", description="hash of inputs, configs, code and seed"),
    },
    strict=True,
    ordered=False,
    unique=["platform", "listing_id", "captured_at"],
    name="scores",
)


def validate_scores(table: pd.DataFrame) -> pd.DataFrame:
    """Return ``table`` with the schema's column order; raises pandera's ``SchemaError`` on the first broken promise."""
    return SCORES.validate(table[list(SCORES.columns)])


def describe() -> pd.DataFrame:
    """Return ``column, type, nullable, description`` for people who read the table."""
    return pd.DataFrame(
        [(name, str(col.dtype), col.nullable, col.description) for name, col in SCORES.columns.items()],
        columns=["column", "type", "nullable", "description"],
    )
