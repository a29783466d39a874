"""Which listings are compared with each other: groups from wide to narrow, sizes and packs made alike, everything as 64-bit numbers.

Numbers are hashes of the texts, so that they are the same in every table and no registry of names has to be kept.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from features.genuine import SECOND_HAND
from features.product import names_model
from features.seller import seller_key

Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

#: Kinds of thing whose price says nothing about the genuine article.
NOT_COMPARABLE = frozenset({"voucher", "deposit", "service", "used", "sample", "accessory", "part"})

#: Offers whose price is not the article's (`features.pack.price_form`), and offers that may be compared but set no reference.
_NO_PRICE, SETS_NOTHING = frozenset({"from", "ask"}), frozenset({"bundle", "choice"})

#: Among articles of one brand and kind the price grows with this power of the size: twice as large costs 1.4 times as much. Of the powers tried in
#: `benchmarks.prices` it brings the reference nearest to official shops' prices (0.16 off in natural log; 0.21 for powers 0 and 1).
SIZE_EXPONENT = 0.5
_USUAL_SIZE = 100.0  # ml or g; sizes are compared as if all were this large

LEVELS = ("product", "model", "brand")
#: Only here are two markets a sign: a brand's cheap and dear articles of one kind are two honest ones (real listings: irons, phones, creams).
ONE_ARTICLE = frozenset({"product", "model"})


def comparable(rows: pd.DataFrame) -> pd.Series:
    """Return which rows have a price of a new whole article of a known kind."""
    return (
        rows["price_vnd"].gt(0)
        & rows["goods_group"].notna()
        & ~rows["item_type"].isin(NOT_COMPARABLE)
        & ~rows["brand_role"].isin(["style", "compatible", "other_goods"])
        & ~rows["price_form"].isin(_NO_PRICE)
        & ~rows["platform"].isin(SECOND_HAND)
    )


def named_maker(rows: pd.DataFrame) -> Bools:
    """Return which rows name the brand as the maker."""
    return np.asarray(rows["brand"].notna() & rows["brand_role"].eq("mark"), dtype=bool)


def groups_of(rows: pd.DataFrame, named: Bools, model: Ints, product: Ints) -> dict[str, Ints]:
    """Group numbers by level, wide to narrow, -1 where a row belongs to none."""
    kind = kind_codes(rows)
    # What names its size is compared with what names its size.
    sized = rows["pack_size"].notna().to_numpy().astype(np.int64)
    brand = np.where(named, _mix(_mix(kind, codes(rows["brand"])), sized), -1)
    keyed = named & names_model(rows["model_key"])
    return {
        "kind": kind,
        "brand": brand,
        "model": np.where(keyed, model, -1),
        "product": np.where(product >= 0, _mix(model, product), -1),
    }


def kind_codes(rows: pd.DataFrame) -> Ints:
    """Return a number per kind of thing, the widest group: no price of one kind is ever held against another's."""
    # The head noun keeps an earphone apart from a phone of the same maker.
    child = rows["for_children"].fillna(False).to_numpy(dtype=bool)
    return _mix(codes(rows["goods_group"], rows["item_type"].astype("str").fillna("goods"), rows["kind_why"]), child.astype(np.int64))


def model_codes(rows: pd.DataFrame, named: Bools) -> Ints:
    """Brand, kind and model key: only inside these can two titles name the same product."""
    return np.where(named, _mix(_mix(kind_codes(rows), codes(rows["brand"])), codes(rows["model_key"])), -1)


def codes(*columns: pd.Series) -> Ints:
    """64-bit numbers, the same for the same texts in every table, never negative."""
    out = np.zeros(len(columns[0]), dtype=np.int64)
    for column in columns:
        places, values = pd.factorize(column)
        # What is missing stands last, where its place -1 finds it.
        texts = np.append(np.asarray(values, dtype=object), "")
        out = _mix(out, pd.util.hash_array(texts, categorize=False).view(np.int64)[places])
    return out


def _mix(left: Ints, right: Ints) -> Ints:
    with np.errstate(over="ignore"):
        mixed = (left.view(np.uint64) * np.uint64(0x9E3779B97F4A7C15)) ^ right.view(np.uint64)
        mixed = (mixed ^ (mixed >> np.uint64(29))) * np.uint64(0xBF58476D1CE4E5B9)
    return (mixed >> np.uint64(1)).view(np.int64)


def size_shift(rows: pd.DataFrame, level: str) -> Floats:
    """What the log price is lowered by to stand for the usual size; nothing where the group holds one size only, or none is named."""
    if level in ONE_ARTICLE:
        return np.zeros(len(rows))
    return np.asarray(SIZE_EXPONENT * np.log(rows["pack_size"].fillna(_USUAL_SIZE) / _USUAL_SIZE), dtype=np.float64)


def seller_codes(rows: pd.DataFrame) -> Ints:
    """Return a number per seller; a listing whose seller the crawl does not name is a seller of its own."""
    return codes(seller_key(rows).fillna(rows["platform"] + "|listing|" + rows["listing_id"]))


def unit_price(rows: pd.DataFrame) -> pd.Series:
    """Return VND for one whole article."""
    return rows["price_vnd"] / rows["n_units"].fillna(1.0).clip(lower=1.0)


def log_unit_price(rows: pd.DataFrame) -> Floats:
    """Return the natural log of the price of one whole article."""
    return np.asarray(np.log(unit_price(rows)), dtype=np.float64)
