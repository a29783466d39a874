"""A price beside the dated table of what the genuine new article costs at least."""

from __future__ import annotations

import pandas as pd

from features.days import day_number

#: Places where people sell what they no longer use: a new article's price says nothing about those.
SECOND_HAND = frozenset({"chotot", "facebook"})


def against_genuine(rows: pd.DataFrame, table: pd.DataFrame) -> pd.DataFrame:
    """Stand each unit price beside the least a genuine new article costs (``table``: one dated row a brand and group).

    Returns ``genuine_floor`` (VND) and ``price_to_genuine`` (ratio, under 1 is below the floor), same index as ``rows``;
    missing where the table has no row, the kind differs (an accessory, a sample), things are sold second-hand, or the capture is outside
    the row's dates.
    """
    out = pd.DataFrame({"genuine_floor": float("nan"), "price_to_genuine": float("nan")}, index=rows.index)
    # Few rows name a brand of the table: only these are looked at closely.
    able = rows["brand"].isin(set(table["brand"])) & rows["brand_role"].eq("mark") & ~rows["platform"].isin(SECOND_HAND)
    some = rows.loc[able, ["brand", "goods_group", "item_type", "price_vnd", "n_units", "captured_at"]]
    keyed = some.merge(table, how="left", on=["brand", "goods_group"]).set_index(some.index)
    kinds = keyed["item_types"].fillna("").str.split("|")
    fits = pd.Series([item in known for item, known in zip(keyed["item_type"], kinds, strict=True)], index=some.index, dtype=bool)
    day = day_number(keyed["captured_at"])
    begins = day_number(pd.to_datetime(keyed["valid_from"]))
    ends = day_number(pd.to_datetime(keyed["valid_to"]))
    floor = keyed["floor_vnd"].astype(float).where(fits & (day >= begins) & (day <= ends))
    unit = (keyed["price_vnd"] / keyed["n_units"].fillna(1.0).clip(lower=1.0)).where(keyed["price_vnd"] > 0)
    out.loc[some.index, "genuine_floor"] = floor
    out.loc[some.index, "price_to_genuine"] = unit / floor
    return out
