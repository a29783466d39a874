"""How far a listing's price lies below what the genuine article is sold for by *other* sellers, as of the day it was captured.

The unit of comparison is the seller, not the listing: each seller counts once per group, with the median of its own prices (`features.price_peers`),
and the listing's own seller is left out. Where fewer than ``min_sellers`` others are known the answer is missing, never zero. Groups go from narrow
to wide: near-same titles of one model (`features.product`); brand, kind and model; brand and kind. No group is wider than a brand: the price of
"a watch" means nothing, it only steadies the estimate where few sellers are known (`features.price_hierarchy`).

The reference is what the *genuine* article costs. Where enough official shops sell in a group they alone set it, elsewhere they weigh more; a
price far under the dated table of genuine prices sets none; and where a group falls into two markets, the lower one is not the norm
(`features.price_sweep`): the middle of a group that is mostly fake is the price of a fake.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from features.days import day_number
from features.errors import DataError
from features.genuine import SECOND_HAND, against_genuine
from features.price_groups import (
    LEVELS,
    NOT_COMPARABLE,
    ONE_ARTICLE,
    SETS_NOTHING,
    codes,
    comparable,
    groups_of,
    log_unit_price,
    model_codes,
    named_maker,
    seller_codes,
    size_shift,
    unit_price,
)
from features.price_hierarchy import Level, expected
from features.price_peers import Entries, Offers, entries_of
from features.price_sweep import Asked, ask
from features.product import Products, model_key, names_model
from features.seller import seller_key

__all__ = ["NOT_COMPARABLE", "PEER_COLUMNS", "PRICE_COLUMNS", "SECOND_HAND", "PriceReference", "against_genuine", "model_key", "unit_price"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

PEER_COLUMNS = ["platform", "listing_id", "captured_at", "seller_id", "seller_name", "is_official", "price_vnd", "brand", "brand_role"]
PEER_COLUMNS += ["goods_group", "item_type", "kind_why", "for_children", "n_units", "model_key", "product_words", "price_form", "pack_size"]

#: Spread below which a group is treated as if it were this wide (natural log): sales of 20 % are everyday.
MIN_SPREAD = 0.25

#: A group without a model whose quartiles lie further apart than this (ratio) mixes articles of every price and is no reference.
MAX_SPREAD = 2.5

#: A price under this share of the least that the genuine article costs is no price of a genuine article.
UNDER_FLOOR = 0.5

#: Below which share of the genuine price a group of goods is suspected, where the table of bands says nothing (the Korean authority's rule).
USUAL_BAND = 0.4

#: Not even fakes cost less than this share of the genuine price (or half of the cheapest seen in their goods group): such a price is a lure, a
#: deposit, or that of another thing.
DECOY_BELOW = 0.02

#: The expected middle lies inside this many standard deviations with nine chances in ten.
_NINE_IN_TEN = 1.645
_QUARTILE_RANGE = 1.349  # of a normal, in standard deviations

_NUMBERS = ["price_n_peers", "price_n_low", "price_ref_floor", "price_ref_low", "price_ref_mid", "price_ref_high", "price_expected"]
_NUMBERS += ["price_gap", "price_gap_low", "price_gap_high", "price_z", "price_percentile", "price_kind_gap", "price_band"]
PRICE_COLUMNS = ["price_level", "price_by_official", "price_decoy", *_NUMBERS]


class PriceReference:
    """Reference prices per group, learned from all rows, asked for per row as of the row's own day in Asia/Ho_Chi_Minh.

    Parameters
    ----------
    min_sellers:
        Fewest other sellers that make a reference.
    min_unnamed:
        Fewest other listings where the crawl names no seller; each listing then counts as a seller of its own, which
        overstates how many there are, hence the higher number.
    min_official:
        From how many other official sellers on these alone set the reference.
    genuine:
        Dated table of what the genuine article costs at least (`against_genuine`); ``None``: nothing is known of it.
    bands:
        Dated table of goods groups with ``suspicious_below``, the share of the genuine price under which a price is suspected.

    Attributes
    ----------
    products_ : the clusters of near-same titles
    peers_, official_peers_ : dict of level to the sellers' standing prices
    """

    def __init__(
        self,
        *,
        min_sellers: int = 3,
        min_unnamed: int = 6,
        min_official: int = 3,
        genuine: pd.DataFrame | None = None,
        bands: pd.DataFrame | None = None,
    ) -> None:
        self.min_sellers = min_sellers
        self.min_unnamed = min_unnamed
        self.min_official = min_official
        self.genuine = genuine
        self.bands = bands

    def fit(self, rows: pd.DataFrame) -> PriceReference:
        """Learn from ``rows`` (``PEER_COLUMNS``); rows without kind or price, or not comparable, are passed over."""
        missing = sorted(set(PEER_COLUMNS) - set(rows.columns))
        if missing:
            raise DataError(f"price reference needs the columns {missing}; run the features stage first")
        able = rows[comparable(rows) & ~rows["price_form"].isin(SETS_NOTHING)]
        day, seller = day_number(able["captured_at"]), seller_codes(able)
        listing = codes(able["platform"], able["listing_id"])
        named = named_maker(able)
        block = model_codes(able, named)
        order = np.lexsort((able["captured_at"].astype("int64").to_numpy(), listing, day))
        self.products_ = Products().fit(block, able["product_words"], day, order)
        groups = groups_of(able, named, block, self.products_.transform(block, able["product_words"], day))
        sets = self._sets(able)
        self.peers_: dict[str, Entries] = {}
        self.official_peers_: dict[str, Entries] = {}
        badge = able["is_official"].fillna(False).to_numpy(dtype=bool)
        moment = able["captured_at"].astype("int64").to_numpy()
        for level, group in groups.items():
            price = log_unit_price(able) - size_shift(able, level)
            offers = Offers(np.where(sets, group, -1), seller, listing, day, moment, price, badge)
            found = entries_of(offers)
            self.peers_[level] = found
            self.official_peers_[level] = found.at(found.official)
        return self

    def transform(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Return ``PRICE_COLUMNS`` for ``rows``, same index; all but the last two are missing where the method abstains.

        ``price_level`` (``product`` | ``model`` | ``brand``), ``price_by_official`` (bool), ``price_n_peers`` (other sellers that set the
        reference), ``price_n_low`` (others that stand in the lower of two markets and were left out); ``price_ref_floor``, ``price_ref_low``,
        ``price_ref_mid``, ``price_ref_high`` (VND a unit: lowest tenth and quartiles of those sellers); ``price_expected`` (VND a unit: their
        middle, steadied by the levels above), ``price_gap`` (natural log of own unit price over it; negative is cheaper) and its interval of nine in
        ten ``price_gap_low``, ``price_gap_high``; ``price_z`` (the gap in robust standard deviations of the group); ``price_percentile`` (share
        of all others of the group, fakes or not, that ask less; 0 to 1). Also ``price_kind_gap`` (log of own unit price over the middle of its
        kind, whatever the brand: a description, no reference) and ``price_band`` (share of the genuine price under which this goods group is
        suspected); ``price_decoy`` (bool) where the price is so low that not even a fake of the article is sold for it (`DECOY_BELOW`).
        """
        able = np.asarray(comparable(rows), dtype=bool)
        columns: dict[str, npt.NDArray[Any]] = {name: np.full(len(rows), np.nan) for name in _NUMBERS}
        columns |= {"price_level": np.full(len(rows), None, dtype=object), "price_by_official": np.zeros(len(rows), dtype=bool)}
        columns["price_band"] = self._by_goods(rows, "suspicious_below")
        for name, found in self._answer(rows[able], columns["price_band"][able]).items():
            columns[name][able] = found
        lowest = np.fmin(self._by_goods(rows, "ratio_low") / 2, DECOY_BELOW)
        columns["price_decoy"] = columns["price_gap"] < np.log(lowest)
        table = pd.DataFrame(columns, index=rows.index)[PRICE_COLUMNS]
        return table.astype({"price_level": "str"})

    def _answer(self, rows: pd.DataFrame, band: Floats) -> dict[str, npt.NDArray[Any]]:
        """The price columns of comparable rows, without the band."""
        told = self._ask(rows, -np.log(np.where(np.isfinite(band), band, USUAL_BAND)))
        # Wide to narrow, as `expected` draws each towards the one before.
        answers = {level: told[level] for level in ("kind", *reversed(LEVELS))}
        own = log_unit_price(rows)
        needed = np.where(seller_key(rows).isna(), self.min_unnamed, self.min_sellers)
        speaks = {level: answers[level].by_official | (answers[level].n >= needed) for level in answers}
        # Near-same titles that name no model ("dép Nike nam") may be as mixed as the brand.
        narrow = {level: answers[level].wide < np.log(MAX_SPREAD) for level in ("brand", "product")}
        speaks["brand"] &= narrow["brand"]
        speaks["product"] &= narrow["product"] | names_model(rows["model_key"])
        mean, sd = expected([Level(level, one.n.astype(float), one.logs[:, 2], one.wide / _QUARTILE_RANGE) for level, one in answers.items()])
        levels = [level for level in LEVELS if answers[level].n.any()] or ["brand"]
        chosen = [speaks[level] for level in levels]
        any_level = np.logical_or.reduce(chosen)

        def pick(of: str) -> npt.NDArray[np.float64]:
            columns = [getattr(answers[level], of).astype(float) for level in levels]
            return np.where(any_level, np.select(chosen, columns, np.nan), np.nan)

        gap = np.where(any_level, own - mean, np.nan)
        spread = np.maximum(pick("wide") / _QUARTILE_RANGE, MIN_SPREAD)
        names = np.select(chosen, levels, "").astype(object)
        names[~any_level] = None
        table: dict[str, npt.NDArray[Any]] = {
            "price_level": names,
            "price_by_official": pick("by_official") == 1.0,
            "price_n_peers": pick("n"),
            "price_n_low": pick("low"),
        }
        for name, q in zip(("floor", "low", "mid", "high"), range(4), strict=True):
            logs = np.select(chosen, [answers[level].logs[:, q] for level in levels], np.nan)
            table[f"price_ref_{name}"] = np.exp(logs)
        return table | {
            "price_expected": np.exp(own - gap),
            "price_gap": gap,
            "price_gap_low": gap - _NINE_IN_TEN * sd,
            "price_gap_high": gap + _NINE_IN_TEN * sd,
            "price_z": gap / spread,
            "price_percentile": pick("share_below"),
            "price_kind_gap": np.where(answers["kind"].n >= self.min_unnamed, own - answers["kind"].logs[:, 2], np.nan),
        }

    def _ask(self, rows: pd.DataFrame, apart: Floats) -> dict[str, _Answer]:
        """Ask every level, of all sellers and of the official ones alone."""
        day, seller, own = day_number(rows["captured_at"]), seller_codes(rows), log_unit_price(rows)
        named = named_maker(rows)
        block = model_codes(rows, named)
        groups = groups_of(rows, named, block, self.products_.transform(block, rows["product_words"], day))
        one_market = np.full(len(rows), np.inf)
        found = {}
        for level, group in groups.items():
            shift = size_shift(rows, level)
            split = apart if level in ONE_ARTICLE else one_market
            of_all = ask(self.peers_[level], group=group, seller=seller, day=day, log_price=own - shift, apart=split)
            of_official = ask(self.official_peers_[level], group=group, seller=seller, day=day, log_price=own - shift, apart=one_market)
            found[level] = self._best(*(one._replace(quantiles=one.quantiles + shift[:, None]) for one in (of_all, of_official)))
        return found

    def _best(self, everyone: Asked, officials: Asked) -> _Answer:
        """The official sellers' answer where they are enough, else that of all sellers, without the lower of two markets."""
        by_official = officials.others >= max(self.min_official, 1)
        logs = np.where(by_official[:, None], officials.quantiles, everyone.quantiles)
        n = np.where(by_official, officials.others, everyone.others - everyone.low)
        low = np.where(by_official, 0, everyone.low)
        return _Answer(by_official, n, low, logs, logs[:, 3] - logs[:, 1], everyone.share_below)

    def _sets(self, rows: pd.DataFrame) -> npt.NDArray[np.bool_]:
        """False where a price lies so far under the genuine floor that it says nothing of genuine articles."""
        if self.genuine is None:
            return np.ones(len(rows), dtype=bool)
        ratio = against_genuine(rows, self.genuine)["price_to_genuine"]
        return np.asarray(~ratio.lt(UNDER_FLOOR) | rows["is_official"].fillna(False).astype(bool), dtype=bool)

    def _by_goods(self, rows: pd.DataFrame, share_named: str) -> Floats:
        """A share that the table of bands names for each row's goods group on its day; missing where it has none."""
        out = np.full(len(rows), np.nan)
        if self.bands is None:
            return out
        day = day_number(rows["captured_at"])
        begins, ends = day_number(pd.to_datetime(self.bands["valid_from"])), day_number(pd.to_datetime(self.bands["valid_to"]))
        for row, (group, share) in enumerate(zip(self.bands["goods_group"], self.bands[share_named].astype(float), strict=True)):
            out[rows["goods_group"].eq(group).to_numpy() & (day >= begins[row]) & (day <= ends[row])] = share
        return out


class _Answer(NamedTuple):
    by_official: npt.NDArray[np.bool_]
    n: Ints
    low: Ints
    logs: Floats
    wide: Floats
    share_below: Floats
