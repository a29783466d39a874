"""Scores to targets: sellers, networks and seller-less listings, weighed by the harm they may do and chosen within each authority's capacity.

Nothing is dropped: who is not chosen stays in the table as reserve, drawn for review, waiting, held or referred, with the reason.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from models.seller_calibration import SellerCalibration
from pipeline.codes import row_codes
from pipeline.config import PlanConfig
from pipeline.fairness.spare import spare
from pipeline.law import Law, load_law
from pipeline.monitor.settings import load_monitor_rules
from pipeline.planning import speak
from pipeline.planning.changes import compare, left_since
from pipeline.planning.drift import Drift, drift_since
from pipeline.planning.harm import harm_factors
from pipeline.planning.holds import holds_and_warnings
from pipeline.planning.inputs import PlanningInputs, no_inputs
from pipeline.planning.issued import LastList
from pipeline.planning.limits import rooms, running
from pipeline.planning.listings import listings_of
from pipeline.planning.networks import name_networks
from pipeline.planning.notes import legal_notes
from pipeline.planning.places import Places, places_on
from pipeline.planning.pool import Pool, read_pool, seller_probabilities
from pipeline.planning.queues import Router
from pipeline.planning.standing import in_order, place, urgent
from pipeline.planning.subjects import rank_sellers, size_correlation, subjects_of, with_facts, with_members
from pipeline.planning.weights import PlanTables, plan_tables
from pipeline.reference import Reference
from pipeline.reports.wording import ACTIONS, LEVEL_ONE, LEVEL_TWO, UNSURE
from pipeline.tables.targets import CHOSEN, HELD, QUEUE_ADDRESS, QUEUE_REFER, REVIEW, TARGET_COLUMNS, TARGETS


@dataclass(frozen=True)
class Plan:
    """``targets``: all of them, by authority and rank; ``listings``: those underneath; ``left``: who was on the last list and is not any more;
    ``prices``: what each limit costs (`pipeline.planning.choose`); the correlations with shop size are Spearman's, of priority and of harm;
    ``drift``: how far the market moved since the last list, where that can be told; ``n_protected``: listings that an appeal protects.
    """

    targets: pd.DataFrame
    listings: pd.DataFrame
    left: pd.DataFrame
    prices: pd.DataFrame
    harm: float
    gap: float
    size_correlation: float | None
    harm_size_correlation: float | None
    compared_with: str | None
    drift: Drift | None
    n_protected: int = 0


@dataclass(frozen=True)
class _Scene:
    """What all steps of one plan share."""

    as_of: date
    settings: PlanConfig
    reference: Reference
    inputs: PlanningInputs
    law: Law
    places: Places
    tables: PlanTables


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
    inputs: PlanningInputs | None = None,
    last: LastList | None = None,
    law: Law | None = None,
    seller_models: Mapping[str, SellerCalibration] | None = None,
    seed: int = 0,
) -> Plan:
    """Weigh sellers, networks and seller-less listings and choose within limits.

    ``capacity`` (`pipeline.tables.capacity`) goes before that of ``inputs``; ``seller_models`` turn probabilities of listings into those of sellers
    by behaviour; ``seed`` and week decide the lot. Ties go to the subject's key, so the same input gives the same list.
    """
    given = inputs or no_inputs()
    given = given if capacity is None else replace(given, capacity=capacity)
    before = last or LastList()
    scene = _Scene(as_of, settings, reference, given, law or load_law(), places_on(as_of, reference.provinces), plan_tables(as_of))
    scores, n_protected = spare(listings, scores, given.protected, as_of=as_of)
    pool = read_pool(listings, features, scores, as_of=as_of, flagged_points=settings.flagged_points)
    sellers = rank_sellers(pool, settings)
    subjects = subjects_of(pool, sellers, settings)
    flagged = pool.flagged[pool.flagged["subject"].isin(subjects.index)]
    flagged = flagged.sort_values(["subject", "points", "listing_id"], ascending=[True, False, True], kind="stable")
    spoken = speak.spoken_for(reasons, flagged)
    table = _weighed(_described(subjects, pool, flagged, spoken, features, scene), seller_probabilities(pool, seller_models or {}), scene)
    room = rooms(sorted(table["authority"].unique()), given, settings, scene.places)
    placed = place(
        table, room=room, inputs=given, settings=settings, places=scene.places, remote=scene.tables.remote, as_of=as_of, seed=seed
    )
    targets = in_order(table.join(placed.table).reset_index())
    targets = _finished(targets, before, scene)
    shown = listings_of(flagged, spoken, targets.set_index("subject")["code"], at_most=settings.max_listings_per_target)
    return Plan(
        targets=TARGETS.validate(targets),
        listings=shown,
        left=left_since(targets, before.targets, before.label),
        prices=placed.chosen.prices,
        harm=placed.chosen.harm,
        gap=placed.chosen.gap,
        size_correlation=size_correlation(sellers["priority"], sellers["n_collected"]),
        harm_size_correlation=size_correlation(targets["harm"], targets["n_collected"]),
        compared_with=before.label if before.targets is not None else None,
        drift=drift_since(targets, before.targets, slots=settings.review_slots, rules=load_monitor_rules()),
        n_protected=n_protected,
    )


def _described(
    subjects: pd.DataFrame, pool: Pool, flagged: pd.DataFrame, spoken: pd.DataFrame, features: Path, scene: _Scene
) -> pd.DataFrame:
    """Who they are, what stands against them and where they wait."""
    table = with_members(with_facts(subjects, flagged), pool, features)
    for name, column in (("behaviours", speak.behaviours(spoken)), ("reasons", speak.top_reasons(spoken))):
        table[name] = column.reindex(table.index)
    table["main_reason"] = speak.main_reasons(spoken, table["behaviours"]).reindex(table.index).astype("str")
    table["explainable"] = table["main_reason"].notna()
    table["behaviour"] = table["behaviours"].str[0]
    table["look_alike"] = table.index.isin(speak.only_look_alike(spoken))
    table["signs"] = speak.sign_names(spoken, table["behaviours"], scene.law, scene.tables.sign_codes)
    table = name_networks(table, pool.shops)
    table["level"] = _level(table, scene)
    router = Router(scene.places, scene.law, scene.inputs.addresses, scene.tables.platforms)
    return table.join(router.route(table, flagged)).join(
        holds_and_warnings(
            table, snooze=scene.inputs.snooze, inspections=scene.inputs.inspections, law=scene.law, as_of=scene.as_of,
            cool_down_days=scene.settings.cool_down_days,
        )
    ).join(legal_notes(table, scene.law, scene.as_of))  # fmt: skip


def _weighed(table: pd.DataFrame, probabilities: pd.DataFrame, scene: _Scene) -> pd.DataFrame:
    """Probabilities of the leading behaviour, campaigns, and the factors of harm."""
    for part, name in (("probability", "probability"), ("low", "probability_low"), ("high", "probability_high")):
        table[name] = _of_leading(table["behaviour"], probabilities, part)
    table["campaigns"], table["campaign_factor"] = _campaigns(table, scene)
    factors = harm_factors(table, severities=scene.tables.severities, goods=scene.tables.goods, settings=scene.settings)
    return table.join(factors)


def _of_leading(behaviour: pd.Series, probabilities: pd.DataFrame, part: str) -> pd.Series:
    out = pd.Series(np.nan, index=behaviour.index, dtype="float64")
    for name in sorted({key for key, kind in probabilities.columns if kind == part}):
        out = out.where(behaviour.ne(name), probabilities[name, part].reindex(out.index))
    return out


def _campaigns(table: pd.DataFrame, scene: _Scene) -> tuple[pd.Series, pd.Series]:
    names = pd.Series([[] for _ in range(len(table))], index=table.index, dtype="object")
    factor = pd.Series(1.0, index=table.index)
    for row in running(scene.inputs.campaigns, scene.as_of).itertuples():
        within = pd.Series(True, index=table.index)
        if row.don_vi not in (None, "*"):
            within &= table["authority"].eq(scene.places.of_code(row.don_vi).name)
        if row.nhom_hang is not None:
            within &= table["goods_group"].eq(row.nhom_hang)
        if row.hanh_vi is not None:
            within &= table["behaviours"].map(lambda found, wanted=row.hanh_vi: wanted in found)
        if row.nhan_hieu is not None:
            brand = row.nhan_hieu.casefold()
            within &= table["brand_names"].map(lambda found, brand=brand: isinstance(found, list) and brand in {one.casefold() for one in found})
        names = pd.Series([[*old, row.ten] if hit else old for old, hit in zip(names, within, strict=True)], index=table.index, dtype="object")
        factor = factor.where(~within, factor * (row.he_so or 1.0))
    return names, factor


def _level(table: pd.DataFrame, scene: _Scene) -> pd.Series:
    # One listing with one middling sign is not enough to trouble anyone: it stays in sight, last.
    thin = table["n_flagged"].eq(1) & table["strongest"].lt(scene.reference.weights.bands.red_points)
    return pd.Series(np.select([table["red"], thin], [LEVEL_ONE, UNSURE], LEVEL_TWO), index=table.index, dtype="str")


def _finished(targets: pd.DataFrame, before: LastList, scene: _Scene) -> pd.DataFrame:
    """Codes, what changed, alerts, proposed steps, and all columns in their types."""
    table = targets.reset_index(drop=True)
    table["code"] = row_codes(table, scene.as_of, before.codes or {})
    table["reserve"] = table["standing"].ne(CHOSEN)
    table["urgent"] = urgent(table, at_most=scene.settings.alerts_a_week, health=scene.settings.alert_health)
    table["action"] = pd.Series([_action(row) for row in table.itertuples()], index=table.index, dtype="str")
    table["subject_url"] = pd.Series(
        [_shop_url(row.platform, row.seller_id) if row.subject_kind == "seller" else row.url for row in table.itertuples()],
        index=table.index, dtype="str",
    )  # fmt: skip
    table = table.join(compare(table, before.targets, before.label))
    kinds = {name: kind for name, (kind, _, _) in TARGET_COLUMNS.items()}
    return table[list(TARGET_COLUMNS)].astype(kinds)


def _action(row: Any) -> str:
    """The machine proposes reading, asking and referring; an inspection is a person's choice."""
    if row.queue == QUEUE_REFER:
        return ACTIONS["refer"]
    if row.standing == REVIEW:
        return ACTIONS["verify_online"]
    if row.level == UNSURE or row.standing == HELD:
        return ACTIONS["watch"]
    if row.behaviour == "counterfeit" and row.look_alike:
        return ACTIONS["rights_holder"]
    if row.subject_kind == "listing" or row.level == LEVEL_ONE or not isinstance(row.location, str):
        return ACTIONS["ask_platform"] if row.queue != QUEUE_ADDRESS else ACTIONS["verify_online"]
    return ACTIONS["verify_online"]


def _shop_url(platform: str, seller_id: Any) -> str | None:
    return f"https://shopee.vn/shop/{seller_id}" if platform == "shopee" and isinstance(seller_id, str) and seller_id.isdigit() else None
