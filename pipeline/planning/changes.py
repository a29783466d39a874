"""What changed since the last list, and why: for every row of the new one, and for those that were on the old one and are not any more."""

from __future__ import annotations

from typing import Any

import pandas as pd

from pipeline.tables.targets import CHOSEN, HELD, REFERRED, RESERVE, REVIEW

FIRST_LIST, NEW, BACK, UP, DOWN, SAME, MOVED, LEFT = (
    "Danh sách đầu tiên", "Mới", "Vào danh sách", "Lên hạng", "Xuống hạng", "Giữ nguyên hạng", "Đổi diện", "Ra khỏi danh sách",
)  # fmt: skip
#: Rows that somebody was given.
GIVEN = (CHOSEN, RESERVE, REVIEW, REFERRED)
_ENOUGH = 0.02
"""Share by which a factor must move to be named; smaller moves are noise of rounding and of a day's crawl."""
_FACTORS = {
    "factor_likelihood": "độ rõ của dấu hiệu", "factor_severity": "tính chất dấu hiệu", "factor_health": "nhóm hàng", "factor_reach": "mức lan tỏa",
    "factor_value": "giá trị hàng thật", "factor_campaign": "chuyên đề",
}  # fmt: skip
CHANGE_COLUMNS = ["code", "subject", "authority", "seller_name", "change", "change_why", "previous_standing", "standing", "previous_rank", "rank"]


def compare(targets: pd.DataFrame, before: pd.DataFrame | None, label: str) -> pd.DataFrame:
    """Return ``change, change_why, previous_code, previous_rank`` of ``targets``, same index.

    ``before`` are all rows of the last list, ``label`` its name; subjects are found again by key or, where networks grew or split, by a
    common seller.
    """
    if before is None:
        why = "Chưa có danh sách trước để so sánh"
        return _columns([(FIRST_LIST, why, None, None)] * len(targets), targets.index)
    old = match(targets, before)
    return _columns([_change(one, was, label) for one, was in zip(targets.itertuples(), old, strict=True)], targets.index)


def left_since(targets: pd.DataFrame, before: pd.DataFrame | None, label: str) -> pd.DataFrame:
    """Return who was given to somebody on the last list and is not on the new one (``CHANGE_COLUMNS``), in the old list's order."""
    if before is None:
        return pd.DataFrame(columns=CHANGE_COLUMNS)
    now = match(before, targets)
    rows = []
    for was, one in zip(before.itertuples(), now, strict=True):
        if was.standing in GIVEN and (one is None or one.standing not in GIVEN):
            why, standing = _why_left(one, label), None if one is None else one.standing
            rows.append((was.code, was.subject, was.authority, was.seller_name, LEFT, why, was.standing, standing, was.rank, None))
    return pd.DataFrame(rows, columns=CHANGE_COLUMNS)


def match(targets: pd.DataFrame, others: pd.DataFrame) -> list[Any]:
    """Return for each of ``targets`` its row among ``others`` (as of `itertuples`) or ``None``: the same key first, then a common seller."""
    rows = list(others.itertuples())
    by_key = {row.subject: row for row in rows}
    by_member: dict[str, Any] = {}
    for row in rows:
        for member in row.members:
            by_member.setdefault(member, row)
    return [
        by_key.get(one.subject) or next((by_member[member] for member in one.members if member in by_member), None)
        for one in targets.itertuples()
    ]


def _columns(rows: list[tuple], index: pd.Index) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=["change", "change_why", "previous_code", "previous_rank"], index=index)
    return table.astype({"change": "str", "change_why": "str", "previous_code": "str", "previous_rank": "float64"})


def _change(one: Any, was: Any, label: str) -> tuple[str, str, str | None, float | None]:
    if was is None:
        return NEW, f"Chưa có trong {label}: lần đầu đủ dấu hiệu", None, None
    moved = one.authority != was.authority or one.queue != was.queue
    why = _why(one, was)
    if moved:
        what = MOVED
        why = f"Trước: {was.authority}, {was.queue}. {why}"
    elif was.standing not in GIVEN and one.standing in GIVEN:
        what = BACK
        why = f"Trước ở diện {was.standing}. {why}"
    elif one.standing != was.standing:
        what = MOVED
        why = f"{was.standing} → {one.standing}. {why}"
    else:
        what = SAME if one.rank == was.rank else UP if one.rank < was.rank else DOWN
        why = why if what == SAME else f"Hạng {was.rank} → {one.rank}. {why}"
    return what, why, was.code, float(was.rank)


def _why(one: Any, was: Any) -> str:
    said = []
    new = [name for name in one.signs.split("; ") if name not in was.signs.split("; ")]
    if new:
        said.append(f"thêm {', '.join(new)}")
    if one.n_flagged != was.n_flagged:
        said.append(f"số tin có dấu hiệu {was.n_flagged} → {one.n_flagged}")
    if len(one.members) != len(was.members):
        said.append(f"số gian hàng liên kết {len(was.members)} → {len(one.members)}")
    said += [f"{text} {'tăng' if getattr(one, name) > getattr(was, name) else 'giảm'}" for name, text in _FACTORS.items() if _moved(one, was, name)]
    if not said:
        return "Dấu hiệu như cũ; thứ tự đổi do các đối tượng khác" if one.rank != was.rank else "Dấu hiệu như cũ"
    text = "; ".join(said)
    return text[0].upper() + text[1:]


def _moved(one: Any, was: Any, name: str) -> bool:
    now, then = getattr(one, name), getattr(was, name)
    return bool(abs(now - then) > _ENOUGH * then)


def _why_left(one: Any, label: str) -> str:
    if one is None:
        return f"Có trong {label}, nay không còn đủ dấu hiệu trong dữ liệu thu thập"
    if one.standing == HELD:
        return "; ".join(one.warnings) or HELD
    return f"Nay ở diện {one.standing}: các đối tượng khác có mức hại dự kiến cao hơn"
