"""The market stage: one family of features after the other, whatever parts the crawl lies in."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.config import DEMO_KEY, load_run_config
from pipeline.lock import lock
from pipeline.reference import load_reference
from pipeline.sources.mapping import load_mappings
from pipeline.stages.judge import read_features
from pipeline.stages.market import MARKET_COLUMNS, build_market
from pipeline.stages.market_columns import KeptColumns, read_crawl, read_signatures
from pipeline.stages.simulate import simulate_market
from pipeline.stages.take_in import take_in
from pipeline.store import parts, read_parquet, write_parquet


@pytest.fixture(scope="module")
def read(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small invented crawl, read: one part. One seller has the id that the catalogues of retailers are gathered under."""
    out = tmp_path_factory.mktemp("read")
    simulate_market(out / "simulated", n_listings=900, seed=3)
    config = load_run_config()
    with lock(out):
        taken = take_in([out / "simulated" / "crawl"], out=out, config=config, mappings=load_mappings(), key=DEMO_KEY)
        read_features(out, config=config, n_listings=taken.n_listings)
    [part] = parts(out / "work" / "listings")
    listings = read_parquet(part)
    write_parquet(listings.assign(seller_id=listings["seller_id"].mask(listings.index < 5, "catalogue")), part)
    return out / "work"


def cut(work: Path, into: Path, sizes: list[int]) -> Path:
    """The same tables in parts of so many rows."""
    [whole] = parts(work / "listings")
    begin = 0
    for number, size in enumerate(sizes):
        name = f"part-{number:05d}.parquet"
        for table in ("listings", "rows"):
            write_parquet(read_parquet(work / table / whole.name).iloc[begin : begin + size].reset_index(drop=True), into / table / name)
        hits = read_parquet(work / "hits" / whole.name)
        mine = hits[hits["row"].between(begin, begin + size - 1)]
        write_parquet(mine.assign(row=mine["row"] - begin).reset_index(drop=True), into / "hits" / name)
        begin += size
    return into


def market_of(work: Path, outcomes: pd.DataFrame) -> pd.DataFrame:
    build_market(work / "listings", work, load_reference(), outcomes=outcomes)
    return pd.concat([read_parquet(part) for part in parts(work / "market")], ignore_index=True)


def test_a_crawl_in_many_parts_has_the_market_of_the_same_crawl_in_one(read: Path, tmp_path: Path) -> None:
    n = len(read_parquet(parts(read / "listings")[0]))
    outcomes = read_parquet(read.parent / "simulated" / "outcomes.parquet")
    one, many = (market_of(cut(read, tmp_path / name, sizes), outcomes) for name, sizes in (("one", [n]), ("many", [300, 1, 250, n - 551])))
    assert list(one) == MARKET_COLUMNS
    pd.testing.assert_frame_equal(one, many, check_exact=True)
    for name in ("price_gap", "seller_n_collected", "seller_past_share", "network_n_sellers", "genuine_floor", "seller_age_days"):
        assert one[name].notna().any(), name
    for table in ("links", "networks", "hubs", "groups"):
        left, right = (read_parquet(tmp_path / name / "links" / f"{table}.parquet") for name in ("one", "many"))
        pd.testing.assert_frame_equal(left, right)


def test_signatures_of_many_parts_lie_in_the_order_of_the_rows(read: Path, tmp_path: Path) -> None:
    n = len(read_parquet(parts(read / "listings")[0]))
    whole = read_signatures(parts(read / "listings"), read / "rows")
    work = cut(read, tmp_path, [10, 500, n - 510])
    np.testing.assert_array_equal(read_signatures(parts(work / "listings"), work / "rows"), whole)
    assert len(whole) == n and whole.any()


def test_parts_that_hold_texts_in_different_ways_are_read_together(tmp_path: Path) -> None:
    (tmp_path / "listings").mkdir()
    paths = [tmp_path / "listings" / f"part-{number}.parquet" for number in range(3)]
    for path, kind in zip(paths, (pa.string(), pa.large_string(), pa.null()), strict=True):
        texts = [None, None] if kind == pa.null() else ["a", None]
        pq.write_table(pa.table({"seller_id": pa.array(texts, kind), "url": pa.array(texts, kind)}), path)
    found = read_crawl(paths, {tmp_path / "listings": ["seller_id", "url"]}, coded=["seller_id"])
    assert [str(found[name].dtype) for name in found] == ["category", "str"]
    for name in found:
        assert found[name].astype("str").fillna("-").tolist() == ["a", "-", "a", "-", "-", "-"]


def test_nothing_is_left_of_the_columns_that_were_laid_down(read: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    n = len(read_parquet(parts(read / "listings")[0]))
    work = cut(read, tmp_path, [n])

    def breaks(*_: object) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr("pipeline.stages.market._keep_sellers", breaks)
    with pytest.raises(RuntimeError, match="broken"):
        build_market(work / "listings", work, load_reference())
    assert not list(work.glob("market*"))


def test_kept_columns_come_back_as_they_were(tmp_path: Path) -> None:
    columns = {
        "number": np.array([1.5, np.nan, -0.0]),
        "flag": np.array([True, False, True]),
        "text": pd.Series(["a", None, "a"], dtype="str"),
        "nothing": pd.Series([None, None, None], dtype="str"),
        "level": np.array(["model", None, "brand"], dtype=object),
    }
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "stale").write_text("of a run that was killed")
    kept = KeptColumns(tmp_path / "kept", 3)
    kept.keep(columns)
    expected = pd.DataFrame(columns).astype({"level": "str"})
    pd.testing.assert_frame_equal(kept.rows(0, 3), expected, check_exact=True)
    pd.testing.assert_frame_equal(kept.rows(1, 3), expected.iloc[1:].reset_index(drop=True), check_exact=True)
    assert sorted(path.name for path in (tmp_path / "kept").iterdir()) == sorted(columns)
    kept.forget()
    assert not (tmp_path / "kept").exists()
