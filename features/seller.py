"""What is known of a seller, as of each listing's capture, from the crawl itself.

Everything here describes; nothing judges. A new shop is new, not guilty: age only sharpens other signs (see the evidence
weights). Province is never a column: it is for routing and audit. Where a crawl cannot show a thing, the column is missing.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

SELLER_COLUMNS = [
    "seller_age_days",
    "seller_official",
    "seller_n_products",
    "seller_n_followers",
    "seller_rating",
    "seller_n_collected",
    "seller_n_famous_brands",
    "seller_identity_missing",
]


class SellerProfile:
    """Per-seller facts counted over all rows of a crawl, given to each of its listings.

    Attributes
    ----------
    counts_ : pandas.DataFrame
        Indexed by `seller_key`: ``n_collected`` (listings seen), ``n_famous_brands`` (different famous brands it
        names as the maker).
    """

    def fit(self, rows: pd.DataFrame) -> SellerProfile:
        """Count over ``rows`` with ``platform, seller_id, seller_name, brand, brand_role, brand_famous``."""
        keys = seller_key(rows)
        famous = rows["brand"].where(rows["brand_famous"].fillna(False).astype(bool) & rows["brand_role"].eq("mark"))
        table = pd.DataFrame({"key": keys, "famous": famous}).dropna(subset=["key"])
        grouped = table.groupby("key", sort=True)
        self.counts_ = pd.DataFrame(
            {"n_collected": grouped.size().astype(float), "n_famous_brands": grouped["famous"].nunique().astype(float)}
        )
        return self

    def transform(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Return ``SELLER_COLUMNS`` for ``rows``, same index; missing where the crawl does not show them."""
        keys = seller_key(rows)
        counts = self.counts_.reindex(keys).set_axis(rows.index)
        age = (rows["captured_at"] - rows["seller_joined_at"]).dt.total_seconds() / 86_400
        return pd.DataFrame(
            {
                # A join date after the capture is a fault of the crawl, not a shop from the future.
                "seller_age_days": age.where(age >= 0),
                "seller_official": official(rows),
                "seller_n_products": rows["seller_n_products"].astype(float),
                "seller_n_followers": rows["seller_n_followers"].astype(float),
                "seller_rating": rows["seller_rating"].where(rows["seller_rating"] > 0),
                "seller_n_collected": counts["n_collected"],
                "seller_n_famous_brands": counts["n_famous_brands"],
                "seller_identity_missing": identity_missing(rows),
            },
            index=rows.index,
        )


def official(rows: pd.DataFrame) -> pd.Series:
    """Return 1.0 where the platform marks the shop as official, 0.0 where it says it is not, else missing."""
    flag = rows["is_official"].astype("object").map({True: 1.0, False: 0.0}).astype(float)
    by_type = rows["seller_type"].map(lambda kind: 1.0 if kind in OFFICIAL_TYPES else np.nan, na_action="ignore")
    return flag.where(flag.eq(1.0), by_type.astype(float)).fillna(flag)


#: Values of ``seller_type`` that the platforms give only to brands and authorised sellers.
OFFICIAL_TYPES = frozenset({"official_shop", "mall", "lazmall", "official_store", "retailer"})


def identity_missing(rows: pd.DataFrame) -> pd.Series:
    """Return 1.0 where the source shows tax codes or licences and this row has neither; missing where it cannot show them."""
    observed = rows["observes"].fillna("")
    can_show = observed.str.contains(r"(?:^|,)(?:tax_code|licence_no)(?:,|$)", regex=True)
    absent = rows["tax_code"].isna() & rows["licence_no"].isna()
    return absent.astype(float).where(can_show)


def seller_key(rows: pd.DataFrame) -> pd.Series:
    """Return ``platform|id|…`` or, where a crawl shows only the shop's name, ``platform|name|…``; missing where neither."""
    by_id = rows["platform"] + "|id|" + rows["seller_id"]
    return by_id.fillna(rows["platform"] + "|name|" + rows["seller_name"])
