"""How far one seller can move what others are judged by: ``python -m benchmarks.poisoning``. Prints one JSON document.

An invented market of twelve honest shops that sell one article at about 2.9 million dong goes the whole way (ingest, features, market, score),
once as it is and once with what a malicious seller adds: listings at a tenth or at ten times the price, under one account or several; complaints
about a rival, by one buyer or by many; praise for its own fakes. Told is what that moves: the price that is expected of the article, the
rival's points, the fakes' points.
"""

from __future__ import annotations

import csv
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import pandas as pd

from pipeline.config import DEMO_KEY, load_run_config
from pipeline.sources.mapping import load_mappings
from pipeline.stages.judge import judge
from pipeline.stages.reviews import take_reviews
from pipeline.stages.take_in import take_in
from pipeline.store import parts, read_parquet

HONEST, PRICE = 12, 2_900_000
RIVAL, FAKER, ATTACKER = "rival", "faker", "attacker"
AMOUNTS = (1, 10, 100, 1_000)
COMPLAINT, PRAISE = "mình nhận được hàng nhái, đôi", "hàng đẹp, giao nhanh, rất ưng, lần"
Row = dict[str, Any]


def offer(listing: str, shop: str, price: float, title: str = "Giày thể thao Nike Air Force 1 trắng") -> Row:
    """One row of a crawl."""
    return {
        "sàn": "sàn thử", "mã tin": listing, "tiêu đề": title, "ngày thu thập": "2026-11-20", "ngành hàng": "Giày dép", "nhãn hiệu": "Nike",
        "giá bán": str(int(price)), "mã gian hàng": shop, "tên gian hàng": f"Gian hàng {shop}",
    }  # fmt: skip


def market() -> list[Row]:
    """Return the honest shops, a rival a third cheaper, and a shop that says its goods are copies."""
    honest = [offer(f"H{n}", f"honest{n}", PRICE * (0.96 + 0.008 * n)) for n in range(HONEST)]
    return [*honest, offer("R", RIVAL, 0.67 * PRICE), offer("F", FAKER, 0.2 * PRICE, "Giày Nike Air Force 1 rep 1:1")]


def flood(n: int, factor: float, shops: int = 1) -> list[Row]:
    """Return ``n`` listings of the article at ``factor`` times its price, spread over ``shops`` accounts."""
    return [offer(f"A{at}", f"{ATTACKER}{at % shops}", factor * PRICE + at) for at in range(n)]


def reviews(n: int, shop: str, text: str, stars: int, people: int) -> list[Row]:
    """Return ``n`` reviews of ``shop`` by ``people`` accounts, beside forty ordinary ones of each other shop and five complaints about the faker."""
    shops = [*(f"honest{at}" for at in range(HONEST)), RIVAL, FAKER]
    rows = [
        {"seller_id": name, "reviewer_id": f"{name}-{one}", "text": f"giao nhanh, giày đẹp {one}", "rating": 5} for name in shops for one in range(40)
    ]
    rows += [{"seller_id": FAKER, "reviewer_id": f"cheated{one}", "text": f"{COMPLAINT} {one}", "rating": 1} for one in range(5)]
    rows += [{"seller_id": shop, "reviewer_id": f"x{at % people}", "text": f"{text} {at}", "rating": stars} for at in range(n)]
    return [row | {"platform": "sàn thử", "listing_id": None, "created_at": f"2026-11-{1 + at % 19:02d}"} for at, row in enumerate(rows)]


def judged(rows: list[Row], said: list[Row] | None = None) -> pd.DataFrame:
    """Return what the crawl's listings are expected to cost, what they cost against it and their points, by listing id."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with (folder / "crawl.csv").open("w", encoding="utf-8", newline="") as stream:
            writer = csv.DictWriter(stream, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
        config = load_run_config()
        take_in([folder / "crawl.csv"], out=folder / "out", config=config, mappings=load_mappings(), key=DEMO_KEY)
        if said:
            pd.DataFrame(said).to_csv(folder / "reviews.csv", index=False)
            take_reviews(folder / "reviews.csv", work=folder / "out" / "work", key=DEMO_KEY)
        judge(folder / "out", config=config)
        scores = read_parquet(folder / "out" / "scores.parquet").set_index("listing_id")
        prices = pd.concat([read_parquet(part) for part in parts(folder / "out" / "work" / "market")], ignore_index=True)
        return scores[["points", "band"]].assign(expected=prices["price_expected"].to_numpy(), gap=prices["price_gap"].to_numpy())


def moved(before: pd.DataFrame, after: pd.DataFrame) -> dict[str, Any]:
    """Return what changed for the honest shops, the rival and the faker."""
    honest = [f"H{n}" for n in range(HONEST)]
    return {
        "expected_price_times": round(float((after.loc[honest, "expected"] / before.loc[honest, "expected"]).median()), 4),
        "honest_points_plus": round(float((after.loc[honest, "points"] - before.loc[honest, "points"]).max()), 3),
        "rival_points_plus": round(float(after.loc["R", "points"] - before.loc["R", "points"]), 3),
        "rival_band": after.loc["R", "band"],
        "faker_points_plus": round(float(after.loc["F", "points"] - before.loc["F", "points"]), 3),
        "faker_band": after.loc["F", "band"],
    }


def experiment(amounts: tuple[int, ...] = AMOUNTS) -> dict[str, dict[str, Any]]:
    """Return by attack what it moved."""
    before = judged(market())
    found = {
        f"one shop, {n} listings at {factor:g} times the price": moved(before, judged(market() + flood(n, factor)))
        for factor in (0.1, 10)
        for n in amounts
    }
    for shops in (2, 4, 8, 16):
        found[f"{shops} shops, one listing each at 0.1 times the price"] = moved(before, judged(market() + flood(shops, 0.1, shops)))
    for shop, text, stars, what in ((RIVAL, COMPLAINT, 1, "complaints about the rival"), (FAKER, PRAISE, 5, "praise for the faker")):
        calm = judged(market(), reviews(0, shop, text, stars, 1))
        for n in amounts:
            for people in sorted({1, n}):
                found[f"{n} {what}, by {people} buyers"] = moved(calm, judged(market(), reviews(n, shop, text, stars, people)))
    return found


def main() -> int:
    json.dump(experiment(), sys.stdout, ensure_ascii=False, indent=1)
    return 0


if __name__ == "__main__":
    sys.exit(main())
