"""Named columns for the learned score: price, seller, cues, brand and kind, the source's category and its own ``x_*`` columns.

No column says only that a value is missing: which fields a source leaves empty tells sources apart, not fakes. LightGBM sees a missing
number as missing.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from models.weights import BEHAVIOURS

_AS_THEY_ARE = ["price_gap", "price_gap_low", "price_gap_high", "price_z", "price_percentile", "price_kind_gap", "price_change"]
_AS_THEY_ARE += ["price_below_peak", "price_raised_then_cut", "discount_real", "discount_excess", "list_price_gap", "variants_spread", "price_decoy"]
_AS_THEY_ARE += ["seller_rating", "rating", "n_images", "n_units", "n_brands", "seller_official"]
_AS_THEY_ARE += ["seller_n_famous_brands", "seller_n_goods_groups", "seller_n_brand_groups", "seller_verified"]
_AS_THEY_ARE += ["seller_sign_share", "seller_price_level", "seller_price_low", "seller_stars", "seller_churn", "seller_reopened"]
_AS_THEY_ARE += ["seller_past_share", "seller_complaint_share", "seller_fake_complaint_share", "seller_review_mismatch"]
_AS_THEY_ARE += ["seller_review_repeats", "seller_review_burst"]
_LOGS = ["price_vnd", "list_price_vnd", "seller_age_days", "seller_n_products", "seller_n_followers", "n_reviews", "n_sold"]
_LOGS += ["seller_n_collected", "price_n_peers", "seller_new_per_week", "seller_n_sold", "seller_n_reviews", "seller_n_reviews_read"]
_LOGS += ["seller_past_confirmed", "seller_past_cleared"]
_AS_THEY_ARE += ["dup_price_ratio", "dup_official_text", "dup_official_price_ratio"]
_LOGS += ["dup_n_sellers", "dup_n_image_sellers", "network_n_sellers", "network_n_confirmed", "network_n_judged", "relisted_after_days"]
_ROLES = ["mark", "compatible", "style"]
_ITEMS = ["device", "accessory", "part", "sample", "voucher", "used", "service", "deposit", "goods"]
_STRENGTHS = ["strong", "medium", "weak"]


def matrix(rows: pd.DataFrame, hits: pd.DataFrame, evidence: pd.DataFrame, goods_groups: list[str]) -> pd.DataFrame:
    """Return one row a listing (RangeIndex) with the same columns for the same ``goods_groups`` and ``x_*`` columns: float32, and words
    (``category``, an ``x_*`` that is neither number nor flag) as they stand.

    ``rows`` are joined row and market features, ``hits`` their cue hits, ``evidence`` the scores of `models.evidence.weigh`.
    """
    rows = rows.reset_index(drop=True)
    columns: dict[str, pd.Series] = {name: _number(rows, name) for name in _AS_THEY_ARE}
    columns |= {f"log_{name}": np.log1p(_number(rows, name).clip(lower=0)) for name in _LOGS}
    # A shop has at least the products that were collected; so a crawl that did not ask says no more than it knows.
    n_products = np.fmax(_number(rows, "seller_n_products"), _number(rows, "seller_n_collected"))
    columns["log_seller_n_products"] = np.log1p(n_products.clip(lower=0))
    ratio = _number(rows, "price_to_genuine")
    columns["log_price_to_genuine"] = np.log(ratio.where(ratio > 0))
    listed, asked = _number(rows, "list_price_vnd"), _number(rows, "price_vnd")
    columns["log_discount"] = np.log(asked.where(asked > 0) / listed.where(listed > 0))
    columns["title_length"] = rows["title"].fillna("").str.len().astype(float)
    columns["log_description_length"] = np.log1p(rows["description"].fillna("").str.len().astype(float))
    columns["n_text_flags"] = rows["text_flags"].fillna("").map(lambda flags: float(len(flags.split(","))) if flags else 0.0)
    columns["brand_evasive"] = rows["brand_evasive"].fillna(False).astype(float)
    columns["brand_famous"] = rows["brand_famous"].fillna(False).astype(float)
    columns["brand_misspelt"] = rows["brand_match"].eq("fuzzy").astype(float)
    columns["brand_field_differs"] = rows["brand_field_differs"].notna().astype(float)
    for name, source, known in (("role", "brand_role", _ROLES), ("item", "item_type", _ITEMS), ("goods", "goods_group", goods_groups)):
        columns |= {f"{name}={value}": rows[source].eq(value).astype(float) for value in known}
    columns |= _cue_counts(hits, len(rows))
    columns |= {f"evidence_{name}": evidence[f"evidence_{name}"].astype(float) for name in BEHAVIOURS}
    columns["n_families"] = evidence["n_families"].astype(float)
    columns["evidence_points"] = evidence["points"].astype(float)
    further = [name for name in sorted(rows) if name.startswith("x_") and name != "x_synthetic"]
    columns |= {name: _number(rows, name) for name in further if _is_numeric(rows[name])}
    table = pd.DataFrame(columns).astype("float32")
    words = {name: rows[name].astype("str") for name in ["category", *further] if name not in columns}
    return table.assign(**words)


def _cue_counts(hits: pd.DataFrame, n_rows: int) -> dict[str, pd.Series]:
    index = pd.RangeIndex(n_rows)
    signs = hits[hits["polarity"].eq("sign")]
    out = {}
    for behaviour in (*BEHAVIOURS, "claim", "evasion"):
        one = signs[signs["behaviour"].eq(behaviour)]
        out[f"cues_{behaviour}"] = one.groupby("row").size().reindex(index, fill_value=0).astype(float)
    for strength in _STRENGTHS:
        one = signs[signs["strength"].eq(strength)]
        out[f"cues_{strength}"] = one.groupby("row").size().reindex(index, fill_value=0).astype(float)
    out["cues_negated"] = hits[hits["polarity"].eq("negated")].groupby("row").size().reindex(index, fill_value=0).astype(float)
    return out


def _number(rows: pd.DataFrame, name: str) -> pd.Series:
    if name not in rows:
        return pd.Series(np.nan, index=rows.index)
    return pd.to_numeric(rows[name], errors="coerce").astype(float)


def _is_numeric(values: pd.Series) -> bool:
    return bool(pd.api.types.is_numeric_dtype(values) or pd.api.types.is_bool_dtype(values))
