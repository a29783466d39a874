"""Lists of removed listings, from platforms and rights holders, to outcomes that the relist detector and labels read (`--outcomes`).

A removal is no finding: its status is ``not_inspected``, its source ``takedown``. A rights holder's row without a removal only accuses; it
belongs to the complaints and is returned with that reason.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from features.errors import DataError
from pipeline.labels import read_table
from pipeline.platforms.matching import BY_NOTHING, SUBJECT_COLUMNS, match, platform_code
from pipeline.sources.headings import SUBJECT, columns_by_name, heading_key, renamed
from pipeline.sources.readers import read_rows
from pipeline.sources.times import moment
from pipeline.sources.values import text
from pipeline.store import write_atomically, write_parquet
from pipeline.tables.outcomes import COLUMNS, validate_outcomes

HEADINGS = {
    **SUBJECT,
    "removed_at": ("ngày gỡ", "ngày gỡ bỏ", "thời điểm gỡ", "ngày khóa", "ngày xử lý", "removed_at", "ngày hạ", "ngày gỡ tin"),
    "state": ("tình trạng", "trạng thái", "kết quả", "kết quả xử lý", "status"),
    "why": ("lý do", "lý do gỡ", "hành vi", "loại vi phạm", "nội dung", "reason"),
}
_NOT_REMOVED = ("chuago", "chuaxuly", "tuchoi", "khonggo", "conhienthi", "dangxuly", "pending", "rejected")
#: Words of a reason to the behaviours of ours that they name; anything else names none.
_BEHAVIOURS = {
    "counterfeit": ("hanggia", "giamao", "hangnhai", "fake", "xamphamnhanhieu", "sohuutritue", "counterfeit", "nhanhieu"),
    "prohibited": ("hangcam", "camkinhdoanh", "prohibited"),
    "scam": ("luadao", "luadoi", "scam"),
    "smuggled": ("nhaplau", "khongronguongoc"),
}


@dataclass(frozen=True)
class TakedownReport:
    """What became of a list: read = taken + there before + returned. ``returned``: line and reason of each."""

    file: str
    n_read: int
    n_taken: int
    n_before: int
    returned: list[tuple[int, str]]
    into: str

    def lines(self) -> list[str]:
        """Return what a terminal says."""
        head = f"rows read {self.n_read:,} = taken {self.n_taken:,} + there before {self.n_before:,} + returned {len(self.returned):,}"
        return [head, *(f"  row {line} returned: {reason}" for line, reason in self.returned[:20]), f"wrote {self.into}"]

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return asdict(self)


def take_takedowns(path: Path, *, into: Path, platform: str | None = None, crawl: Path | None = None) -> TakedownReport:
    """Add the removed listings of ``path`` (CSV, XLSX …) to the outcomes ``into`` (CSV or Parquet; made where missing), each once.

    ``platform`` is whose list it is, where the file does not say; with ``crawl`` (a run's output folder) addresses are looked up there too.
    Raises `DataError` where the headings name no listing or no day of removal.
    """
    rows, rejected = read_rows(path)
    lines, records = [line for line, _ in rows], [record for _, record in rows]
    names = columns_by_name(dict.fromkeys(heading for record in records for heading in record), HEADINGS)
    if "removed_at" not in names.values() or not {"url", "listing_id", "seller_id"} & set(names.values()):
        raise DataError(f"{path}: a list of removals needs a column Ngày gỡ and one of Đường dẫn, Mã tin, Mã gian hàng; found {list(names)[:20]}")
    cells = pd.DataFrame([_cells(renamed(record, names), platform) for record in records], columns=[*SUBJECT_COLUMNS, "removed_at", "state", "why"])
    subjects = match(cells, crawl)
    reasons = [_refused(row, found) for row, found in zip(cells.itertuples(), subjects["matched_by"], strict=True)]
    good = [reason is None for reason in reasons]
    table = _outcomes(cells[good], subjects[good])
    before = read_table(into).table if into.is_file() else table.iloc[:0]
    key = ["platform", "listing_id", "seller_id", "source"]
    fresh = table[~pd.MultiIndex.from_frame(table[key]).isin(pd.MultiIndex.from_frame(before[key]))].drop_duplicates(key)
    _write(validate_outcomes(pd.concat([before, fresh], ignore_index=True)[list(COLUMNS)]), into)
    returned = [*rejected, *((line, reason) for line, reason in zip(lines, reasons, strict=True) if reason is not None)]
    return TakedownReport(path.name, len(records) + len(rejected), len(fresh), len(table) - len(fresh), returned, str(into))


def _cells(record: dict[str, Any], platform: str | None) -> dict[str, Any]:
    said = {name: (text(record.get(name)) or "").strip() or None for name in (*SUBJECT_COLUMNS, "state", "why")}
    told = said["platform"] or platform
    said["platform"] = platform_code(told) if told else None
    when = moment(record.get("removed_at"))
    return {**said, "removed_at": when[0] if when else None}


def _refused(row: Any, matched_by: str) -> str | None:
    if isinstance(row.state, str) and any(word in heading_key(row.state) for word in _NOT_REMOVED):
        return "chưa gỡ: nhập như phản ánh (soihang complaints import)"
    if matched_by == BY_NOTHING:
        return "không rõ tin hoặc gian hàng nào: cần đường dẫn, hoặc sàn và mã tin"
    if pd.isna(row.removed_at):
        return "không có ngày gỡ đọc được: không biết từ khi nào phải để ý tin đăng lại"
    return None


def _outcomes(cells: pd.DataFrame, subjects: pd.DataFrame) -> pd.DataFrame:
    when = pd.to_datetime(cells["removed_at"], utc=True).astype("datetime64[us, UTC]")
    nothing = pd.Series(float("nan"), index=cells.index)
    table = pd.DataFrame(
        {
            "platform": subjects["platform"],
            "listing_id": subjects["listing_id"],
            "seller_id": subjects["seller_id"],
            "status": "not_inspected",
            "behaviours": pd.Series([_behaviours(why) for why in cells["why"]], index=cells.index),
            "happened_at": when,
            "known_at": when,
            "source": "takedown",
            "authority": nothing,
            "selection_probability": nothing,
            "usefulness": nothing,
        }
    )[list(COLUMNS)]
    texts = ["platform", "listing_id", "seller_id", "status", "behaviours", "source", "authority"]
    return validate_outcomes(table.astype(dict.fromkeys(texts, "str")).reset_index(drop=True))


def _behaviours(why: Any) -> str | None:
    said = heading_key(why) if isinstance(why, str) else ""
    return ",".join(name for name, words in _BEHAVIOURS.items() if any(word in said for word in words)) or None


def _write(table: pd.DataFrame, path: Path) -> None:
    if path.suffix == ".parquet":
        write_parquet(table, path)
    else:
        write_atomically(path, lambda partial: table.to_csv(partial, index=False, encoding="utf-8-sig"))
