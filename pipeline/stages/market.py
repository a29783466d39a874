"""Row features to market features: what everybody else's listings say of each one, as of the day it was captured.

The whole crawl is read once, in the few columns that compare listings with each other; never a description. One table a part comes
out, in the order of the part, so that scoring needs nothing but its own part.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq

from features.link_rows import LINK_COLUMNS
from features.price import PEER_COLUMNS, PriceReference, against_genuine
from features.price_history import price_history
from features.seller import official
from features.seller_complaints import complaint_columns
from features.seller_profile import CRAWL_COLUMNS, seller_profile
from models.control import RETAILERS
from pipeline.reference import Reference
from pipeline.stages.complaints import complaint_features, load_complaint_settings
from pipeline.stages.links import Links, find_links, write_links
from pipeline.stages.reviews import review_features
from pipeline.store import drop_stale, parts, read_parquet, write_parquet

#: What compares listings with each other: a few hundred bytes a listing, whatever its description's length.
_LISTING_COLUMNS = ["price_vnd", "list_price_vnd"]
_ROW_COLUMNS = ["brand", "brand_role", "brand_famous", "goods_group", "item_type", "kind_why", "for_children", "n_units", "model_key"]
_ROW_COLUMNS += ["product_words", "price_form", "pack_size", "signature"]
_LISTING_COLUMNS += [name for name in CRAWL_COLUMNS if name not in {*_ROW_COLUMNS, "has_sign"}]
_LISTING_COLUMNS += [name for name in LINK_COLUMNS if name not in _LISTING_COLUMNS]
#: Read where a mapping carries them.
_FURTHER_COLUMNS = ["x_seller_verified"]

#: Columns of the row features that the listing has itself, and what only links are made from.
_NOT_JOINED = frozenset({"platform", "listing_id", "captured_at", "seller_id", "signature"})
#: Listing columns that the seller's profile repeats.
_KNOWN = ["seller_n_products", "seller_n_followers", "seller_rating"]
#: Cues that accuse nobody: a claim of being genuine, a way of writing, a fact left out.
_NO_ACCUSATION = ["claim", "evasion", "undisclosed"]


def build_market(
    listings: Path, features: Path, reference: Reference, *, outcomes: pd.DataFrame | None = None, previous: Path | None = None
) -> None:
    """Write ``features/market`` for every part under ``listings``, and ``features/links``; ``features`` holds their row features (``rows``).

    ``outcomes`` are what was found before (`pipeline.labels`); without them nothing counts as known. ``previous``: an earlier run's output,
    whose networks keep their ids.
    """
    todo = parts(listings)
    drop_stale(features / "market", {part.name for part in todo})
    crawl, sizes = _compact(todo, features, reference.cues)
    # Links and prices know nothing of each other, and both are mostly compiled loops that let others run.
    with ThreadPoolExecutor(1) as beside:
        links = beside.submit(find_links, crawl, outcomes=outcomes)
        table = market_features(
            crawl.drop(columns="signature"), reference, outcomes=outcomes, reviews=review_features(features), links=links.result,
            complaints=complaint_features(features),
        )  # fmt: skip
    write_links(links.result(), features / "links", previous=previous)
    begin = 0
    for part, size in zip(todo, sizes, strict=True):
        write_parquet(table.iloc[begin : begin + size].reset_index(drop=True), features / "market" / part.name)
        begin += size


def market_features(
    crawl: pd.DataFrame,
    reference: Reference,
    *,
    outcomes: pd.DataFrame | None = None,
    reviews: pd.DataFrame | None = None,
    links: Callable[[], Links] | None = None,
    complaints: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Return the market columns of every row of ``crawl`` (listing and row features, RangeIndex), same index.

    ``links`` gives those of the same crawl, where they are being found already.
    """
    compared = crawl.assign(is_official=official(crawl).eq(1.0))
    prices = _prices(compared, reference)
    genuine = against_genuine(crawl, reference.genuine_prices)
    profile = seller_profile(
        crawl, prices["price_gap"], reference.seller_identity, settings=reference.sellers, outcomes=outcomes, reviews=reviews
    ).drop(columns=_KNOWN)
    found = links() if links is not None else find_links(crawl, outcomes=outcomes)
    told = complaint_columns(crawl, complaints, load_complaint_settings().flood)
    return pd.concat([prices, genuine, price_history(crawl, prices["price_expected"]), profile, found.columns, told], axis=1)


def _prices(compared: pd.DataFrame, reference: Reference) -> pd.DataFrame:
    # A retailer's catalogue is one seller, and it sells the genuine article.
    retail = compared["platform"].isin(RETAILERS)
    peers = compared.assign(seller_id=compared["seller_id"].mask(retail, "catalogue"), is_official=compared["is_official"] | retail)
    made = PriceReference(genuine=reference.genuine_prices, bands=reference.price_bands).fit(peers[PEER_COLUMNS])
    return made.transform(peers)


def join_rows(part: Path, features: Path) -> pd.DataFrame:
    """Return the listings of ``part`` with their row and market features (under ``features``); the listing's own brand is ``brand_field``."""
    path = features / "rows" / part.name
    columns = read_parquet(path, columns=[name for name in pq.read_schema(path).names if name not in _NOT_JOINED])
    listings = read_parquet(part).rename(columns={"brand": "brand_field"})
    return pd.concat([listings, columns, read_parquet(features / "market" / part.name)], axis=1)


def _compact(todo: Sequence[Path], features: Path, cues: pd.DataFrame) -> tuple[pd.DataFrame, list[int]]:
    accusing = _accusing(cues)
    tables = []
    for part in todo:
        wanted = [*_LISTING_COLUMNS, *(name for name in _FURTHER_COLUMNS if name in pq.read_schema(part).names)]
        table = pd.concat([read_parquet(part, columns=wanted), read_parquet(features / "rows" / part.name, columns=_ROW_COLUMNS)], axis=1)
        hits = read_parquet(features / "hits" / part.name, columns=["row", "cue_id", "polarity"])
        signed = hits.loc[hits["polarity"].eq("sign") & hits["cue_id"].isin(accusing), "row"]
        tables.append(table.assign(has_sign=table.index.isin(signed)))
    return pd.concat(tables, ignore_index=True), [len(table) for table in tables]


def _accusing(cues: pd.DataFrame) -> set[str]:
    """Cues that say something against a listing, and not weakly."""
    return set(cues.loc[cues["strength"].ne("weak") & ~cues["behaviour"].isin(_NO_ACCUSATION), "cue_id"])
