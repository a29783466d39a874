"""What the market around a listing says: references fitted on all parts, then joined to each part's rows."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from features.price import PEER_COLUMNS, PriceReference, against_genuine
from features.seller import SellerProfile, official, seller_key
from pipeline.reference import Reference
from pipeline.store import parts, read_parquet

#: What the market references need of every row: a few hundred bytes a listing, whatever its description's length.
_LISTING_COLUMNS = ["platform", "listing_id", "seller_id", "seller_name", "is_official", "seller_type", "price_vnd"]
_ROW_COLUMNS = ["brand", "brand_role", "brand_famous", "goods_group", "item_type", "kind_why", "for_children", "n_units", "model_key"]

@dataclass(frozen=True)
class Market:
    """References fitted on all rows of the crawl."""

    price: PriceReference
    seller: SellerProfile
    sellers_seen: bool


def fit_market(listings: Path, rows: Path) -> Market:
    """Fit price references and seller counts on the compact columns of every part."""
    compact = pd.concat(
        [
            pd.concat(
                [read_parquet(part, columns=_LISTING_COLUMNS), read_parquet(rows / part.name, columns=_ROW_COLUMNS)], axis=1
            )
            for part in parts(listings)
        ],
        ignore_index=True,
    )
    compact["is_official"] = official(compact).eq(1.0)
    return Market(
        PriceReference().fit(compact[PEER_COLUMNS]),
        SellerProfile().fit(compact),
        bool(seller_key(compact).notna().any()),
    )


def join_rows(part: Path, features: Path, market: Market, reference: Reference) -> pd.DataFrame:
    """Return the listings of ``part`` with their row features (under ``features``) and what the market says of them."""
    listings = read_parquet(part)
    columns = read_parquet(features / "rows" / part.name).drop(columns=["platform", "listing_id", "captured_at", "seller_id"])
    rows = pd.concat([listings.rename(columns={"brand": "brand_field"}), columns], axis=1)
    prices = market.price.transform(rows)
    genuine = against_genuine(rows, reference.genuine_prices)
    profile = market.seller.transform(rows).drop(columns=["seller_n_products", "seller_n_followers", "seller_rating"])
    return pd.concat([rows, prices, genuine, profile], axis=1)
