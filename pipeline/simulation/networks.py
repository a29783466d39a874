"""Invented sellers of whom it is known who is one hand: rings, owners of several shops, and innocents who share what rings share.

``listings`` is what a crawler would see, ``truth`` the hand behind each seller. All of it is invented and says so (``x_synthetic``).
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Literal, NamedTuple

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from features.errors import ConfigError
from pipeline.config import configs_dir, explain, load_yaml

Span = tuple[float, float]
_PLATFORMS = ("shopee", "lazada", "tiki", "sendo")
_ONSETS = ("b", "c", "ch", "d", "g", "h", "k", "kh", "l", "m", "n", "ng", "nh", "ph", "qu", "r", "s", "t", "th", "tr", "v", "x")
_RIMES = ("a", "an", "ang", "ao", "e", "en", "i", "inh", "o", "on", "ong", "u", "un", "ung", "uong")
_SYLLABLES = [onset + rime for onset in _ONSETS for rime in _RIMES]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Rings(_Frozen):
    """One hand, several accounts."""

    share: float
    accounts: tuple[int, int]
    phones: tuple[int, int]
    shows_ring_phone: float
    bank: float
    own_phone_too: float
    pictures: float
    share_pictures: Span
    texts: float
    share_texts: Span
    steals: float


class Owners(_Frozen):
    """Honest owners of several shops."""

    share: float
    shops: tuple[int, int]
    shows_tax: float


class Suppliers(_Frozen):
    """Innocents who copy one supplier's catalogue."""

    share: float
    resellers: tuple[int, int]
    catalogue: tuple[int, int]
    share_listings: Span
    hotline: float


class Couriers(_Frozen):
    """Innocents who name one courier's hotline."""

    share: float
    customers: tuple[int, int]
    shows: Span


class NetworkMarket(_Frozen):
    """All of ``configs/simulation/networks.yaml``; each key is explained there."""

    config_version: Literal[1]
    days: int = Field(ge=1)
    start: date
    listings_per_seller: tuple[int, int]
    official_share: float
    own_phone: float
    shows_phone: Span
    pictures_per_listing: tuple[int, int]
    reuse_picture: float
    near_copy: float
    words_per_text: tuple[int, int]
    words_changed: float
    rings: Rings
    owners: Owners
    suppliers: Suppliers
    couriers: Couriers
    marketplace_hotline: float
    reseller_names_brand: float
    mistyped: float


class SimulatedNetworks(NamedTuple):
    """``listings``: what a crawler saw; ``truth``: ``seller`` (key), ``hand``, ``nature`` (innocent, official, ring, owner)."""

    listings: pd.DataFrame
    truth: pd.DataFrame


@dataclass
class _Article:
    text: list[str]
    pictures: list[int]


@dataclass
class _Seller:
    number: int
    nature: str
    hand: str
    #: Numbers it shows, and on what share of its listings.
    phones: list[tuple[str, float]] = field(default_factory=list)
    tax: str | None = None
    #: Catalogues it copies from, with the share of its listings and what is copied.
    copies: list[tuple[list[_Article], float, bool, bool]] = field(default_factory=list)
    own: list[int] = field(default_factory=list)


def load_networks() -> NetworkMarket:
    """Return the settings; raises `ConfigError` naming each bad key."""
    path = configs_dir() / "simulation" / "networks.yaml"
    try:
        return NetworkMarket.model_validate(load_yaml(path))
    except ValidationError as error:
        raise ConfigError(f"{path}: {explain(error)}") from error


def simulate_networks(n_listings: int, *, market: NetworkMarket, seed: int) -> SimulatedNetworks:
    """Invent ``n_listings`` listings (exactly, after cutting); the same seed gives the same market."""
    draw = random.Random(f"networks {seed}")
    # A fifth more than needed: what they list is drawn, and the rest is cut.
    n_sellers = 20 + round(1.2 * n_listings / (sum(market.listings_per_seller) / 2))
    sellers = _sellers(n_sellers, market, draw)
    draw.shuffle(sellers)
    rows: list[dict[str, Any]] = []
    for seller in sellers:
        if len(rows) >= n_listings:
            break
        rows += _listings(seller, market, draw)
    listings = pd.DataFrame(rows[:n_listings])
    listings["listing_id"] = [f"L{number:08d}" for number in range(len(listings))]
    truth = pd.DataFrame({"seller": [_key(one) for one in sellers], "hand": [one.hand for one in sellers], "nature": [one.nature for one in sellers]})
    shown = truth["seller"].isin(listings["platform"] + "|id|" + listings["seller_id"])
    return SimulatedNetworks(listings, truth[shown].reset_index(drop=True))


def _sellers(n: int, market: NetworkMarket, draw: random.Random) -> list[_Seller]:
    sellers: list[_Seller] = []
    while len(sellers) < n * market.rings.share:
        sellers += _ring(len(sellers), market, draw)
    begun = len(sellers)
    while len(sellers) < begun + n * market.owners.share:
        sellers += _owner(len(sellers), market, draw)
    while len(sellers) < n:
        number = len(sellers)
        official = draw.random() < market.official_share
        sellers.append(_Seller(number, "official" if official else "innocent", f"alone {number}"))
    _give_numbers(sellers, market, draw)
    innocents = [one for one in sellers if one.nature == "innocent"]
    _supply(innocents, market, draw)
    _deliver(innocents, market, draw)
    _share_by_chance(sellers, innocents, market, draw)
    return sellers


def _ring(number: int, market: NetworkMarket, draw: random.Random) -> list[_Seller]:
    ring, hand = market.rings, f"ring {number}"
    accounts = [_Seller(number + at, "ring", hand) for at in range(draw.randint(*ring.accounts))]
    phones = [_phone(draw) for _ in range(draw.randint(*ring.phones))]
    bank = f"bank {draw.getrandbits(40)}" if draw.random() < ring.bank else None
    shares_pictures, shares_texts = draw.random() < ring.pictures, draw.random() < ring.texts
    catalogue = [_article(market, draw) for _ in range(draw.randint(*market.suppliers.catalogue))]
    for account in accounts:
        if draw.random() < ring.shows_ring_phone:
            shown = draw.sample(phones, min(len(phones), draw.randint(1, 2)))
            account.phones += [(phone, draw.uniform(*market.shows_phone)) for phone in shown]
        if bank is not None and draw.random() < ring.shows_ring_phone:
            account.phones.append((bank, draw.uniform(*market.shows_phone)))
        if draw.random() < ring.own_phone_too:
            account.phones.append((_phone(draw), draw.uniform(*market.shows_phone)))
        if shares_pictures:
            account.copies.append((catalogue, draw.uniform(*ring.share_pictures), False, True))
        if shares_texts:
            account.copies.append((catalogue, draw.uniform(*ring.share_texts), True, False))
    return accounts


def _owner(number: int, market: NetworkMarket, draw: random.Random) -> list[_Seller]:
    owner, tax = market.owners, f"{draw.randrange(10**9):010d}"
    shops = [_Seller(number + at, "owner", f"owner {number}") for at in range(draw.randint(*owner.shops))]
    for shop in shops:
        shop.tax = tax if draw.random() < owner.shows_tax else None
    return shops


def _give_numbers(sellers: Sequence[_Seller], market: NetworkMarket, draw: random.Random) -> None:
    for seller in sellers:
        if seller.nature != "ring" and draw.random() < market.own_phone:
            seller.phones.append((_phone(draw), draw.uniform(*market.shows_phone)))


def _supply(innocents: Sequence[_Seller], market: NetworkMarket, draw: random.Random) -> None:
    supplier = market.suppliers
    left = round(len(innocents) * supplier.share)
    while left > 0:
        catalogue = [_article(market, draw) for _ in range(draw.randint(*supplier.catalogue))]
        hotline = _phone(draw) if draw.random() < supplier.hotline else None
        for article in catalogue:
            article.text += ["lienhe", hotline] if hotline else []
        resellers = draw.sample(innocents, min(len(innocents), draw.randint(*supplier.resellers)))
        for reseller in resellers:
            reseller.copies.append((catalogue, draw.uniform(*supplier.share_listings), True, True))
        left -= len(resellers)


def _deliver(innocents: Sequence[_Seller], market: NetworkMarket, draw: random.Random) -> None:
    left = round(len(innocents) * market.couriers.share)
    while left > 0:
        hotline = _phone(draw)
        customers = draw.sample(innocents, min(len(innocents), draw.randint(*market.couriers.customers)))
        for customer in customers:
            customer.phones.append((hotline, draw.uniform(*market.couriers.shows)))
        left -= len(customers)


def _share_by_chance(sellers: Sequence[_Seller], innocents: Sequence[_Seller], market: NetworkMarket, draw: random.Random) -> None:
    hotline = _phone(draw)
    official = [one for one in sellers if one.nature == "official"]
    for seller in official:
        seller.copies.append(([_article(market, draw) for _ in range(10)], 0.9, True, True))
    for seller in sellers:
        if draw.random() < market.marketplace_hotline:
            seller.phones.append((hotline, draw.uniform(*market.shows_phone)))
        if seller.nature == "ring" and official and draw.random() < market.rings.steals:
            seller.copies.append((draw.choice(official).copies[0][0], 0.2, True, True))
    for seller in innocents:
        brand = draw.choice(official) if official and draw.random() < market.reseller_names_brand else None
        if brand is not None and brand.phones:
            seller.phones.append((brand.phones[0][0], draw.uniform(*market.shows_phone)))
        other = draw.choice(innocents)
        if draw.random() < market.mistyped and other.phones:
            seller.phones.append((other.phones[0][0], 0.1))


def _listings(seller: _Seller, market: NetworkMarket, draw: random.Random) -> list[dict[str, Any]]:
    began = draw.randrange(market.days)
    return [_listing(seller, began, market, draw) for _ in range(draw.randint(*market.listings_per_seller))]


def _listing(seller: _Seller, began: int, market: NetworkMarket, draw: random.Random) -> dict[str, Any]:
    article = _article(market, draw)
    text, pictures = article.text, article.pictures
    keys = [phone for phone, share in seller.phones if draw.random() < share]
    if seller.own and draw.random() < market.reuse_picture:
        pictures = [*pictures[1:], draw.choice(seller.own)]
    seller.own += pictures[:1]
    for catalogue, share, copies_text, copies_pictures in seller.copies:
        if draw.random() < share:
            copied = draw.choice(catalogue)
            if copies_text:
                text = _copied(copied.text, market, draw)
            if copies_pictures:
                pictures = [_re_encoded(one, market, draw) for one in copied.pictures]
    if len(text) > 1 and text[-2] == "lienhe":
        keys.append(text[-1])
    when = market.start + timedelta(days=min(market.days - 1, began + int(draw.expovariate(1 / 10))))
    return {
        "platform": _PLATFORMS[seller.number % len(_PLATFORMS)],
        "captured_at": pd.Timestamp(when, tz="UTC") + pd.Timedelta(hours=5),
        "title": " ".join(text[:6]),
        "description": " ".join(text),
        "price_vnd": float(round(draw.lognormvariate(12.2, 0.8), -3)),
        "seller_id": f"S{seller.number:07d}",
        "seller_name": f"Gian hàng thử {seller.number}",
        "is_official": seller.nature == "official",
        "contact_keys": ";".join(sorted(set(keys))) or None,
        "image_hashes": ";".join(f"{one:016x}" for one in dict.fromkeys(pictures)),
        "tax_code": seller.tax,
        "x_synthetic": True,
    }


def _article(market: NetworkMarket, draw: random.Random) -> _Article:
    text = draw.choices(_SYLLABLES, k=draw.randint(*market.words_per_text))
    return _Article(text, [draw.getrandbits(64) for _ in range(draw.randint(*market.pictures_per_listing))])


def _copied(text: list[str], market: NetworkMarket, draw: random.Random) -> list[str]:
    body = text if "lienhe" not in text else text[:-2]
    changed = [draw.choice(_SYLLABLES) if draw.random() < market.words_changed else word for word in body]
    return changed + text[len(body) :]


def _re_encoded(picture: int, market: NetworkMarket, draw: random.Random) -> int:
    if draw.random() < market.near_copy:
        for _ in range(draw.randint(1, 3)):
            picture ^= 1 << draw.randrange(64)
    return picture


def _phone(draw: random.Random) -> str:
    """A keyed hash as ingest would leave it: no number ever stands here."""
    return f"{draw.getrandbits(64):016x}"


def _key(seller: _Seller) -> str:
    return f"{_PLATFORMS[seller.number % len(_PLATFORMS)]}|id|S{seller.number:07d}"
