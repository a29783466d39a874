"""The quarantine table: what could not become a listing, as it came, with the reason."""

from __future__ import annotations

import pandas as pd
import pandera.pandas as pa
import pyarrow as arrow

from pipeline.tables.versions import stamp

#: rule id: what it means
RULES = {
    "no_id": "the row has no listing id",
    "no_title": "the row has no title",
    "broken_json": "the line is not valid JSON",
    "not_a_record": "the entry is not an object with named fields",
    "bad_row": "the row does not fit the header, or a quote in it never closes where it should",
    "undecodable": "the line is not text in the file's encoding",
    "too_long": "the line is longer than any listing",
    "duplicate_key": "platform, listing_id and captured_at stand in an earlier row; the first one is kept",
}

COLUMNS = {
    "source_file": ("str", False, "name of the crawl file, with the folders before it where two files share a name"),
    "source_line": ("float64", False, "line (of a row over several lines the first), or number of the record, in that file, from 1"),
    "rule": ("str", False, "rule id: " + "; ".join(f"{rule} ({text})" for rule, text in RULES.items())),
    "reason": ("str", False, "what was wrong, in words"),
    "raw": ("str", True, "the row as it came, at most 2,000 characters; phone digits masked"),
}

QUARANTINE = pa.DataFrameSchema(
    {name: pa.Column(kind, nullable=nullable, description=text) for name, (kind, nullable, text) in COLUMNS.items()},
    checks=pa.Check(lambda table: table["rule"].isin(list(RULES)), name="known rule"),
    strict=True,
    name="quarantine",
)


def arrow_quarantine() -> arrow.Schema:
    """Return the file schema."""
    columns = [(name, arrow.float64() if kind == "float64" else arrow.string()) for name, (kind, _, _) in COLUMNS.items()]
    return arrow.schema(columns, metadata=stamp("quarantine"))


def describe() -> pd.DataFrame:
    """Return ``column, type, nullable, description``."""
    rows = [(name, kind, nullable, text) for name, (kind, nullable, text) in COLUMNS.items()]
    return pd.DataFrame(rows, columns=["column", "type", "nullable", "description"])
