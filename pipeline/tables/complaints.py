"""The complaints table: what was reported to the authority, about whom, when, and until when it is to be answered. Nothing of who reported.

Rows are only ever added. A later answer is a row of `ANSWERS`. The informant's name, number and own words lie apart
(`pipeline.state_folder.INFORMANTS`), found by ``complaint_id`` and by nobody who may not open that file.
"""

from __future__ import annotations

import pandas as pd
import pandera.pandas as pa

from pipeline.platforms.matching import WAYS

_TEXT, _TIME, _WHOLE = "str", "datetime64[us, UTC]", "int64"

#: column: (type, may be missing, meaning with unit and time zone)
COLUMNS: dict[str, tuple[str, bool, str]] = {
    "complaint_id": (_TEXT, False, "16 hex digits, keyed: the same complaint sent again on the same day has the same"),
    "platform": (_TEXT, True, "marketplace or site, lower case, as in listings"),
    "url": (_TEXT, True, "address as written"),
    "listing_id": (_TEXT, True, "the platform's id of the listing"),
    "seller_id": (_TEXT, True, "the platform's id of the seller"),
    "seller_name": (_TEXT, True, "shop name as written"),
    "matched_by": (_TEXT, False, f"what said whom it is about without a crawl: {', '.join(WAYS)}"),
    "behaviours": (_TEXT, True, "what it names, joined by ',': counterfeit, scam, prohibited, smuggled"),
    "words": (_TEXT, True, "what was said, at most 20,000 characters; phone numbers, e-mail addresses, ID numbers and the informant's name masked"),
    "text_key": (_WHOLE, False, "64-bit hash of the words, the same for the same words however they are set"),
    "informant_key": (_TEXT, True, "keyed hash of who reported, to count one person once; never exported; missing where nobody is named"),
    "channel": (_TEXT, True, "how it came in, as written"),
    "received_on": (_TEXT, False, "day of receipt, Vietnamese, 2026-11-24"),
    "known_at": (_TIME, False, "from when it counts, UTC: the beginning of that day, or the hour where the file has one"),
    "answer_due_on": (_TEXT, False, "last day for an answer, Vietnamese"),
    "duplicate_of": (_TEXT, True, "the earlier complaint of the same person about the same subject in the same or nearly the same words"),
    "source_file": (_TEXT, False, "name of the file it came in"),
    "source_line": (_WHOLE, False, "row in it"),
    "file_sha256": (_TEXT, False, "SHA-256 of that file"),
}
ANSWER_COLUMNS: dict[str, tuple[str, bool, str]] = {
    "complaint_id": (_TEXT, False, "the complaint that was answered"),
    "answered_on": (_TEXT, False, "day of the answer, Vietnamese"),
}
COMPLAINTS = pa.DataFrameSchema(
    {
        name: pa.Column(kind, pa.Check.isin(WAYS) if name == "matched_by" else None, nullable=nullable, description=text)
        for name, (kind, nullable, text) in COLUMNS.items()
    },
    strict=True,
    name="complaints",
)
ANSWERS = pa.DataFrameSchema(
    {name: pa.Column(kind, nullable=nullable, description=text) for name, (kind, nullable, text) in ANSWER_COLUMNS.items()},
    strict=True,
    name="complaint_answers",
)


def validate_complaints(table: pd.DataFrame) -> pd.DataFrame:
    """Return ``table`` with the schema's columns in order; raises pandera's ``SchemaError`` on the first broken promise."""
    return COMPLAINTS.validate(table[list(COLUMNS)])


def describe() -> pd.DataFrame:
    """Return ``column, type, nullable, description``."""
    rows = [(name, kind, nullable, text) for name, (kind, nullable, text) in COLUMNS.items()]
    return pd.DataFrame(rows, columns=["column", "type", "nullable", "description"])
