"""Thực trạng: how often listings show signs, by goods, platform, authority and month, with intervals; for the central role only.

Rates are of *listings collected*, not of the market: what a crawl looked for decides what it finds. Cells with few listings or few sellers get
no rate and are put together, so that the sums still hold; a second count, from the lists themselves, says whether both agree.
"""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from features.seller import seller_key
from models.group_shares import group_shares
from pipeline.planning.places import Places
from pipeline.reports.situation import ANY, MIN_LISTINGS, MIN_SELLERS, Situation
from pipeline.reports.wording import SIGN_NAMES
from pipeline.sources.times import VIETNAM
from pipeline.store import parts, read_parquet

DIMENSIONS = ("goods", "platform", "authority", "month")
UNKNOWN_GOODS = "chưa xác định"
SMALL = "các ô nhỏ gộp lại"
_NAME = ["platform", "listing_id"]


_FIGURES = ["behaviour", "n", "hits", "sellers", "value", "low", "high"]


def situation(
    listings: Path, features: Path, scores: pd.DataFrame, targets: pd.DataFrame, *, as_of: date, flagged_points: float, places: Places
) -> Situation:
    """Count what the lists were made from: each listing once (once a month in ``cells`` and by month), in the capture with most points.

    ``scores`` has the rows of ``listings`` in their order; ``flagged_points`` is the inclusive bound from which a listing carries signs.
    """
    rows = _rows(listings, features, scores, as_of=as_of, flagged_points=flagged_points, places=places)
    rows = rows.sort_values(["points", "captured_at"], ascending=[False, False], kind="stable")
    monthly = rows.drop_duplicates([*_NAME, "month"])
    once = rows.drop_duplicates(_NAME)
    once, agreement, n_below = _with_targets(once, targets)
    behaviours = [ANY, *(name for name in SIGN_NAMES if name in rows)]
    by_one = {name: _shares(monthly if name == "month" else once, [name], behaviours) for name in DIMENSIONS}
    margins = pd.concat([table.rename(columns={name: "name"}).assign(dimension=name) for name, table in by_one.items()], ignore_index=True)
    margins = _said(margins[["dimension", "name", *_FIGURES]], ["dimension", "name"])
    return Situation(margins, _cells(monthly, behaviours), agreement, len(once), n_below)


def _rows(listings: Path, features: Path, scores: pd.DataFrame, *, as_of: date, flagged_points: float, places: Places) -> pd.DataFrame:
    frames, begin = [], 0
    for part in parts(listings):
        own = read_parquet(part, columns=[*_NAME, "captured_at", "seller_id", "seller_name", "location"])
        goods = read_parquet(features / "rows" / part.name, columns=["goods_group"])["goods_group"]
        frames.append(_few_columns(own, goods, scores.iloc[begin : begin + len(own)], flagged_points, places))
        begin += len(own)
    rows = pd.concat(frames, ignore_index=True)
    return rows[rows["captured_at"] < pd.Timestamp(as_of + timedelta(days=1), tz=VIETNAM)]


def _few_columns(own: pd.DataFrame, goods: pd.Series, scores: pd.DataFrame, flagged_points: float, places: Places) -> pd.DataFrame:
    names = {text: places.of(text).name for text in own["location"].dropna().unique()}
    key = seller_key(own)
    out = own[[*_NAME, "captured_at"]].assign(
        goods=goods.astype("object").fillna(UNKNOWN_GOODS).to_numpy(),
        authority=own["location"].map(names).astype("object").fillna(places.of(None).name),
        month=_months(own["captured_at"]),
        cluster=key.fillna(own["platform"] + "|listing|" + own["listing_id"]),
        points=scores["points"].to_numpy(),
    )
    flagged = out["points"].ge(flagged_points)
    for name in SIGN_NAMES:
        if f"evidence_{name}" in scores:
            out[name] = flagged & (scores[f"evidence_{name}"].to_numpy() > 0)
    return out.assign(**{ANY: flagged})


def _months(captured_at: pd.Series) -> pd.Series:
    """``2026-11`` in Vietnam; few months are many listings, so each is written once."""
    local = captured_at.dt.tz_convert(VIETNAM)
    month = local.dt.year * 12 + local.dt.month - 1
    return month.map({one: f"{one // 12}-{one % 12 + 1:02d}" for one in month.unique()})


def _with_targets(once: pd.DataFrame, targets: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame, int]:
    """Listings of targets stand where their target stands; returns them, the two counts by authority, and how many signs are no target's."""
    owners = [(member, row.authority) for row in targets.itertuples() for member in (getattr(row, "members", None) or [row.subject])]
    lead = once["cluster"].map(dict(owners)).astype("object")
    out = once.assign(authority=lead.fillna(once["authority"]))
    counted = out.loc[out[ANY] & lead.notna(), "authority"].value_counts()
    told = targets.groupby("authority")["n_flagged"].sum() if len(targets) else pd.Series(dtype="int64")
    both = pd.DataFrame({"counted": counted, "in_targets": told}).fillna(0).astype("int64").rename_axis("authority").reset_index()
    return out, both.sort_values("authority", ignore_index=True), int((out[ANY] & lead.isna()).sum())


def _shares(rows: pd.DataFrame, by: list[str], behaviours: list[str]) -> pd.DataFrame:
    table = group_shares(rows, by, behaviours, "cluster").rename(columns={"sign": "behaviour", "clusters": "sellers"})
    few = table["n"].lt(MIN_LISTINGS) | table["sellers"].lt(MIN_SELLERS)
    table.loc[few, ["value", "low", "high"]] = np.nan
    return table


def _cells(monthly: pd.DataFrame, behaviours: list[str]) -> pd.DataFrame:
    """All four dimensions at once; cells too small for a rate are one cell a month, and a cell without any sign is left out."""
    by = list(DIMENSIONS)
    sizes = monthly.groupby(by, observed=True)["cluster"].agg(n="size", sellers="nunique").reset_index()
    big = sizes.loc[sizes["n"].ge(MIN_LISTINGS) & sizes["sellers"].ge(MIN_SELLERS), by].assign(big=True)
    marked = monthly.merge(big, on=by, how="left")
    small = marked["big"].isna()
    for name in ("goods", "platform", "authority"):
        marked[name] = marked[name].astype("object").where(~small, SMALL)
    return _said(_shares(marked, by, behaviours)[[*by, *_FIGURES]], by)


def _said(table: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """Group by group, all signs first; a behaviour that nobody shows is not listed."""
    kept = table[table["hits"].gt(0) | table["behaviour"].eq(ANY)]
    kept = kept.assign(rest=kept["behaviour"].ne(ANY)).sort_values([*by, "rest", "behaviour"], kind="stable", ignore_index=True)
    return kept.drop(columns="rest")


def facts(made: Situation) -> dict[str, Any]:
    """Return what ``run.json`` may say: counts and whether both ways of counting agree."""
    return {
        "listings": made.n_listings,
        "with_signs_in_targets": int(made.agreement["counted"].sum()),
        "with_signs_below_entry": made.n_below,
        "agrees_with_lists": bool(made.agreement["counted"].eq(made.agreement["in_targets"]).all()),
    }
