"""The transparent score that works before any label: capped points per family of signs, added per behaviour.

It orders a list and says why. It is not a probability: the points are written judgements (``configs/evidence.yaml``), and
``risk`` is only their logistic image, so that 0 to 1, higher is riskier, holds for every score kind.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from models.bands import amber_bounds
from models.weights import BEHAVIOURS, EvidenceWeights, SignWeight

SIGN_COLUMNS = ["row", "sign_id", "behaviour", "family", "points", "field", "start", "end", "quote"]

#: Cue behaviours that are no accusation by themselves; they count only through other signs.
_HELPERS = frozenset({"claim", "evasion"})


#: Item types that name a brand because they fit its articles.
_GOES_WITH = frozenset({"accessory", "part"})


class Evidence(NamedTuple):
    """``scores``: one row a listing (``evidence_*``, ``risk``, ``band``); ``signs``: one row a sign with the points it earned."""

    scores: pd.DataFrame
    signs: pd.DataFrame


def weigh(rows: pd.DataFrame, hits: pd.DataFrame, weights: EvidenceWeights) -> Evidence:
    """Score ``rows`` (row, price and seller columns; RangeIndex) by their cue ``hits`` and their columns.

    Missing columns' values give no sign. ``signs`` is sorted by row, then points (largest first), then sign id.
    """
    found = pd.concat([_cue_signs(hits, weights), *_column_signs(rows, hits, weights)], ignore_index=True)
    found = _drop_lonely_sharpeners(found, weights)
    found = _diminish_and_cap(found, weights)
    return Evidence(_add_up(found, len(rows), weights), found)


def _cue_signs(hits: pd.DataFrame, weights: EvidenceWeights) -> pd.DataFrame:
    counted = hits[hits["polarity"].eq("sign") & ~hits["behaviour"].isin(_HELPERS)].copy()
    in_title = counted["field"].ne("description")
    counted["points"] = counted["strength"].map(dict(weights.cue_points)).astype(float) * np.where(
        in_title, 1.0, weights.description_factor
    )
    counted["sign_id"] = "cue." + counted["cue_id"]
    counted["family"] = counted["family"].where(counted["family"].isin(list(weights.family_caps)), "words")
    ordered = counted.sort_values(["row", "sign_id", "points", "start"], ascending=[True, True, False, True], kind="stable")
    return ordered.drop_duplicates(["row", "sign_id"])[SIGN_COLUMNS]


def _column_signs(rows: pd.DataFrame, hits: pd.DataFrame, weights: EvidenceWeights) -> list[pd.DataFrame]:
    signs = weights.signs
    # "Ốp lưng lPhone" goes with the brand's article, whatever name it is written in.
    maker = rows["brand_role"].eq("mark") & ~rows["item_type"].isin(_GOES_WITH)
    unofficial = ~rows["seller_official"].eq(1.0)
    famous = rows["brand_famous"].fillna(False).astype(bool) & maker & unofficial
    # Everyday brands sell things of all prices under one head noun; there only the same model says something.
    same_model = maker & unofficial & rows["price_level"].isin(["model", "product"]) & rows["model_key"].fillna("").ne("")
    peers, genuine = price_points(rows, famous | same_model, famous, weights)
    claims = rows.index.isin(hits.loc[hits["behaviour"].eq("claim") & hits["polarity"].eq("sign"), "row"])
    cheap = peers.notna() | genuine.notna()
    flat = {
        "brand_disguised": rows["brand_evasive"].fillna(False).astype(bool) & maker & unofficial,
        "claim_genuine_but_cheap": cheap & claims,
        "brands_stuffed": famous & rows["n_brands"].ge(signs.brands_stuffed.at_least or 0),
        "seller_new": famous & rows["seller_age_days"].lt(signs.seller_new.below_days or 0.0),
        "seller_many_brands": famous & rows["seller_n_famous_brands"].ge(signs.seller_many_brands.at_least or 0),
        "seller_other_signs": unofficial & _known(rows, "seller_sign_share").ge(signs.seller_other_signs.at_least_share or 1.0),
        "seller_found_before": _known(rows, "seller_past_confirmed").ge(signs.seller_found_before.at_least_share or 1.0),
        "seller_complaints": _known(rows, "seller_n_complaints").ge(signs.seller_complaints.at_least or 1)
        & _known(rows, "seller_complaint_share").ge(signs.seller_complaints.at_least_share or 1.0),
        "relisted": unofficial & _known(rows, "relisted_after_days").notna(),
        "official_text_cheap": famous & _known(rows, "dup_official_price_ratio").lt(signs.official_text_cheap.below_ratio or 0.0),
        "network_found_before": unofficial & _known(rows, "network_n_confirmed").ge(signs.network_found_before.at_least or 1),
        "network_hidden": unofficial & _known(rows, "network_n_sellers").ge(signs.network_hidden.at_least or 3) & ~_owned_up(rows),
        "seller_official": rows["seller_official"].eq(1.0),
        "identity_missing": rows["seller_identity_missing"].eq(1.0),
    }
    tables = [_sign_table(name, getattr(signs, name), rows, mask) for name, mask in flat.items()]
    for name, voices in (("reported_fake", "complaint_fake_voices"), ("reported_scam", "complaint_scam_voices")):
        told = report_points(rows, voices, getattr(signs, name))
        tables.append(_sign_table(name, getattr(signs, name), rows, told.notna(), told))
    tables.append(_sign_table("price_below_peers", signs.price_below_peers, rows, peers.notna(), peers))
    tables.append(_sign_table("price_below_genuine", signs.price_below_genuine, rows, genuine.notna(), genuine))
    return tables


def report_points(rows: pd.DataFrame, voices: str, weight: SignWeight) -> pd.Series:
    """Points for independent complaints about the shop: the second voice says less than the first, the hundredth next to nothing.

    Missing where nobody complained, and of official shops, whom everybody knows and therefore complains of.
    """
    n = _known(rows, voices)
    n = n.where(n.ge(1) & ~rows["seller_official"].eq(1.0))
    points = (weight.points + weight.points_per_doubling * np.log2(n)).clip(upper=weight.max_points)
    return points.where(~_known(rows, "complaint_flood").eq(1.0), points.clip(upper=weight.max_points_flooded))


def _known(rows: pd.DataFrame, name: str) -> pd.Series:
    """A market column that a caller may not have (what was found before, reviews); missing gives no sign."""
    return rows[name] if name in rows else pd.Series(np.nan, index=rows.index)


def _owned_up(rows: pd.DataFrame) -> pd.Series:
    """True where the linked shops show one tax code or licence: an owner of several shops who says so."""
    return _known(rows, "network_ties").astype("str").str.contains("tax|licence", regex=True, na=False)


def price_points(
    rows: pd.DataFrame, comparable: pd.Series, famous: pd.Series, weights: EvidenceWeights
) -> tuple[pd.Series, pd.Series]:
    """Points for a price below other sellers' (``comparable`` rows) and for one below the genuine article's (``famous`` rows).

    Missing where neither speaks.
    """
    peer, table = weights.signs.price_below_peers, weights.signs.price_below_genuine
    low = comparable & rows["price_gap_high"].lt(np.log(peer.below_ratio or 0.5)) & rows["price_z"].lt(peer.below_z or -2.0)
    # Watches are faked at a hundredth, books at a third of the genuine price: how low is suspicious depends on the goods.
    low &= rows["price_gap"].lt(np.log(rows["price_band"].fillna(peer.below_ratio or 0.5)))
    # A brand may sell from 400,000 to 10 million: what the cheapest tenth of the others ask is no sign.
    unit = rows["price_vnd"] / rows["n_units"].fillna(1.0).clip(lower=1.0)
    low &= (unit / rows["price_ref_floor"]).lt(peer.below_floor or 1.0)
    beyond = (peer.below_z or -2.0) - rows["price_z"]
    by_peers = (peer.points + peer.points_per_z * beyond).clip(upper=peer.max_points).where(low)
    ratio = rows["price_to_genuine"]
    halvings = np.log2((table.below_ratio or 0.5) / ratio.where(ratio > 0))
    by_table = (table.points + table.points_per_halving * halvings).clip(upper=table.max_points)
    return by_peers, by_table.where(famous & ratio.lt(table.below_ratio or 0.5))


def _sign_table(
    name: str, weight: SignWeight, rows: pd.DataFrame, mask: pd.Series, points: pd.Series | None = None
) -> pd.DataFrame:
    at = np.flatnonzero(mask.to_numpy())
    quoted = name in ("brand_disguised", "brands_stuffed")
    return pd.DataFrame(
        {
            "row": at,
            "sign_id": name,
            "behaviour": weight.behaviour,
            "family": weight.family,
            "points": weight.points if points is None else points.to_numpy()[at],
            "field": "title" if quoted else pd.NA,
            "start": rows["brand_start"].to_numpy()[at] if quoted else np.nan,
            "end": rows["brand_end"].to_numpy()[at] if quoted else np.nan,
            "quote": pd.NA,
        }
    ).astype({"field": "str", "quote": "str", "start": "float64", "end": "float64", "points": "float64"})


def _drop_lonely_sharpeners(found: pd.DataFrame, weights: EvidenceWeights) -> pd.DataFrame:
    lonely = [name for name in type(weights.signs).model_fields if getattr(weights.signs, name).only_with_others]
    sharpens = found["sign_id"].isin(lonely)
    accused = set(found.loc[~sharpens & found["points"].gt(0) & found["behaviour"].eq("counterfeit"), "row"])
    return found[~sharpens | found["row"].isin(accused)]


def _diminish_and_cap(found: pd.DataFrame, weights: EvidenceWeights) -> pd.DataFrame:
    """Halve each further sign of a family, then cut the family at its cap, the strongest sign first."""
    ordered = found.sort_values(["row", "points", "sign_id"], ascending=[True, False, True], kind="stable").copy()
    groups = ordered.groupby(["row", "behaviour", "family"], sort=False)
    ordered["points"] *= weights.repeat_factor ** groups.cumcount()
    running = ordered.groupby(["row", "behaviour", "family"], sort=False)["points"].cumsum()
    cap = ordered["family"].map(dict(weights.family_caps)).astype(float)
    before = running - ordered["points"]
    ordered["points"] = np.where(ordered["points"] > 0, np.minimum(running, cap) - np.minimum(before, cap), ordered["points"])
    return ordered.sort_values(["row", "points", "sign_id"], ascending=[True, False, True], kind="stable").reset_index(
        drop=True
    )


def _add_up(signs: pd.DataFrame, n_rows: int, weights: EvidenceWeights) -> pd.DataFrame:
    index = pd.RangeIndex(n_rows)
    table = pd.DataFrame({f"evidence_{name}": 0.0 for name in BEHAVIOURS}, index=index)
    for name, group in signs.groupby("behaviour"):
        table[f"evidence_{name}"] = group.groupby("row")["points"].sum().reindex(index, fill_value=0.0).to_numpy()
    moving = [name for name in BEHAVIOURS if weights.behaviour_weight[name] > 0]
    counted = signs[signs["points"].gt(0) & signs["behaviour"].isin(moving)]
    table["n_families"] = counted.groupby("row")["family"].nunique().reindex(index, fill_value=0).to_numpy()
    return combine(table, {}, weights)


def combine(table: pd.DataFrame, learned: Mapping[str, pd.Series], weights: EvidenceWeights) -> pd.DataFrame:
    """Return ``table`` (``evidence_*``, ``n_families``) with ``points``, ``risk`` and ``band``.

    ``learned`` holds calibrated probabilities by behaviour; there their log-odds stand in for the evidence, shifted so that
    ``red_probability`` is worth ``red_points``. A missing probability says that the row is unlike anything learned from: the evidence orders it
    and it is amber at least. The strongest behaviour counts in full, the second in part. Red needs two families, or a learned probability
    above amber (`models.bands`).
    """
    amber_from, red_from = amber_bounds(weights.bands.minutes)
    shift = weights.bands.red_points - _log_odds(np.array(weights.bands.red_probability))
    columns = []
    for name in BEHAVIOURS:
        points = table[f"evidence_{name}"].clip(lower=0).to_numpy() * weights.behaviour_weight[name]
        if name in learned:
            said = learned[name].to_numpy(dtype=float)
            points = np.where(np.isnan(said), points, np.clip(_log_odds(said) + shift, 0.0, None))
        columns.append(points)
    ordered = np.sort(np.column_stack(columns), axis=1)
    total = ordered[:, -1] + weights.second_behaviour * ordered[:, -2]
    sure, unsure = np.zeros(len(table), dtype=bool), np.zeros(len(table), dtype=bool)
    for probability in learned.values():
        sure |= probability.ge(red_from).to_numpy()
        unsure |= (probability.ge(amber_from) | probability.isna()).to_numpy()
    red = (total >= weights.bands.red_points) & ((table["n_families"].to_numpy() >= weights.bands.red_families) | sure)
    return table.assign(
        points=total,
        risk=1.0 / (1.0 + np.exp(-(weights.prior + total))),
        band=np.select([red, (total >= weights.bands.amber_points) | unsure], ["red", "amber"], "green"),
    )


def _log_odds(probability: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    bounded = np.clip(probability, 1e-6, 1 - 1e-6)
    return np.log(bounded / (1 - bounded))
