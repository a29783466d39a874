"""Scored listings joined with their labels: what training and evaluation learn from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import scipy.sparse as sp

from features.errors import DataError
from features.seller import seller_key
from features.text_hashes import from_lists
from models.evidence import weigh
from models.matrix import matrix
from models.split import group_codes, text_keys
from pipeline.labels import KEY, Labels
from pipeline.reference import Reference
from pipeline.stages.market import build_market, join_rows
from pipeline.stages.score import with_lexicon
from pipeline.store import parts, read_parquet

#: What baselines may see of a listing, besides joined price columns.
RAW = ["platform", "listing_id", "title", "description", "category", "brand_field", "price_vnd", "list_price_vnd", "seller_rating"]
RAW += ["seller_n_products", "seller_n_followers", "rating", "n_reviews", "n_sold", "n_images", "price_gap", "price_to_genuine"]


@dataclass(frozen=True)
class Dataset:
    """Labelled rows only, one a listing (its last capture); everything in the same order."""

    rows: pd.DataFrame
    table: pd.DataFrame
    text: sp.csr_matrix
    points: npt.NDArray[np.float64]
    labels: Labels
    sellers: pd.Series
    when: pd.Series
    text_keys: npt.NDArray[np.int64]
    groups: npt.NDArray[np.int64]
    n_unmatched: int

    @property
    def known(self) -> pd.Series:
        """When each outcome was known, UTC; missing = at once."""
        return self.labels.table["known_at"]


def build_dataset(work: Path, labels: Labels, reference: Reference) -> Dataset:
    """Join features under ``work`` with ``labels``; raises `DataError` where none of them names a listing of the crawl.

    Market references are fitted on the whole crawl; they use no label.
    """
    build_market(work / "listings", work, reference)
    wanted = pd.MultiIndex.from_frame(labels.table[KEY])
    groups = sorted(reference.goods_groups["group"].astype(str))
    rows, tables, points, texts = [], [], [], []
    for part in parts(work / "listings"):
        keys = pd.MultiIndex.from_frame(read_parquet(part, columns=KEY))
        if not keys.isin(wanted).any():
            continue
        joined = join_rows(part, work)
        hits = with_lexicon(read_parquet(work / "hits" / part.name), reference)
        evidence = weigh(joined, hits, reference.weights)
        mine = keys.isin(wanted)
        tables.append(matrix(joined, hits, evidence.scores, groups)[mine])
        points.append(evidence.scores["points"].to_numpy()[mine])
        rows.append(joined[mine])
        texts += read_parquet(work / "text" / part.name)["columns"][mine].tolist()
    if not rows:
        raise DataError(f"none of the {len(labels.table):,} outcomes names a listing of the crawl; check platform and listing_id")
    everything = pd.concat(rows, ignore_index=True)
    last = everything.sort_values("captured_at", kind="stable").drop_duplicates(KEY, keep="last").sort_values(KEY).index
    everything = everything.loc[last].reset_index(drop=True)
    found = pd.MultiIndex.from_frame(everything[KEY])
    kept = labels.table[wanted.isin(found)].reset_index(drop=True)
    sellers = seller_key(everything)
    same_words = text_keys(everything["title"], everything["description"])
    when = everything["captured_at"].where(everything["captured_precision"].ne("file"))
    return Dataset(
        rows=everything[[name for name in everything if name in RAW or name.startswith("x_")]],
        table=pd.concat(tables, ignore_index=True).loc[last].reset_index(drop=True),
        text=from_lists([texts[row] for row in last]),
        points=np.concatenate(points)[last],
        labels=Labels(kept, labels.notes),
        sellers=sellers,
        when=when,
        text_keys=same_words,
        groups=group_codes(sellers, same_words),
        n_unmatched=len(labels.table) - len(kept),
    )
