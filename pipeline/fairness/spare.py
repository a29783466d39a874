"""What a plan leaves in peace: listings whose seller and content are on the planners' list of what appeals cleared."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pandas as pd

from pipeline.fairness.content import contents_of


def spare(listings: Path, scores: pd.DataFrame, protected: pd.DataFrame, *, as_of: date) -> tuple[pd.DataFrame, int]:
    """Return ``scores`` with no points for protected listings and how many these are; ``protected`` as the planners' inputs give it."""
    alive = protected[pd.Series([row.den_ngay >= as_of for row in protected.itertuples()], index=protected.index, dtype=bool)]
    if not len(alive):
        return scores, 0
    wanted = set(zip(alive["san"], alive["ma_nguoi_ban"], alive["noi_dung"], strict=True))
    shown = contents_of(listings, {(platform, seller) for platform, seller, _ in wanted})
    same = [key in wanted for key in zip(shown["platform"], shown["seller_id"], shown["content"], strict=True)]
    rows = scores.index[[int(row) for row, one in zip(shown["row"], same, strict=True) if one]]
    spared = scores.copy()
    spared.loc[rows, "points"] = 0.0
    spared.loc[rows, "band"] = "green"
    for name in (name for name in spared if name.startswith("probability")):
        spared.loc[rows, name] = float("nan")
    return spared, len(rows)
