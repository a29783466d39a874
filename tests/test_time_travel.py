"""What the market says of a listing is as of its capture day: a later run must say the same, and nothing that comes later may matter."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pipeline.config import DEMO_KEY, load_run_config
from pipeline.labels import read_outcomes
from pipeline.lock import lock
from pipeline.reference import load_reference
from pipeline.sources.mapping import load_mappings
from pipeline.stages.judge import read_features
from pipeline.stages.market import build_market
from pipeline.stages.simulate import simulate_market
from pipeline.stages.take_in import take_in
from pipeline.store import parts, read_parquet

KEY = ["platform", "listing_id", "captured_at"]


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An invented market of a year, with outcomes."""
    out = tmp_path_factory.mktemp("market")
    simulate_market(out, n_listings=3000, seed=11)
    return out


def market_of(listings: pd.DataFrame, outcomes: Path, out: Path, *, as_of: date | None = None) -> pd.DataFrame:
    """The stored market columns of a crawl, by key."""
    out.mkdir(parents=True)
    listings.to_parquet(out / "crawl.parquet")
    config = load_run_config()
    with lock(out):
        taken = take_in([out / "crawl.parquet"], out=out, config=config, mappings=load_mappings(), key=DEMO_KEY)
        read_features(out, config=config, n_listings=taken.n_listings)
        build_market(out / "work" / "listings", out / "work", load_reference(), outcomes=read_outcomes(outcomes, as_of=as_of).outcomes)
    said = [
        pd.concat([read_parquet(part, columns=KEY), read_parquet(out / "work" / "market" / part.name)], axis=1)
        for part in parts(out / "work" / "listings")
    ]
    return pd.concat(said).set_index(KEY).sort_index()


def until(table: pd.DataFrame, day: date) -> pd.Series:
    return pd.Series(table.index.get_level_values("captured_at").tz_convert("Asia/Ho_Chi_Minh").date <= day, index=table.index)


@pytest.fixture(scope="module")
def then_and_now(market: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[pd.DataFrame, pd.DataFrame, date]:
    """What was stored on a day in the middle, what a run of today says, and the day."""
    out = tmp_path_factory.mktemp("runs")
    listings = pd.read_parquet(market / "crawl" / "listings.parquet")
    when = pd.to_datetime(listings["captured_at"], utc=True).dt.tz_convert("Asia/Ho_Chi_Minh").dt.date
    day = sorted(when)[len(when) // 2]
    then = market_of(listings[when <= day], market / "outcomes.parquet", out / "then", as_of=day)
    now = market_of(listings, market / "outcomes.parquet", out / "now")
    return then, now, day


def test_market_features_recomputed_at_a_past_date_equal_those_stored_then(then_and_now: tuple[pd.DataFrame, pd.DataFrame, date]) -> None:
    then, now, day = then_and_now
    again = now[until(now, day)]
    assert 500 < len(then) < len(now)
    assert list(then) == list(again)
    for column in then:
        pd.testing.assert_series_equal(then[column], again[column], check_exact=True, obj=column)


def test_what_was_known_fills_the_columns_that_this_file_compares(then_and_now: tuple[pd.DataFrame, pd.DataFrame, date]) -> None:
    then, now, day = then_and_now
    late = now[~until(now, day)]
    empty = [column for column in then if then[column].isna().all() and late[column].isna().all()]
    assert len(empty) < len(list(then)) / 2
    assert then["price_gap"].notna().any()
    assert not now["price_gap"].equals(then["price_gap"].reindex(now.index))


def test_a_shuffled_future_changes_nothing_of_the_past(
    market: Path, then_and_now: tuple[pd.DataFrame, pd.DataFrame, date], tmp_path: Path
) -> None:
    _, now, day = then_and_now
    listings = pd.read_parquet(market / "crawl" / "listings.parquet")
    when = pd.to_datetime(listings["captured_at"], utc=True).dt.tz_convert("Asia/Ho_Chi_Minh").dt.date
    later = np.flatnonzero((when > day).to_numpy())
    order = np.random.default_rng(3).permutation(later)
    mixed = listings.copy()
    for column in ("title", "description", "price_vnd", "seller_id", "seller_name"):
        mixed.loc[mixed.index[later], column] = listings[column].to_numpy()[order]
    outcomes = pd.read_parquet(market / "outcomes.parquet")
    known = pd.to_datetime(outcomes["known_at"], utc=True).dt.tz_convert("Asia/Ho_Chi_Minh").dt.date > day
    outcomes.loc[known, "status"] = outcomes.loc[known, "status"].to_numpy()[::-1]
    outcomes.to_parquet(tmp_path / "outcomes.parquet")
    shuffled = market_of(mixed, tmp_path / "outcomes.parquet", tmp_path / "shuffled")
    pd.testing.assert_frame_equal(shuffled[until(shuffled, day)], now[until(now, day)], check_exact=True)
    assert not shuffled.equals(now)
