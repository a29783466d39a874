"""The crawl folder of every night: ``DATE/platform/``, whole once ``_DONE`` lies in it; and workbooks of an office, read to the sheet."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest
from typer.testing import CliRunner

from features.errors import DataError, NothingNew
from pipeline.cli import app
from pipeline.config import DEMO_KEY, load_run_config
from pipeline.sources.detect import detect
from pipeline.sources.files import expand, unfinished
from pipeline.sources.mapping import load_mappings
from pipeline.sources.readers import read_batches
from pipeline.stages.ingest import IngestReport, ingest
from pipeline.stages.take_in import ingest_lines, take_in
from pipeline.store import read_json

MAPPINGS = load_mappings()
ROWS = "Sàn;Mã tin;Tiêu đề;Giá bán\nx;{id};Áo thử;250.000\n"


def drop(home: Path, *, done: tuple[str, ...]) -> Path:
    """A night's folder with one file per platform, those of ``done`` whole."""
    for number, name in enumerate(("shopee", "tiki")):
        (home / "2026-11-24" / name).mkdir(parents=True)
        (home / "2026-11-24" / name / "a.csv").write_text(ROWS.format(id=number), encoding="utf-8")
    for name in done:
        (home / "2026-11-24" / name / "_DONE").touch()
    return home / "2026-11-24"


def test_a_folder_that_is_still_being_written_waits_for_the_next_run_and_is_named(tmp_path: Path) -> None:
    night, out = drop(tmp_path / "drop", done=("shopee",)), tmp_path / "out"
    options: dict[str, Any] = {"out": out, "config": load_run_config(), "mappings": MAPPINGS, "key": DEMO_KEY}
    first = take_in([night], **options)
    assert first.n_listings == 1 and first.waiting == [str(night / "tiki")]
    assert any("STILL BEING WRITTEN" in line and "tiki" in line for line in ingest_lines(first))
    assert IngestReport.from_json(read_json(out / "work" / "ingest.json")) == first
    [read] = read_json(out / "work" / "inputs.json")["files"]
    assert read.startswith("2026-11-24/a.csv ")
    (night / "tiki" / "_DONE").touch()
    second = take_in([night], **options)
    assert second.n_listings == 2 and second.waiting == []


@pytest.mark.parametrize("name", [".", "2026-11-24", "2026-11-24/tiki", "2026-*", "*/tiki", "**/tiki"])
def test_it_waits_by_whatever_name_it_is_given(name: str, tmp_path: Path) -> None:
    drop(tmp_path, done=("shopee",))
    assert [path.parent.name for path in unfinished([tmp_path / name])] == ["2026-11-24"]
    assert not any("tiki" in path.parts for path in found(tmp_path / name))


def found(path: Path) -> list[Path]:
    try:
        return expand([path])
    except NothingNew:
        return []


def test_a_file_named_itself_is_taken_and_other_folders_need_no_mark(tmp_path: Path) -> None:
    drop(tmp_path, done=())
    assert len(expand([tmp_path / "2026-11-24" / "tiki" / "a.csv"])) == 1
    for name in ("shop/mon", "2026-13-45/tiki", "2026-11-24x/tiki"):
        (tmp_path / "other" / name).mkdir(parents=True)
        (tmp_path / "other" / name / "a.csv").write_text(ROWS.format(id=1), encoding="utf-8")
    assert len(expand([tmp_path / "other"])) == 3 and unfinished([tmp_path / "other"]) == []
    with pytest.raises(DataError):
        expand([tmp_path / "nowhere"])


def test_nothing_whole_yet_is_nothing_new_and_no_failure(tmp_path: Path) -> None:
    night = drop(tmp_path, done=())
    with pytest.raises(NothingNew, match="_DONE"):
        expand([night])
    done = CliRunner().invoke(app, ["ingest", str(night), "--out", str(tmp_path / "out")])
    assert isinstance(done.exception, NothingNew) and done.exception.exit_code == 4


def test_the_folders_day_dates_what_has_no_time_of_its_own(tmp_path: Path) -> None:
    night = drop(tmp_path, done=("shopee", "tiki"))
    (night / "tiki" / "a.csv").write_text("Sàn;Mã tin;Tiêu đề;Ngày thu thập\nx;5;Áo thử;20/11/2026 08:00\n", encoding="utf-8")
    ingest([night], mappings=MAPPINGS, out=tmp_path / "out", key=b"k")
    table = pd.read_parquet(tmp_path / "out" / "listings").sort_values("listing_id")
    assert table["captured_at"].dt.tz_convert("Asia/Ho_Chi_Minh").dt.strftime("%d/%m %H:%M").tolist() == ["24/11 00:00", "20/11 08:00"]
    assert table["captured_precision"].tolist() == ["day", "second"]


def test_of_a_workbook_with_several_tables_the_first_is_read_and_the_others_are_named(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.title = "Bìa"
    book.active["A1"] = "BẢNG TỔNG HỢP TIN ĐĂNG"
    for title, number in (("Tháng 11", 1), ("Tháng 10", 2)):
        sheet = book.create_sheet(title)
        sheet.append(["Sàn", "Mã tin", "Tiêu đề", "Giá bán"])
        sheet.append(["x", number, "Áo thử", "1,2 triệu"])
    book.create_sheet("Ghi chú")["A1"] = "Của riêng tôi"
    book.create_sheet("Ẩn").append(["a", "b", "c"])
    book["Ẩn"].append([1, 2, 3])
    book["Ẩn"].sheet_state = "hidden"
    book.save(tmp_path / "a.xlsx")
    report = ingest([tmp_path / "a.xlsx"], mappings=MAPPINGS, out=tmp_path / "out", key=b"k")
    assert report.n_listings == 1 and report.n_read == 1
    assert report.files[0].notes == ["only the sheet 'Tháng 11' was read, NOT 'Tháng 10': save each sheet as a file of its own"]
    assert any("Tháng 10" in line for line in ingest_lines(report))


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_csv_saved_from_a_sheet_with_a_title_above_its_table_is_read(encoding: str, tmp_path: Path) -> None:
    text = "BẢNG TỔNG HỢP;;;;\r\n;;;;\r\nSàn;Mã tin;Tiêu đề;Giá bán;Điểm đánh giá\r\nx;7;Áo thử;1.250.000;4,5\r\n"
    (tmp_path / "a.csv").write_bytes(text.encode(encoding))
    assert detect(tmp_path / "a.csv", MAPPINGS).mapping.name == "generic_csv"
    [batch] = read_batches(tmp_path / "a.csv")
    assert batch.lines == [4]
    ingest([tmp_path / "a.csv"], mappings=MAPPINGS, out=tmp_path / "out", key=b"k")
    table = pd.read_parquet(tmp_path / "out" / "listings")
    assert table[["price_vnd", "rating"]].to_numpy().tolist() == [[1_250_000, 4.5]]
