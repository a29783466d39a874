"""A Vietnamese marketplace over months, seller by seller, with what each listing really is kept apart in ``truth``.

Drift: the shares of tactics move from the first week to the last, prices grow, suspects' shops are younger. A seller keeps its nature. What
a crawler would not see (tactic, behaviour, network) is never in ``listings``.
"""

from __future__ import annotations

import hashlib
import math
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple

import pandas as pd

from pipeline.simulation.disguise import disguise
from pipeline.simulation.settings import Goods, Market, Tactic, Tactics

#: What a seller's natures do to its prices: low and high over the genuine price.
_PRICES = {
    "official": (0.92, 1.10), "retailer": (0.85, 1.05), "honest": (0.74, 1.05), "parallel": (0.55, 0.92), "clearance": (0.38, 0.75),
    "second_hand": (0.30, 0.65), "lookalike": (0.85, 1.15),
}  # fmt: skip
#: How ordinary sellers end a title.
_ENDINGS = {
    "second_hand": (" cũ đẹp 95%", " đã qua sử dụng", " like new"),
    "clearance": (" xả kho cuối mùa", " thanh lý mẫu trưng bày", " giảm giá sốc"),
    "parallel": (" hàng xách tay", " nội địa", " xách tay có bill"),
    "official": (" chính hãng", ""),
    "honest": ("", " chính hãng", " có hóa đơn"),
}


class Simulated(NamedTuple):
    """``listings``: what a crawler saw; ``truth``: one row a listing with ``behaviour``, ``tactic``, ``network``."""

    listings: pd.DataFrame
    truth: pd.DataFrame


@dataclass(frozen=True)
class _Seller:
    key: str
    platform: str
    name: str
    nature: str
    tactic: str | None
    network: str | None
    joined: date
    place: str
    phone: str
    first_week: int
    goods: tuple[Goods, ...]
    rating: float


def simulate(n_listings: int, *, market: Market, tactics: Tactics, seed: int) -> Simulated:
    """Invent about ``n_listings`` listings (exactly, after cutting); the same seed gives the same market."""
    draw = random.Random(f"market {seed}")
    rows: list[dict[str, Any]] = []
    truth: list[dict[str, Any]] = []
    official_texts: dict[str, str] = {}
    for seller in _sellers(market, tactics, draw):
        for listing, facts in _listings(seller, market, tactics, official_texts, draw):
            rows.append(listing)
            truth.append(facts)
        if len(rows) >= n_listings:
            break
    table = pd.DataFrame(rows[:n_listings])
    table["listing_id"] = [f"L{number:07d}" for number in range(len(table))]
    facts_table = pd.DataFrame(truth[:n_listings])
    facts_table.insert(0, "listing_id", table["listing_id"])
    facts_table.insert(0, "platform", table["platform"])
    return Simulated(table, facts_table)


def _sellers(market: Market, tactics: Tactics, draw: random.Random) -> Iterator[_Seller]:
    natures, weights = list(market.sellers), list(market.sellers.values())
    number = 0
    while True:
        nature = draw.choices(natures, weights)[0]
        first_week = int(market.weeks * draw.random() ** 1.3 * 0.95)
        if nature != "suspect":
            number += 1
            yield _seller(number, nature, None, None, first_week, market, draw)
            continue
        progress = first_week / market.weeks
        names = list(tactics.tactics)
        shares = [one.share[0] + (one.share[1] - one.share[0]) * progress for one in tactics.tactics.values()]
        tactic = draw.choices(names, shares)[0]
        accounts = tactics.tactics[tactic].accounts
        network = f"N{number + 1}" if accounts > 1 else None
        first = None
        for _ in range(draw.randint(2, accounts) if accounts > 1 else 1):
            number += 1
            made = _seller(number, nature, tactic, network, first_week, market, draw, tactics.tactics[tactic])
            first = first or made
            # One hand: the same phone, goods and pictures behind every account.
            yield made if network is None else _Seller(**{**made.__dict__, "phone": first.phone, "goods": first.goods})


def _seller(
    number: int, nature: str, tactic: str | None, network: str | None, first_week: int, market: Market, draw: random.Random,
    how: Tactic | None = None,
) -> _Seller:  # fmt: skip
    begun = market.start + timedelta(weeks=first_week)
    young = (how is not None and how.new_shop) or (nature == "suspect" and draw.random() < 0.45) or draw.random() < 0.08
    joined = begun - timedelta(days=draw.randint(1, 90) if young else draw.randint(150, 2600))
    hot = [one for one in market.branded for _ in range(one.hot)]
    wanted = [one for one in hot if one.hot >= 2] if how and how.only_hot else hot
    goods = tuple(draw.choice(wanted) for _ in range(1 if nature == "official" else draw.randint(1, 4)))
    name = f"{draw.choice(market.shop_kinds)} {draw.choice(market.shop_words)} {draw.choice(market.shop_words)} {number}"
    if nature == "official":
        name = f"{goods[0].brand} Official Store {number}"
    return _Seller(
        key=f"S{number:06d}", platform=draw.choice(market.platforms), name=name, nature=nature, tactic=tactic, network=network, joined=joined,
        place=draw.choice(market.places), phone=f"09000{number % 100000:05d}", first_week=first_week, goods=goods,
        rating=round(min(5.0, draw.gauss(4.8 if nature != "suspect" else 4.7, 0.2)), 1),
    )  # fmt: skip


def _listings(
    seller: _Seller, market: Market, tactics: Tactics, official_texts: dict[str, str], draw: random.Random
) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    n = max(1, round(draw.lognormvariate(math.log(market.listings_per_seller.mean) - 0.3, market.listings_per_seller.spread)))
    how = tactics.tactics[seller.tactic] if seller.tactic else None
    for _ in range(min(n, 150)):
        week = min(market.weeks - 1, seller.first_week + int(draw.expovariate(1 / 4)))
        # Suspects sell ordinary goods as well; nobody is counterfeit in everything.
        suspicious = how is not None and draw.random() < 0.75
        offer = _suspicious(seller, how, week, market, tactics, official_texts, draw) if how and suspicious else _ordinary(
            seller, week, market, tactics, official_texts, draw
        )
        row = _row(seller, offer, week, market, draw)
        facts = {
            "seller_id": seller.key,
            "behaviour": how.behaviour if how and suspicious else None,
            "tactic": seller.tactic if suspicious else None,
            "network": seller.network,
            "nature": seller.nature,
        }
        yield row, facts
        if how and how.relist and suspicious and week + 3 < market.weeks:
            yield _row(seller, offer, week + 3, market, draw), facts


class _Offer(NamedTuple):
    title: str
    text: str
    category: str
    brand: str | None
    price: float
    list_price: float | None
    picture: str


def _grown(price: float, week: int, market: Market) -> float:
    return price * (1 + market.price_growth_per_week) ** week


def _article(goods: Goods, draw: random.Random) -> tuple[str, float]:
    """A title and what this very article costs where it is genuine; the model decides most of it."""
    model = draw.choice(goods.models) if goods.models else ""
    place = goods.models.index(model) if model else 0
    tilt = goods.spread * (place - (len(goods.models) - 1) / 2) if goods.models else draw.gauss(0, goods.spread)
    title = " ".join(part for part in (goods.line, goods.brand or "", model) if part)
    return title, goods.price * math.exp(tilt)


def _ordinary(
    seller: _Seller, week: int, market: Market, tactics: Tactics, official_texts: dict[str, str], draw: random.Random
) -> _Offer:
    if seller.nature == "lookalike" and draw.random() < 0.8:
        alike = draw.choice(market.lookalikes)
        price = _grown(alike.price * draw.uniform(0.8, 1.2), week, market)
        return _Offer(alike.title, _text(market, tactics, draw), alike.category, None, price, None, f"{seller.key}{alike.title}")
    plain = seller.nature not in ("official", "retailer") and draw.random() < 0.45
    goods = draw.choice(market.plain) if plain else draw.choice(seller.goods)
    title, genuine = _article(goods, draw)
    nature = seller.nature if seller.nature in _PRICES else "honest"
    low, high = _PRICES[nature]
    price = _grown(genuine * draw.uniform(low, high), week, market)
    title += draw.choice(_ENDINGS.get(seller.nature, ("",)))
    text = _text(market, tactics, draw)
    if seller.nature == "official" and goods.brand:
        text = f"{title}. Sản phẩm chính hãng {goods.brand}, bảo hành toàn quốc. {text}"
        official_texts.setdefault(goods.line + goods.brand, text)
    list_price = price / draw.uniform(0.5, 0.95) if draw.random() < 0.4 else None
    return _Offer(title, text, goods.category, goods.brand, price, list_price, f"{seller.key}{title}")


def _suspicious(
    seller: _Seller, how: Tactic, week: int, market: Market, tactics: Tactics, official_texts: dict[str, str], draw: random.Random
) -> _Offer:
    if how.goods:
        line = draw.choice(how.goods)
        goods = Goods(line=line, category="Khác", price=220_000, spread=0.4)
    else:
        goods = draw.choice(seller.goods)
    title, genuine = _article(goods, draw)
    low, high = how.price
    price = max(1000.0, _grown(genuine * math.exp(draw.uniform(math.log(low), math.log(high))), week, market))
    title = draw.choice(how.title).format(title=title, brand=goods.brand or "")
    if goods.brand:
        title = disguise(title, goods.brand, draw.choice(how.spell), sounds=tactics.sounds, homoglyphs=tactics.homoglyphs, draw=draw)
    text = f"{draw.choice(how.text)} {draw.choice(market.honest_text)}"
    known = official_texts.get(goods.line + (goods.brand or ""))
    if how.stolen and known:
        text = known
    if "Zalo" in text or how.accounts > 1:
        text += f" Zalo {seller.phone}."
    owner = seller.network or seller.key
    picture = f"official{goods.line}{goods.brand}" if how.stolen else f"{owner}{goods.line}{goods.brand}"
    # Few of them fill in the brand: the field is checked by the platforms.
    brand = goods.brand if draw.random() < 0.3 else None
    list_price = price / draw.uniform(0.2, 0.7) if draw.random() < 0.6 else None
    return _Offer(title, text, goods.category, brand, price, list_price, picture)


def _text(market: Market, tactics: Tactics, draw: random.Random) -> str:
    sentences = draw.sample(market.honest_text, draw.randint(1, 4))
    if draw.random() < tactics.innocent_noise:
        sentences.append(draw.choice(tactics.noise_text))
    return " ".join(sentences)


def _row(seller: _Seller, offer: _Offer, week: int, market: Market, draw: random.Random) -> dict[str, Any]:
    day = market.start + timedelta(weeks=week)
    sold = int(draw.expovariate(1 / (30 if seller.nature != "suspect" else 20)))
    return {
        "platform": seller.platform,
        "captured_at": datetime(day.year, day.month, day.day, tzinfo=UTC),
        "title": offer.title,
        "description": offer.text,
        "category": offer.category if draw.random() < 0.85 else None,
        "brand": offer.brand if draw.random() < 0.7 else None,
        "price_vnd": float(round(offer.price, -3)),
        "list_price_vnd": float(round(offer.list_price, -3)) if offer.list_price else None,
        "seller_id": seller.key,
        "seller_name": seller.name,
        "is_official": seller.nature == "official",
        "seller_joined_at": datetime(seller.joined.year, seller.joined.month, seller.joined.day, tzinfo=UTC),
        "seller_rating": seller.rating,
        "rating": round(min(5.0, max(1.0, draw.gauss(4.7, 0.3))), 1) if sold else None,
        "n_reviews": float(int(sold * draw.uniform(0.1, 0.5))),
        "n_sold": float(sold),
        "n_images": float(draw.randint(1, 9)),
        "image_hashes": hashlib.sha256(offer.picture.encode()).hexdigest()[:16],
        "location": seller.place or None,
        "x_synthetic": True,
    }
