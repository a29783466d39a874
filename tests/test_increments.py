"""A night after a night: what reads the same is not read again, and nobody can tell from the results."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from features.assemble import CARRIED, row_features
from pipeline.config import DEMO_KEY, load_run_config
from pipeline.privacy.erase import Wish, erase
from pipeline.reference import load_lexicons
from pipeline.sources.mapping import load_mappings
from pipeline.stages import features as reading
from pipeline.stages import judge as judging
from pipeline.stages.features import build_features
from pipeline.stages.judge import judge, score_lines
from pipeline.stages.kept_rows import READ_COLUMNS, row_ids
from pipeline.stages.reviews import take_reviews
from pipeline.stages.run import RunReport
from pipeline.stages.take_in import take_in
from pipeline.store import parts, read_parquet

SAID = ("Giày Nike rep 1:1 freeship", "Nước hoa D.I.O.R chiết 10ml", "Áo thun trơn", "Ốp lưng iPhone 15 trong suốt", "Túi xách super  fake loại 1")
ROWS = [
    {
        "mã tin": f"T{n}", "tiêu đề": f"{SAID[n % 5]} mẫu {n}", "giá bán": f"{100 + n}.000đ", "mã gian hàng": f"S{n % 7}",
        "mô tả": f"Hàng mới về, zalo shop để được tư vấn thêm số {n}. Không bán hàng fake." if n % 3 else "",
    }
    for n in range(90)
]  # fmt: skip
TABLES = ("rows", "hits", "text", "row_ids")


@pytest.fixture
def ingested(crawl: Callable[..., Path], tmp_path: Path) -> Callable[..., Path]:
    """A function that ingests rows in parts of a size and returns the folder ``work``."""

    def go(name: str, rows: list[dict[str, Any]], partition_rows: int = 30) -> Path:
        config = load_run_config().model_copy(update={"partition_rows": partition_rows})
        take_in([crawl(rows)], out=tmp_path / name, config=config, mappings=load_mappings(), key=DEMO_KEY)
        return tmp_path / name / "work"

    return go


@pytest.fixture
def read_titles(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The titles that are read from now on."""
    titles: list[str] = []

    def reading_rows(rows: pd.DataFrame, *arguments: Any, **options: Any) -> Any:
        titles.extend(rows["title"])
        return row_features(rows, *arguments, **options)

    monkeypatch.setattr(reading, "row_features", reading_rows)
    return titles


def read(work: Path, **options: Any) -> dict[str, bytes]:
    """The tables of a folder after they were made, byte for byte."""
    build_features(work / "listings", out=work, n_jobs=1, **{"with_text": True, **options})
    return {f"{table}/{path.name}": path.read_bytes() for table in TABLES if (work / table).is_dir() for path in sorted((work / table).iterdir())}


def changed(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The next night: ten listings gone, five new, every third another price and day, four another title; all in another order."""
    kept = [row | ({"giá bán": "77.000đ", "ngày thu thập": "2026-11-21"} if n % 3 == 0 else {}) for n, row in enumerate(rows[10:])]
    for n in (3, 20, 41, 66):
        kept[n] = kept[n] | {"tiêu đề": f"{kept[n]['tiêu đề']} giảm giá"}
    new = [{"mã tin": f"N{n}", "tiêu đề": f"Đồng hồ Rolex bản {n}", "giá bán": "500.000đ", "mô tả": "Ib zalo"} for n in range(5)]
    both = [*kept, *new]
    return [both[at] for at in np.random.default_rng(3).permutation(len(both))]


def test_the_next_night_reads_only_what_is_new_and_ends_in_the_bytes_of_a_full_run(ingested: Callable[..., Path], read_titles: list[str]) -> None:
    first = ingested("first", ROWS)
    read(first)
    assert len(read_titles) == 90
    second, whole = ingested("second", changed(ROWS), 43), ingested("whole", changed(ROWS), 43)
    read_titles.clear()
    by_increment = read(second, previous=first)
    # The four whose titles changed and the five new ones, and none of those whose price or day did.
    assert sorted(title.rpartition(" ")[2] for title in read_titles) == sorted(["giá"] * 4 + ["0", "1", "2", "3", "4"])
    in_full = read(whole)
    assert len(read_titles) == 9 + 85
    assert by_increment.keys() == in_full.keys() and len(in_full) == 4 * 2
    assert [name for name in in_full if by_increment[name] != in_full[name]] == []


def test_a_part_that_holds_the_same_listings_is_not_even_opened(ingested: Callable[..., Path], read_titles: list[str]) -> None:
    first, second = ingested("first", ROWS), ingested("second", ROWS)
    for part in parts(first / "listings"):
        # As ingest leaves a file that it knows from the night before: the very same.
        (second / "listings" / part.name).unlink()
        (second / "listings" / part.name).hardlink_to(part)
    before = read(first)
    read_titles.clear()
    assert read(second, previous=first) == before and read_titles == []
    assert all((second / "rows" / part.name).samefile(first / "rows" / part.name) for part in parts(first / "listings"))


@pytest.mark.parametrize("other", [{"with_text": False}, {"tokenizer": "simple"}], ids=str)
def test_what_was_read_in_another_way_is_read_again(other: dict[str, Any], ingested: Callable[..., Path], read_titles: list[str]) -> None:
    first, second = ingested("first", ROWS[:30]), ingested("second", ROWS[:30])
    read(first, **other)
    read_titles.clear()
    read(second, previous=first)
    assert len(read_titles) == 30


def test_a_table_that_an_erasure_went_through_is_not_taken_over(ingested: Callable[..., Path], tmp_path: Path, read_titles: list[str]) -> None:
    # The next day the same shop offers the same goods: a new fact, which must be read as it stands, not as it was left by the erasure.
    first, second, whole = (ingested(name, ROWS) for name in ("first", "second", "whole"))
    read(first)
    wish = Wish("seller", "S3", platform="sàn thử")
    said = {"by": "người thử", "why": "yêu cầu", "today": date(2026, 11, 20)}
    done = erase(wish, [first.parent], None, state=tmp_path / "state", key=DEMO_KEY, log=tmp_path / "log.jsonl", **said)
    assert done.changed and not done.left
    assert read(second, previous=first) == read(whole)


def test_halves_of_an_earlier_night_are_not_taken_over(ingested: Callable[..., Path], read_titles: list[str]) -> None:
    first, second, whole = (ingested(name, ROWS) for name in ("first", "second", "whole"))
    read(first)
    _, one, another = (part.name for part in parts(first / "listings"))
    (first / "hits" / one).unlink()
    (first / "text" / another).write_bytes(b"PAR1 cut")
    read_titles.clear()
    by_increment = read(second, previous=first)
    assert len(read_titles) == 60
    assert by_increment == read(whole)


def test_features_read_no_other_columns_than_a_listing_is_known_again_by(demo: RunReport) -> None:
    listings = pd.concat([read_parquet(part) for part in parts(demo.out / "work" / "listings")], ignore_index=True)
    full = row_features(listings, load_lexicons(), with_text=True)
    # Whatever else is told of the listing, its features do not move …
    told = listings[[*CARRIED, *(name for name in READ_COLUMNS if name not in CARRIED)]].assign(listing_id="x", seller_id="x")
    told["captured_at"] = told["captured_at"] + pd.Timedelta(days=1)
    bare = row_features(told, load_lexicons(), with_text=True)
    given = [name for name in CARRIED if name != "platform"]
    pd.testing.assert_frame_equal(bare.columns.drop(columns=given), full.columns.drop(columns=given))
    pd.testing.assert_frame_equal(bare.hits, full.hits)
    # … and whatever they read makes another listing of it, a word that is missing too.
    for name in READ_COLUMNS:
        seen = {row_ids(listings.head(1).assign(**{name: pd.Series([value], dtype="str")})).tobytes() for value in (None, "", "khác")}
        assert len(seen) == 3, name


def test_a_row_reads_the_same_in_any_batch_and_order(demo: RunReport) -> None:
    listings = pd.concat([read_parquet(part) for part in parts(demo.out / "work" / "listings")], ignore_index=True)
    whole = row_features(listings, load_lexicons(), with_text=True)
    order = np.random.default_rng(5).permutation(len(listings))
    assert whole.text is not None
    for some in np.array_split(order, 7):
        part = row_features(listings.iloc[some], load_lexicons(), with_text=True)
        pd.testing.assert_frame_equal(part.columns, whole.columns.iloc[some].reset_index(drop=True))
        place = pd.Series(range(len(some)), index=some)
        hits = whole.hits[whole.hits["row"].isin(some)].assign(row=lambda one, place=place: one["row"].map(place)).sort_values("row", kind="stable")
        pd.testing.assert_frame_equal(part.hits, hits.reset_index(drop=True))
        assert part.text is not None and (part.text != whole.text[some]).nnz == 0


def test_a_night_by_increment_is_scored_as_a_full_night_and_says_how_much_it_read(ingested: Callable[..., Path]) -> None:
    first = ingested("first", ROWS).parent
    scored = judge(first, config=load_run_config())
    assert scored.read_anew == 90 and "read anew" not in "\n".join(score_lines(scored, 0.001))
    second, whole = (ingested(name, changed(ROWS), 43).parent for name in ("second", "whole"))
    judge(whole, config=load_run_config())
    scored = judge(second, config=load_run_config(), previous=first)
    assert scored.read_anew == 9 and "read anew 9; the other 76" in "\n".join(score_lines(scored, 0.001))
    assert json.loads((second / "work" / "score.json").read_text(encoding="utf-8"))["read_anew"] == 9
    some = parts(whole / "work" / "listings")[0].name
    for name in ("scores.parquet", "reasons.parquet", f"work/rows/{some}", f"work/market/{some}"):
        assert (second / name).read_bytes() == (whole / name).read_bytes(), name


def test_market_and_scores_are_kept_where_nothing_they_rest_on_changed(
    ingested: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    work = ingested("out", ROWS)
    out, runs, real = work.parent, [], judging.build_market

    def building(*arguments: Any, **options: Any) -> None:
        runs.append(1)
        real(*arguments, **options)

    monkeypatch.setattr(judging, "build_market", building)

    def again(**options: Any) -> tuple[int, list[str]]:
        """How often the market was made, and which parts were judged anew."""
        before = {path.name: path.stat().st_mtime_ns for path in (work / "scored").glob("*.json")}
        runs.clear()
        judge(out, config=load_run_config(), **options)
        return len(runs), [path.stem for path in sorted((work / "scored").glob("*.json")) if path.stat().st_mtime_ns != before.get(path.name)]

    every = [part.stem for part in parts(work / "listings")]
    assert again() == (1, every)
    scores, reasons = ((out / name).read_bytes() for name in ("scores.parquet", "reasons.parquet"))
    # Killed at the end of scoring: one part half written, nothing put together.
    (work / "scored" / "reasons" / f"{every[1]}.parquet").write_bytes(b"PAR1")
    (out / "scores.parquet").unlink()
    assert again() == (0, every[1:2])
    assert ((out / "scores.parquet").read_bytes(), (out / "reasons.parquet").read_bytes()) == (scores, reasons)
    # Whatever the market is told, it is told to the scores too.
    day = pd.Timestamp("2026-10-01", tz="UTC")
    found = pd.DataFrame({"platform": ["sàn thử"], "listing_id": ["T0"], "seller_id": ["S0"], "status": ["confirmed"], "known_at": [day]})
    found = found.assign(happened_at=day, source="inspection", behaviours="counterfeit")
    assert again(outcomes=found) == (1, every)
    pd.DataFrame([{"platform": "sàn thử", "seller_id": "S1", "text": "hàng giả", "rating": 1}]).to_csv(tmp_path / "reviews.csv", index=False)
    take_reviews(tmp_path / "reviews.csv", work=work, key=DEMO_KEY)
    assert again() == (1, every)
    # Killed in the market: what was there of it is made again, and comes out as it was.
    (work / "market" / f"{every[2]}.parquet").unlink()
    assert again() == (1, [])
    earlier = ingested("earlier", ROWS[:30]).parent
    judge(earlier, config=load_run_config())
    assert again(previous=earlier)[0] == 1
