"""Who is left in peace for now, and what to heed before acting: held by a person, looked at recently, already inspected this year.

Nothing is dropped in silence: who is held stays in the list's table with the reason and the day it ends.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

import pandas as pd

from pipeline.law import Law, cite
from pipeline.planning.queues import seller_keys
from pipeline.reports.wording import LEVEL_ONE, format_date
from pipeline.sources.times import VIETNAM


def holds_and_warnings(
    subjects: pd.DataFrame, *, snooze: pd.DataFrame, inspections: pd.DataFrame, law: Law, as_of: date, cool_down_days: int
) -> pd.DataFrame:
    """Return ``held`` (flag), ``held_until`` (day or missing) and ``warnings`` (list of sentences), same index as ``subjects``.

    ``subjects`` has ``members, brand_names, level, last_seen``. A hold ends after its last day; past inspections count from ``inspections``.
    """
    by_seller, by_brand = _snoozed(snooze, as_of)
    past = _past(inspections, as_of)
    basis = cite(law.procedure("inspection_limit", as_of=as_of))
    rows = []
    for one in subjects.itertuples():
        held = [*_seller_holds(one.members, by_seller), *_brand_hold(one.brand_names, by_brand)]
        warnings = [text for _, text in held]
        seen = max(((row.ngay, row) for key in one.members for row in past.get(key, [])), key=lambda pair: pair[0], default=None)
        if seen is not None:
            cooling, said = _after_inspection(one, seen[1], as_of, cool_down_days, basis)
            held += cooling
            warnings += said
        rows.append((bool(held), max((until for until, _ in held), default=None), warnings))
    return pd.DataFrame(rows, index=subjects.index, columns=["held", "held_until", "warnings"])


def _snoozed(snooze: pd.DataFrame, as_of: date) -> tuple[dict[str, Any], dict[str, Any]]:
    by_seller: dict[str, Any] = {}
    by_brand: dict[str, Any] = {}
    for row in snooze.itertuples():
        if row.den_ngay < as_of:
            continue
        if row.ma_nguoi_ban is not None:
            by_seller |= dict.fromkeys(seller_keys(row.san, row.ma_nguoi_ban), row)
        else:
            by_brand[row.nhan_hieu.casefold()] = row
    return by_seller, by_brand


def _seller_holds(members: Iterable[str], by_seller: dict[str, Any]) -> list[tuple[date, str]]:
    return [(row.den_ngay, _held(row, "gian hàng")) for row in dict.fromkeys(by_seller[key] for key in members if key in by_seller)]


def _brand_hold(brands: object, by_brand: dict[str, Any]) -> list[tuple[date, str]]:
    """A target is held by brand only where all brands it names are."""
    names = [name.casefold() for name in brands] if isinstance(brands, list) else []
    if not names or not all(name in by_brand for name in names):
        return []
    row = min((by_brand[name] for name in names), key=lambda one: one.den_ngay)
    return [(row.den_ngay, _held(row, f"nhãn hiệu {row.nhan_hieu}"))]


def _held(row: Any, what: str) -> str:
    who = f", {row.nguoi_quyet_dinh}" if row.nguoi_quyet_dinh else ""
    return f"Tạm hoãn ({what}) đến hết ngày {format_date(row.den_ngay)}: {row.ly_do}{who}"


def _past(inspections: pd.DataFrame, as_of: date) -> dict[str, list[Any]]:
    past: dict[str, list[Any]] = {}
    for row in inspections.itertuples():
        if row.ngay <= as_of:
            for key in seller_keys(row.san, row.ma_nguoi_ban):
                past.setdefault(key, []).append(row)
    return past


def _after_inspection(one: Any, row: Any, as_of: date, days: int, basis: str) -> tuple[list[tuple[date, str]], list[str]]:
    until = row.ngay + timedelta(days=days)
    newer = one.last_seen.astimezone(VIETNAM).date() > row.ngay
    clear = one.level == LEVEL_ONE and newer
    if not newer:
        # What was seen before the look was there to be looked at.
        until = max(until, as_of)
    said = [f"Đã được kiểm tra ngày {format_date(row.ngay)}" + (f" ({row.ket_qua})" if row.ket_qua else "")]
    if row.ngay.year == as_of.year:
        said = [f"Đã được kiểm tra trong năm {as_of.year}, ngày {format_date(row.ngay)}" + (f" ({row.ket_qua})" if row.ket_qua else "")]
        said[0] += f": chỉ kiểm tra lại khi có dấu hiệu rõ ràng ({basis})"
    if as_of <= until and clear:
        said.append("Có dấu hiệu rõ thu thập sau lần kiểm tra đó, nên vẫn đưa vào danh sách")
    if as_of > until or clear:
        return [], said
    text = f"Tạm hoãn đến hết ngày {format_date(until)}: mới được kiểm tra, chưa thấy dấu hiệu rõ sau đó"
    if not newer:
        text = "Tạm hoãn cho đến khi thu thập được dấu hiệu mới sau lần kiểm tra đó"
    return [(until, text)], [*said, text]
