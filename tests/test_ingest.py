"""Ingest from outside: whatever lies in the crawl folder, rows read = listings + quarantined, file by file, and nothing crashes."""

from __future__ import annotations

import gzip
import json
import os
import tempfile
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.errors import ConfigError, DataError
from pipeline.sources.mapping import load_mappings
from pipeline.stages.ingest import IngestReport, ingest
from pipeline.tables.listings import COLUMNS
from pipeline.tables.quarantine import RULES

MAPPINGS = load_mappings()
HEADER = "platform,listing_id,title,price_vnd,captured_at\n"
Result = tuple[pd.DataFrame, pd.DataFrame, IngestReport]


def take_in(*paths: Path, out: Path, **options: Any) -> Result:
    """Ingest and check what must always hold: per file and overall, counts and tables agree."""
    report = ingest(list(paths), mappings=options.pop("mappings", MAPPINGS), out=out, key=b"k", **options)
    written = [pd.read_parquet(path) for path in sorted((out / "listings").glob("part-*.parquet"))]
    listings = pd.concat(written, ignore_index=True) if written else pd.DataFrame(columns=list(COLUMNS))
    quarantine = pd.read_parquet(out / "quarantine.parquet")
    for one in report.files:
        assert one.read == one.listings + sum(one.quarantined.values())
        assert one.listings == (listings["source_file"] == one.file).sum()
        assert one.quarantined == quarantine.loc[quarantine["source_file"] == one.file, "rule"].value_counts().to_dict()
    assert (len(listings), len(quarantine)) == (report.n_listings, report.n_quarantined)
    assert set(quarantine["rule"]) <= set(RULES) and (quarantine["source_line"] >= 1).all() and (listings["source_line"] >= 1).all()
    assert not listings.duplicated(["platform", "listing_id", "captured_at"]).any()
    assert IngestReport.from_json(json.loads(json.dumps(report.to_json()))) == report
    return listings, quarantine, report


@pytest.fixture
def take(tmp_path: Path) -> Callable[..., Result]:
    """A function that writes files (name → content) into a folder and takes the folder in."""

    def go(files: dict[str, bytes | str], **options: Any) -> Result:
        for name, content in files.items():
            path = tmp_path / "crawl" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.encode() if isinstance(content, str) else content)
        return take_in(tmp_path / "crawl", out=tmp_path / "out", **options)

    return go


def test_what_cannot_be_a_listing_is_kept_aside_with_place_rule_and_reason(take: Callable[..., Result]) -> None:
    text = (
        HEADER + "x,1,Áo,100000,2026-11-20\nx,,Áo,100000,2026-11-20\nx,3, ,100000,2026-11-20\n"
        "x,1,Áo khác,1,2026-11-20\nx,5,Áo,1,2026-11-20,thừa\n,6,Áo,1,2026-11-20\n"
    )
    listings, quarantine, report = take({"a.csv": text})
    assert list(zip(quarantine["source_line"], quarantine["rule"], strict=True)) == [
        (6, "bad_row"),
        (3, "no_id"),
        (4, "no_title"),
        (5, "duplicate_key"),
        (7, "no_id"),
    ]
    assert quarantine["reason"].str.len().min() > 10 and "Áo khác" in quarantine["raw"].iloc[3]
    assert listings[["source_file", "source_line", "listing_id"]].to_numpy().tolist() == [["a.csv", 2.0, "1"]]
    assert report.n_read == 6


def test_an_odd_value_is_no_way_to_hide(take: Callable[..., Result]) -> None:
    rows = [
        {"price_vnd": 1_000},
        {"price_vnd": 0},
        {"price_vnd": -1},
        {"price_vnd": "liên hệ"},
        {"price_vnd": [1, 2]},
        {"description": "rep " * 100_000},
        {"title": "rep\x00 1:1"},
        {"rating": 99, "n_sold": -1},
        {"created_at": "2099-01-01"},
        {"captured_at": "1970-01-01"},
        {"captured_at": "9999-12-31"},
        {"price_vnd": float("nan")},
        {"price_vnd": 10**400},
        {"seller_joined_at": 10**30},
        {"title": "x" * 3_000_000},
        {"description": "<" * 500_000},
    ]
    lines = [json.dumps({"platform": "x", "listing_id": n, "title": "Túi", "price_vnd": 99_000, **row}) for n, row in enumerate(rows)]
    listings, quarantine, _ = take({"a.jsonl": "\n".join(lines)})
    assert len(listings) == len(rows) and quarantine.empty
    flags = listings.set_index("listing_id")["flags"].fillna("").to_dict()
    assert [flags[str(n)] for n in range(11)] == [
        "price_placeholder",
        "price_placeholder",
        "price_placeholder",
        "price_unreadable",
        "price_placeholder",
        "text_cut",
        "control_characters",
        "value_odd",
        "time_odd",
        "time_odd",
        "time_odd",
    ]


def test_one_unreadable_file_is_named_and_the_rest_goes_on(take: Callable[..., Result], tmp_path: Path) -> None:
    pq.write_table(pa.table({"a": range(1000)}), tmp_path / "whole.parquet")
    good = HEADER + "x,1,Áo,100000,2026-11-20\n"
    long = HEADER + "".join(f"x,{n},Áo số {n * 7919},100000,2026-11-20\n" for n in range(10, 9_000))
    listings, _, report = take(
        {
            "a.csv": good,
            "b.parquet": (tmp_path / "whole.parquet").read_bytes()[:-30],
            "c.json": "[" * 200_000,
            "d.xlsx": b"PK",
            "e.csv.gz": gzip.compress(long.encode())[:-2_000],
            "f.csv": "",
            "g.csv": HEADER,
            "h.json": '{"foo": 1}',
            "i.jsonl": "{broken\n",
            "j.csv": good.replace(",1,", ",2,"),
        }
    )
    by_file = {one.file: one for one in report.files}
    assert [name for name, one in by_file.items() if one.error] == ["b.parquet", "c.json", "d.xlsx", "e.csv.gz", "h.json", "i.jsonl"]
    assert all(name in (by_file[name].error or "") for name in ("b.parquet", "d.xlsx", "e.csv.gz", "h.json"))
    assert [name for name, one in by_file.items() if one.passed_over] == ["f.csv", "g.csv"]
    assert by_file["e.csv.gz"].listings > 1_000  # what stood before the cut
    assert {"1", "2"} <= set(listings["listing_id"])


def test_broken_lines_alone_go_to_quarantine_where_the_mapping_is_named(take: Callable[..., Result]) -> None:
    _, quarantine, report = take({"a.jsonl": '{broken\n5\n[{"a": 1}]\n'}, source="listing_table")
    assert quarantine["rule"].tolist() == ["broken_json", "not_a_record", "no_id"] and not report.unreadable


def test_the_same_file_twice_counts_once_and_a_copy_of_it_is_all_duplicates(take: Callable[..., Result], tmp_path: Path) -> None:
    text = HEADER + "x,1,Áo,100000,2026-11-20\n"
    _, quarantine, report = take({"mon/a.csv": text, "tue/a.csv": text})
    assert [(one.file, one.read, one.listings) for one in report.files] == [("mon/a.csv", 1, 1), ("tue/a.csv", 1, 0)]
    assert quarantine[["source_file", "rule"]].to_numpy().tolist() == [["tue/a.csv", "duplicate_key"]]
    path = tmp_path / "crawl" / "mon" / "a.csv"
    assert len(take_in(path, path, Path(os.path.relpath(path)), out=tmp_path / "again")[2].files) == 1


def test_no_phone_number_is_left_in_listings_or_quarantine(take: Callable[..., Result]) -> None:
    lines = [
        json.dumps(
            {
                "platform": "x",
                "listing_id": "1",
                "title": "Túi 0900000001",
                "description": "LH:\n0900.000.002\nzalo0900000003",
                "brand": "zalo 0900000004",
            }
        ),
        json.dumps({"platform": "x", "title": "Gọi +84 900 000 005", "description": "Zalo:\n0900000006", "phone": 84900000007}),
        '{"title": "Zalo:\\n0900000008',
        json.dumps({"platform": "x", "listing_id": "2", "description": "a" * 290 + " 0900000009"}),
        '{"x": "' + "b" * 1_986 + " 0900000010",
    ]
    listings, quarantine, _ = take({"a.jsonl": "\n".join(lines)})
    assert len(listings) == 1 and len(quarantine) == 4
    written = listings.to_csv() + quarantine.to_csv()
    assert not any(f"900{last:06d}" in written.replace(".", "").replace(" ", "") for last in range(1, 11))
    assert listings["title"].tolist() == ["Túi 0900xxxxxx"] and len(listings["contact_keys"].iloc[0].split(";")) == 4


def test_results_do_not_depend_on_the_size_of_partitions(take: Callable[..., Result]) -> None:
    text = HEADER + "".join(f"{'ab'[n % 2]},{n},Áo {n},{100_000 + n},2026-11-20\n" for n in range(25)) + "a,1,Áo,5,2026-11-20\n"
    whole = take({"a.csv": text})[0]
    for size in (1, 7, 25):
        pd.testing.assert_frame_equal(take({}, partition_rows=size)[0], whole)


def test_a_column_is_observed_only_on_platforms_that_ever_fill_it(take: Callable[..., Result]) -> None:
    listings, _, _ = take(
        {
            "a.jsonl": "\n".join(
                json.dumps(row)
                for row in [
                    {"platform": "x", "listing_id": "1", "title": "Áo", "price_vnd": 99_000, "brand": "Hiệu"},
                    {"platform": "x", "listing_id": "2", "title": "Áo", "price_vnd": None},
                    {"platform": "y", "listing_id": "3", "title": "Áo", "price_vnd": 99_000},
                ]
            )
        }
    )
    observed = {row.listing_id: "brand" in row.observes.split(",") for row in listings.itertuples()}
    assert observed == {"1": True, "2": True, "3": False}


def test_every_partition_has_the_further_columns_of_all_and_one_type(take: Callable[..., Result], tmp_path: Path) -> None:
    folder = tmp_path / "sources"
    folder.mkdir()
    base = "about: mẫu\nformats: [jsonl]\ndetect: {{paths: [{0}]}}\n"
    base += "fields: {{platform: {{const: x}}, listing_id: {0}, title: t, x_n: {{path: n, parse: {1}}}}}\n"
    (folder / "one.yaml").write_text(base.format("a", "number"))
    (folder / "two.yaml").write_text(base.format("b", "count"))
    files: dict[str, bytes | str] = {
        "1.csv": HEADER + "x,1,Áo,100000,2026-11-20\n",
        "2.jsonl": '{"a": 2, "t": "Áo"}',
        "3.jsonl": '{"b": 3, "t": "Áo", "n": "1,5k"}',
    }
    listings, _, _ = take(files, mappings=load_mappings(folder), partition_rows=1)
    schemas = {str(pq.read_schema(path).remove_metadata()) for path in (tmp_path / "out" / "listings").iterdir()}
    assert len(schemas) == 1 and listings["x_n"].dropna().tolist() == [1_500.0]
    (folder / "two.yaml").write_text(base.format("b", "text"))
    with pytest.raises(ConfigError, match="x_n is a number in mapping one and a text in two"):
        take({}, mappings=load_mappings(folder))


def test_a_file_dated_before_shops_were_online_is_no_failure(take: Callable[..., Result], tmp_path: Path) -> None:
    text = "platform,listing_id,title,price_vnd\nx,1,Áo,100000\n"
    take({"a.csv": text})
    os.utime(tmp_path / "crawl" / "a.csv", (0, 0))
    listings, _, _ = take({})
    assert listings[["captured_precision"]].to_numpy().tolist() == [["file"]] and listings["captured_at"].dt.year.tolist() == [2000]


def test_a_parquet_table_of_other_types_is_read(take: Callable[..., Result], tmp_path: Path) -> None:
    frame = pd.DataFrame({"platform": ["x"], "listing_id": [7], "title": [b"\xc3\x81o"], "price_vnd": [100_000]})
    frame["captured_at"] = pd.to_datetime(["2026-11-20"]).date
    frame["created_at"] = pd.to_datetime(["2026-11-19 10:00:00.123456789"])
    frame["variants"] = [["đỏ", "xanh"]]
    frame["rating"] = [Decimal("4.5")]
    frame.to_parquet(tmp_path / "t.parquet")
    listings, quarantine, _ = take({"t.parquet": (tmp_path / "t.parquet").read_bytes()})
    assert quarantine.empty
    assert listings[["listing_id", "title", "variants", "rating", "captured_precision"]].to_numpy().tolist() == [["7", "Áo", "đỏ;xanh", 4.5, "day"]]


def test_a_workbook_of_an_office_is_read(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet["A1"] = "BẢNG TỔNG HỢP"
    sheet.merge_cells("A1:E1")
    for row in [
        ["Sàn", "Mã tin", "Tiêu đề", "Giá bán", "Ngày thu thập"],
        ["x", 12345678901, "Áo", "1tr2", pd.Timestamp("2026-11-20").to_pydatetime()],
        ["x", None, "Quần", 5, None],
    ]:
        sheet.append(row)
    book.save(tmp_path / "a.xlsx")
    listings, quarantine, _ = take_in(tmp_path / "a.xlsx", out=tmp_path / "out")
    assert listings[["listing_id", "price_vnd", "source_line"]].to_numpy().tolist() == [["12345678901", 1_200_000.0, 3.0]]
    assert quarantine[["source_line", "rule"]].to_numpy().tolist() == [[4.0, "no_id"]]


def test_many_rejects_are_written_as_they_come(take: Callable[..., Result], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("pipeline.stages.ingest_writer._REJECTED_WAITING", 10)
    monkeypatch.setattr("pipeline.sources.readers.BATCH_ROWS", 5)
    text = "\n".join(["{broken"] * 95 + ['{"platform": "x", "listing_id": "1", "title": "Áo", "price_vnd": 9}'])
    _, quarantine, _ = take({"a.jsonl": text})
    assert quarantine["source_line"].tolist() == [float(n) for n in range(1, 96)]
    assert [path.name for path in (tmp_path / "out").iterdir() if path.is_file()] == ["quarantine.parquet"]


def test_an_unknown_source_and_a_missing_file_are_errors(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"unknown source 'shoppee'; known: .*shopee"):
        take_in(tmp_path, out=tmp_path, source="shoppee")
    with pytest.raises(DataError, match="no such file"):
        take_in(tmp_path / "gone.csv", out=tmp_path)


BYTES = st.binary(max_size=400)
MARKS = st.text(alphabet='{}[]",:;\n\r\t 01.9aÁ\ufeff\0\\<-', max_size=200).map(str.encode)
NEARLY_CSV = st.lists(st.text(alphabet='x1,"\n;Áo 0', max_size=30), max_size=12).map(lambda rows: (HEADER + "\n".join(rows)).encode())
CELL = st.one_of(st.none(), st.integers(), st.floats(), st.text(max_size=12), st.booleans(), st.lists(st.integers(), max_size=3))
RECORD = st.dictionaries(
    st.sampled_from(["platform", "listing_id", "title", "price_vnd", "captured_at", "created_at", "rating", "description", "phone"]), CELL
)
NEARLY_JSON = st.lists(RECORD, max_size=6).map(
    lambda rows: "\n".join(json.dumps(row) for row in [{"platform": "x", "listing_id": 1, "title": "a", "price_vnd": 1}, *rows]).encode()
)


@settings(max_examples=120)
@given(
    content=st.one_of(BYTES, MARKS, NEARLY_CSV, NEARLY_JSON),
    name=st.sampled_from(["a.csv", "a.jsonl", "a.json", "a.csv.gz", "a.txt"]),
    named=st.booleans(),
)
def test_whatever_the_bytes_nothing_crashes_and_counts_reconcile(content: bytes, name: str, named: bool) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(gzip.compress(content) if name.endswith("gz") and len(content) % 2 else content)
        take_in(path, out=Path(folder) / "out", source="listing_table" if named else "auto")


@pytest.mark.slow
@settings(max_examples=1_500)
@given(
    content=st.one_of(BYTES, MARKS, NEARLY_CSV, NEARLY_JSON),
    name=st.sampled_from(["a.csv", "a.jsonl", "a.json", "a.parquet", "a.xlsx", "a.json.zst"]),
)
def test_the_same_over_many_more_bytes_and_kinds(content: bytes, name: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(content)
        take_in(path, out=Path(folder) / "out", source="listing_table")
