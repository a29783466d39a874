"""The listings shown under each target: the strongest, each with its own sentences, its words to mark and the market's price beside its own."""

from __future__ import annotations

import pandas as pd

from pipeline.planning.pool import KEY
from pipeline.tables.targets import LISTING_COLUMNS, TARGET_LISTINGS

_BESIDE = ("price_below_peers", "price_below_genuine")


def listings_of(flagged: pd.DataFrame, spoken: pd.DataFrame, codes: pd.Series, *, at_most: int) -> pd.DataFrame:
    """Return rows of ``target_listings`` for subjects in ``codes`` (code by subject): at most so many a target, the most points first.

    ``flagged`` is ordered by subject, points and listing id.
    """
    shown = flagged[flagged["subject"].isin(codes.index)]
    shown = shown[shown.groupby("subject", sort=False).cumcount() < at_most].assign(code=lambda table: table["subject"].map(codes))
    said = spoken.merge(shown[KEY], on=KEY, how="inner")
    by_listing = said.groupby(KEY, sort=False)
    marks = said.dropna(subset=["field", "start", "end"])
    marks = marks.assign(mark=[{"field": r.field, "start": int(r.start), "end": int(r.end)} for r in marks.itertuples()])
    columns = [
        by_listing["text"].agg(list).rename("reasons"),
        marks.groupby(KEY, sort=False)["mark"].agg(list).rename("highlights"),
        said[said["sign_id"].isin(_BESIDE)].drop_duplicates(KEY).set_index(KEY)["text"].rename("reference"),
    ]
    table = shown
    for column in columns:
        table = table.merge(column.reset_index(), on=KEY, how="left")
    for name in ("reasons", "highlights"):
        table[name] = pd.Series([value if isinstance(value, list) else [] for value in table[name]], index=table.index, dtype="object")
    table = table.sort_values(["code", "points", "listing_id"], ascending=[True, False, True], kind="stable").reset_index(drop=True)
    kinds = {name: kind for name, (kind, _, _) in LISTING_COLUMNS.items() if kind != "object"}
    return TARGET_LISTINGS.validate(table[list(LISTING_COLUMNS)].astype(kinds))
