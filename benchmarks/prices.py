"""How good the price reference is: ``python -m benchmarks.prices [WORK]``. Prints one JSON document; nothing is asserted.

*Error*: what official shops and retailers ask is a genuine price; how far off is the reference that the other sellers make of it, by level? The
own seller never counts, so each price is held out with all of its seller's. *Mostly fake*: real groups of one model in which up to 80 % of the
sellers are replaced by ones at a tenth to three tenths of the price; how far does the reference move? *Rules*: how often each price rule
fires on the negative control. *Expected price*: LightGBM against the hierarchy on the same held-out prices (`benchmarks.expected_price`).
*Scale*: seconds and memory for 1,000,000 re-sampled rows.

WORK is the ``work`` folder of an earlier ``soihang run`` on the same files; without it they are read anew.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import numpy.typing as npt
import pandas as pd

from benchmarks.expected_price import compare
from features import price_groups
from features.genuine import against_genuine
from features.price import PEER_COLUMNS, PriceReference, unit_price
from features.price_history import price_history
from features.seller import official, seller_key
from models.control import RETAILERS, count_control, is_control
from pipeline.config import DEMO_KEY, load_run_config
from pipeline.lock import lock
from pipeline.reference import load_reference
from pipeline.sources.mapping import load_mappings
from pipeline.stages.judge import read_features
from pipeline.stages.market import build_market, join_rows
from pipeline.stages.score import with_lexicon
from pipeline.stages.take_in import take_in
from pipeline.store import parts, read_parquet

REAL = Path(__file__).resolve().parent.parent.parent / "shared" / "data" / "listings"
#: Compared columns that row features hold, not the listings.
ROW_COLUMNS = {"brand", "brand_role", "goods_group", "item_type", "kind_why", "for_children", "n_units", "model_key", "product_words", "price_form"}
ROW_COLUMNS |= {"pack_size"}
SEED, MILLION, RESAMPLES = 20261124, 1_000_000, 1000
#: What the fakes of a mostly fake group ask, as a share of the genuine middle.
FAKE_PRICE = (0.1, 0.3)


def crawl_of(work: Path) -> pd.DataFrame:
    """Return the compared columns of every row, retailers as one official seller each, as the market stage does."""
    row = [name for name in PEER_COLUMNS if name in ROW_COLUMNS]
    listing = [name for name in PEER_COLUMNS if name not in ROW_COLUMNS]
    tables = []
    for part in parts(work / "listings"):
        listings = read_parquet(part, columns=[*listing, "list_price_vnd", "seller_type", "category"])
        tables.append(pd.concat([listings, read_parquet(work / "rows" / part.name, columns=row)], axis=1))
    crawl = pd.concat(tables, ignore_index=True)
    retail = crawl["platform"].isin(RETAILERS)
    return crawl.assign(seller_id=crawl["seller_id"].mask(retail, "catalogue"), is_official=official(crawl).eq(1.0) | retail)


def errors(crawl: pd.DataFrame, prices: pd.DataFrame) -> dict[str, Any]:
    """Distance (natural log) of official prices from the reference that others make, by level, with plain medians beside it."""
    held = crawl["is_official"] & prices["price_level"].notna()
    found = prices[held].assign(seller=seller_key(crawl[held]), unit=np.log(unit_price(crawl[held])))
    found["estimate"] = found["price_gap"].abs()
    found["plain"] = (found["unit"] - np.log(found["price_ref_mid"])).abs()
    found["kind"] = found["price_kind_gap"].abs()
    out: dict[str, Any] = {"official listings": int(crawl["is_official"].sum()), "answered": len(found), "sellers": int(found["seller"].nunique())}
    badge = found["price_by_official"]
    groups = [*found.groupby("price_level"), ("by official sellers", found[badge]), ("by all sellers", found[~badge]), ("all", found)]
    for name, group in groups:
        out[str(name)] = {
            "n": len(group),
            "sellers": int(group["seller"].nunique()),
            "error of the hierarchy": _interval(group["estimate"], group["seller"]),
            "of the level's median alone": _interval(group["plain"], group["seller"]),
            "of the kind's median": _interval(group["kind"], group["seller"]),
        }
    return out


def _interval(error: pd.Series, seller: pd.Series) -> str:
    """Median of the sellers' median errors and its interval of nine in ten, sellers drawn with replacement: a large shop counts once."""
    known = error[error.notna()]
    if not len(known):
        return "none"
    each = known.groupby(seller[known.index]).median().to_numpy()
    drawn = np.median(np.random.default_rng(SEED).choice(each, (RESAMPLES, len(each))), axis=1)
    low, high = np.quantile(drawn, [0.05, 0.95])
    return f"{np.median(each):.3f} ({low:.3f}–{high:.3f})"


def sizes(crawl: pd.DataFrame) -> dict[str, str]:
    """Error on official listings that name a size and are compared within their brand, by the power of the size that prices grow with."""
    out = {}
    for power in (0.0, 0.3, 0.5, 0.7, 1.0):
        with patch.object(price_groups, "SIZE_EXPONENT", power):
            prices = PriceReference(genuine=load_reference().genuine_prices).fit(crawl[PEER_COLUMNS]).transform(crawl)
        judged = crawl["is_official"] & crawl["pack_size"].notna() & prices["price_level"].eq("brand")
        out[f"size ** {power}"] = f"{_interval(prices['price_gap'][judged].abs(), seller_key(crawl[judged]))} on {int(judged.sum())}"
    return out


def mostly_fake(crawl: pd.DataFrame, prices: pd.DataFrame) -> dict[str, Any]:
    """Median shift (log) of reference and plain median when a share of the sellers of a real model is made to sell fakes."""
    answered = crawl[prices["price_level"].isin(["model", "product"])].assign(middle=prices["price_ref_mid"])
    groups = [group for _, group in answered.groupby(["brand", "kind_why", "model_key"]) if len(group) >= 8]
    out: dict[str, Any] = {"fakes ask of the genuine middle": FAKE_PRICE}
    for share in (0.0, 0.3, 0.5, 0.7, 0.8):
        # Fewer than three genuine sellers are no reference for anybody.
        enough = [(number, group) for number, group in enumerate(groups) if len(group) - round(share * len(group)) >= 3]
        for trusted in (False, True):
            moved = [_moved(group, share, trusted=trusted, seed=number) for number, group in enough]
            ours, plain = np.array(moved).T
            name = f"{share:.0%} fake" + (", three official sellers" if trusted else "")
            out[name] = {
                "groups": len(enough),
                "reference moves by": round(float(np.nanmedian(ours)), 3), "plain median by": round(float(np.median(plain)), 3),
                "abstains": round(float(np.isnan(ours).mean()), 3),
            }  # fmt: skip
    return out


def _moved(group: pd.DataFrame, share: float, *, trusted: bool, seed: int) -> tuple[float, float]:
    draw = np.random.default_rng([SEED, seed])
    rows = group.assign(seller_id=[f"S{row}" for row in range(len(group))], is_official=False, platform="shopee", n_units=1.0, price_form="")
    rows = rows.assign(price_vnd=unit_price(group), captured_at=group["captured_at"].max()).reset_index(drop=True)
    fakes = draw.permutation(len(rows))[: round(share * len(rows))]
    truth = float(np.log(rows["price_vnd"]).median())
    rows.loc[fakes, "price_vnd"] = np.exp(truth + draw.uniform(*np.log(FAKE_PRICE), size=len(fakes)))
    if trusted:
        genuine = np.setdiff1d(np.arange(len(rows)), fakes)[:3]
        rows.loc[genuine, "is_official"] = len(genuine) == 3
    asked = rows.iloc[[0]].assign(seller_id="asks", price_vnd=np.exp(truth))
    found = PriceReference(bands=load_reference().price_bands).fit(rows[PEER_COLUMNS]).transform(asked)
    return float(np.log(found["price_ref_mid"].iloc[0]) - truth), float(np.log(rows["price_vnd"]).median() - truth)


def rules(work: Path) -> dict[str, Any]:
    """How often each price rule fires on official shops and retailers (masked), and elsewhere."""
    reference = load_reference()
    build_market(work / "listings", work, reference)
    control: dict[str, int] = {}
    n, n_others, names = 0, 0, ("price_below_peers", "price_below_genuine", "claim_genuine_but_cheap", "score.red", "score.red_or_amber")
    fired: dict[str, int] = {}
    for part in parts(work / "listings"):
        rows = join_rows(part, work)
        hits = with_lexicon(read_parquet(work / "hits" / part.name), reference)
        count = count_control(rows, hits, reference.weights)
        n += count.n_rows
        n_others += int((~is_control(rows)).sum())
        for name in names:
            control[name] = control.get(name, 0) + count.fired.get(name, 0)
        for name, mask in _plain_rules(rows).items():
            fired[name] = fired.get(name, 0) + int((mask & is_control(rows)).sum())
    return {"control rows": n, "other rows": n_others, "signs on the control": control, "plain rules on the control": fired}


def _plain_rules(rows: pd.DataFrame) -> dict[str, pd.Series]:
    """Simpler rules that others use, beside ours."""
    brand = rows["price_level"].notna()
    return {
        "under 40 % of the reference": brand & rows["price_gap"].lt(np.log(0.4)),
        "under 50 % of the reference": brand & rows["price_gap"].lt(np.log(0.5)),
        "under the goods group's band": brand & rows["price_gap"].lt(np.log(rows["price_band"].fillna(0.5))),
        "under half, even at the cheap end of the reference": brand & rows["price_gap_high"].lt(np.log(0.5)),
        "raised, then cut": rows["price_raised_then_cut"].eq(1.0),
    }


def scale(crawl: pd.DataFrame, *, days: int) -> dict[str, Any]:
    """Seconds of processor and peak memory for the family on re-sampled rows, in a process of its own; ``days`` 1 keeps the capture days."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.parquet"
        resampled(crawl, days=days).to_parquet(path)
        ran = subprocess.run([sys.executable, "-m", "benchmarks.prices", "--time", str(path)], capture_output=True, text=True, check=True)
    figures: dict[str, Any] = json.loads(ran.stdout)
    return figures


def resampled(crawl: pd.DataFrame, *, days: int) -> pd.DataFrame:
    """A million rows: each copy of the crawl has other listings and sellers; over ``days`` each listing is seen up to five times."""
    draw = np.random.default_rng(SEED)
    rows = crawl.iloc[draw.integers(0, len(crawl), MILLION)].reset_index(drop=True)
    copy = pd.Series(draw.integers(0, 8, MILLION).astype(str))
    seen = pd.Series(draw.integers(0, MILLION // 5, MILLION).astype(str)) if days > 1 else pd.Series(np.arange(MILLION).astype(str))
    rows["listing_id"] = rows["listing_id"] + "-" + seen
    rows["seller_id"] = rows["seller_id"] + "-" + copy
    if days > 1:
        first = pd.Timestamp("2026-01-01", tz="UTC")
        rows["captured_at"] = (first + pd.to_timedelta(draw.integers(0, days * 86_400, MILLION), unit="s")).as_unit("us")
    return rows


def timed(path: Path) -> dict[str, Any]:
    """Run the family on the rows at ``path``, once to compile and once by the clock."""
    crawl, reference = pd.read_parquet(path), load_reference()
    begun_with = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    small = crawl.head(2000)
    seconds: dict[str, float] = {}
    for rows in (small, crawl):
        clock = time.process_time()
        made = PriceReference(genuine=reference.genuine_prices, bands=reference.price_bands).fit(rows[PEER_COLUMNS])
        seconds["learn"] = time.process_time() - clock
        prices = made.transform(rows)
        seconds["ask"] = time.process_time() - clock - seconds["learn"]
        against_genuine(rows, reference.genuine_prices)
        price_history(rows, prices["price_expected"])
        seconds["genuine table and history"] = time.process_time() - clock - seconds["learn"] - seconds["ask"]
        seconds["all"] = time.process_time() - clock
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    answered: npt.NDArray[np.bool_] = prices["price_level"].notna().to_numpy()
    return {
        "rows": len(crawl), "days": int(crawl["captured_at"].dt.date.nunique()), "answered": int(answered.sum()),
        "processor seconds": {name: round(value, 1) for name, value in seconds.items()},
        "peak memory GB": round(peak, 2), "of it the table itself GB": round(begun_with, 2),
    }  # fmt: skip


def measure(work: Path) -> dict[str, Any]:
    """All of it on the rows under ``work``."""
    crawl, reference = crawl_of(work), load_reference()
    prices = PriceReference(genuine=reference.genuine_prices, bands=reference.price_bands).fit(crawl[PEER_COLUMNS]).transform(crawl)
    return {
        "listings": len(crawl),
        "answered, by level": {str(level): int(n) for level, n in prices["price_level"].value_counts().items()},
        "error on held-out genuine prices": errors(crawl, prices),
        "sizes": sizes(crawl),
        "mostly fake": mostly_fake(crawl, prices),
        "rules": rules(work),
        "expected price": compare(crawl, prices, seed=SEED, resamples=RESAMPLES),
        "a million rows, capture days as they are": scale(crawl, days=1),
        "a million rows over 300 days": scale(crawl, days=300),
    }


def main() -> None:
    """Print everything."""
    if sys.argv[1:2] == ["--time"]:
        print(json.dumps(timed(Path(sys.argv[2]))))
        return
    if len(sys.argv) > 1:
        print(json.dumps(measure(Path(sys.argv[1])), ensure_ascii=False, indent=2))
        return
    files = sorted(REAL.glob("*.parquet"))
    if not files:
        sys.exit(f"no real listings at {REAL}; name the work folder of a run to measure another crawl")
    with tempfile.TemporaryDirectory() as name, lock(Path(name)):
        config = load_run_config()
        taken = take_in(files, out=Path(name), config=config, mappings=load_mappings(), key=DEMO_KEY)
        read_features(Path(name), config=config, n_listings=taken.n_listings)
        print(json.dumps(measure(Path(name) / "work"), ensure_ascii=False, indent=2))


if __name__ == "__main__":
    main()
