"""The outcomes table: what somebody found about a listing or a seller, and when that was known.

Status, not verdict, is what is written down; which statuses count as a label is decided in `pipeline.labels`. Who looked (inspector, team,
reader) is no column here, so it can reach no feature.
"""

from __future__ import annotations

import pandas as pd
import pandera.pandas as pa

#: What a visit, test purchase, takedown, complaint or appeal ended in.
FINDINGS = ("confirmed", "cleared", "not_found", "not_inspected", "pending", "referred")
#: What minutes of reading a listing ended in: whether it deserves a look, which is not whether it is illegal.
TRIAGE = ("worth_a_look", "innocent", "cannot_tell")
DESK_REVIEW = "desk_review"
SOURCES = ("inspection", DESK_REVIEW, "takedown", "complaint", "test_purchase", "appeal", "other")

_TEXT, _NUMBER, _TIME = "str", "float64", "datetime64[us, UTC]"

#: column: (type, may be missing, meaning with unit and time zone)
COLUMNS: dict[str, tuple[str, bool, str]] = {
    "platform": (_TEXT, False, "marketplace or site, lower case, as in listings"),
    "listing_id": (_TEXT, True, "the platform's id of the listing that was looked at; missing where the outcome is about the seller as a whole"),
    "seller_id": (_TEXT, True, "the platform's id of the seller; without listing_id the outcome is a label of the seller, never of its listings"),
    "status": (_TEXT, False, f"{', '.join(FINDINGS)}; of a desk review {', '.join(TRIAGE)}"),
    "behaviours": (_TEXT, True, "what was found, joined by ',': counterfeit, scam, prohibited, false_quality, smuggled, undisclosed"),
    "happened_at": (_TIME, True, "when somebody looked, UTC"),
    "known_at": (_TIME, True, "from when the outcome was known, UTC; missing = at once"),
    "source": (_TEXT, True, f"{', '.join(SOURCES)}; missing = not said"),
    "authority": (_TEXT, True, "who is competent, for counts only; never a feature"),
    "selection_probability": (_NUMBER, True, "probability with which it was drawn for the look, above 0 up to 1; missing where nobody recorded it"),
    "usefulness": (_NUMBER, True, "how useful the hint was to whoever followed it, 1 to 5"),
}

_CHECKS = {
    "status": pa.Check.isin([*FINDINGS, *TRIAGE]),
    "source": pa.Check.isin(SOURCES),
    "selection_probability": pa.Check.in_range(0, 1, include_min=False),
    "usefulness": pa.Check.in_range(1, 5),
}

OUTCOMES = pa.DataFrameSchema(
    {name: pa.Column(kind, _CHECKS.get(name), nullable=nullable, description=text) for name, (kind, nullable, text) in COLUMNS.items()},
    checks=[
        pa.Check(lambda table: table["listing_id"].notna() | table["seller_id"].notna(), error="neither listing_id nor seller_id"),
        pa.Check(
            lambda table: ~table["status"].isin(TRIAGE) | table["source"].eq(DESK_REVIEW),
            error=f"{', '.join(TRIAGE)} are statuses of a desk review only",
        ),
    ],
    strict=True,
    name="outcomes",
)


def validate_outcomes(table: pd.DataFrame) -> pd.DataFrame:
    """Return ``table`` with the schema's columns in order; raises pandera's ``SchemaError`` on the first broken promise."""
    return OUTCOMES.validate(table[list(COLUMNS)])


def describe() -> pd.DataFrame:
    """Return ``column, type, nullable, description``."""
    rows = [(name, kind, nullable, text) for name, (kind, nullable, text) in COLUMNS.items()]
    return pd.DataFrame(rows, columns=["column", "type", "nullable", "description"])
