"""Dirt of every kind goes in and listings and quarantine come out, scored; nothing crashes, and nothing small costs much memory or time."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from benchmarks.dirt import SHARES, Dirt, samples
from benchmarks.dirt_bombs import BOMBS, packed, workbook
from benchmarks.fuzz import explode, fuzz, send
from features.errors import DataError
from pipeline.sources.mapping import load_mappings
from pipeline.sources.readers import read_batches
from pipeline.stages.ingest import IngestReport, ingest

#: Each is a few bytes on the disk or costs a second at most; `make fuzz` sends the rest.
CHEAP = [
    "an_entity_bomb.xlsx", "one_row_at_the_bottom.xlsx", "a_row_of_every_column.xlsx", "a_nest_of_a_hundred_million.json.gz",
    "every_line_opens_a_quote.csv", "brackets_in_a_cell.jsonl", "an_id_of_ten_megabytes.csv",
]  # fmt: skip


def test_dirt_of_every_kind_becomes_listings_or_quarantine_and_every_listing_is_scored(tmp_path: Path) -> None:
    seen = fuzz(600, number=7, real=False, keep=tmp_path / "keep", a_round=600)
    assert seen.failures == []
    assert set(seen.kinds) == set(SHARES) and sum(counts["inputs"] for counts in seen.kinds.values()) >= 500
    # Dirt that leaves no listing, or none in quarantine, would test nothing.
    assert sum(counts["listings"] for counts in seen.kinds.values()) > 100
    assert {"broken_json", "undecodable", "no_id", "bad_row"} <= set(seen.rules)


def test_files_of_any_kind_read_through_a_mapping_that_was_not_made_for_them_reconcile(tmp_path: Path) -> None:
    dirt = Dirt(8, samples(real=False), n_odd=50)
    files = [file for kind in SHARES for file in dirt.make(kind, 8, named="0")]
    assert send(files, tmp_path, source="tiki_listing_api", scored=False).n_read > 50


def test_links_lead_nothing_in_from_outside_the_crawl_folder(tmp_path: Path) -> None:
    dirt = Dirt(9, samples(real=False), n_odd=5)
    files = [*dirt.make("links", 40, named="0"), *dirt.make("csv_quotes", 10, named="0")]
    report = send(files, tmp_path, scored=False)
    assert {one.file.partition("-")[0] for one in report.files} == {"csv_quotes"}


@pytest.mark.parametrize("depth", [90, 400, 960, 985, 20_000])
def test_a_nest_in_any_field_costs_that_field_and_neither_the_run_nor_the_row(depth: int, tmp_path: Path) -> None:
    sound = {"platform": "x", "listing_id": "1", "title": "Áo", "price_vnd": 90_000, "description": "mới", "seller_id": "s"}
    sound["captured_at"] = "2026-11-20"
    lines = [json.dumps(sound)]
    for number, name in enumerate(sound):
        for opened, closed in (("[", "]"), ('{"a":', "}"), ('["b", [', "]]")):
            row = json.dumps(sound | {"listing_id": f"{number}{opened}", name: "@@"})
            lines.append(row.replace('"@@"', opened * depth + "1" + closed * depth))
    lines.append("[" + "[" * depth + "]" * depth + "]")
    (tmp_path / "a.jsonl").write_text("\n".join(lines), encoding="utf-8")
    for source in ("auto", "listing_table"):
        listings, quarantine, report = _of(tmp_path / "a.jsonl", source=source)
        assert report.n_read == len(lines) and not report.unreadable
        # A nest in price, description, shop or time (the fourth field to the seventh) leaves a listing, unless the line itself cannot be read.
        kept = int(listings["listing_id"].str[0].isin(list("3456")).sum())
        assert kept == 12 or (depth > 900 and kept + int(quarantine["rule"].eq("broken_json").sum()) >= 12)


@pytest.mark.parametrize("name", CHEAP)
def test_a_bomb_costs_little_and_is_read_put_aside_or_refused_in_words(name: str) -> None:
    done = explode(name)
    assert done["seconds"] < 10 and done["peak_rise_mb"] < 500
    assert done["listings"] or done["quarantined"] or done["refused"]


def test_every_bomb_is_sent_by_the_benchmark_or_by_a_test() -> None:
    assert set(CHEAP) < set(BOMBS)


def _of(path: Path, **options: Any) -> tuple[pd.DataFrame, pd.DataFrame, IngestReport]:
    out = path.parent / "out"
    report = ingest([path], mappings=load_mappings(), out=out, key=b"k", **options)
    parts = [pd.read_parquet(one) for one in sorted((out / "listings").glob("*.parquet"))]
    return pd.concat(parts) if parts else pd.DataFrame(), pd.read_parquet(out / "quarantine.parquet"), report


def test_one_long_cell_said_of_every_parquet_row_is_never_all_in_memory(tmp_path: Path) -> None:
    # 200 kB on the disk, 400 MB of text: handed on in pieces that hold 64 MB and one unpacking more.
    rows, length = 800, 500_000
    texts = pa.DictionaryArray.from_arrays(pa.array([0] * rows, pa.int32()), pa.array(["x" * length]))
    pq.write_table(pa.table({"id": pa.array(range(rows)), "text": texts}), tmp_path / "a.parquet")
    sizes = [sum(len(row["text"]) for row in batch.records) for batch in read_batches(tmp_path / "a.parquet")]
    assert sum(sizes) == rows * length and max(sizes) < 65_000_000


def test_wherever_parquet_rows_are_cut_into_pieces_each_comes_once_and_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [{"id": number, "text": None if number % 7 == 0 else "Áo" * (number % 5 * 40), "said": "x" * 90} for number in range(100)]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "a.parquet", row_group_size=60)
    for at_once in (1, 500, 10**9):
        monkeypatch.setattr("pipeline.sources.parquet_rows._AT_ONCE", at_once)
        assert [row for batch in read_batches(tmp_path / "a.parquet") for row in batch.records] == rows


def test_a_time_that_no_calendar_has_costs_its_cell_and_not_the_file(tmp_path: Path) -> None:
    far = pa.array([10**15, 1_795_000_000, None], pa.timestamp("s"))
    table = {"platform": ["x"] * 3, "listing_id": ["1", "2", "3"], "title": ["Áo"] * 3, "price_vnd": [9e4] * 3, "captured_at": far}
    pq.write_table(pa.table(table), tmp_path / "a.parquet", coerce_timestamps="ms")
    listings, _, report = _of(tmp_path / "a.parquet")
    assert not report.unreadable and listings["captured_precision"].tolist() == ["file", "second", "file"]


def test_text_that_is_no_utf_8_in_a_parquet_file_costs_its_row(tmp_path: Path) -> None:
    words = pa.array([b"\xc3\x81o", b"\xff\xfe 0900000001", b"Qu\xe1\xba\xa7n"])
    texts = pa.Array.from_buffers(pa.string(), 3, words.buffers())
    table = {"platform": ["x"] * 3, "listing_id": ["1", "2", "3"], "title": texts, "price_vnd": [9e4] * 3}
    pq.write_table(pa.table(table), tmp_path / "a.parquet")
    listings, quarantine, _ = _of(tmp_path / "a.parquet")
    assert listings["title"].tolist() == ["Áo", "Quần"]
    assert quarantine[["rule", "source_line"]].to_numpy().tolist() == [["undecodable", 2.0]]
    assert "title" in quarantine["reason"].iloc[0] and "0900000001" not in quarantine["raw"].iloc[0]


def test_of_two_parquet_columns_with_one_name_the_first_filled_counts(tmp_path: Path) -> None:
    columns = [pa.array(["x"] * 2), pa.array(["1", "2"]), pa.array(["Áo", None]), pa.array(["Quần", "Váy"]), pa.array([9e4] * 2)]
    table = pa.table(columns, names=["platform", "listing_id", "title", "title", "price_vnd"])
    pq.write_table(table, tmp_path / "a.parquet")
    listings, _, _ = _of(tmp_path / "a.parquet")
    assert listings["title"].tolist() == ["Áo", "Váy"]


def test_a_workbook_that_unpacks_too_large_is_refused_before_anything_of_it_is_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.sources.xlsx_rows.MAX_UNPACKED", 3_000_000)
    monkeypatch.setattr("openpyxl.load_workbook", lambda *_, **__: pytest.fail("opened"))
    (tmp_path / "a.xlsx").write_bytes(workbook("", blank_megabytes=4))
    for source in ("auto", "generic_csv"):
        report = _of(tmp_path / "a.xlsx", source=source)[2]
        assert "unpacks to" in str(report.files[0].error)


def test_a_compressed_file_is_read_as_it_comes_and_never_unpacked_whole(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl.gz").write_bytes(packed(b"", b"0", 60))
    begun = time.process_time()
    batches = list(read_batches(tmp_path / "a.jsonl.gz"))
    assert [entry.rule for batch in batches for entry in batch.rejected] == ["too_long"]
    assert len(batches[0].rejected[0].raw) < 3_000 and time.process_time() - begun < 5


def test_a_table_of_entities_reads_no_file_of_this_machine(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("hunter2")
    rows = '<row r="1"><c r="A1" t="inlineStr"><is><t>&x;</t></is></c><c r="B1"><v>1</v></c><c r="C1"><v>2</v></c></row>'
    rows += rows.replace('r="1"', 'r="2"').replace("1\"", "2\"")
    content = workbook(rows, before=f'<!DOCTYPE a [<!ENTITY x SYSTEM "{secret.as_uri()}">]>')
    (tmp_path / "a.xlsx").write_bytes(content)
    try:
        batches = list(read_batches(tmp_path / "a.xlsx"))
    except DataError as refused:
        assert "hunter2" not in str(refused)
    else:
        assert "hunter2" not in repr(batches)
