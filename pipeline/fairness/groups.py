"""Sellers and the groups they fall into: platform, authority, size, age, kind. One row a seller; nobody is told apart in what comes out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from pipeline.config import load_table
from pipeline.fairness.settings import FairnessRule
from pipeline.reports.wording import platform_name
from pipeline.routing import route
from pipeline.sources.tax_codes import is_personal
from pipeline.store import parts, read_parquet

UNKNOWN = "chưa rõ"
#: column: what a reader calls it
GROUPS = {"platform": "Sàn", "authority": "Đơn vị", "size": "Quy mô gian hàng", "age": "Tuổi gian hàng", "kind": "Loại người bán"}
SMALL, MIDDLE, LARGE = "nhỏ", "vừa", "lớn"
NEW, OLD = "mới", "lâu năm"
HOUSEHOLD, ENTERPRISE = "hộ kinh doanh, cá nhân", "doanh nghiệp"
_COLUMNS = ["platform", "seller_id", "captured_at", "seller_n_products", "seller_joined_at", "tax_code", "location"]


def sellers_of(outs: Sequence[Path], rule: FairnessRule) -> pd.DataFrame:
    """Return every seller that the runs ``outs`` show, ``platform, seller_id`` and the columns of `GROUPS`, as last seen in them.

    Who has no id is nobody that a list could name, and is left out.
    """
    frames = [read_parquet(part, _COLUMNS) for out in outs for part in parts(out / "work" / "listings")]
    rows = pd.concat(frames, ignore_index=True) if frames else pd.DataFrame({name: pd.Series(dtype="object") for name in _COLUMNS})
    rows = rows[rows["seller_id"].notna()].sort_values("captured_at", kind="stable")
    grouped = rows.groupby(["platform", "seller_id"], sort=True)
    # `last` passes over what is missing: a later capture that shows less takes nothing away.
    table = grouped.last().reset_index()
    collected = grouped.size().to_numpy() if len(table) else np.zeros(0)
    return pd.DataFrame(
        {
            "platform_id": table["platform"],
            "seller_id": table["seller_id"],
            "platform": table["platform"].map(platform_name),
            "authority": route(table["location"].astype("str"), load_table("provinces"))["authority"] if len(table) else pd.Series(dtype="str"),
            "size": _size(table["seller_n_products"].astype(float).fillna(pd.Series(collected, index=table.index)), rule),
            "age": _age(table, rule),
            "kind": table["tax_code"].map(_kind).fillna(UNKNOWN) if len(table) else pd.Series(dtype="str"),
        }
    )


def _size(shown: pd.Series, rule: FairnessRule) -> pd.Series:
    names = np.select([shown < rule.small_below, shown >= rule.large_from], [SMALL, LARGE], MIDDLE)
    return pd.Series(names, index=shown.index, dtype="object").where(shown.notna(), UNKNOWN)


def _age(table: pd.DataFrame, rule: FairnessRule) -> pd.Series:
    days = (pd.to_datetime(table["captured_at"], utc=True) - pd.to_datetime(table["seller_joined_at"], utc=True)).dt.total_seconds() / 86_400
    names = pd.Series(np.where(days < rule.new_below_days, NEW, OLD), index=table.index, dtype="object")
    return names.where(days.notna() & days.ge(0), UNKNOWN)


def _kind(code: object) -> str | None:
    """By its tax code: twelve digits (masked) are a household or person, ten or thirteen an enterprise."""
    if not isinstance(code, str):
        return None
    if "~" in code or is_personal(code):
        return HOUSEHOLD
    digits = sum(character.isdigit() for character in code)
    return ENTERPRISE if digits in (10, 13) else None
