"""Row features to market features: what everybody else's listings say of each one, as of the day it was captured.

Each family of features reads, once, the few columns of the whole crawl that it compares listings by; never a description. What it finds is laid down
on disk, and one table a part comes out, in the order of the part, so that scoring needs nothing but its own part.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow.parquet as pq

from features.link_rows import LINK_COLUMNS
from features.near_duplicates import DUPLICATE_COLUMNS
from features.neighbours import NETWORK_COLUMNS
from features.price import PEER_COLUMNS, PRICE_COLUMNS, against_genuine
from features.price_crawl import prices_of_crawl
from features.price_history import HISTORY_COLUMNS, price_history
from features.relisting import RELISTING_COLUMNS
from features.seller import official
from features.seller_complaints import COMPLAINT_COLUMNS, complaint_columns
from features.seller_profile import COMPARED_COLUMNS, CRAWL_COLUMNS, SELLER_COLUMNS, counted_columns, page_columns
from models.control import RETAILERS
from pipeline.reference import Reference
from pipeline.stages.complaints import complaint_features, load_complaint_settings
from pipeline.stages.links import find_links, write_links
from pipeline.stages.market_columns import KeptColumns, read_crawl, read_signatures
from pipeline.stages.reviews import review_features
from pipeline.store import drop_stale, n_rows, parts, read_parquet, write_parquet

#: What the row features say of a listing; all else is a column of the listing itself.
_ROW_COLUMNS = ["brand", "brand_role", "brand_famous", "goods_group", "item_type", "kind_why", "for_children", "n_units", "model_key"]
_ROW_COLUMNS += ["product_words", "price_form", "pack_size"]
#: Texts that many rows repeat.
_REPEATED = ["platform", "seller_id", "seller_name", "seller_type", "brand", "brand_role", "goods_group", "item_type", "kind_why", "model_key"]
_REPEATED += ["price_form"]
#: Read where a mapping carries them.
_FURTHER_COLUMNS = ["x_seller_verified"]

#: Columns of the row features that the listing has itself, and what only links are made from.
_NOT_JOINED = frozenset({"platform", "listing_id", "captured_at", "seller_id", "signature"})
#: Listing columns that the seller's profile repeats.
_KNOWN = ["seller_n_products", "seller_n_followers", "seller_rating"]
#: Cues that accuse nobody: a claim of being genuine, a way of writing, a fact left out.
_NO_ACCUSATION = ["claim", "evasion", "undisclosed"]

_GENUINE_COLUMNS = ["genuine_floor", "price_to_genuine"]
MARKET_COLUMNS = [*PRICE_COLUMNS, *_GENUINE_COLUMNS, *HISTORY_COLUMNS, *(name for name in SELLER_COLUMNS if name not in _KNOWN)]
MARKET_COLUMNS += [*DUPLICATE_COLUMNS, *NETWORK_COLUMNS, *RELISTING_COLUMNS, *COMPLAINT_COLUMNS]


class _Crawl(NamedTuple):
    """Where the crawl lies: its parts, and the folder of their row features."""

    parts: list[Path]
    features: Path
    n_rows: int

    def columns(self, names: Sequence[str], some: Sequence[Path] | None = None) -> pd.DataFrame:
        """Read columns of all listings, or of those of some parts."""
        rows = [name for name in _ROW_COLUMNS if name in names]
        own = [name for name in names if name not in rows]
        return read_crawl(some or self.parts, {self.parts[0].parent: own, self.features / "rows": rows}, coded=_REPEATED)


def build_market(listings: Path, features: Path, reference: Reference, *, outcomes: pd.DataFrame | None = None, previous: Path | None = None) -> None:
    """Write ``features/market`` for every part under ``listings``, and ``features/links``; ``features`` holds their row features (``rows``).

    ``outcomes`` are what was found before (`pipeline.labels`); without them nothing counts as known. ``previous``: an earlier run's output,
    whose networks keep their ids.
    """
    todo = parts(listings)
    drop_stale(features / "market", {part.name for part in todo})
    crawl = _Crawl(todo, features, sum(n_rows(part) for part in todo))
    kept = KeptColumns(features / "market.partial", crawl.n_rows)
    try:
        # Links and prices know nothing of each other, and both are mostly compiled loops that let others run.
        with ThreadPoolExecutor(1) as beside:
            links = beside.submit(_keep_links, crawl, kept, outcomes, previous)
            _keep_prices(crawl, kept, reference)
            _keep_sellers(crawl, kept, reference, outcomes)
            links.result()
        _write_parts(crawl, kept, reference)
    finally:
        kept.forget()


def _keep_links(crawl: _Crawl, kept: KeptColumns, outcomes: pd.DataFrame | None, previous: Path | None) -> None:
    rows = crawl.columns([*LINK_COLUMNS])
    found = find_links(rows, signatures=read_signatures(crawl.parts, crawl.features / "rows"), outcomes=outcomes)
    write_links(found, crawl.features / "links", previous=previous)
    kept.keep(found.columns)


def _keep_prices(crawl: _Crawl, kept: KeptColumns, reference: Reference) -> None:
    peers = crawl.columns([*PEER_COLUMNS, "seller_type"])
    # A retailer's catalogue is one seller, and it sells the genuine article.
    retail = peers["platform"].isin(RETAILERS)
    peers["is_official"] = official(peers).eq(1.0) | retail
    seller = peers["seller_id"].cat
    known = seller.categories
    peers["seller_id"] = seller.set_categories(known.union([_CATALOGUE], sort=False)).mask(retail, _CATALOGUE)
    kept.keep(prices_of_crawl(peers.drop(columns="seller_type"), genuine=reference.genuine_prices, bands=reference.price_bands))
    del peers
    asked = crawl.columns(["platform", "listing_id", "captured_at", "price_vnd", "list_price_vnd", "n_units"])
    kept.keep(price_history(asked, pd.Series(kept.column("price_expected"), index=asked.index)))


def _keep_sellers(crawl: _Crawl, kept: KeptColumns, reference: Reference, outcomes: pd.DataFrame | None) -> None:
    rows = crawl.columns([name for name in COMPARED_COLUMNS if name != "has_sign"]).assign(has_sign=_signed(crawl, reference.cues))
    gap, reviews = pd.Series(kept.column("price_gap"), index=rows.index), review_features(crawl.features)
    for columns in counted_columns(rows, gap, settings=reference.sellers, outcomes=outcomes, reviews=reviews):
        kept.keep(columns)
    kept.keep(complaint_columns(rows, complaint_features(crawl.features), load_complaint_settings().flood))


def _write_parts(crawl: _Crawl, kept: KeptColumns, reference: Reference) -> None:
    """Put together what the families found of each part and what its own rows say."""
    begin = 0
    for some in _by_rows(crawl.parts):
        rows = crawl.columns([*_PAGE_COLUMNS, *_further(some)], some)
        rows = rows.astype({name: "str" for name, kind in rows.dtypes.items() if isinstance(kind, pd.CategoricalDtype)})
        said = [kept.rows(begin, begin + len(rows)), against_genuine(rows, reference.genuine_prices), page_columns(rows, reference.seller_identity)]
        table = pd.concat(said, axis=1)[MARKET_COLUMNS]
        first = 0
        for part in some:
            end = first + n_rows(part)
            write_parquet(table.iloc[first:end].reset_index(drop=True), crawl.features / "market" / part.name)
            first = end
        begin += len(rows)


def _by_rows(todo: Sequence[Path]) -> Iterator[list[Path]]:
    """Neighbouring parts, about as many rows of them as are put together at once; all of one list carry the same further columns."""
    some: list[Path] = []
    n = 0
    for part in todo:
        if some and (n >= _ROWS_AT_ONCE or _further([part]) != _further(some[:1])):
            yield some
            some, n = [], 0
        some.append(part)
        n += n_rows(part)
    yield some


def _further(some: Sequence[Path]) -> list[str]:
    return [name for name in _FURTHER_COLUMNS if name in pq.read_schema(some[0]).names]


_CATALOGUE = "catalogue"
#: What the seller's profile reads of a row alone.
_PAGE_COLUMNS = [name for name in CRAWL_COLUMNS if name not in {"has_sign", "listing_id", "rating", "n_reviews", "n_sold"}]
_PAGE_COLUMNS += ["price_vnd", "item_type", "n_units"]
_ROWS_AT_ONCE = 100_000


def _signed(crawl: _Crawl, cues: pd.DataFrame) -> npt.NDArray[np.bool_]:
    """Whether each listing carries a sign that says something against it."""
    accusing = _accusing(cues)
    out = np.zeros(crawl.n_rows, dtype=bool)
    begin = 0
    for part in crawl.parts:
        hits = read_parquet(crawl.features / "hits" / part.name, columns=["row", "cue_id", "polarity"])
        signed = hits.loc[hits["polarity"].eq("sign") & hits["cue_id"].isin(accusing), "row"]
        out[begin + signed.to_numpy(dtype=np.int64)] = True
        begin += n_rows(part)
    return out


def join_rows(part: Path, features: Path) -> pd.DataFrame:
    """Return the listings of ``part`` with their row and market features (under ``features``); the listing's own brand is ``brand_field``."""
    path = features / "rows" / part.name
    columns = read_parquet(path, columns=[name for name in pq.read_schema(path).names if name not in _NOT_JOINED])
    listings = read_parquet(part).rename(columns={"brand": "brand_field"})
    return pd.concat([listings, columns, read_parquet(features / "market" / part.name)], axis=1)


def _accusing(cues: pd.DataFrame) -> set[str]:
    """Cues that say something against a listing, and not weakly."""
    return set(cues.loc[cues["strength"].ne("weak") & ~cues["behaviour"].isin(_NO_ACCUSATION), "cue_id"])
