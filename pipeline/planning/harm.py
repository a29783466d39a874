"""How much harm a target may do, as a product whose factors are all shown: likelihood × severity × health × reach × value × campaign.

The factors are written judgements (configs/reference/harm_*.csv, configs/run.yaml), not measurements. Reach enters here and nowhere else: it never
makes anyone more likely to be guilty. What is not known counts as one, so that silence neither raises nor lowers.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd

from pipeline.config import PlanConfig
from pipeline.reports.wording import format_count, format_price

FACTORS = ("factor_likelihood", "factor_severity", "factor_health", "factor_reach", "factor_value", "factor_campaign")


def harm_factors(subjects: pd.DataFrame, *, severities: pd.DataFrame, goods: pd.DataFrame, settings: PlanConfig) -> pd.DataFrame:
    """Return the factors (`FACTORS`), ``harm`` and ``harm_note`` of ``subjects``, same index.

    ``subjects`` has ``priority`` (points), ``probability`` (missing where no model speaks), ``behaviour`` (the leading one), ``goods_group``,
    ``reach`` (units sold or reviews), ``genuine_value`` (VND), ``campaign_factor`` and ``campaigns``; ``severities`` and ``goods`` are
    ``configs/reference/harm_behaviours.csv`` and ``harm_goods.csv``.
    """
    severity = dict(zip(severities["behaviour"], severities["severity"].astype(float), strict=True))
    health = dict(zip(goods["goods_group"], goods["factor"].astype(float), strict=True))
    priority = subjects["priority"].clip(lower=0)
    by_points = priority / (priority + settings.priority_scale)
    table = pd.DataFrame(
        {
            "factor_likelihood": subjects["probability"].fillna(by_points).clip(lower=1e-6),
            "factor_severity": subjects["behaviour"].map(severity).fillna(1.0),
            "factor_health": subjects["goods_group"].map(health).fillna(1.0),
            "factor_reach": _between(subjects["reach"] + 1.0, 1.0, settings.reach_full),
            "factor_value": _between(subjects["genuine_value"], settings.value_from, settings.value_full),
            "factor_campaign": subjects["campaign_factor"],
        },
        index=subjects.index,
    ).astype("float64")
    # Rounded, so that sums taken in another order cannot change who stands before whom.
    table = table.round(6)
    table["harm"] = table[list(FACTORS)].prod(axis=1).round(6).clip(lower=1e-6)
    table["harm_note"] = pd.Series(
        [_note(row, fact) for row, fact in zip(table.itertuples(), subjects.itertuples(), strict=True)], index=table.index, dtype="str"
    )
    return table


def _between(values: pd.Series, low: float, high: float) -> pd.Series:
    """1 up to ``low``, 2 from ``high``, by the logarithm between; 1 where missing."""
    place = (np.log(values.clip(lower=low)) - math.log(low)) / (math.log(high) - math.log(low))
    return (1.0 + place.clip(0.0, 1.0)).fillna(1.0)


def _note(row: Any, fact: Any) -> str:
    likely = "xác suất" if fact.probability == fact.probability else "mức ưu tiên quy đổi"
    goods = fact.goods_group if isinstance(fact.goods_group, str) else "chưa rõ nhóm hàng"
    reach = f"{format_count(fact.reach)} lượt bán hoặc đánh giá" if fact.reach == fact.reach else "chưa rõ"
    value = format_price(fact.genuine_value) if fact.genuine_value == fact.genuine_value else "chưa rõ"
    parts = [
        f"{likely} {_number(row.factor_likelihood)}", f"tính chất {_number(row.factor_severity)}",
        f"sức khỏe {_number(row.factor_health)} ({goods})", f"lan tỏa {_number(row.factor_reach)} ({reach})",
        f"giá trị hàng thật {_number(row.factor_value)} ({value})",
    ]  # fmt: skip
    if row.factor_campaign != 1.0:
        parts.append(f"chuyên đề {_number(row.factor_campaign)} ({', '.join(fact.campaigns)})")
    return " × ".join(parts)


def _number(value: float) -> str:
    return f"{value:.2f}".replace(".", ",")
