"""What measures at scale measures what it says: a crawl of any size without a text twice, and processes watched one by one."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest

from benchmarks.processes import Look, Watched, watch
from benchmarks.scale import against_smallest, measure, speed_up, stages
from benchmarks.scale_crawl import KINDS, write_crawl
from benchmarks.scale_plot import figure
from pipeline.sources.detect import detect
from pipeline.sources.files import expand, folder_day
from pipeline.sources.mapping import load_mappings
from pipeline.sources.readers import read_batches

SAID = "Giày thể thao đế cao su êm chân, đi cả ngày không mỏi; hàng mới về số {n}. Màu trắng và đen, đủ cỡ. "
STAGES = ("start", "ingest", "features", "market", "score", "plan", "report")


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder like that of the real listings: one file of long texts without shops, one of titles with shops."""
    folder = tmp_path_factory.mktemp("real")
    columns = {"url": None, "category": None, "brand": None, "seller_id": None, "seller_name": None, "is_official": None}
    long = pd.DataFrame({"title": [f"Giày mẫu {n}" for n in range(50)], "price_vnd": np.arange(50) * 1000.0 + 90_000}).assign(**columns)
    long["description"] = ["".join(SAID.format(n=n * 20 + one) for one in range(8)) for n in range(50)]
    long.assign(platform="tiki").to_parquet(folder / "tiki_200k_vuongthe.parquet")
    short = long.head(30).assign(platform="shopee", description=None, seller_id=[f"s{n % 5}" for n in range(30)], seller_name="Tiệm thử")
    short.to_parquet(folder / "shopee_chutoan99.parquet")
    return folder


def read(folder: Path) -> pd.DataFrame:
    """The crawl as ingest finds and reads it."""
    files = expand([folder])
    mappings = load_mappings()
    guesses = {path: detect(path, mappings) for path in files}
    assert {guess.mapping.name for guess in guesses.values()} == {"listing_table"}
    assert all(str(folder_day(path)) == "2026-11-24" for path in files)
    return pd.DataFrame([row for path in files for batch in read_batches(path, records=guesses[path].mapping.records) for row in batch.records])


@pytest.mark.parametrize("kind", KINDS)
def test_a_crawl_has_the_rows_asked_for_and_no_text_twice(kind: str, real: Path, tmp_path: Path) -> None:
    # Five times the listings that there are, so that each must come again.
    made = write_crawl(tmp_path, rows=400, kind=kind, real=real)
    rows = read(tmp_path)
    assert made.rows == len(rows) == 400
    assert rows["title"].nunique() == rows["listing_id"].nunique() == 400
    told = rows["description"].dropna()
    assert told.nunique() == len(told)
    assert made.characters == rows["title"].str.len().sum() + told.str.len().sum()
    assert rows["x_synthetic"].eq(True).sum() == 40


def test_a_crawl_twice_as_large_has_twice_the_shops(real: Path, tmp_path: Path) -> None:
    shops = []
    for rows in (300, 600):
        write_crawl(tmp_path / str(rows), rows=rows, kind="full", real=real)
        shops.append(read(tmp_path / str(rows))["seller_id"].nunique())
    assert shops[1] / shops[0] == pytest.approx(2, rel=0.2)


def test_the_same_seed_gives_the_same_bytes(real: Path, tmp_path: Path) -> None:
    def digest(folder: Path, seed: int) -> str:
        write_crawl(folder, rows=120, kind="mixed", seed=seed, real=real)
        files = sorted(path for path in folder.rglob("*") if path.is_file())
        return hashlib.sha256(b"".join(str(path.relative_to(folder)).encode() + path.read_bytes() for path in files)).hexdigest()

    first = digest(tmp_path / "a", 7)
    assert digest(tmp_path / "b", 7) == first
    assert digest(tmp_path / "c", 8) != first


def test_a_worker_s_memory_and_time_are_its_own(tmp_path: Path) -> None:
    child = "import time; held = bytearray(150_000_000); end = time.process_time() + 1.2\nwhile time.process_time() < end: pass\ntime.sleep(0.6)"
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}], check=True)"
    watched = watch([sys.executable, "-c", parent], errors=tmp_path / "errors")
    took = watched.between(watched.begun, watched.ended)
    assert watched.code == 0
    assert len(watched.workers) == 1
    assert took.worker > 150_000_000 > 5 * took.parent
    assert took.together > took.worker
    assert 1.1 < took.processor < 3.0


def test_what_a_stage_took_is_cut_out_of_the_looks() -> None:
    looks = [Look(float(at), {1: 10 * at, 2: 100 if at < 5 else 7}, at / 2) for at in range(1, 11)]
    took = Watched(main=1, code=0, begun=0.0, ended=10.0, looks=looks).between(6.0, 8.0)
    # The looks at 6, 7 and 8: half a second of processor time each second.
    assert took == (2.0, 1.0, 80, 7, 87)
    assert stages({"report": 1.0, "score": 2.0}, begun=3.0, done=9.0) == {"start": (3.0, 6.0), "score": (6.0, 8.0), "report": (8.0, 9.0)}


def size(rows: int, seconds: float, worker: float) -> dict[str, object]:
    """What is printed of one size whose stages all took the same."""
    stage = {"seconds": seconds, "µs a row": seconds / rows * 1e6, "peak, GB": {"parent": 0.5, "largest worker": worker, "together": 1.0}}
    a_row = 7 * seconds / rows * 1e6
    return {"rows": rows, "minutes": 7 * seconds / 60, "µs a row": a_row, "processor µs a row": a_row, "stages": dict.fromkeys(STAGES, stage)}


def test_twice_the_time_for_twice_the_rows_is_linear_and_half_the_time_is_twice_as_fast() -> None:
    first, second = size(100, 10.0, 1.0), size(200, 30.0, 1.0)
    assert against_smallest([first, second])["200 rows"] == {"whole": 1.5, "whole, processor": 1.5, **dict.fromkeys(STAGES, 1.5)}
    assert speed_up(size(100, 17.0, 1.0), first) == {"whole": 1.7, **dict.fromkeys(STAGES, 1.7)}


def test_the_picture_shows_a_worker_that_passes_two_gigabytes_above_the_line() -> None:
    drawn = ElementTree.fromstring(figure([size(100_000, 10.0, 1.0), size(1_000_000, 100.0, 3.0)]))
    memory = drawn.find("{*}g")
    assert memory is not None
    _, worker = memory.findall("{*}polyline")
    limit = next(line for line in memory.findall("{*}line") if line.get("stroke-dasharray"))
    below, above = (float(point.split(",")[1]) for point in worker.attrib["points"].split(" "))
    # SVG counts from the top.
    assert above < float(limit.attrib["y1"]) < below
    assert [text.text for text in memory.iter() if text.text in {"100k", "1M"}] == ["100k", "1M"]


def test_a_small_crawl_goes_the_whole_way_and_says_what_each_stage_took(real: Path, tmp_path: Path) -> None:
    said = measure(tmp_path, rows=300, kind="full", model="coldstart", cores=1, real=real)
    assert said["counts"]["read"] == said["counts"]["scored"] == said["rows"] == 300
    assert list(said["stages"]) == list(STAGES)
    told = sum(stage["seconds"] for stage in said["stages"].values())
    # What is left is the command's own end, after run.json is written.
    assert all(stage["seconds"] >= 0 for stage in said["stages"].values())
    assert 0.5 * said["minutes"] * 60 < told <= said["minutes"] * 60 + 1
    assert said["highest resident, GB"]["parent"] > 0.1
    assert not (tmp_path / "crawl").exists()
    assert not (tmp_path / "out").exists()
