"""The whole way: what goes in is accounted for, what comes out is the same every time."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from pipeline.config import DEMO_KEY, configs_dir, load_run_config
from pipeline.lock import lock
from pipeline.sources.mapping import load_mappings
from pipeline.stages.run import RunReport, run
from tests.conftest import REAL

OUTPUTS = ["scores.parquet", "reasons.parquet", "quarantine.parquet", "targets.csv", "plan.xlsx", "index.html"]


def test_every_demo_row_is_a_scored_listing_or_in_quarantine(demo: RunReport) -> None:
    said = json.loads((demo.out / "run.json").read_text(encoding="utf-8"))
    counts = said["counts"]
    assert counts["read"] == counts["listings"] + counts["quarantined"] > 400
    assert counts["listings"] == counts["scored"] == sum(counts["bands"].values())
    for one in said["sources"]:
        assert one["read"] == one["listings"] + sum(one["quarantined"].values())
    quarantine = pd.read_parquet(demo.out / "quarantine.parquet")
    assert sorted(quarantine["rule"]) == ["broken_json", "duplicate_key", "no_id"]
    assert quarantine[["source_file", "source_line", "reason"]].notna().all().all()


def test_demo_finds_the_invented_counterfeiters_and_spares_the_look_alikes(demo: RunReport) -> None:
    targets = demo.plan.targets
    assert set(targets["seller_name"]) >= {"Shop mẫu 34", "Shop mẫu 35", "Shop mẫu 36", "Shop mẫu 37", "Shop mẫu 39"}
    assert not targets["seller_name"].str.contains("chính hãng|Gian hàng mẫu|Tạp hóa").any()


def test_demo_says_that_it_is_invented(demo: RunReport) -> None:
    assert demo.summary["synthetic"]
    assert "DỮ LIỆU MÔ PHỎNG" in (demo.out / "index.html").read_text(encoding="utf-8")


def test_scores_have_what_their_readers_rely_on(demo: RunReport) -> None:
    scores = pd.read_parquet(demo.out / "scores.parquet")
    assert scores["risk"].between(0, 1).all() and scores["score_kind"].eq("evidence").all()
    assert not scores.duplicated(["platform", "listing_id", "captured_at"]).any()
    assert scores.filter(like="probability").isna().all().all(), "an uncalibrated score is never a probability"
    red = scores[scores["band"].eq("red")]["risk"]
    assert red.min() > scores[scores["band"].eq("green")]["risk"].max()


def test_the_same_crawl_gives_the_same_bytes(demo: RunReport, tmp_path: Path) -> None:
    with lock(tmp_path):
        run([configs_dir() / "demo"], out=tmp_path, config=load_run_config(), mappings=load_mappings(), key=DEMO_KEY)
    for name in OUTPUTS:
        assert (tmp_path / name).read_bytes() == (demo.out / name).read_bytes(), name


def test_partitions_do_not_change_a_single_score(demo: RunReport, tmp_path: Path) -> None:
    small = load_run_config().model_copy(update={"partition_rows": 100})
    with lock(tmp_path):
        run([configs_dir() / "demo"], out=tmp_path, config=small, mappings=load_mappings(), key=DEMO_KEY)
    assert len(list((tmp_path / "work" / "listings").glob("part-*"))) > 3
    left, right = (pd.read_parquet(folder / "scores.parquet").drop(columns=["run_id"]) for folder in (demo.out, tmp_path))
    pd.testing.assert_frame_equal(left, right)


def test_a_smaller_run_into_the_same_folder_leaves_nothing_of_the_larger_one(crawl: Callable[..., Path], tmp_path: Path) -> None:
    small = load_run_config().model_copy(update={"partition_rows": 100})
    for n_rows in (250, 20):
        file = crawl([{"tiêu đề": f"Bàn gỗ {n}", "giá bán": "100.000"} for n in range(n_rows)], f"n{n_rows}.csv")
        with lock(tmp_path / "o"):
            run([file], out=tmp_path / "o", config=small, mappings=load_mappings(), key=DEMO_KEY)
    for table in ("listings", "rows", "hits"):
        assert len(list((tmp_path / "o" / "work" / table).glob("part-*"))) == 1, table
    assert len(pd.read_parquet(tmp_path / "o" / "scores.parquet")) == 20


@pytest.mark.parametrize(("today", "old"), [(date(2026, 12, 20), False), (date(2026, 12, 21), True)])
def test_data_older_than_thirty_days_carries_the_banner(
    today: date, old: bool, crawl: Callable[..., Path], finished: Callable[..., RunReport]
) -> None:
    done = finished(crawl([{"tiêu đề": "Giày Nike rep 1:1", "giá bán": "250.000"}]), today=today)
    assert ("DỮ LIỆU CŨ – CHỈ DÙNG ĐỂ THỬ NGHIỆM" in (done.out / "index.html").read_text(encoding="utf-8")) is old


def test_a_crawl_without_sellers_gives_listings_to_ask_the_platform_about(
    crawl: Callable[..., Path], finished: Callable[..., RunReport]
) -> None:
    done = finished(crawl([{"tiêu đề": "Giày Nike N.I.K.E rep 1:1 full box", "giá bán": "250.000", "mã gian hàng": ""}]))
    target = done.plan.targets.iloc[0]
    assert target["subject_kind"] == "listing" and target["action"] == "Yêu cầu sàn cung cấp thông tin người bán"


def test_a_crawl_with_nothing_but_titles_still_runs(tmp_path: Path, finished: Callable[..., RunReport]) -> None:
    file = tmp_path / "bare.csv"
    file.write_text("platform,id,title\nsàn thử,1,Túi xách Dior super fake\nsàn thử,2,Bàn học sinh\n", encoding="utf-8")
    done = finished(file)
    assert done.score.n_scored == 2 and len(done.plan.targets) == 1


@pytest.mark.real
@pytest.mark.skipif(not REAL.is_dir(), reason="the real listings are not beside the repository")
def test_real_listings_without_sellers_run_to_the_end(tmp_path: Path) -> None:
    with lock(tmp_path):
        done = run(
            [REAL / "tiki_fashion_qkhai12.parquet"], out=tmp_path, config=load_run_config(), mappings=load_mappings(), key=DEMO_KEY
        )
    assert done.ingest.n_read == done.ingest.n_listings + done.ingest.n_quarantined == 25_571
    assert done.exit_code == 0
