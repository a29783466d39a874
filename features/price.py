"""How far a listing's price lies below what comparable listings of *other* sellers ask.

The unit of comparison is the seller, not the listing: each seller counts once per group, with the median of its own
prices, so that one shop with two hundred rows cannot set the market. The listing's own seller is always left out. Where
fewer than ``min_sellers`` others are known the answer is missing, never zero. Groups go from narrow to wide: brand, kind
(goods group and head noun) and model; then brand and kind. No group is wider than a brand: the price of "a watch" means nothing.

Where enough *official* shops or retailers sell in a group, they alone set the reference, because the middle of a group that
is mostly fake is the price of a fake.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from features.errors import DataError
from features.seller import seller_key

#: Kinds of thing whose price says nothing about the genuine article.
NOT_COMPARABLE = frozenset({"voucher", "deposit", "service", "used", "sample", "accessory", "part"})

#: Places where people sell what they no longer use: a new article's price says nothing about those.
SECOND_HAND = frozenset({"chotot", "facebook"})

PEER_COLUMNS = ["platform", "listing_id", "seller_id", "seller_name", "is_official", "price_vnd", "brand", "brand_role"]
PEER_COLUMNS += ["goods_group", "item_type", "kind_why", "for_children", "n_units", "model_key"]

#: Spread below which a group is treated as if it were this wide (natural log): sales of 20 % are everyday.
MIN_SPREAD = 0.25

#: A brand's group whose quartiles lie further apart than this (ratio) mixes articles of every price and is no reference.
MAX_BRAND_SPREAD = 2.5

_MODEL_TOKEN = re.compile(r"(?<![\w])(?=[a-z]*\d)[a-z0-9]{1,12}(?![\w])")
_UNIT_SPACE = re.compile(r"(?<=\d) (?=(?:ml|gb|tb|kg|g|l|mm|cm|inch|w|mah|v)\b)")
_VARIANT_WORDS = re.compile(r"\b(?:pro|max|plus|mini|ultra|lite|air|se|fe|note|fold|flip|gen)\b")


def model_key(folded_title: str) -> str:
    """Return the sorted model tokens of a title, or ``""`` where it names no model.

    >>> model_key("điện thoại iphone 15 pro max 256 gb")
    '15 256gb max pro'
    """
    text = _UNIT_SPACE.sub("", folded_title)
    tokens = set(_MODEL_TOKEN.findall(text))
    if not tokens:
        return ""
    return " ".join(sorted(tokens | set(_VARIANT_WORDS.findall(text))))


@dataclass(frozen=True)
class _Peers:
    """Sellers' median log prices of every group, sorted by group then price."""

    groups: pd.Index
    start: npt.NDArray[np.int64]
    count: npt.NDArray[np.int64]
    log_price: npt.NDArray[np.float64]
    position: pd.Series  # (group, peer) -> position inside its group

    @classmethod
    def build(cls, table: pd.DataFrame) -> _Peers:
        ordered = table.sort_values(["group", "log_price", "peer"], kind="stable").reset_index(drop=True)
        inside = ordered.groupby("group", sort=False).cumcount()
        sizes = ordered.groupby("group", sort=False).size()
        position = pd.Series(
            inside.to_numpy(), index=pd.MultiIndex.from_frame(ordered[["group", "peer"]], names=["group", "peer"])
        )
        count = sizes.to_numpy(dtype=np.int64)
        start = np.concatenate([[0], np.cumsum(count)[:-1]]) if len(count) else np.empty(0, dtype=np.int64)
        return cls(pd.Index(sizes.index), start.astype(np.int64), count, ordered["log_price"].to_numpy(), position)

    def without(
        self, group: pd.Series, peer: pd.Series, quantiles: tuple[float, ...]
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
        """Return how many *other* sellers each row's group has and the given quantiles of their log prices."""
        at = self.groups.get_indexer(pd.Index(group))
        known = at >= 0
        own = np.full(len(group), -1, dtype=np.int64)
        if known.any():
            rows = pd.MultiIndex.from_arrays([group[known], peer[known]])
            found = self.position.index.get_indexer(rows)
            own[known] = np.where(found >= 0, self.position.to_numpy()[found], -1)
        safe = np.where(known, at, 0)
        size = np.where(known, self.count[safe] if len(self.count) else 0, 0)
        others = size - (own >= 0)
        values = np.full((len(group), len(quantiles)), np.nan)
        use = others > 0
        first = self.start[safe[use]]
        for column, q in enumerate(quantiles):
            place = q * (others[use] - 1)
            low, high = np.floor(place).astype(np.int64), np.ceil(place).astype(np.int64)
            low_value = self.log_price[first + _skip(low, own[use])]
            high_value = self.log_price[first + _skip(high, own[use])]
            values[use, column] = low_value + (place - low) * (high_value - low_value)
        return others, values


def _skip(place: npt.NDArray[np.int64], own: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Positions in the full group of positions in the group without its member ``own`` (-1: not a member)."""
    return place + ((own >= 0) & (place >= own))


class PriceReference:
    """Reference prices per group, learned from all rows, asked for per partition.

    Parameters
    ----------
    min_sellers:
        Fewest other sellers that make a reference.
    min_unnamed:
        Fewest other listings where the crawl names no seller; each listing then counts as a seller of its own, which
        overstates how many there are, hence the higher number.
    min_official:
        From how many other official sellers on these alone set the reference.

    Attributes
    ----------
    peers_, official_peers_ : the sellers' prices by group
    """

    def __init__(self, *, min_sellers: int = 3, min_unnamed: int = 6, min_official: int = 3) -> None:
        self.min_sellers = min_sellers
        self.min_unnamed = min_unnamed
        self.min_official = min_official

    def fit(self, rows: pd.DataFrame) -> PriceReference:
        """Learn from ``rows`` (``PEER_COLUMNS``); rows without brand or price, or not comparable, are passed over."""
        missing = sorted(set(PEER_COLUMNS) - set(rows.columns))
        if missing:
            raise DataError(f"price reference needs the columns {missing}; run the features stage first")
        usable = rows[_comparable(rows)]
        peers, official = [], []
        for groups in _levels(usable).values():
            table = _seller_medians(usable, groups)
            peers.append(table)
            official.append(table[table["official"]])
        self.peers_ = _Peers.build(pd.concat(peers, ignore_index=True))
        self.official_peers_ = _Peers.build(pd.concat(official, ignore_index=True))
        return self

    def transform(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Return price columns for ``rows``, same index.

        ``price_level`` (``model`` | ``brand``), ``price_by_official`` (bool), ``price_n_peers`` (other sellers),
        ``price_ref_floor``, ``price_ref_low``, ``price_ref_mid``, ``price_ref_high`` (VND a unit: lowest tenth and quartiles of the other
        sellers),
        ``price_gap`` (natural log of own unit price over the middle; negative is cheaper), ``price_z`` (the gap in
        robust standard deviations of the group). All missing where the method abstains.
        """
        out = pd.DataFrame(
            {
                "price_level": pd.Series(pd.NA, index=rows.index, dtype="str"),
                "price_by_official": False,
                **dict.fromkeys(_NUMBERS, np.nan),
            },
            index=rows.index,
        )
        open_rows = _comparable(rows)
        for level in ("model", "brand"):
            for official in (True, False):
                todo = rows[open_rows]
                if not len(todo):
                    return out
                answer = self._ask(todo, level, official=official)
                out.loc[answer.index, answer.columns] = answer
                open_rows = open_rows & out["price_level"].isna()
        return out

    def _ask(self, rows: pd.DataFrame, level: str, *, official: bool) -> pd.DataFrame:
        groups = _levels(rows)[level]
        rows = rows[groups.notna()]
        groups = groups[groups.notna()]
        peers = self.official_peers_ if official else self.peers_
        others, logs = peers.without(groups, _peer(rows), (0.1, 0.25, 0.5, 0.75))
        needed = np.where(seller_key(rows).isna(), self.min_unnamed, self.min_sellers)
        enough = others >= (np.maximum(self.min_official, 1) if official else needed)
        if level == "brand":
            enough &= np.less(logs[:, 3] - logs[:, 1], np.log(MAX_BRAND_SPREAD), where=enough, out=np.zeros(len(enough), dtype=bool))
        kept, logs, others = rows[enough], logs[enough], others[enough]
        gap = _log_unit_price(kept).to_numpy() - logs[:, 2]
        spread = np.maximum((logs[:, 3] - logs[:, 1]) / 1.349, MIN_SPREAD)  # 1.349: quartile range of a normal
        return pd.DataFrame(
            {
                "price_level": pd.Series(level, index=kept.index, dtype="str"),
                "price_by_official": official,
                "price_n_peers": others.astype(float),
                "price_ref_floor": np.exp(logs[:, 0]),
                "price_ref_low": np.exp(logs[:, 1]),
                "price_ref_mid": np.exp(logs[:, 2]),
                "price_ref_high": np.exp(logs[:, 3]),
                "price_gap": gap,
                "price_z": gap / spread,
            },
            index=kept.index,
        )


_NUMBERS = ["price_n_peers", "price_ref_floor", "price_ref_low", "price_ref_mid", "price_ref_high", "price_gap", "price_z"]


def _comparable(rows: pd.DataFrame) -> pd.Series:
    return (
        rows["price_vnd"].gt(0)
        & rows["brand"].notna()
        & rows["goods_group"].notna()
        & ~rows["item_type"].isin(NOT_COMPARABLE)
        & rows["brand_role"].eq("mark")
        & ~rows["platform"].isin(SECOND_HAND)
    )


def _levels(rows: pd.DataFrame) -> dict[str, pd.Series]:
    # The head noun keeps an earphone apart from a phone of the same maker.
    kind = rows["goods_group"] + "|" + rows["item_type"].fillna("goods") + "|" + rows["kind_why"].fillna("")
    kind = kind + np.where(rows["for_children"].fillna(False).astype(bool), "|child", "")
    brand = rows["brand"] + "|" + kind
    model = (brand + "|" + rows["model_key"]).where(rows["model_key"].fillna("").ne(""))
    return {"model": model, "brand": brand}


def _peer(rows: pd.DataFrame) -> pd.Series:
    return seller_key(rows).fillna(rows["platform"] + "|listing|" + rows["listing_id"])


def _log_unit_price(rows: pd.DataFrame) -> pd.Series:
    return np.log(rows["price_vnd"] / rows["n_units"].fillna(1.0).clip(lower=1.0))


def _seller_medians(rows: pd.DataFrame, groups: pd.Series) -> pd.DataFrame:
    table = pd.DataFrame(
        {
            "group": groups,
            "peer": _peer(rows),
            "log_price": _log_unit_price(rows),
            "official": rows["is_official"].fillna(False).astype(bool),
        }
    ).dropna(subset=["group"])
    grouped = table.groupby(["group", "peer"], sort=False)
    return grouped.agg(log_price=("log_price", "median"), official=("official", "any")).reset_index()


def against_genuine(rows: pd.DataFrame, table: pd.DataFrame) -> pd.DataFrame:
    """Stand each unit price beside the least a genuine new article costs (``table``: one dated row a brand and group).

    Returns ``genuine_floor`` (VND) and ``price_to_genuine`` (ratio, under 1 is below the floor), same index as ``rows``;
    missing where the table has no row, the kind differs (an accessory, a sample), things are sold second-hand, or the capture is outside
    the row's dates.
    """
    keyed = rows[["platform", "brand", "goods_group", "item_type", "brand_role", "price_vnd", "n_units", "captured_at"]].merge(
        table, how="left", on=["brand", "goods_group"]
    ).set_index(rows.index)
    kinds = keyed["item_types"].fillna("").str.split("|")
    fits = pd.Series([item in known for item, known in zip(keyed["item_type"], kinds, strict=True)], index=rows.index)
    day = keyed["captured_at"].dt.tz_convert("Asia/Ho_Chi_Minh").dt.tz_localize(None).dt.normalize()
    begins, ends = pd.to_datetime(keyed["valid_from"]), pd.to_datetime(keyed["valid_to"])
    dated = (day >= begins) & (ends.isna() | (day <= ends))
    floor = keyed["floor_vnd"].astype(float).where(fits & dated & keyed["brand_role"].eq("mark") & ~keyed["platform"].isin(SECOND_HAND))
    unit = (keyed["price_vnd"] / keyed["n_units"].fillna(1.0).clip(lower=1.0)).where(keyed["price_vnd"] > 0)
    return pd.DataFrame({"genuine_floor": floor, "price_to_genuine": unit / floor}, index=rows.index)
