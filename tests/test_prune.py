"""What `soihang prune` may take away, and what it never touches."""

from __future__ import annotations

import os
from datetime import date, datetime
from pathlib import Path

import pytest

from pipeline.lock import lock
from pipeline.prune import old_nights, take_away

TODAY = date(2026, 11, 25)


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    """An old night, an old one with an issued list, an old one that is still the latest, one at the limit, and six younger ones."""
    for name in ("2026-09-01", "2026-10-01", "2026-10-02", "2026-10-26"):
        (tmp_path / name / "work" / "listings").mkdir(parents=True)
        (tmp_path / name / "work" / "listings" / "part-0.parquet").write_bytes(b"x" * 1000)
        (tmp_path / name / "run.json").write_text("{}", encoding="utf-8")
    for day in range(1, 7):
        (tmp_path / f"2026-11-0{day}").mkdir()
    (tmp_path / "2026-10-01" / "issued" / "2026-W40").mkdir(parents=True)
    (tmp_path / "2026-10-01" / "issued" / "2026-W40" / "issue.json").write_text("{}", encoding="utf-8")
    (tmp_path / "latest").write_text("2026-10-02\n", encoding="utf-8")
    (tmp_path / "notes.txt").write_text("of a person", encoding="utf-8")
    return tmp_path


def test_old_nights_go_and_issued_lists_the_latest_and_strangers_stay(runs: Path) -> None:
    found = old_nights(runs, keep_days=30, today=TODAY)
    assert {one.path.relative_to(runs).as_posix() for one in found} == {"2026-09-01", "2026-10-01/run.json", "2026-10-01/work"}
    assert next(one for one in found if one.path.name == "2026-09-01").size == 1002
    assert all(hindered == "" for _, hindered in take_away(found, runs))
    left = {path.relative_to(runs).as_posix() for path in runs.rglob("*") if path.is_file() and not path.name.startswith(".")}
    assert left == {
        "2026-10-01/issued/2026-W40/issue.json", "2026-10-02/run.json", "2026-10-02/work/listings/part-0.parquet",
        "2026-10-26/run.json", "2026-10-26/work/listings/part-0.parquet", "latest", "notes.txt",
    }  # fmt: skip
    assert not (runs / "2026-09-01").exists()
    assert old_nights(runs, keep_days=30, today=TODAY) == []


def test_a_night_that_is_being_written_is_left(runs: Path) -> None:
    with lock(runs / "2026-09-01"):
        ended = {one.path.name: hindered for one, hindered in take_away(old_nights(runs, keep_days=30, today=TODAY), runs)}
    assert ended["2026-09-01"] == "in use" and (runs / "2026-09-01" / "run.json").exists()


def test_half_a_file_goes_only_when_it_is_nobodys_any_more(runs: Path) -> None:
    old, young = runs / "2026-10-26" / "scores.parquet.partial", runs / "2026-10-02" / "plan.xlsx.partial"
    for path, when in ((old, date(2026, 11, 1)), (young, TODAY)):
        path.write_bytes(b"half")
        moment = datetime(when.year, when.month, when.day, 12).timestamp()
        os.utime(path, (moment, moment))
    found = {one.path for one in old_nights(runs, keep_days=30, today=TODAY)}
    assert old in found and young not in found


def test_a_link_out_of_the_folder_is_removed_not_followed(runs: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    outside = tmp_path_factory.mktemp("outside")
    (outside / "precious.txt").write_text("stays", encoding="utf-8")
    (runs / "2026-09-01" / "link").symlink_to(outside)
    list(take_away(old_nights(runs, keep_days=30, today=TODAY), runs))
    assert (outside / "precious.txt").read_text(encoding="utf-8") == "stays" and not (runs / "2026-09-01").exists()
