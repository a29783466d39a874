"""Scored listings to a desk review: drawn with recorded chances, written as a page and a workbook that do not say what the machine thinks."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from features.errors import DataError
from models.sampling import draw_sample
from models.weights import Bands
from pipeline.config import ReviewConfig
from pipeline.reports.review_page import write_review_page
from pipeline.reports.review_workbook import write_review_workbook
from pipeline.store import parts, read_json, read_parquet, write_atomically, write_parquet

KEY = ["platform", "listing_id", "captured_at"]
_SHOWN = ["url", "title", "description", "category", "brand", "price_vnd", "list_price_vnd", "seller_id", "seller_name", "is_official"]
_SHOWN += ["seller_joined_at", "seller_rating", "rating", "n_reviews", "n_sold", "location"]
#: The fewest letters that keep two samples of one folder apart.
_NAME = 8


@dataclass(frozen=True)
class ReviewSample:
    """``folder`` holds ``sample.parquet`` (chances and scores: not for readers), ``review.html`` and ``review.xlsx``."""

    folder: Path
    name: str
    population: int
    table: pd.DataFrame

    def to_json(self) -> dict[str, Any]:
        """Return counts as plain values."""
        drawn = self.table["drawn_by"].value_counts()
        return {
            "sample": self.name,
            "folder": str(self.folder),
            "population": self.population,
            "drawn": len(self.table),
            "drawn_by": {name: int(drawn[name]) for name in sorted(drawn.index)},
            "files": [str(self.folder / name) for name in ("review.html", "review.xlsx")],
        }

    def lines(self) -> list[str]:
        """Return the summary for a terminal."""
        said = self.to_json()
        by = ", ".join(f"{name} {count}" for name, count in said["drawn_by"].items())
        return [
            f"sample {self.name}: {said['drawn']:,} of {self.population:,} listings ({by}), each with its recorded chance",
            *(f"  {path}" for path in said["files"]),
            "give either file to one or two readers, then: soihang review import OUT FILE...",
        ]


def sample_for_review(out: Path, *, counts: ReviewConfig, bands: Bands, seed: int) -> ReviewSample:
    """Draw from what `soihang score` left in ``out`` (each listing's last capture) and write ``out/review/NAME``.

    The same scores, counts and seed give the same sample under the same name. Raises `DataError` where nothing was scored.
    """
    scores = read_parquet(out / "scores.parquet", [*KEY, "seller_id", "points", "risk", "band"])
    last = scores.sort_values(KEY, kind="stable").drop_duplicates(KEY[:2], keep="last").reset_index(drop=True)
    if last.empty:
        raise DataError(f"{out / 'scores.parquet'} holds no listing; run `soihang score` first")
    points = last["points"].to_numpy(dtype=float)
    drawn = draw_sample(points, top=counts.top, random=counts.random, stratified=counts.stratified, edges=strata(bands), seed=seed)
    if drawn.empty:
        raise DataError("no listing was asked for: set review.top, review.random or review.stratified above 0")
    name = _name(read_json(out / "work" / "run_id.json")["run_id"], counts, seed)
    table = pd.concat([last.iloc[drawn["row"]].reset_index(drop=True), drawn.drop(columns="row")], axis=1)
    table.insert(0, "code", [f"{name}-{number:03d}" for number in range(1, len(table) + 1)])
    table = table.assign(population=len(last))
    folder = out / "review" / name
    write_parquet(table, folder / "sample.parquet")
    shown = _shown(table, out)
    synthetic = bool(read_json(out / "work" / "score.json")["n_synthetic"])
    write_atomically(folder / "review.html", lambda path: write_review_page(path, shown, name=name, synthetic=synthetic))
    write_atomically(folder / "review.xlsx", lambda path: write_review_workbook(path, shown, name=name, synthetic=synthetic))
    return ReviewSample(folder, name, len(last), table)


#: What the strata of `strata` hold, in their order.
STRATA = ("no sign", "under half of amber", "under amber", "amber", "red or as high")


def strata(bands: Bands) -> list[float]:
    """Return the edges of the strata in points: no sign, under half of amber, up to amber, amber, red."""
    return [np.nextafter(0.0, 1.0), bands.amber_points / 2, bands.amber_points, bands.red_points]


def _name(run_id: str, counts: ReviewConfig, seed: int) -> str:
    return hashlib.sha256(f"{run_id} {counts.model_dump_json()} {seed}".encode()).hexdigest()[:_NAME]


def _shown(table: pd.DataFrame, out: Path) -> pd.DataFrame:
    """What a reader may see: the listing as it stood, and the reasons that are kept hidden; no score, stratum or chance."""
    key = table[["code", *KEY]]
    listings = _listings(parts(out / "work" / "listings"), key)
    reasons = read_parquet(out / "reasons.parquet", [*KEY, "text"]).merge(key, on=KEY)
    told = reasons.groupby("code", sort=False)["text"].agg(list).reindex(listings["code"])
    return listings.assign(reasons=[one if isinstance(one, list) else [] for one in told])


def _listings(files: Sequence[Path], key: pd.DataFrame) -> pd.DataFrame:
    wanted = pd.MultiIndex.from_frame(key[KEY])
    found = []
    for part in files:
        mine = pd.MultiIndex.from_frame(read_parquet(part, columns=KEY)).isin(wanted)
        if mine.any():
            found.append(read_parquet(part, columns=[*KEY, *_SHOWN])[mine])
    shown = key.merge(pd.concat(found, ignore_index=True), on=KEY, how="left", validate="one_to_one")
    if shown["title"].isna().any():
        raise DataError(f"{int(shown['title'].isna().sum())} scored listings are not in work/listings; run `soihang score` again")
    return shown
