"""What planners write for a plan: small CSV files in one folder, each optional, every cell checked before anything is planned."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pandas as pd

from features.errors import ConfigError

TEXT, NUMBER, FACTOR, DAY = "text", "whole number", "number above 0", "day (2026-11-24 or 24/11/2026)"


@dataclass(frozen=True)
class Column:
    """One column of an input; an ``optional`` one may be missing or have empty cells."""

    name: str
    kind: str
    optional: bool = False


QUOTAS = (Column("don_vi", TEXT, True), Column("nhom_hang", TEXT), Column("toi_thieu", NUMBER, True), Column("toi_da", NUMBER, True))
FLOORS = (Column("don_vi", TEXT, True), Column("dia_ban", TEXT), Column("toi_thieu", NUMBER))
CAMPAIGNS = (
    Column("ten", TEXT), Column("don_vi", TEXT, True), Column("nhom_hang", TEXT, True), Column("nhan_hieu", TEXT, True),
    Column("hanh_vi", TEXT, True),
    Column("tu_ngay", DAY), Column("den_ngay", DAY), Column("he_so", FACTOR, True), Column("toi_thieu", NUMBER, True),
)  # fmt: skip
SNOOZE = (
    Column("san", TEXT, True), Column("ma_nguoi_ban", TEXT, True), Column("nhan_hieu", TEXT, True), Column("ly_do", TEXT), Column("den_ngay", DAY),
    Column("nguoi_quyet_dinh", TEXT, True),
)  # fmt: skip
INSPECTIONS = (
    Column("san", TEXT), Column("ma_nguoi_ban", TEXT), Column("ngay", DAY), Column("don_vi", TEXT, True), Column("ket_qua", TEXT, True),
    Column("nguon", TEXT, True),
)  # fmt: skip
ADDRESSES = (
    Column("san", TEXT), Column("ma_nguoi_ban", TEXT), Column("don_vi", TEXT), Column("doi", TEXT, True), Column("dia_ban", TEXT, True),
    Column("nguon", TEXT), Column("ngay_xac_minh", DAY),
)  # fmt: skip

PROTECTED = (
    Column("san", TEXT), Column("ma_nguoi_ban", TEXT), Column("noi_dung", TEXT), Column("den_ngay", DAY), Column("ly_do", TEXT, True),
)  # fmt: skip


def read_input(path: Path, columns: Sequence[Column]) -> pd.DataFrame:
    """Return the file's ``columns`` with cells of their kinds (missing: ``None`` or NaN); raises `ConfigError` naming file, line and cell."""
    try:
        table = pd.read_csv(path, dtype="object", encoding="utf-8-sig", keep_default_na=False)
    except (OSError, ValueError) as error:
        raise ConfigError(f"cannot read {path}: {error}") from error
    if missing := [one.name for one in columns if one.name not in table and not one.optional]:
        raise ConfigError(f"{path}: lacks the columns {missing}; needed: {', '.join(one.name for one in columns)}")
    return pd.DataFrame({one.name: _column(table, one, path) for one in columns}, index=table.index)


def no_rows(columns: Sequence[Column]) -> pd.DataFrame:
    """Return the table of a file that is not there."""
    return pd.DataFrame({one.name: pd.Series(dtype="object") for one in columns})


def _column(table: pd.DataFrame, column: Column, path: Path) -> pd.Series:
    texts = [str(value).strip() for value in table[column.name]] if column.name in table else [""] * len(table)
    values = [_cell(text, column, path, line) for line, text in enumerate(texts, start=2)]
    return pd.Series(values, index=table.index, dtype="object")


def _cell(text: str, column: Column, path: Path, line: int) -> Any:
    if not text:
        if column.optional:
            return None
        raise ConfigError(f"{path}, line {line}: {column.name} is empty; a {column.kind} is needed")
    value = _READ[column.kind](text)
    if value is None:
        raise ConfigError(f"{path}, line {line}: {column.name} must be a {column.kind}, got {text!r}")
    return value


def _number(text: str) -> int | None:
    return int(text) if text.isdecimal() else None


def _factor(text: str) -> float | None:
    try:
        value = float(text.replace(",", "."))
    except ValueError:
        return None
    return value if 0 < value < 1000 else None


def _day(text: str) -> date | None:
    for form in ("%Y-%m-%d", "%d/%m/%Y"):
        try:
            return datetime.strptime(text, form).date()
        except ValueError:
            continue
    return None


_READ: dict[str, Any] = {TEXT: lambda text: text, NUMBER: _number, FACTOR: _factor, DAY: _day}
