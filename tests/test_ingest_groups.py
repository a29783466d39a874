"""A crawl is read in groups of files: whoever reads them, and whatever was kept from another night, the same bytes are left."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from pipeline.config import DEMO_KEY, load_run_config
from pipeline.sources.mapping import load_mappings
from pipeline.stages import ingest as ingesting
from pipeline.stages import ingest_groups
from pipeline.stages.ingest import IngestReport, ingest
from pipeline.stages.ingest_groups import in_groups
from pipeline.stages.ingest_keys import KeysSeen, lost_to_earlier
from pipeline.stages.ingest_read import Task, read_group
from pipeline.stages.take_in import take_in
from pipeline.store import parts, read_parquet

MAPPINGS = load_mappings()
HEADER = "platform,listing_id,title,price_vnd,captured_at\n"


def listing(number: int, title: str = "Áo") -> str:
    return f"x,{number},{title} {number},{100_000 + number},2026-11-20\n"


#: Two listings stand in two folders, one in a file of its own folder, one twice in a file; one line is broken and one row has no id.
CRAWL = {
    "thu/a.csv": HEADER + listing(1) + listing(2) + listing(2, "lặp"),
    "thu/b.csv": HEADER + listing(3) + listing(1, "lặp") + "x,,không mã,1,2026-11-20\n",
    "vua/a.csv": HEADER + listing(2, "lặp ở vua") + listing(4) + listing(5),
    "xa/a.jsonl": '{"platform": "x", "listing_id": 6, "title": "Áo 6", "price_vnd": 9, "captured_at": "2026-11-20"}\n{broken\n',
    "xa/b.csv": HEADER + listing(7) + listing(5, "lặp ở xa") + listing(5, "lặp nữa"),
}


@pytest.fixture
def grouped(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A group for each folder, however small, and the folders of those that are read; one that is read twice is there twice."""
    read: list[str] = []

    def reading(task: Task, **options: Any) -> Any:
        read.append(task.group.paths[0].parent.name)
        return read_group(task, **options)

    monkeypatch.setattr(ingest_groups, "_LEAST", 0)
    monkeypatch.setattr(ingesting, "read_group", reading)
    return read


def write(folder: Path, files: dict[str, str] | None = None) -> Path:
    for name, content in (CRAWL if files is None else files).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
        os.utime(path, (1_790_000_000, 1_790_000_000))
    return folder


def taken(crawl: Path, out: Path, **options: Any) -> IngestReport:
    return ingest([crawl], **{"mappings": MAPPINGS, "out": out, "key": b"k", "partition_rows": 2, **options})


def left(out: Path) -> dict[str, bytes]:
    return {path.relative_to(out).as_posix(): path.read_bytes() for path in sorted(out.rglob("*")) if path.is_file()}


def rows(out: Path) -> list[list[Any]]:
    table = pd.concat([read_parquet(part) for part in parts(out / "listings")])
    return sorted(table.astype("object").where(table.notna(), None).astype(str).to_numpy().tolist())


def test_one_process_two_a_stopped_run_and_an_earlier_night_leave_the_same_bytes(
    tmp_path: Path, grouped: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    crawl, first = write(tmp_path / "crawl"), tmp_path / "first"
    report = taken(crawl, first)
    assert grouped == ["thu", "vua", "xa", "vua", "xa"]  # those that lost a listing twice
    grouped.clear()
    again, linked = taken(crawl, first), taken(crawl, tmp_path / "linked", previous=first)
    assert not grouped
    grouped.append("stop")

    def stops(task: Task, **options: Any) -> Any:
        if task.group.paths[0].parent.name == "xa":
            raise KeyboardInterrupt
        return read_group(task, **options)

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(ingesting, "read_group", stops)
        taken(crawl, tmp_path / "stopped")
    resumed = taken(crawl, tmp_path / "stopped")
    assert grouped == ["stop", "xa", "vua", "xa"]
    monkeypatch.setattr(ingesting, "read_group", read_group)
    monkeypatch.setattr(ingesting, "_WORTH_PROCESSES", 0)
    two = taken(crawl, tmp_path / "two", n_jobs=2)
    assert all(left(tmp_path / name) == left(first) for name in ("linked", "stopped", "two"))
    assert report == again == linked == resumed == two


def test_grouping_changes_neither_listings_nor_quarantine(tmp_path: Path, grouped: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ingesting, "on_processes", lambda *_, **__: pytest.fail("a process for so little"))
    crawl = write(tmp_path / "crawl")
    report = taken(crawl, tmp_path / "grouped")
    monkeypatch.setattr(ingest_groups, "_LEAST", 1_000_000)
    assert report == taken(crawl, tmp_path / "whole") and len(set(grouped)) == 3
    assert rows(tmp_path / "grouped") == rows(tmp_path / "whole")
    quarantine = [read_parquet(tmp_path / name / "quarantine.parquet") for name in ("grouped", "whole")]
    key = ["source_file", "source_line"]
    pd.testing.assert_frame_equal(*(one.sort_values(key, ignore_index=True) for one in quarantine))
    lost = quarantine[0].set_index(key).loc[("xa/b.csv", 3)]
    assert lost["rule"] == "duplicate_key" and "lặp ở xa" in lost["raw"]
    assert (report.n_read, report.n_listings, report.n_quarantined) == (14, 7, 7)


def test_the_next_night_reads_what_changed_and_equals_a_run_from_nothing(tmp_path: Path, grouped: list[str]) -> None:
    crawl, first = write(tmp_path / "crawl"), tmp_path / "first"
    taken(crawl, first)
    before = left(first)
    grouped.clear()
    # Listing 2 is no longer in "thu", so that "vua" gets it back; "xa" lost listing 5 and still does.
    write(crawl, {"thu/a.csv": HEADER + listing(1) + listing(8)})
    report = taken(crawl, tmp_path / "second", previous=first)
    assert grouped == ["thu", "vua"]
    assert report == taken(crawl, tmp_path / "fresh") and left(tmp_path / "second") == left(tmp_path / "fresh")
    [part] = [path for path in parts(first / "listings") if path.name.startswith("part-a.jsonl") and path.name.endswith("-00000.parquet")]
    assert (tmp_path / "second" / "listings" / part.name).samefile(part)
    # What is shared is never written into.
    taken(crawl, tmp_path / "second", key=b"another")
    assert left(first) == before


def test_where_links_fail_an_earlier_night_is_copied(tmp_path: Path, grouped: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: Any) -> None:
        raise OSError(18, "Invalid cross-device link")

    crawl, first = write(tmp_path / "crawl"), tmp_path / "first"
    taken(crawl, first)
    grouped.clear()
    monkeypatch.setattr(os, "link", fails)
    taken(crawl, tmp_path / "second", previous=first)
    assert not grouped and left(tmp_path / "second") == left(first)


def test_of_an_earlier_night_nothing_damaged_or_made_otherwise_is_taken(tmp_path: Path, grouped: list[str]) -> None:
    crawl, first = write(tmp_path / "crawl", {name: text for name, text in CRAWL.items() if "xa" not in name}), tmp_path / "first"
    taken(crawl, first, mappings={"generic_csv": MAPPINGS["generic_csv"]}, source="generic_csv")
    for options in ({"partition_rows": 3}, {"key": b"another"}, {}):
        grouped.clear()
        taken(crawl, tmp_path / "second", previous=first, **options)
        assert set(grouped) == {"thu", "vua"}
    second, whole = tmp_path / "second", left(tmp_path / "second")
    for number, name in enumerate(("listings/*-00000.parquet", "ingest/*.quarantine.parquet", "ingest/*.keys.parquet", "ingest/*.json")):
        grouped.clear()
        [path] = (path for path in second.glob(name) if path.name.startswith("part-vua"))
        content = path.read_bytes()
        path.unlink()  # what is shared may not be written into
        path.write_bytes(content[:-3])
        taken(crawl, tmp_path / str(number), previous=second)
        assert set(grouped) == {"vua"} and left(tmp_path / str(number)) == whole
        path.write_bytes(content)


def test_a_whole_run_takes_what_did_not_change_from_the_night_before(tmp_path: Path, grouped: list[str]) -> None:
    crawl = write(tmp_path / "crawl")
    options: dict[str, Any] = {"config": load_run_config(), "mappings": MAPPINGS, "key": DEMO_KEY}
    take_in([crawl], out=tmp_path / "first", **options)
    grouped.clear()
    take_in([crawl], out=tmp_path / "second", previous=tmp_path / "first", **options)
    assert not grouped and left(tmp_path / "second") == left(tmp_path / "first")


@pytest.mark.parametrize("name", ["Hàng 'giả'; rm -rf ~.csv", "a..%2f..%2fetc.csv", "-.csv", "​.csv", "A" * 200 + ".csv"], ids=range(5))
def test_a_files_name_becomes_a_harmless_name_of_partitions(name: str, tmp_path: Path) -> None:
    write(tmp_path / "crawl", {name: HEADER + listing(1)})
    assert taken(tmp_path / "crawl", tmp_path / "out").n_listings == 1
    assert all(re.fullmatch(r"part-[a-z0-9][a-z0-9.-]{0,59}-[0-9a-f]{12}-00000\.parquet", part.name) for part in parts(tmp_path / "out" / "listings"))


def test_partitions_are_named_by_day_and_platform_where_the_folders_are(tmp_path: Path) -> None:
    write(tmp_path / "2026-11-24", {"shopee/Trang 1.csv": HEADER + listing(1), "shopee/_DONE": ""})
    taken(tmp_path / "2026-11-24", tmp_path / "out")
    [part] = parts(tmp_path / "out" / "listings")
    assert part.name.startswith("part-2026-11-24-shopee-trang-1.csv-")


def test_borders_of_groups_stay_where_they_are_when_a_file_comes_or_grows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = {tmp_path / f"{number:03d}.json": 3_000_000 + 10_007 * number for number in range(200)}
    monkeypatch.setattr(ingest_groups, "_weight", lambda path: sizes[path])

    def groups() -> set[tuple[str, ...]]:
        found = in_groups(sorted(sizes), [path.name for path in sorted(sizes)])
        assert [label for one in found for label in one.labels] == [path.name for path in sorted(sizes)]
        assert max(one.weight for one in found) <= 64_000_000
        return {one.labels for one in found}

    before = groups()
    assert 200 * 4 / 64 < len(before) < 200 * 4 / 8
    for path in (tmp_path / "100x.json", tmp_path / "050.json", tmp_path / "007.json"):
        sizes[path] = 9_000_000
        after = groups()
        assert len(after - before) <= 5
        before = after


def test_of_listings_in_several_groups_the_first_group_keeps_them() -> None:
    groups = [np.array(keys, dtype="uint64") for keys in ([5, 1, 9], [], [7, 9, 1], [9, 8], [7])]
    assert [lost.tolist() for lost in lost_to_earlier(groups)] == [[], [], [1, 9], [9], [7]]


def test_a_key_is_new_once_also_within_a_batch() -> None:
    seen = KeysSeen(np.array([4], dtype="uint64"))
    assert seen.first_seen(np.array([3, 4, 3, 2**64 - 1], dtype="uint64")).tolist() == [True, False, False, True]
    assert seen.first_seen(np.array([2**64 - 1, 2, 3], dtype="uint64")).tolist() == [False, True, False]
