"""Spike-ins: real listings rewritten the way suspects do it, and innocent twins, planted in a crawl at one or two in a hundred.

What share of them a score finds within a budget, and how often it takes the twins, needs no label and no invented market. Every planted row
says ``x_synthetic``; the others are left as they are.
"""

from __future__ import annotations

import math
import random
from typing import Any, NamedTuple

import pandas as pd

from features.errors import DataError
from pipeline.simulation.disguise import disguise
from pipeline.simulation.settings import Market, Tactics

_TWINS = ("clearance", "second_hand", "assurance", "fits")


class Spiked(NamedTuple):
    """``listings``: the crawl with the planted rows; ``truth``: one row a planted listing, ``tactic``, ``behaviour``, ``twin`` (bool)."""

    listings: pd.DataFrame
    truth: pd.DataFrame


def plant(crawl: pd.DataFrame, *, rate: float, market: Market, tactics: Tactics, seed: int) -> Spiked:
    """Plant ``rate`` of the crawl's rows (half suspects, half twins), rewritten from listings that name a brand of the market.

    ``crawl`` has our listing columns. Raises `DataError` where it names too few such brands to rewrite.
    """
    draw = random.Random(f"spikes {seed}")
    brands = {goods.brand: goods for goods in market.branded if goods.brand}
    named = [(row, brand) for row, brand in zip(crawl.index, _brand_of(crawl, list(brands)), strict=True) if brand]
    wanted = max(2, round(rate * len(crawl)))
    if len(named) < 20:
        raise DataError(f"only {len(named)} listings name a brand of the invented market; spike-ins need at least 20")
    usual = _usual_prices(crawl, named)
    hows = {name: how for name, how in tactics.tactics.items() if not how.goods}
    rows, truth = [], []
    for number in range(wanted):
        row, brand = named[draw.randrange(len(named))]
        base = crawl.loc[row].to_dict()
        price = usual[brand]
        if number % 2:
            name = draw.choice(_TWINS)
            made = _twin(base, brand, price, name, tactics, draw)
        else:
            name = draw.choice(list(hows))
            how = hows[name]
            asked = price * math.exp(draw.uniform(*(math.log(bound) for bound in how.price)))
            title = draw.choice(how.title).format(title=base["title"], brand=brand)
            title = disguise(title, brand, draw.choice(how.spell), sounds=tactics.sounds, homoglyphs=tactics.homoglyphs, draw=draw)
            made = {**base, "title": title, "description": draw.choice(how.text), "price_vnd": max(1000.0, float(round(asked, -3)))}
        made |= {
            "listing_id": f"spike-{number}", "seller_id": f"spike-seller-{number}", "seller_name": f"Shop {number}", "is_official": False,
            "seller_type": None, "brand": None, "url": None, "list_price_vnd": None, "x_synthetic": True,
        }  # fmt: skip
        rows.append(made)
        twin = bool(number % 2)
        behaviour = None if twin else hows[name].behaviour
        truth.append({"platform": base["platform"], "listing_id": made["listing_id"], "tactic": name, "behaviour": behaviour, "twin": twin})
    planted = pd.DataFrame(rows)[list(dict.fromkeys([*crawl.columns, "x_synthetic"]))]
    kept = crawl.assign(x_synthetic=False)
    return Spiked(pd.concat([kept, planted], ignore_index=True), pd.DataFrame(truth))


def _brand_of(crawl: pd.DataFrame, brands: list[str]) -> list[str | None]:
    pattern = r"(?i)(?<!\w)(" + "|".join(sorted(brands, key=len, reverse=True)) + r")(?!\w)"
    known = {brand.lower(): brand for brand in brands}
    found = crawl["title"].astype(str).str.extract(pattern)[0]
    # A case that fits the phone is no phone; the planted price would be nonsense.
    fits = crawl["title"].astype(str).str.contains(r"(?i)\b(?:cho|ốp|dây|kính|vỏ|cáp|sạc|bao|túi đựng|phụ kiện)\b")
    priced = crawl["price_vnd"].gt(0)
    return [
        known[str(name).lower()] if isinstance(name, str) and not bad and ok else None for name, bad, ok in zip(found, fits, priced, strict=True)
    ]


def _usual_prices(crawl: pd.DataFrame, named: list[tuple[Any, str]]) -> dict[str, float]:
    """The upper quartile of what the crawl itself asks for a brand: near the genuine price wherever fakes are a minority."""
    table = pd.DataFrame(named, columns=["row", "brand"])
    table["price"] = crawl.loc[table["row"], "price_vnd"].to_numpy()
    return {str(brand): float(price) for brand, price in table.groupby("brand")["price"].quantile(0.75).items()}


def _twin(base: dict[str, Any], brand: str, price: float, kind: str, tactics: Tactics, draw: random.Random) -> dict[str, Any]:
    title = str(base["title"])
    if kind == "clearance":
        return {**base, "title": f"{title} xả kho cuối mùa", "price_vnd": float(round(price * draw.uniform(0.45, 0.8), -3))}
    if kind == "second_hand":
        return {**base, "title": f"{title} đã qua sử dụng", "price_vnd": float(round(price * draw.uniform(0.25, 0.6), -3))}
    if kind == "assurance":
        text = f"{base.get('description') or ''} {draw.choice(tactics.noise_text)}"
        return {**base, "description": text, "price_vnd": float(round(price * draw.uniform(0.7, 1.05), -3))}
    return {**base, "title": f"Phụ kiện dành cho {brand} {draw.randint(1, 99)}", "price_vnd": float(round(price * draw.uniform(0.01, 0.05), -3))}
