"""What a listing's own row shows of its seller: who it is, what the platform says of it, how old it is.

Everything here describes; nothing judges. A new shop is new, not guilty: age only sharpens other signs (see the evidence
weights). Province is never a column: it is for routing and audit. Where a crawl cannot show a thing, the column is missing.
What only other rows can say of a seller is in `features.seller_profile`.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

SHOWN_COLUMNS = ["seller_age_days", "seller_official", "seller_verified", "seller_n_products", "seller_n_followers", "seller_rating"]

#: Values of ``seller_type`` that the platforms give only to brands and authorised sellers.
OFFICIAL_TYPES = frozenset({"official_shop", "mall", "lazmall", "official_store", "retailer"})
#: Values of ``seller_type`` that say the platform has looked at who the seller is.
VERIFIED_TYPES = frozenset({"shopee_verified", "preferred_plus", "verified"})


def shown(rows: pd.DataFrame) -> pd.DataFrame:
    """Return ``SHOWN_COLUMNS`` for ``rows``, same index; missing where the crawl does not show them."""
    age = (rows["captured_at"] - rows["seller_joined_at"]).dt.total_seconds() / 86_400
    return pd.DataFrame(
        {
            # A join date after the capture is a fault of the crawl, not a shop from the future.
            "seller_age_days": age.where(age >= 0),
            "seller_official": official(rows),
            "seller_verified": verified(rows),
            "seller_n_products": rows["seller_n_products"].astype(float),
            "seller_n_followers": rows["seller_n_followers"].astype(float),
            "seller_rating": rows["seller_rating"].where(rows["seller_rating"] > 0),
        },
        index=rows.index,
    )


def official(rows: pd.DataFrame) -> pd.Series:
    """Return 1.0 where the platform marks the shop as official, 0.0 where it says it is not, else missing."""
    flag = rows["is_official"].astype("object").map({True: 1.0, False: 0.0}).astype(float)
    by_type = rows["seller_type"].map(lambda kind: 1.0 if kind in OFFICIAL_TYPES else np.nan, na_action="ignore")
    return flag.where(flag.eq(1.0), by_type.astype(float)).fillna(flag)


def verified(rows: pd.DataFrame) -> pd.Series:
    """Return 1.0 where the platform says it has verified the seller's identity, 0.0 where it says it has not, else missing.

    A mapping says so as ``x_seller_verified``; Shopee's class of seller says so too, but only where it is a verified one: "normal" says
    nothing of identity.
    """
    by_type = rows["seller_type"].isin(VERIFIED_TYPES).map({True: 1.0, False: np.nan})
    if "x_seller_verified" not in rows:
        return by_type
    flag = rows["x_seller_verified"].astype("object").map({True: 1.0, False: 0.0}).astype(float)
    return flag.fillna(by_type)


def seller_key(rows: pd.DataFrame) -> pd.Series:
    """Return ``platform|id|…`` or, where a crawl shows only the shop's name, ``platform|name|…``; missing where neither."""
    platform, seller = rows["platform"].astype("str"), rows["seller_id"].astype("str")
    by_id = platform + "|id|" + seller
    nameless = by_id.isna()
    if nameless.any():
        by_id = by_id.where(~nameless, platform + "|name|" + rows["seller_name"].astype("str"))
    return by_id
