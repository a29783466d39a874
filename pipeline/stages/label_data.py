"""A scored crawl beside its labels: each listing once, with what counting, checking and proposing labels needs; never a description."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from features.errors import DataError
from features.seller import seller_key
from pipeline.labels import KEY, Labels
from pipeline.store import parts, read_parquet

_WHEN = [*KEY, "captured_at"]


@dataclass(frozen=True)
class LabelledCrawl:
    """``listings``: one row a listing (its last capture), ``title, seller, goods_group, points, risk, band``, RangeIndex.

    ``signs``: ``row`` (of ``listings``), ``sign_id, behaviour, points``. ``found``: the labels whose listing is in the crawl, with ``row``,
    sorted by it; ``n_unmatched`` are not.
    """

    listings: pd.DataFrame
    signs: pd.DataFrame
    found: pd.DataFrame
    n_unmatched: int

    def labels(self, kind: str | None = None) -> pd.DataFrame:
        """Return ``found`` (of one ``kind``) joined with its listings' seller, goods group and title."""
        kept = self.found if kind is None else self.found[self.found["kind"].eq(kind)]
        return kept.join(self.listings[["title", "seller", "goods_group"]], on="row")


def load_labelled(out: Path, labels: Labels) -> LabelledCrawl:
    """Join what `soihang score` left in ``out`` with ``labels``; raises `DataError` where nothing was scored."""
    scores = read_parquet(out / "scores.parquet", [*_WHEN, "points", "risk", "band"])
    crawl = pd.concat([_part(part, out / "work" / "rows") for part in parts(out / "work" / "listings")], ignore_index=True)
    listings = crawl.merge(scores, on=_WHEN, validate="one_to_one")
    if len(listings) != len(crawl):
        raise DataError(f"{out / 'scores.parquet'} does not belong to the listings in {out / 'work'}; run `soihang score` again")
    last = listings.sort_values(_WHEN, kind="stable").drop_duplicates(KEY, keep="last").reset_index(drop=True)
    place = last[_WHEN].assign(row=range(len(last)))
    signs = read_parquet(out / "reasons.parquet", [*_WHEN, "sign_id", "behaviour", "points"]).merge(place, on=_WHEN)
    found = labels.table.merge(place[[*KEY, "row"]], on=KEY).sort_values("row", ignore_index=True)
    return LabelledCrawl(last, signs[["row", "sign_id", "behaviour", "points"]], found, len(labels.table) - len(found))


def _part(part: Path, rows: Path) -> pd.DataFrame:
    listings = read_parquet(part, [*_WHEN, "title", "seller_id", "seller_name"])
    known = listings.assign(seller=seller_key(listings), goods_group=read_parquet(rows / part.name, ["goods_group"])["goods_group"])
    return known.drop(columns=["seller_id", "seller_name"])
