"""All that is known of each listing's seller as of the day of its capture: one table of columns from the families of `features/seller_*.py`.

Rows captured after a listing's day, outcomes and reviews known after it and the listing's own outcome do not exist for it. Shops of which little is
known stand where the market stands.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import pandas as pd

from features.days import Floats, Ints
from features.errors import ConfigError
from features.seller import SHOWN_COLUMNS, shown
from features.seller_identity import identity
from features.seller_outcomes import past_outcomes
from features.seller_prices import price_level
from features.seller_reopened import reopened
from features.seller_reviews import REVIEW_COLUMNS, review_columns
from features.seller_rows import seller_rows
from features.seller_signs import signs
from features.seller_size import size

COUNTED_COLUMNS = ["seller_n_collected", "seller_new_per_week", "seller_n_famous_brands", "seller_n_goods_groups", "seller_n_brand_groups"]
COUNTED_COLUMNS += ["seller_n_sold", "seller_n_reviews", "seller_stars", "seller_churn", "seller_reopened"]
COUNTED_COLUMNS += ["seller_n_others", "seller_n_others_signed", "seller_sign_share"]
COUNTED_COLUMNS += ["seller_n_priced", "seller_price_level", "seller_price_low"]
COUNTED_COLUMNS += ["seller_past_confirmed", "seller_past_cleared", "seller_past_share", *REVIEW_COLUMNS]
SELLER_COLUMNS = [*SHOWN_COLUMNS, "seller_identity_share", "seller_identity_missing", *COUNTED_COLUMNS]

#: What `seller_profile` reads of the crawl; ``x_seller_verified`` besides, where a mapping carries it.
CRAWL_COLUMNS = ["platform", "listing_id", "captured_at", "seller_id", "seller_name", "is_official", "seller_type", "seller_joined_at"]
CRAWL_COLUMNS += ["seller_rating", "seller_n_products", "seller_n_followers", "observes", "tax_code", "licence_no", "contact_keys"]
CRAWL_COLUMNS += ["created_at", "rating", "n_reviews", "n_sold", "brand", "brand_role", "brand_famous", "goods_group", "has_sign"]

_SIZE = ["brand", "brand_role", "brand_famous", "goods_group", "created_at", "rating", "n_reviews", "n_sold"]
_REOPENED = ["seller_id", "seller_name", "contact_keys", "seller_joined_at"]
_TOLD_OF = ["platform", "listing_id", "seller_id"]
#: Of these what `counted_columns` reads; the others are read by `page_columns`.
COMPARED_COLUMNS = ["platform", "listing_id", "captured_at", "seller_id", "seller_name", "has_sign", *_SIZE, "contact_keys", "seller_joined_at"]


@dataclass(frozen=True)
class SellerSettings:
    """How strongly little knowledge is pulled to what is usual, and how fast old findings fade (``configs/sellers.yaml``)."""

    prior_listings: float = 20.0
    prior_prices: float = 5.0
    prior_reviews: float = 20.0
    prior_outcomes: float = 3.0
    half_life_days: float = 365.0


def read_settings(values: Mapping[str, Any], *, where: str) -> SellerSettings:
    """Check a parsed settings file; raises `ConfigError` naming the unknown keys, or the first value that is no number above 0."""
    given = {name: value for name, value in values.items() if name != "config_version"}
    known = [field.name for field in fields(SellerSettings)]
    if values.get("config_version") != 1 or set(given) != set(known):
        raise ConfigError(f"{where}: expected config_version: 1 and the keys {known}, found {sorted(values)}")
    for name, value in given.items():
        if isinstance(value, bool) or not isinstance(value, int | float) or not value > 0:
            raise ConfigError(f"{where}: {name} must be a number above 0, not {value!r}")
    return SellerSettings(**{name: float(value) for name, value in given.items()})


def seller_profile(
    crawl: pd.DataFrame,
    price_gap: pd.Series,
    duties: pd.DataFrame,
    *,
    settings: SellerSettings,
    outcomes: pd.DataFrame | None = None,
    reviews: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Return ``SELLER_COLUMNS`` for every row of ``crawl`` (``CRAWL_COLUMNS``), same index; missing where it names no seller.

    ``price_gap`` is each row's own (`features.price`), ``duties`` the dated table of particulars, ``outcomes`` what was found
    (`features.seller_outcomes`), ``reviews`` what buyers wrote (`features.seller_reviews`).
    """
    counted: dict[str, Floats] = {}
    for columns in counted_columns(crawl, price_gap, settings=settings, outcomes=outcomes, reviews=reviews):
        counted |= columns
    return pd.concat([page_columns(crawl, duties), pd.DataFrame(counted, index=crawl.index)], axis=1)[SELLER_COLUMNS]


def page_columns(rows: pd.DataFrame, duties: pd.DataFrame) -> pd.DataFrame:
    """Return those of ``SELLER_COLUMNS`` that each listing's own page says, whatever else the crawl holds; same index."""
    return pd.concat([shown(rows), identity(rows, duties)], axis=1)


def counted_columns(
    crawl: pd.DataFrame,
    price_gap: pd.Series,
    *,
    settings: SellerSettings,
    outcomes: pd.DataFrame | None = None,
    reviews: pd.DataFrame | None = None,
) -> Iterator[dict[str, Floats]]:
    """Yield ``COUNTED_COLUMNS`` a family at a time, one entry a row of ``crawl`` (``COMPARED_COLUMNS``; texts may be categories)."""
    rows = seller_rows(crawl)

    def of_all(columns: dict[str, Floats]) -> dict[str, Floats]:
        return {name: _spread(columns.pop(name), rows.at, len(crawl)) for name in list(columns)}

    yield of_all(size(rows, crawl[_SIZE].iloc[rows.at], prior=settings.prior_listings))
    yield of_all({"seller_reopened": reopened(rows, crawl[_REOPENED].iloc[rows.at])})
    yield of_all(signs(rows, crawl["has_sign"].to_numpy(dtype=bool)[rows.at], prior=settings.prior_listings))
    yield of_all(price_level(rows, price_gap.to_numpy(dtype=float)[rows.at], prior=settings.prior_prices))
    named = crawl[_TOLD_OF].iloc[rows.at]
    yield of_all(past_outcomes(rows, named, outcomes, half_life_days=settings.half_life_days, prior=settings.prior_outcomes))
    yield of_all(review_columns(rows, named, reviews, prior=settings.prior_reviews))


def _spread(values: Floats, at: Ints, size: int) -> Floats:
    out = np.full(size, np.nan)
    out[at] = values
    return out
