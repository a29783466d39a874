"""One target in the words all outputs share: workbook and page say the same of it, with what is missing said as missing."""

from __future__ import annotations

from typing import Any

import pandas as pd

from pipeline.reports.safe_text import one_line, visible
from pipeline.reports.text_width import cut_to_lines, n_lines
from pipeline.reports.wording import LEVELS, NOT_EXPLAINABLE, platform_name
from pipeline.tables.targets import CHOSEN, HELD, REFERRED, RESERVE, REVIEW, WAITING

#: From the first to be acted on to those that wait.
_ORDER = {name: place for place, name in enumerate((CHOSEN, RESERVE, REVIEW, REFERRED, HELD, WAITING))}


def value_of(row: Any, name: str, default: Any = "") -> Any:
    """Return a column of a row of ``itertuples``; ``default`` where the table has no such column or no value in it."""
    value = getattr(row, name, None)
    if value is None or (isinstance(value, float) and value != value):
        return default
    return value


def items_of(row: Any, name: str) -> list[str]:
    """Return a list column as visible sentences; empty where the table has no such column."""
    value = getattr(row, name, None)
    return [visible(str(item)) for item in value] if isinstance(value, list | tuple) else []


def shop(row: Any) -> str:
    """Return the shop's displayed name on one line, or what is known instead."""
    name = value_of(row, "seller_name")
    if not name:
        name = "(chưa rõ người bán)" if row.subject_kind == "listing" else str(value_of(row, "seller_id", "(không tên)"))
    return one_line(str(name)).strip() or "(không tên)"


def sites(row: Any) -> str:
    """Return the platform, and for a network how many other shops belong to it."""
    others = max(0, len(items_of(row, "network_shops")) - 1)
    return platform_name(row.platform) + (f" và {others} gian liên kết" if others else "")


def shop_in(row: Any, width: float, lines: int) -> str:
    """Return shop and platform in at most ``lines`` lines of a column of ``width``: the name is cut, the platform is not."""
    where = sites(row)
    return f"{cut_to_lines(shop(row), width, max(1, lines - n_lines(where, width)))}\n{where}"


def goods(row: Any) -> str:
    """Return goods groups, then brands, a line each."""
    return "\n".join(one_line(str(part)) for part in (value_of(row, "goods"), value_of(row, "brands")) if part) or "chưa xác định"


def place(row: Any) -> str:
    """Return the displayed ship-from place with how far it can be relied on."""
    location = value_of(row, "location")
    if not location:
        return "không hiển thị"
    confidence = str(value_of(row, "location_confidence")).split(":")[0].strip()
    return one_line(str(location)) + (f" ({confidence})" if confidence else "")


def main_reason(row: Any) -> str:
    """Return the one sentence that quotes the listing, or say that there is none."""
    named, reasons = visible(str(value_of(row, "main_reason"))), items_of(row, "reasons")
    if named:
        # Among the reasons it says on how many further listings the same stands.
        return next((reason for reason in reasons if reason.startswith(named)), named)
    if getattr(row, "explainable", True) is False or not reasons:
        return NOT_EXPLAINABLE
    return next((reason for reason in reasons if "“" in reason), reasons[0])


def other_reasons(row: Any) -> list[str]:
    """Return the reasons beside the main one, strongest first."""
    first = main_reason(row)
    return [reason for reason in items_of(row, "reasons") if reason != first]


def change(row: Any) -> str:
    """Return what changed since the last list and why, as one sentence; empty where nothing was compared."""
    said, why = value_of(row, "change"), value_of(row, "change_why")
    return f"{said}: {why[:1].lower()}{why[1:]}" if said and why else str(said or why)


def authorities(row: Any) -> str:
    """Return the lead authority, and those that work with it."""
    lead = value_of(row, "don_vi_chu_tri", row.authority)
    with_it = items_of(row, "don_vi_phoi_hop")
    return f"Chủ trì: {lead}\nPhối hợp: {'; '.join(with_it)}" if with_it else str(lead)


def notes(row: Any) -> list[str]:
    """Return what to heed before acting: warnings, where else it may belong, and the law by date."""
    alert = ["Đề nghị cảnh báo nhanh (sức khỏe)"] if value_of(row, "urgent", False) is True else []
    return [*alert, *items_of(row, "warnings"), *items_of(row, "referrals"), *items_of(row, "legal_notes")]


def abbreviation(code: str) -> str:
    """Return whose list a row code belongs to.

    >>> abbreviation("AG-2648-007-K")
    'AG'
    """
    return code.split("-", 1)[0]


def in_order_of_need(targets: pd.DataFrame) -> pd.DataFrame:
    """Return targets of all authorities by what they stand as, level and harm; ties by code."""
    by_harm = targets["harm"] if "harm" in targets else targets["priority"]
    order = targets.assign(place=targets["standing"].map(_ORDER), level_place=targets["level"].map(LEVELS.index), by_harm=by_harm)
    order = order.sort_values(["place", "level_place", "by_harm", "code"], ascending=[True, True, False, True], kind="stable")
    return order.drop(columns=["place", "level_place", "by_harm"])


def in_reading_order(targets: pd.DataFrame) -> pd.DataFrame:
    """Return targets by authority, then what they stand as (within capacity first), then rank."""
    order = targets.assign(standing_place=targets["standing"].map(_ORDER))
    return order.sort_values(["authority", "standing_place", "rank", "code"], kind="stable").drop(columns="standing_place")
