"""The same crawl scored and planned twice: which targets within capacity both models choose, who enters and who leaves."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd

from models.artifact import Model
from pipeline.config import RunConfig
from pipeline.reference import load_reference
from pipeline.stages.plan import plan
from pipeline.stages.score import score
from pipeline.store import read_parquet

_SHOWN = 10
_WHO = ["platform", "seller_id", "subject_url"]


@dataclass(frozen=True)
class BatchComparison:
    """``moves``: one row a target chosen by either, ``platform, seller_id, subject_url, seller_name, authority, move (stays | enters | leaves),
    rank_before, rank_after, signs``; ``rank_agreement``: Spearman's correlation of the two risks over all listings.
    """

    n_listings: int
    n_before: int
    n_after: int
    rank_agreement: float
    moves: pd.DataFrame

    @property
    def n_stays(self) -> int:
        """Targets that both choose."""
        return int(self.moves["move"].eq("stays").sum())

    def to_json(self) -> dict[str, Any]:
        """Return plain values; who moves stands in the table only."""
        counts = self.moves["move"].value_counts()
        return {
            "listings": self.n_listings,
            "chosen_before": self.n_before,
            "chosen_after": self.n_after,
            **{name: int(counts.get(name, 0)) for name in ("stays", "enters", "leaves")},
            "overlap": self.n_stays / self.n_before if self.n_before else float("nan"),
            "rank_agreement": self.rank_agreement,
        }

    def lines(self) -> list[str]:
        """Return the summary for a terminal."""
        overlap = f"{self.n_stays} of {self.n_before} stay" + (f" ({self.n_stays / self.n_before:.0%})" if self.n_before else "")
        rows = [
            f"the same {self.n_listings:,} listings scored by both: {overlap}, {self.n_after} chosen after; "
            f"rank correlation of all listings {self.rank_agreement:.2f}"
        ]
        for move, column in (("enters", "rank_after"), ("leaves", "rank_before")):
            moved = self.moves[self.moves["move"].eq(move)]
            rows += [
                f"  {move} {row.platform} {row.seller_name if pd.notna(row.seller_name) else row.subject_url} "
                f"({row.authority}, {int(getattr(row, column))}): {row.signs}"
                for row in moved.head(_SHOWN).itertuples()
            ]
            if len(moved) > _SHOWN:
                rows.append(f"  … and {len(moved) - _SHOWN} more; moves.csv of the run lists all")
        return rows


def compare_batch(
    out: Path, champion: Model | None, challenger: Model, *, config: RunConfig, as_of: date, capacity: pd.DataFrame | None
) -> BatchComparison:
    """Score and plan what ingest, features and market left in ``out/work`` by both; leaves both in ``out/promotion``."""
    reference = load_reference()
    tables, targets = [], []
    for name, model in (("champion", champion), ("challenger", challenger)):
        into = out / "promotion" / name
        score(out / "work" / "listings", out / "work", out=into, reference=reference, run_id=f"promotion-{name}", model=model)
        scores = read_parquet(into / "scores.parquet")
        made = plan(
            out / "work" / "listings", out / "work", scores, read_parquet(into / "reasons.parquet"),
            as_of=as_of, settings=config.plan, capacity=capacity, reference=reference,
        )  # fmt: skip
        tables.append(scores)
        targets.append(made.targets[~made.targets["reserve"]])
    agreement = float(tables[0]["risk"].corr(tables[1]["risk"], method="spearman"))
    return BatchComparison(len(tables[0]), len(targets[0]), len(targets[1]), agreement, moves(targets[0], targets[1]))


def moves(before: pd.DataFrame, after: pd.DataFrame) -> pd.DataFrame:
    """Join two lists of chosen targets by whom they name, in the order of the new list and then of the old."""
    shown = [*_WHO, "seller_name", "authority", "signs"]
    left = before[[*shown, "rank"]].rename(columns={"rank": "rank_before"})
    right = after[[*shown, "rank"]].rename(columns={"rank": "rank_after"})
    joined = right.merge(left, on=_WHO, how="outer", suffixes=("", "_before"), indicator=True)
    for name in ("seller_name", "authority", "signs"):
        joined[name] = joined[name].fillna(joined[f"{name}_before"])
    joined["move"] = joined["_merge"].map({"both": "stays", "left_only": "enters", "right_only": "leaves"}).astype("str")
    ordered = joined.sort_values(["rank_after", "rank_before", *_WHO], kind="stable", na_position="last")
    return ordered[[*_WHO, "seller_name", "authority", "move", "rank_before", "rank_after", "signs"]].reset_index(drop=True)
