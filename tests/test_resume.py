"""The same command again goes on where the last one stopped, and never takes old work for new."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from features.assemble import row_features
from pipeline.config import DEMO_KEY, load_run_config
from pipeline.sources.mapping import load_mappings
from pipeline.stages import features as reading
from pipeline.stages import ingest as ingest_stage
from pipeline.stages.features import build_features
from pipeline.stages.run import RunReport
from pipeline.stages.take_in import take_in
from pipeline.store import parts

ROWS = [{"mã tin": f"T{n}", "tiêu đề": f"Giày thể thao số {n}", "giá bán": "250.000đ"} for n in range(250)]


def ingested(file: Path, out: Path, **changed: Any) -> None:
    config = load_run_config().model_copy(update={"partition_rows": 100})
    take_in([file], out=out, **{"config": config, "mappings": load_mappings(), "key": DEMO_KEY, **changed})


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is done anew: ``ingest`` for each group of files, or the first title of each part that is read."""
    done: list[str] = []

    def ingesting(*arguments: Any, **options: Any) -> Any:
        done.append("ingest")
        return real_ingest(*arguments, **options)

    def reading_rows(rows: Any, *arguments: Any, **options: Any) -> Any:
        done.append(rows["title"].iloc[0])
        return row_features(rows, *arguments, **options)

    real_ingest = ingest_stage.read_group
    monkeypatch.setattr(ingest_stage, "read_group", ingesting)
    monkeypatch.setattr(reading, "row_features", reading_rows)
    return done


def test_what_was_ingested_the_same_way_is_kept_and_anything_else_is_not(crawl: Callable[..., Path], tmp_path: Path, counted: list[str]) -> None:
    file, out = crawl(ROWS), tmp_path / "out"
    ingested(file, out)
    listings = {path: path.read_bytes() for path in (out / "work" / "listings").iterdir()}
    ingested(file, out)
    assert counted == ["ingest"] and all(path.read_bytes() == content for path, content in listings.items())
    ingested(file, out, key=b"another key")
    next(iter(listings)).write_bytes(b"cut")
    ingested(file, out, key=b"another key")
    os.utime(file, (1_790_000_000, 1_790_000_000))
    ingested(file, out, key=b"another key")
    ingested(crawl(ROWS[:-1], "crawl.csv"), out)
    assert counted == ["ingest"] * 5


def test_only_parts_that_a_stopped_run_did_not_finish_are_read_again(crawl: Callable[..., Path], tmp_path: Path, counted: list[str]) -> None:
    out = tmp_path / "out"
    ingested(crawl(ROWS), out)
    work = out / "work"
    build_features(work / "listings", out=work, n_jobs=1)
    whole = {path.relative_to(work): path.read_bytes() for folder in ("rows", "hits") for path in (work / folder).iterdir()}
    assert len(counted) == 4
    # A run killed between the tables of a part leaves hits without rows, or a half under another name.
    second = parts(work / "rows")[1]
    second.rename(second.with_name(f"{second.name}.partial"))
    build_features(work / "listings", out=work, n_jobs=1)
    assert counted[4:] == ["Giày thể thao số 100"]
    assert {path: (work / path).read_bytes() for path in whole} == whole
    build_features(work / "listings", out=work, n_jobs=1, with_text=True)
    assert len(counted) == 8


def test_a_run_that_starts_again_no_longer_claims_to_be_done(
    crawl: Callable[..., Path], finished: Callable[..., RunReport], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = crawl(ROWS[:20])
    done = finished(file)
    first = {name: (done.out / name).read_bytes() for name in ("scores.parquet", "targets.csv", "index.html", "plan.xlsx")}
    monkeypatch.setattr(reading, "row_features", lambda *_, **__: pytest.fail("read again"))
    assert {name: (finished(file).out / name).read_bytes() for name in first} == first

    def dies(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("pipeline.stages.judge.score", dies)
    with pytest.raises(KeyboardInterrupt):
        finished(file)
    assert not (done.out / "run.json").exists()
