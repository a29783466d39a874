"""Scores to targets: sellers (or, where a crawl shows none, listings) ranked per authority within its capacity.

Nothing is dropped: what exceeds the capacity stays in the table as reserve ("Dự bị") and then as waiting ("Chờ").
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from features.seller import seller_key
from models.seller_priority import seller_priority
from pipeline.codes import row_code
from pipeline.config import PlanConfig
from pipeline.reference import Reference
from pipeline.reports.wording import ACTIONS, LEVEL_ONE, LEVEL_TWO, LEVELS, SIGN_NAMES, TO_VERIFY, UNSURE
from pipeline.routing import CENTRAL, route
from pipeline.stages.plan_networks import join_networks, name_networks
from pipeline.store import parts, read_parquet
from pipeline.tables.targets import BY_PRIORITY, NOT_SELECTED, QUEUE_PLATFORM, TARGET_COLUMNS, TARGET_LISTINGS, TARGETS

CHOSEN, RESERVE, WAITING = "Chính thức", "Dự bị", "Chờ"

LOCATION_CONFIDENCE = "thấp: nơi gửi hàng hiển thị, không phải địa chỉ kinh doanh"

_KEY = ["platform", "listing_id", "captured_at"]
_MAX_REASONS = 5


@dataclass(frozen=True)
class Plan:
    """``targets``: all of them, by authority and rank; ``listings``: those underneath; ``size_correlation``: priority against shop size."""

    targets: pd.DataFrame
    listings: pd.DataFrame
    size_correlation: float | None


def plan(
    listings: Path,
    features: Path,
    scores: pd.DataFrame,
    reasons: pd.DataFrame,
    *,
    as_of: date,
    settings: PlanConfig,
    capacity: pd.DataFrame | None,
    reference: Reference,
) -> Plan:
    """Rank sellers (and seller-less listings) and choose within each authority's capacity.

    ``capacity`` has ``authority, targets, reserve``; authorities without a row get the defaults of ``settings``.
    """
    pool = _pool(listings, features, scores)
    sellers = seller_priority(
        pool["points"], pool["subject"].where(pool["subject_kind"].eq("seller")), flagged_from=settings.flagged_points
    )
    subjects = _subjects(pool, sellers, settings)
    flagged = pool[pool["subject"].isin(subjects.index) & pool["points"].ge(settings.flagged_points)]
    flagged = flagged.sort_values(["subject", "points", "listing_id"], ascending=[True, False, True], kind="stable")
    spoken = _speak(reasons, flagged)
    targets = _describe(subjects, flagged, spoken, reference)
    targets = name_networks(targets.set_index("subject"), pool, features).reset_index()
    targets = _rank(targets, as_of, settings, capacity)
    shown = flagged[flagged.groupby("subject", sort=False).cumcount() < settings.max_listings_per_target]
    targets = _with_all_columns(targets)
    return Plan(TARGETS.validate(targets[list(TARGETS.columns)]), _listings(shown, targets, spoken), _size_correlation(sellers))


def _with_all_columns(targets: pd.DataFrame) -> pd.DataFrame:
    """Columns that planning is about to fill, as they stand where nothing is known."""
    known = {
        "queue": QUEUE_PLATFORM, "urgent": False, "explainable": True, "selection_probability": 0.0, "harm": targets["priority"],
        "selection": np.where(targets["reserve"], NOT_SELECTED, BY_PRIORITY), "harm_note": "", "change": "", "change_why": "",
        "last_seen": pd.Timestamp(0, tz="UTC").as_unit("us"), "don_vi_chu_tri": targets["authority"].where(targets["authority"].ne(CENTRAL)),
    }  # fmt: skip
    table = targets.copy()
    for name, (kind, _, _) in TARGET_COLUMNS.items():
        if name not in table:
            value = known.get(name, 1.0 if name.startswith("factor_") else np.nan)
            table[name] = pd.Series([[] for _ in range(len(table))], dtype="object") if kind == "object" else pd.Series(value, index=table.index)
        if kind != "object":
            table[name] = table[name].astype(kind)
    return table


def _pool(listings: Path, features: Path, scores: pd.DataFrame) -> pd.DataFrame:
    """Every scored listing with what a target needs; descriptions are left out."""
    wanted = [*_KEY, "url", "title", "price_vnd", "seller_id", "seller_name", "location", "captured_precision"]
    wanted += ["source_file", "source_line", "row_hash"]
    frames = []
    for part in parts(listings):
        left = read_parquet(part, columns=wanted)
        right = read_parquet(features / "rows" / part.name, columns=["brand", "brand_role", "goods_group", "item_type"])
        frames.append(pd.concat([left, right], axis=1))
    pool = pd.concat(frames, ignore_index=True)
    extra = ["points", "band", "risk"] + [name for name in scores if name.startswith("evidence_")]
    pool = pd.concat([pool, scores[extra].reset_index(drop=True)], axis=1)
    key = seller_key(pool)
    pool["seller"] = key
    pool["subject"] = join_networks(key, features).fillna(pool["platform"] + "|listing|" + pool["listing_id"])
    pool["subject_kind"] = np.where(key.notna(), "seller", "listing")
    return pool


def _subjects(pool: pd.DataFrame, sellers: pd.DataFrame, settings: PlanConfig) -> pd.DataFrame:
    alone = pool[pool["subject_kind"].eq("listing") & pool["points"].ge(settings.min_points)]
    by_listing = alone.groupby("subject").agg(strongest=("points", "max"), n_collected=("points", "size"))
    by_listing["n_flagged"] = by_listing["n_collected"]
    # One listing is all that is known here, so it gets what one listing gives a seller.
    by_listing["priority"] = by_listing["strongest"] * 0.6
    kept = sellers[sellers["strongest"].ge(settings.min_points)]
    return pd.concat([kept.assign(subject_kind="seller"), by_listing.assign(subject_kind="listing")])


def _speak(reasons: pd.DataFrame, flagged: pd.DataFrame) -> pd.DataFrame:
    """The sentences of flagged listings that raise a listing, with the subject they speak about."""
    spoken = reasons[reasons["points"].gt(0)].merge(flagged[[*_KEY, "subject"]], on=_KEY, how="inner")
    # What stands in the listing goes before what only the model says.
    spoken["by_model"] = spoken["sign_id"].eq("model")
    order = ["subject", "by_model", "points", "sign_id", "listing_id"]
    return spoken.sort_values(order, ascending=[True, True, False, True, True], kind="stable")


def _describe(
    subjects: pd.DataFrame, flagged: pd.DataFrame, spoken: pd.DataFrame, reference: Reference
) -> pd.DataFrame:
    if not len(subjects):
        return pd.DataFrame(columns=[*TARGETS.columns, "abbreviation", "subject"]).astype(
            {name: column.dtype.type for name, column in TARGETS.columns.items()} | {"subject": "str"}
        )
    first = flagged.drop_duplicates("subject").set_index("subject")
    table = subjects.join(first[["platform", "seller_id", "seller_name", "url"]])
    by_subject = flagged.groupby("subject", sort=False)
    table["location"] = by_subject["location"].agg(_most_common)
    table["goods"] = by_subject["goods_group"].agg(_top_values)
    table["brands"] = by_subject["brand"].agg(_top_values)
    table["red"] = by_subject["band"].agg(lambda bands: bool(bands.eq("red").any()))
    table["evidence_ids"] = by_subject["row_hash"].agg(lambda hashes: list(hashes.head(20)))
    heard = spoken.groupby("subject", sort=False)
    table["behaviours"] = pd.Series({subject: _behaviours(rows) for subject, rows in heard}, dtype="object")
    table["reasons"] = pd.Series({subject: _top_reasons(rows) for subject, rows in heard}, dtype="object")
    table["subject_url"] = pd.Series(
        [_shop_url(row.platform, row.seller_id) if row.subject_kind == "seller" else row.url for row in table.itertuples()],
        index=table.index,
        dtype="str",
    )
    table["signs"] = table["behaviours"].map(lambda found: "; ".join(SIGN_NAMES[name] for name in found))
    table["to_verify"] = table["behaviours"].map(lambda found: [line for name in found for line in TO_VERIFY[name]])
    # One listing with one middling sign is not enough to trouble anyone: it stays in sight, last.
    thin = table["n_flagged"].eq(1) & table["strongest"].lt(reference.weights.bands.red_points)
    table["level"] = np.select([table["red"], thin], [LEVEL_ONE, UNSURE], LEVEL_TWO)
    table["action"] = [_action(row) for row in table.itertuples()]
    confidence = table["location"].map(lambda place: LOCATION_CONFIDENCE, na_action="ignore")
    table["location_confidence"] = confidence.astype("str")
    table = table.join(route(table["location"], reference.provinces)[["authority", "abbreviation"]])
    return table.rename_axis("subject").reset_index()


def _rank(
    targets: pd.DataFrame, as_of: date, settings: PlanConfig, capacity: pd.DataFrame | None
) -> pd.DataFrame:
    """Rank by level, priority and then the subject's key (the stated rule for ties), inside each authority."""
    place = targets["level"].map(LEVELS.index)
    ordered = targets.assign(level_place=place).sort_values(
        ["authority", "level_place", "priority", "subject"], ascending=[True, True, False, True], kind="stable"
    )
    ordered = ordered.drop(columns=["level_place"]).reset_index(drop=True)
    ordered["rank"] = ordered.groupby("authority", sort=False).cumcount() + 1
    chosen, reserve = _capacities(ordered["authority"], settings, capacity)
    firm = ordered["level"].ne(UNSURE)
    within = [firm & (ordered["rank"] <= chosen), firm & (ordered["rank"] <= chosen + reserve)]
    ordered["standing"] = np.select(within, [CHOSEN, RESERVE], WAITING)
    ordered["reserve"] = ordered["standing"].ne(CHOSEN)
    ordered["code"] = pd.Series(
        [row_code(row.abbreviation, as_of, row.rank) for row in ordered.itertuples()], dtype="str"
    )
    return ordered


def _capacities(
    authority: pd.Series, settings: PlanConfig, capacity: pd.DataFrame | None
) -> tuple[pd.Series, pd.Series]:
    chosen = pd.Series(np.where(authority.eq(CENTRAL), settings.central_targets, settings.targets_per_authority))
    reserve = pd.Series(np.full(len(authority), settings.reserve_per_authority))
    if capacity is not None:
        given = capacity.set_index("authority")
        chosen = authority.map(given["targets"]).fillna(chosen).astype(int)
        reserve = authority.map(given["reserve"]).fillna(reserve).astype(int)
    return chosen, reserve


def _listings(shown: pd.DataFrame, targets: pd.DataFrame, spoken: pd.DataFrame) -> pd.DataFrame:
    said = {key: (list(rows["text"]), _highlights(rows)) for key, rows in spoken.groupby(_KEY, sort=False)}
    table = shown.merge(targets[["subject", "code"]], on="subject")
    both = [said.get(key, ([], [])) for key in table[_KEY].itertuples(index=False, name=None)]
    table["reasons"] = pd.Series([reasons for reasons, _ in both], index=table.index, dtype="object")
    table["highlights"] = pd.Series([marks for _, marks in both], index=table.index, dtype="object")
    prices = spoken[spoken["sign_id"].isin(["price_below_peers", "price_below_genuine"])]
    reference = prices.drop_duplicates(_KEY).set_index(_KEY)["text"].rename("reference")
    table = table.merge(reference, on=_KEY, how="left")
    table["reference"] = table["reference"].astype("str")
    table = table.sort_values(["code", "points", "listing_id"], ascending=[True, False, True], kind="stable")
    return TARGET_LISTINGS.validate(table[list(TARGET_LISTINGS.columns)].reset_index(drop=True))


def _highlights(rows: pd.DataFrame) -> list[dict[str, Any]]:
    real = rows.dropna(subset=["field", "start", "end"])
    return [{"field": r.field, "start": int(r.start), "end": int(r.end)} for r in real.itertuples()]


def _top_reasons(rows: pd.DataFrame) -> list[str]:
    """The strongest sentence of each sign, and on how many further listings the same sign stands."""
    counts = rows.groupby("sign_id")["listing_id"].nunique()
    best = rows.drop_duplicates("sign_id").head(_MAX_REASONS)
    return [
        row.text + (f" (và {counts[row.sign_id] - 1} tin khác)" if counts[row.sign_id] > 1 else "") for row in best.itertuples()
    ]


def _behaviours(rows: pd.DataFrame) -> list[str]:
    totals = rows.groupby("behaviour")["points"].sum()
    return [str(name) for name in totals.sort_values(ascending=False, kind="stable").index]


def _action(row: Any) -> str:
    if row.level == UNSURE:
        return ACTIONS["watch"]
    if "scam" == row.behaviours[0]:
        return ACTIONS["refer"]
    if row.subject_kind == "listing":
        return ACTIONS["ask_platform"]
    return ACTIONS["ask_platform"] if row.level == LEVEL_ONE or not isinstance(row.location, str) else ACTIONS["verify_online"]


def _most_common(values: pd.Series) -> str | None:
    counts = values.dropna().value_counts()
    return str(counts.sort_index().idxmax()) if len(counts) else None


def _top_values(values: pd.Series) -> str | None:
    counts = values.dropna().value_counts()
    names = counts.rename_axis("name").reset_index(name="n").sort_values(["n", "name"], ascending=[False, True])
    return ", ".join(names["name"].head(3)) if len(counts) else None


def _shop_url(platform: str, seller_id: Any) -> str | None:
    return f"https://shopee.vn/shop/{seller_id}" if platform == "shopee" and isinstance(seller_id, str) and seller_id.isdigit() else None


def _size_correlation(sellers: pd.DataFrame) -> float | None:
    if len(sellers) < 3 or sellers["priority"].nunique() == 1 or sellers["n_collected"].nunique() == 1:
        return None
    return float(sellers["priority"].rank().corr(sellers["n_collected"].rank()))
