"""Planning where truth is known, and planning at size. Part of ``make bench``.

``year``: 52 weekly lists for 34 authorities in an invented market: finds a visit against chance, lowest price, strongest evidence and last week's
order; how many days earlier; what floors cost. ``million``: a million scored listings planned and all workbooks written: seconds and memory.
Prints one JSON document. The market is synthetic: the figures compare ways of choosing, they do not say how many fakes a real list would find.
"""

from __future__ import annotations

import argparse
import json
import resource
import tempfile
import time
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from features.seller import seller_key
from pipeline.config import DEMO_KEY, PlanConfig, load_run_config, load_table
from pipeline.planning.inputs import PlanningInputs, no_inputs
from pipeline.planning.places import places_on
from pipeline.reference import load_reference
from pipeline.simulation.market import simulate
from pipeline.simulation.settings import load_market, load_tactics
from pipeline.sources.mapping import load_mappings
from pipeline.sources.times import VIETNAM
from pipeline.stages.choose import choose
from pipeline.stages.judge import judge
from pipeline.stages.plan import plan
from pipeline.stages.take_in import take_in
from pipeline.store import parts, read_json, read_parquet, write_json, write_parquet
from pipeline.tables.targets import CHOSEN

WEEKS, CAPACITY = 52, 1
#: Share of sellers; many more than in life, so that places are scarce in a market small enough to simulate.
SUSPECTS = 0.25
#: Places of the market: one name an authority, and remote parts of merged provinces, so that floors have something to decide.
REMOTE = ["Hà Giang", "Bắc Kạn", "Yên Bái", "Hoà Bình", "Kon Tum", "Đắk Nông", "Ninh Thuận", "Trà Vinh", "Sóc Trăng", "Bạc Liêu"]


def year(n_listings: int) -> dict[str, Any]:
    """Return how each way of choosing does over a year, and what floors cost."""
    reference, config = load_reference(), load_run_config()
    names = sorted(set(reference.provinces["current_name"].str.replace(r"^(Tỉnh|Thành phố) ", "", regex=True)))
    market = load_market().model_copy(update={"weeks": WEEKS, "start": date(2026, 1, 5), "places": tuple(names + REMOTE)})
    market = market.model_copy(update={"sellers": market.sellers | {"suspect": SUSPECTS}})
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder)
        made = simulate(n_listings, market=market, tactics=load_tactics(), seed=config.seed)
        write_parquet(made.listings, out / "crawl" / "listings.parquet")
        take_in([out / "crawl"], out=out, config=config, mappings=load_mappings(), key=DEMO_KEY)
        judge(out, config=config)
        market_rows = _rows(out, made.truth)
        settings = config.plan.model_copy(update={"targets_per_authority": CAPACITY, "central_targets": CAPACITY, "min_points": 1.0})
        planned, costs = _by_plan(out, market_rows, settings)
        unfloored, _ = _by_plan(out, market_rows, settings.model_copy(update={"remote_floor": 0}))
        late, _ = _by_plan(out, market_rows, settings, lag=1)
        orders = {
            "random": np.random.default_rng(config.seed).random(len(market_rows)),
            "price_rule": -market_rows["price_gap"].fillna(np.inf).to_numpy(),
            "evidence_order": market_rows["points"].to_numpy(),
        }
        visits = {"plan": planned, "last_weeks_order": late, "plan_without_floors": unfloored}
        visits |= {name: _by_order(market_rows.assign(order=order), planned) for name, order in orders.items()}
    guilty = market_rows[market_rows["guilty"]].groupby("hand").agg(day=("day", "min"), health=("health", "max"))
    said = {name: _judged(one, guilty, visits["price_rule"]) for name, one in visits.items()}
    return {"listings": len(market_rows), "suspect_hands": len(guilty), "visits_a_week_an_authority": CAPACITY, **said, "price_of_floors": costs}


def _rows(out: Path, truth: pd.DataFrame) -> pd.DataFrame:
    """Every listing with seller, place, day, score and truth; one hand is one network, or one seller."""
    listings = pd.concat([read_parquet(part) for part in parts(out / "work" / "listings")], ignore_index=True)
    market = pd.concat([read_parquet(part, columns=["price_gap"]) for part in parts(out / "work" / "market")], ignore_index=True)
    scores = read_parquet(out / "scores.parquet", columns=["points"])
    table = pd.concat([listings[["platform", "listing_id", "captured_at", "location"]], market, scores], axis=1)
    table["seller"] = seller_key(listings)
    table = table.merge(truth[["platform", "listing_id", "behaviour", "network"]], on=["platform", "listing_id"], how="left")
    places = places_on(date(2026, 6, 1), load_reference().provinces)
    named = {text: places.of(text).name for text in table["location"].dropna().unique()}
    table["authority"] = table["location"].map(named).fillna(places.of(None).name)
    table["day"] = table["captured_at"].dt.tz_convert(VIETNAM).dt.date
    goods = pd.concat([read_parquet(part, columns=["goods_group"]) for part in parts(out / "work" / "rows")], ignore_index=True)["goods_group"]
    factors = load_table("harm_goods").set_index("goods_group")["factor"].astype(float)
    table["health"] = goods.map(factors).fillna(1.0)
    table["hand"] = table["network"].fillna(table["seller"])
    table["guilty"] = table["behaviour"].notna()
    return table


def _by_plan(out: Path, rows: pd.DataFrame, settings: PlanConfig, *, lag: int = 0) -> tuple[pd.DataFrame, dict[str, float]]:
    """Visit what the product chooses each week (with ``lag`` what it chose from older data); who was visited is left in peace for the year."""
    scores, reasons = read_parquet(out / "scores.parquet"), read_parquet(out / "reasons.parquet")
    hand = rows.drop_duplicates("seller").set_index("seller")["hand"]
    visits: list[tuple[date, str, str]] = []
    visited: list[str] = []
    costs = {"weeks_with_a_costing_floor": 0, "harm_chosen": 0.0, "harm_lost_to_floors": 0.0}
    first = rows["day"].min()
    for week in range(WEEKS):
        monday = first + timedelta(weeks=week)
        as_of = monday + timedelta(days=6 - 7 * lag)
        if as_of < first:
            continue
        made = plan(
            out / "work" / "listings", out / "work", scores, reasons, as_of=as_of, settings=settings, capacity=None, reference=load_reference(),
            inputs=_left_in_peace(visited),
        )  # fmt: skip
        floors = made.prices[made.prices["floor"] & made.prices["price"].gt(0)]
        costs["weeks_with_a_costing_floor"] += int(len(floors) > 0)
        costs["harm_chosen"] += made.harm
        costs["harm_lost_to_floors"] += float((floors["price"] * floors["used"].clip(upper=floors["bound"])).sum())
        chosen = made.targets[made.targets["standing"].eq(CHOSEN) & made.targets["members"].str.len().gt(0)]
        for members, authority in zip(chosen["members"], chosen["authority"], strict=True):
            visited += members
            visits.append((monday + timedelta(days=6), hand[members[0]], authority))
    return pd.DataFrame(visits, columns=["day", "hand", "authority"]), {name: round(value, 2) for name, value in costs.items()}


def _left_in_peace(visited: list[str]) -> PlanningInputs:
    inputs = no_inputs()
    keys = [key.split("|", 2) for key in visited]
    held = {
        "san": [key[0] for key in keys], "ma_nguoi_ban": [key[2] for key in keys], "nhan_hieu": None, "ly_do": "đã xem xét",
        "den_ngay": date(2030, 1, 1), "nguoi_quyet_dinh": None,
    }  # fmt: skip
    return replace(inputs, snooze=pd.DataFrame(held).astype("object").where(lambda table: table.notna(), None))


def _by_order(rows: pd.DataFrame, planned: pd.DataFrame) -> pd.DataFrame:
    """Visit each week, in each authority, as many sellers as the plan did: those seen so far whose highest ``order`` is first; nobody twice."""
    visits: list[tuple[date, str]] = []
    done: set[str] = set()
    for sunday, same in planned.groupby("day", sort=True):
        room = same["authority"].value_counts()
        known = rows[(rows["day"] <= sunday) & rows["seller"].notna() & ~rows["seller"].isin(done)]
        best = known.groupby(["authority", "seller"])["order"].max().reset_index()
        best = best[np.isfinite(best["order"])].sort_values(["authority", "order", "seller"], ascending=[True, False, True])
        chosen = best[best.groupby("authority").cumcount() < best["authority"].map(room).fillna(0)]["seller"]
        done |= set(chosen)
        hand = known.drop_duplicates("seller").set_index("seller")["hand"]
        visits += [(sunday, hand[seller]) for seller in chosen]
    return pd.DataFrame(visits, columns=["day", "hand"])


def _judged(visits: pd.DataFrame, guilty: pd.DataFrame, others: pd.DataFrame) -> dict[str, Any]:
    """A hand found a second time is a visit without a find."""
    found = visits[visits["hand"].isin(guilty.index)].drop_duplicates("hand").set_index("hand")["day"]
    theirs = others[others["hand"].isin(guilty.index)].drop_duplicates("hand").set_index("hand")["day"]
    both = found.index.intersection(theirs.index)
    waited = [(found[hand] - guilty.at[hand, "day"]).days for hand in found.index]
    earlier = [(theirs[hand] - found[hand]).days for hand in both]
    return {
        "visits": len(visits),
        "finds": len(found),
        "finds_a_visit": round(len(found) / max(1, len(visits)), 3),
        "health_weighted_finds_a_visit": round(float(guilty.loc[found.index, "health"].sum()) / max(1, len(visits)), 3),
        "share_of_hands_found": round(len(found) / len(guilty), 3),
        "mean_days_from_first_listing": round(float(np.mean(waited)), 1) if waited else None,
        "mean_days_earlier_than_price_rule": round(float(np.mean(earlier)), 1) if earlier else None,
        "found_by_both": len(both),
    }


def million(n_listings: int) -> dict[str, Any]:
    """Score a market of a twentieth, copy it twenty times under other names, and time the plan and the reports of all of it."""
    from pipeline.stages.report import write_plans
    from pipeline.tables.targets import with_lists

    config, copies = load_run_config(), 20
    names = sorted(set(load_reference().provinces["current_name"].str.replace(r"^(Tỉnh|Thành phố) ", "", regex=True)))
    market = load_market().model_copy(update={"places": tuple(names)})
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "one"
        made = simulate(n_listings // copies, market=market, tactics=load_tactics(), seed=config.seed)
        write_parquet(made.listings, out / "crawl" / "listings.parquet")
        take_in([out / "crawl"], out=out, config=config, mappings=load_mappings(), key=DEMO_KEY)
        judge(out, config=config)
        big = Path(folder) / "big"
        _copied(out, big, copies)
        before = resource.getrusage(resource.RUSAGE_SELF)
        begun = time.perf_counter()
        planned, summary = choose(big, config=config)
        seconds = {"plan": time.perf_counter() - begun}
        after = resource.getrusage(resource.RUSAGE_SELF)
        begun = time.perf_counter()
        books = write_plans(big / "plans", with_lists(planned.targets), with_lists(planned.listings), summary, left=planned.left)
        seconds["workbooks_and_pages"] = time.perf_counter() - begun
        return {
            "listings": n_listings,
            "targets": len(planned.targets),
            "authorities": int(planned.targets["authority"].nunique()),
            "files": len(books),
            "seconds": {name: round(value, 1) for name, value in seconds.items()},
            "processor_seconds_of_plan": round(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, 1),
            "peak_memory_gb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6, 2),
        }


def _copied(one: Path, big: Path, copies: int) -> None:
    work = one / "work"
    scores, reasons = read_parquet(one / "scores.parquet"), read_parquet(one / "reasons.parquet")
    write_parquet(pd.concat([_renamed(scores, copy) for copy in range(copies)], ignore_index=True), big / "scores.parquet")
    write_parquet(pd.concat([_renamed(reasons, copy) for copy in range(copies)], ignore_index=True), big / "reasons.parquet")
    number = 0
    for copy in range(copies):
        for part in parts(work / "listings"):
            name = f"part-{number:05d}.parquet"
            write_parquet(_renamed(read_parquet(part), copy), big / "work" / "listings" / name)
            for table in ("rows", "market"):
                write_parquet(read_parquet(work / table / part.name), big / "work" / table / name)
            number += 1
    networks = read_parquet(work / "links" / "networks.parquet")
    more = [networks.assign(network=networks["network"] + f"-{copy}", seller=networks["seller"] + f"-{copy}") for copy in range(copies)]
    write_parquet(pd.concat(more, ignore_index=True), big / "work" / "links" / "networks.parquet")
    for name in ("ingest.json", "score.json", "run_id.json", "seller_models.json"):
        write_json(read_json(work / name), big / "work" / name)


def _renamed(table: pd.DataFrame, copy: int) -> pd.DataFrame:
    names = [name for name in ("listing_id", "seller_id", "row_hash") if name in table]
    return table.assign(**{name: table[name] + f"-{copy}" for name in names})


def main() -> None:
    """Print both parts as one JSON document."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--year", type=int, default=24_000, help="listings of the simulated year; 0 leaves it out")
    parser.add_argument("--million", type=int, default=1_000_000, help="listings planned at once; 0 leaves it out")
    wanted = parser.parse_args()
    said = {name: do(n) for name, do, n in (("year", year, wanted.year), ("million", million, wanted.million)) if n}
    print(json.dumps(said, ensure_ascii=False, indent=2))


if __name__ == "__main__":
    main()
