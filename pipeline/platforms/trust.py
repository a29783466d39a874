"""The internal trust rating of a platform or site: a few shares that can be counted, weighed by a published rule, or "chưa đủ dữ liệu".

Every input carries how many things were counted; one that rests on too few says nothing, and a rating without enough of them is none. The
interval is what the inputs' own intervals allow, all at their worst or all at their best, so it is wide on purpose.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from features.errors import ConfigError
from models.proportions import share
from pipeline.config import configs_dir, explain, load_yaml

NOT_ENOUGH, UNDECIDED = "chưa đủ dữ liệu", "chưa phân định"
HIGH, MIDDLE, LOW = "cao", "trung bình", "thấp"
INPUTS = {
    "signs": "Gian hàng có tin mức đỏ",
    "found": "Kết quả kiểm tra được xác nhận",
    "returned": "Tin đã gỡ xuất hiện lại",
    "identified": "Gian hàng hiển thị mã số thuế hoặc giấy phép",
    "answered": "Gian hàng mà sàn đã trả lời khi được hỏi",
    "complained": "Gian hàng bị từ hai người trở lên phản ánh",
}
Name = Literal["signs", "found", "returned", "identified", "answered", "complained"]
COUNT_COLUMNS = ["platform", "input", "n", "hits"]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class InputRule(_Frozen):
    """What a share is worth, from how many things counted it speaks, and what it weighs."""

    good: float = Field(ge=0, le=1)
    bad: float = Field(ge=0, le=1)
    least: int = Field(ge=1)
    weight: float = Field(gt=0)


class TrustBands(_Frozen):
    """From how many points a rating is high, and below how many low."""

    high: float = Field(ge=0, le=100)
    low: float = Field(ge=0, le=100)


class TrustRule(_Frozen):
    """All of ``configs/platforms.yaml``."""

    config_version: Literal[1]
    inputs: Mapping[Name, InputRule]
    min_weight: float = Field(gt=0)
    bands: TrustBands


@dataclass(frozen=True)
class Rating:
    """``points``: 0 to 100, higher is more trusted, ``nan`` with too little known; ``low`` and ``high`` bound it; ``parts``: one row an input."""

    platform: str
    points: float
    low: float
    high: float
    band: str
    parts: pd.DataFrame


def load_trust_rule(path: Path | None = None) -> TrustRule:
    """Return the rule; raises `ConfigError` naming each wrong key and the known ones."""
    where = path or configs_dir() / "platforms.yaml"
    try:
        rule = TrustRule.model_validate(load_yaml(where))
    except ValidationError as error:
        raise ConfigError(f"{where}: {explain(error)}; known keys: {sorted(TrustRule.model_fields)}, inputs {list(INPUTS)}") from error
    if same := [name for name, one in rule.inputs.items() if one.good == one.bad]:
        raise ConfigError(f"{where}: good and bad of {same[0]} are the same, so its share is worth nothing; write two different ones")
    return rule


def rate(counts: pd.DataFrame, rule: TrustRule) -> list[Rating]:
    """Return the rating of every platform in ``counts`` (``COUNT_COLUMNS``: how many things were counted, how many of them are hits), by name."""
    return [_rating(str(platform), rows, rule) for platform, rows in counts.groupby("platform", sort=True)]


def _rating(platform: str, rows: pd.DataFrame, rule: TrustRule) -> Rating:
    parts = [_part(row.input, int(row.n), int(row.hits), rule.inputs[row.input]) for row in rows.itertuples() if row.input in rule.inputs]
    table = pd.DataFrame(parts, columns=["input", "n", "share", "points", "low", "high", "weight", "speaks"])
    said = table[table["speaks"]]
    if said["weight"].sum() < rule.min_weight:
        return Rating(platform, float("nan"), 0.0, 100.0, NOT_ENOUGH, table)
    points, low, high = (float(np.average(said[name], weights=said["weight"])) for name in ("points", "low", "high"))
    return Rating(platform, points, low, high, _band(low, high, rule.bands), table)


def _part(name: str, n: int, hits: int, rule: InputRule) -> tuple[str, int, float, float, float, float, float, bool]:
    found = share(np.arange(n) < hits)
    ends = sorted(_points(one, rule) for one in (found.low, found.high))
    return name, n, found.value, _points(found.value, rule), ends[0], ends[1], rule.weight, n >= rule.least


def _points(value: float, rule: InputRule) -> float:
    return float(100 * np.clip((value - rule.bad) / (rule.good - rule.bad), 0, 1))


def _band(low: float, high: float, bands: TrustBands) -> str:
    names = {HIGH if value >= bands.high else LOW if value < bands.low else MIDDLE for value in (low, high)}
    return names.pop() if len(names) == 1 else UNDECIDED


def rating_lines(ratings: list[Rating], names: Mapping[str, str]) -> list[str]:
    """Return what a terminal says: the rating with its interval, and under it every input with what it rests on."""
    rows = []
    for one in ratings:
        known = "" if np.isnan(one.points) else f" {one.points:.0f}/100 (từ {one.low:.0f} đến {one.high:.0f})"
        rows.append(f"{names.get(one.platform, one.platform)}: {one.band}{known}")
        for part in one.parts.itertuples():
            what = f"{part.share:.1%} của {part.n:,}" if part.n else "không có số liệu"
            rows.append(f"  {INPUTS[part.input]}: {what}" + ("" if part.speaks else " – chưa đủ, không tính"))
    return rows
