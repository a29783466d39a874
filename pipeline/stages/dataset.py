"""Scored listings joined with their labels: what training and evaluation learn from."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple
from zlib import crc32

import numpy as np
import numpy.typing as npt
import pandas as pd
import scipy.sparse as sp

from features.errors import DataError
from features.seller import seller_key
from features.text_hashes import from_lists
from models.evidence import weigh
from models.matrix import matrix
from models.split import LEAST_DAYS, group_codes, text_keys
from pipeline.labels import KEY, Labels
from pipeline.reference import Reference
from pipeline.stages.links import linked_groups
from pipeline.stages.market import build_market, join_rows
from pipeline.stages.score import with_lexicon
from pipeline.store import parts, read_parquet

#: What baselines may see of a listing, besides joined price columns.
RAW = ["platform", "listing_id", "title", "description", "category", "brand_field", "price_vnd", "list_price_vnd", "seller_rating"]
RAW += ["seller_n_products", "seller_n_followers", "rating", "n_reviews", "n_sold", "n_images", "price_gap", "price_to_genuine"]
#: What slices and harm are counted by; no baseline sees them.
FACTS = ["goods_group", "seller_n_collected", "seller_age_days"]
#: Listings that nobody looked at, kept beside the labelled ones where looks were drawn with recorded chances.
_CROWD = 20_000


@dataclass(frozen=True)
class Crowd:
    """An equal-chance sample of all captures, looked at or not: what corrected estimates speak of."""

    table: pd.DataFrame
    text: sp.csr_matrix
    when: pd.Series


@dataclass(frozen=True)
class Dataset:
    """Labelled rows only, one a listing: its last capture before the outcome was known; everything in the same order.

    ``seen``: ``first_seen, last_seen`` of the listing over all captures. ``crowd``: only where outcomes carry chances.
    """

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
    seen: pd.DataFrame
    harm: npt.NDArray[np.float64]
    crowd: Crowd | None = None

    @property
    def known(self) -> pd.Series:
        """When each outcome was known, UTC; missing = at once."""
        return self.labels.table["known_at"]


def build_dataset(work: Path, labels: Labels, reference: Reference) -> Dataset:
    """Join features under ``work`` with ``labels``; raises `DataError` where none of them names a listing of the crawl.

    Market references are fitted on the whole crawl. Of outcomes a row sees what was known by the end of its capture day, never its own; sellers
    that were ever linked are one group, so that no outcome speaks across a split. Where captures lie too close together for a split by time,
    no row sees any outcome: sellers are then judged as if new, and what was found at them would tell.
    """
    todo = parts(work / "listings")
    timed = _captured_days(todo) >= LEAST_DAYS
    build_market(work / "listings", work, reference, outcomes=labels.outcomes if timed else None)
    wanted = pd.MultiIndex.from_frame(labels.table[KEY])
    chances = labels.table["selection_probability"].notna().any() if "selection_probability" in labels.table else False
    n_rows = sum(len(read_parquet(part, columns=["platform"])) for part in todo) if chances else 0
    read = _Reader(work, reference, wanted, min(1.0, _CROWD / n_rows) if n_rows else 0.0)
    labelled, crowd = [], []
    for part in todo:
        mine, beside = read(part)
        labelled += [mine] if mine is not None else []
        crowd += [beside] if beside is not None else []
    if not labelled:
        raise DataError(f"none of the {len(labels.table):,} outcomes names a listing of the crawl; check platform and listing_id")
    everything = pd.concat([one.rows for one in labelled], ignore_index=True)
    kept_rows = _as_seen(everything, labels)
    seen = everything.groupby(KEY, sort=True)["captured_at"].agg(first_seen="min", last_seen="max").reset_index(drop=True)
    everything = everything.loc[kept_rows].reset_index(drop=True)
    kept = labels.table[wanted.isin(pd.MultiIndex.from_frame(everything[KEY]))].reset_index(drop=True)
    sellers = seller_key(everything)
    same_words = text_keys(everything["title"], everything["description"])
    texts = [columns for one in labelled for columns in one.texts]
    return Dataset(
        rows=everything[[name for name in everything if name in (*RAW, *FACTS) or name.startswith("x_")]],
        table=pd.concat([one.table for one in labelled], ignore_index=True).loc[kept_rows].reset_index(drop=True),
        text=from_lists([texts[row] for row in kept_rows]),
        points=np.concatenate([one.points for one in labelled])[kept_rows],
        labels=replace(labels, table=kept),
        sellers=sellers,
        when=everything["captured_at"].where(everything["captured_precision"].ne("file")),
        text_keys=same_words,
        groups=group_codes(sellers, same_words, linked_groups(work, sellers)),
        n_unmatched=len(labels.table) - len(kept),
        seen=seen,
        harm=_harm(everything, reference),
        crowd=_crowd(crowd),
    )


def _captured_days(todo: list[Path]) -> int:
    """Days between the first capture and the last, of those that were not guessed from the file."""
    when = pd.concat([read_parquet(part, columns=["captured_at", "captured_precision"]) for part in todo])
    told = when.loc[when["captured_precision"].ne("file"), "captured_at"]
    return int((told.max() - told.min()).days) if len(told) else 0


class _Part(NamedTuple):
    """The wanted rows of one part."""

    rows: pd.DataFrame
    table: pd.DataFrame
    points: npt.NDArray[np.float64]
    texts: list[npt.NDArray[np.int32]]


@dataclass(frozen=True)
class _Reader:
    """Reads a part's labelled rows and, beside them, ``share`` of all its rows, drawn by a hash of part and place."""

    work: Path
    reference: Reference
    wanted: pd.MultiIndex
    share: float

    def __call__(self, part: Path) -> tuple[_Part | None, _Part | None]:
        mine = pd.MultiIndex.from_frame(read_parquet(part, columns=KEY)).isin(self.wanted)
        drawn = np.random.default_rng(crc32(part.name.encode())).random(len(mine)) < self.share
        if not (mine.any() or drawn.any()):
            return None, None
        rows = join_rows(part, self.work)
        hits = with_lexicon(read_parquet(self.work / "hits" / part.name), self.reference)
        evidence = weigh(rows, hits, self.reference.weights).scores
        groups = sorted(self.reference.goods_groups["group"].astype(str))
        whole = _Part(rows, matrix(rows, hits, evidence, groups), evidence["points"].to_numpy(), _texts(self.work / "text" / part.name))
        return (_cut(whole, mine) if mine.any() else None), (_cut(whole, drawn) if drawn.any() else None)


def _texts(path: Path) -> list[npt.NDArray[np.int32]]:
    columns: list[npt.NDArray[np.int32]] = read_parquet(path)["columns"].tolist()
    return columns


def _cut(part: _Part, mask: npt.NDArray[np.bool_]) -> _Part:
    texts = [columns for columns, kept in zip(part.texts, mask, strict=True) if kept]
    return _Part(part.rows[mask], part.table[mask], part.points[mask], texts)


def _as_seen(everything: pd.DataFrame, labels: Labels) -> npt.NDArray[np.int64]:
    """Positions of each listing's last capture before its outcome was known (the first one where all came after), by key."""
    known = everything[KEY].merge(labels.table[[*KEY, "known_at"]], how="left", on=KEY)["known_at"]
    after = everything["captured_at"].gt(known.set_axis(everything.index))
    # Of captures that came after, the earliest counts: what was changed since would give the outcome away.
    order = everything["captured_at"].astype("int64").where(~after, -everything["captured_at"].astype("int64"))
    ordered = everything[KEY].assign(before=~after, order=order).sort_values(["before", "order"], kind="stable")
    last = ordered.drop_duplicates(KEY, keep="last").sort_values(KEY)
    return np.asarray(last.index, dtype=np.int64)


def _harm(rows: pd.DataFrame, reference: Reference) -> npt.NDArray[np.float64]:
    """What a confirmed row weighs: one, and up to three more for the health risk of its goods, times its reach (log of units sold)."""
    risk = reference.goods_groups.set_index("group")["health_risk"].astype(float)
    severity = 1.0 + rows["goods_group"].map(risk).astype(float).fillna(0.0)
    reach = 1.0 + np.log1p(rows["n_sold"].astype(float).clip(lower=0).fillna(0.0))
    return np.asarray(severity * reach, dtype=float)


def _crowd(drawn: list[_Part]) -> Crowd | None:
    if not drawn:
        return None
    when = pd.concat([one.rows["captured_at"] for one in drawn], ignore_index=True)
    texts = [columns for one in drawn for columns in one.texts]
    return Crowd(pd.concat([one.table for one in drawn], ignore_index=True), from_lists(texts), when)
