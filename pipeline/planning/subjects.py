"""Who a target is: a seller, a network of sellers looked at together (one visit), or a listing whose seller no crawl shows."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from models.seller_priority import TOP_WEIGHTS, seller_priority
from pipeline.config import PlanConfig
from pipeline.planning.networks import NETWORK
from pipeline.planning.pool import Pool
from pipeline.store import read_parquet

MAX_EVIDENCE = 20


def rank_sellers(pool: Pool, settings: PlanConfig) -> pd.DataFrame:
    """Return every seller and network with ``priority, strongest, n_flagged, n_collected`` (index: subject), highest first."""
    rows = pool.rows[pool.rows["seller"].notna()]
    codes, names = pd.factorize(rows["subject"], sort=True)
    found = seller_priority(rows["points"], pd.Series(codes, index=rows.index), flagged_from=settings.flagged_points)
    return found.set_axis(pd.Index(names.take(found.index), name="subject"))


def subjects_of(pool: Pool, sellers: pd.DataFrame, settings: PlanConfig) -> pd.DataFrame:
    """Return those that may become targets (index: subject), with ``subject_kind`` seller or listing."""
    lone = pool.flagged[pool.flagged["seller"].isna() & pool.flagged["points"].ge(settings.min_points)]
    by_listing = lone.groupby("subject").agg(strongest=("points", "max"), n_collected=("points", "size"))
    by_listing["n_flagged"] = by_listing["n_collected"]
    # One listing is all that is known here, so it gets what one listing gives a seller.
    by_listing["priority"] = by_listing["strongest"] * TOP_WEIGHTS[0]
    kept = sellers[sellers["strongest"].ge(settings.min_points)]
    return pd.concat([kept.assign(subject_kind="seller"), by_listing.assign(subject_kind="listing")]).rename_axis("subject")


def with_facts(subjects: pd.DataFrame, flagged: pd.DataFrame) -> pd.DataFrame:
    """Return ``subjects`` with what their listings with signs show: who, where, which goods, how far they reach, when last seen.

    ``flagged`` is ordered by subject, points (most first) and listing id.
    """
    first = flagged.drop_duplicates("subject").set_index("subject")
    table = subjects.join(first[["platform", "seller_id", "seller_name", "url"]])
    grouped = flagged.groupby("subject", sort=False)
    table["location"] = _most_frequent(flagged, "location", 1).str[0]
    goods, brands = _most_frequent(flagged, "goods_group", 3), _most_frequent(flagged, "brand", 3)
    table["goods"], table["goods_group"] = goods.str.join(", "), goods.str[0]
    table["brands"], table["brand_names"] = brands.str.join(", "), brands
    table["red"] = flagged["band"].eq("red").groupby(flagged["subject"]).any()
    table["last_seen"] = grouped["captured_at"].max()
    table["reach"] = flagged["n_sold"].fillna(flagged["n_reviews"]).groupby(flagged["subject"]).sum(min_count=1)
    table["genuine_value"] = flagged["price_ref_mid"].fillna(flagged["genuine_floor"]).groupby(flagged["subject"]).median()
    top = flagged[grouped.cumcount() < MAX_EVIDENCE]
    table["evidence_ids"] = top.groupby("subject", sort=False)["row_hash"].agg(list)
    for name in ("location", "goods", "goods_group", "brands"):
        table[name] = table[name].astype("str")
    return table


def with_members(subjects: pd.DataFrame, pool: Pool, features: Path) -> pd.DataFrame:
    """Return ``subjects`` with ``members`` (keys of sellers), ``network`` (id) and ``network_ties`` (kinds of what ties them)."""
    rows = pool.rows[pool.rows["subject"].isin(subjects.index) & pool.rows["seller"].notna()]
    pairs = rows[["subject", "seller"]].drop_duplicates().sort_values(["subject", "seller"], kind="stable")
    table = subjects.copy()
    table["members"] = pairs.groupby("subject", sort=False)["seller"].agg(list).reindex(table.index)
    table["members"] = [value if isinstance(value, list) else [] for value in table["members"]]
    in_network = table.index.to_series().str.startswith(NETWORK)
    table["network"] = table.index.to_series().str.removeprefix(NETWORK).where(in_network).astype("str")
    table["network_ties"] = pd.Series("", index=table.index, dtype="str")
    if in_network.any():
        ties = read_parquet(features / "links" / "networks.parquet", columns=["seller", "ties"]).set_index("seller")["ties"]
        of_pair = pairs["seller"].map(ties).fillna("").str.split(",").groupby(pairs["subject"])
        kinds = of_pair.agg(lambda lists: ",".join(sorted({kind for one in lists for kind in one if kind})))
        table.loc[in_network, "network_ties"] = kinds.reindex(table.index[in_network]).fillna("")
    return table


def size_correlation(value: pd.Series, size: pd.Series) -> float | None:
    """Return Spearman's correlation with shop size; ``None`` where there is too little to tell."""
    known = value.notna() & size.notna()
    if known.sum() < 3 or value[known].nunique() == 1 or size[known].nunique() == 1:
        return None
    return float(value[known].rank().corr(size[known].rank()))


def _most_frequent(flagged: pd.DataFrame, column: str, n: int) -> pd.Series:
    """Lists of the ``n`` most frequent values by subject, ties by name."""
    counts = flagged.groupby(["subject", column], sort=True).size().rename("n").reset_index()
    counts = counts.sort_values(["subject", "n", column], ascending=[True, False, True], kind="stable")
    top = counts[counts.groupby("subject", sort=False).cumcount() < n]
    return top.groupby("subject", sort=False)[column].agg(list) if len(top) else pd.Series(dtype="object")


