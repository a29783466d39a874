"""Files of every kind and in every state become records or named rejects: nothing is lost, nothing swallows its neighbours."""

from __future__ import annotations

import csv
import gzip
import io
import json
import resource
import tempfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any
from unicodedata import normalize

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.errors import DataError
from pipeline.sources.lines import MAX_LINE, encoding_of
from pipeline.sources.readers import file_format, read_batches

ROWS = [{"id": "1", "title": "Áo thun"}, {"id": "2", "title": "Giày, cỡ 40"}]
Write = Callable[[str, Any], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """A function that writes bytes or UTF-8 text to a named file."""

    def go(name: str, content: bytes | str) -> Path:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return go


def read(path: Path, records: str = "", size: int = 1_000) -> tuple[list[dict[str, Any]], list[int], list[tuple[int, str]]]:
    batches = list(read_batches(path, records=records, size=size))
    return (
        [record for batch in batches for record in batch.records],
        [line for batch in batches for line in batch.lines],
        [(one.line, one.rule) for batch in batches for one in batch.rejected],
    )


def as_csv(rows: list[dict[str, str]], delimiter: str = ",") -> str:
    stream = io.StringIO()
    writer = csv.DictWriter(stream, list(rows[0]), delimiter=delimiter)
    writer.writeheader()
    writer.writerows(rows)
    return stream.getvalue()


def as_xlsx(rows: list[list[Any]], path: Path) -> Path:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    book.save(path)
    return path


def test_every_format_gives_the_same_records(write: Write, tmp_path: Path) -> None:
    text = as_csv(ROWS)
    lines = "\n".join(json.dumps(row) for row in ROWS)
    files = [
        write("a.csv", text),
        write("b.tsv", as_csv(ROWS, "\t")),
        write("c.txt", as_csv(ROWS, "|")),
        write("d.csv", as_csv(ROWS, ";")),
        write("e.jsonl", lines),
        write("f.json", json.dumps(ROWS)),
        write("g.json", lines),
        write("h.csv.gz", gzip.compress(text.encode())),
        write("i.jsonl.gz", gzip.compress(lines.encode())),
        as_xlsx([["id", "title"], *[list(row.values()) for row in ROWS]], tmp_path / "k.xlsx"),
    ]
    pq.write_table(pa.Table.from_pylist(ROWS), tmp_path / "l.parquet")
    files.append(tmp_path / "l.parquet")
    for path in files[-2:]:
        files.append(write(path.name + ".gz", gzip.compress(path.read_bytes())))
    with pa.output_stream(str(tmp_path / "m.csv.zst"), compression="zstd") as stream:
        stream.write(text.encode())
    files.append(tmp_path / "m.csv.zst")
    assert {path.name: read(path)[0] for path in files} == {path.name: ROWS for path in files}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1258"])
@pytest.mark.parametrize("name", ["a.csv", "a.jsonl", "a.json"])
def test_vietnamese_comes_through_in_every_encoding_its_machines_write(write: Write, name: str, encoding: str) -> None:
    rows = [{"id": str(n), "title": "Giày đá bóng hàng hiệu tặng tất"} for n in range(5)]
    text = {
        "a.csv": as_csv(rows),
        "a.jsonl": "\n".join(json.dumps(row, ensure_ascii=False) for row in rows),
        "a.json": json.dumps(rows, ensure_ascii=False),
    }[name]
    if encoding == "cp1258":  # writes tones as marks of their own
        for letter, parts in {"ấ": "â\u0301", "ệ": "ê\u0323", "ặ": "ă\u0323", "à": "à", "á": "á", "ó": "ó"}.items():
            text = text.replace(letter, parts)
    records, _, rejected = read(write(name, text.encode(encoding)))
    assert {normalize("NFC", record["title"]) for record in records} == {rows[0]["title"]}
    assert len(records) == 5 and not rejected


def test_one_stray_byte_costs_one_line_and_not_the_file(write: Write) -> None:
    lines = as_csv([{"id": str(n), "title": "Áo thêu tay"} for n in range(4)]).encode().split(b"\r\n")
    lines[2] = b"1,\xff\xfe \xe1"
    records, at, rejected = read(write("a.csv", b"\n".join(lines)))
    assert ([record["id"] for record in records], at, rejected) == (["0", "2", "3"], [2, 4, 5], [(3, "undecodable")])
    entries = (
        json.dumps([{"id": n, "title": "Áo thêu"} for n in range(3)], ensure_ascii=False)
        .encode()
        .replace(b'"id": 1, "title": "', b'"id": 1, "title": "\xff')
    )
    records, at, rejected = read(write("a.json", entries))
    assert ([record["id"] for record in records], at, rejected) == ([0, 2], [1, 3], [(2, "undecodable")])


def test_rows_over_several_lines_carry_the_line_they_begin_on(write: Write) -> None:
    text = 'id,title\n\n1,"hai\ndòng, một ""ô"""\n2,một dòng\n\n3,"ba\n\ndòng"\n4,cuối\n'
    records, at, rejected = read(write("a.csv", text))
    assert [record["title"] for record in records] == ['hai\ndòng, một "ô"', "một dòng", "ba\n\ndòng", "cuối"]
    assert at == [3, 5, 7, 10] and not rejected


def test_a_quote_that_never_closes_costs_its_own_row(write: Write) -> None:
    rows = "".join(f"{n},Áo số {n},100000\n" for n in range(2, 6_000))
    records, at, rejected = read(write("a.csv", 'id,title,price\n1,"Áo 5 inch,100000\n' + rows))
    assert rejected == [(2, "bad_row")]
    assert len(records) == 5_998 and at[0] == 3


def test_a_quote_that_closes_in_another_row_does_not_glue_the_rows(write: Write) -> None:
    text = 'id,title,price\n1,"Màn hình,100\n2,"Samsung",200\n3,Nokia,300\n'
    records, _, rejected = read(write("a.csv", text))
    assert [record["id"] for record in records] == ["2", "3"]
    assert rejected == [(2, "bad_row")]


def test_rows_too_long_are_named_and_rows_too_short_are_kept(write: Write) -> None:
    records, at, rejected = read(write("a.csv", "id,title,price\n1,Áo\n2,Áo,5,,\n3,Áo,5,6\n,,\n4,Áo,5\n"))
    assert [(record["id"], record.get("price")) for record in records] == [("1", None), ("2", "5"), ("4", "5")]
    assert at == [2, 3, 6] and rejected == [(4, "bad_row")]


def test_of_two_columns_with_one_name_the_first_filled_counts(write: Write, tmp_path: Path) -> None:
    want = [{"id": "1", "title": "Áo"}, {"id": "2", "title": "Quần"}]
    assert read(write("a.csv", "id,title,title\n1,Áo,\n2,,Quần\n"))[0] == want
    assert read(as_xlsx([["id", "title", "title"], ["1", "Áo", None], ["2", None, "Quần"]], tmp_path / "a.xlsx"))[0] == want


def test_excel_names_its_separator_and_old_machines_leave_nuls(write: Write) -> None:
    assert read(write("a.csv", 'sep=;\nid;title\n1;"Áo; quần"\n'))[0] == [{"id": "1", "title": "Áo; quần"}]
    records, _, rejected = read(write("b.csv", "id,ti\0tle\n1,Á\0o\n"))
    assert records == [{"id": "1", "title": "Á\0o"}] and not rejected


@pytest.mark.parametrize("content", ["", "\n\n", "id,title\n", "\ufeff"])
@pytest.mark.parametrize("name", ["a.csv", "a.tsv"])
def test_a_file_without_rows_has_no_rows(write: Write, name: str, content: str) -> None:
    assert read(write(name, content)) == ([], [], [])


@pytest.mark.parametrize("content", ["", "[]", " \n", "[\n]\n"])
def test_json_without_entries_has_no_rows(write: Write, content: str) -> None:
    assert read(write("a.json", content)) == ([], [], [])


def test_json_that_is_no_record_is_named_with_its_place(write: Write) -> None:
    assert read(write("a.json", '[1, {"id": 1}, null, "x", [2]]')) == ([{"id": 1}], [2], [(n, "not_a_record") for n in (1, 3, 4, 5)])
    records, at, rejected = read(write("a.jsonl", '{"id": 1}\n{"id": \n5\n\n[{"id": 2}, {"id": 3}]\n{"id": NaN}\n' + "[" * 100_000 + "\n"))
    assert ([record["id"] for record in records][:3], at) == ([1, 2, 3], [1, 5, 5, 6])
    assert rejected == [(2, "broken_json"), (3, "not_a_record"), (7, "broken_json")]


def test_an_array_inside_envelopes_is_found_and_a_missing_one_named(write: Write) -> None:
    page = {"data": {"items": [{"id": 1}, {"id": 2}]}}
    assert read(write("a.json", json.dumps(page)), "data.items")[:2] == ([{"id": 1}, {"id": 2}], [1, 2])
    assert read(write("b.json", json.dumps([page, page, {"data": {"items": []}}])), "data.items")[1] == [1, 2, 3, 4]
    assert read(write("c.jsonl", json.dumps(page) + "\n" + json.dumps({"error": 1})), "data.items")[1:] == ([1, 1], [(2, "not_a_record")])


def test_what_stands_before_the_damage_is_kept_and_the_damage_named(write: Write) -> None:
    text = "id,title\n" + "".join(f"{n},Áo số {n * 7919}\n" for n in range(40_000))
    packed = gzip.compress(text.encode())
    for path, least in [
        (write("cut.csv.gz", packed[: len(packed) // 2]), 1_000),
        (write("cut.json", json.dumps([{"id": n} for n in range(500)])[:-400]), 400),
        (write("broken.json", '[{"id": 1}, {"id": 2}, {"id" 3}]'), 2),
    ]:
        seen = 0
        with pytest.raises(DataError, match=path.name):
            for batch in read_batches(path, size=100):
                seen += len(batch)
        assert seen >= least, path


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.parquet", b"PAR1 and no more"),
        ("a.xlsx", b"PK\x03\x04 and no more"),
        ("b.xlsx", b""),
        ("a.csv.gz", b"no gzip"),
        ("a.jsonl.zst", b"no zstd"),
        ("a.json", b'{"a": ' * 100_000),
        ("b.json", b"[" * 100_000),
        ("c.json", b"\x00\x01\x02"),
        ("d.json", b'[{"a": 1}] [2]'),
        ("a.xlsx.gz", gzip.compress(b"x", mtime=0)),
        ("d.csv", b"id,\xc3\x28\n" + "1,Áo thêu\n".encode()),
    ],
)
def test_a_file_that_is_not_what_it_says_is_named(write: Write, name: str, content: bytes) -> None:
    path = write(name, content)
    with pytest.raises(DataError, match=name):
        for _ in read_batches(path):
            pass


def test_a_cut_parquet_file_is_named(tmp_path: Path, write: Write) -> None:
    pq.write_table(pa.Table.from_pylist(ROWS * 1_000), tmp_path / "whole.parquet")
    path = write("cut.parquet", (tmp_path / "whole.parquet").read_bytes()[:-50])
    with pytest.raises(DataError, match=r"cut\.parquet"):
        list(read_batches(path))


def test_a_line_longer_than_any_listing_costs_one_entry_and_no_memory(write: Write) -> None:
    bomb = b'{"id": 1, "title": "' + b"a" * (3 * MAX_LINE) + b'"}\n{"id": 2}\n'
    path = write("bomb.jsonl.gz", gzip.compress(bomb, compresslevel=1))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert read(path) == ([{"id": 2}], [2], [(1, "too_long")])
    assert read(write("bomb.csv", b"id,title\n1," + b"a" * (MAX_LINE + 5) + b"\n2,b\n"))[1:] == ([3], [(2, "too_long")])
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 8 * MAX_LINE / 1_000


def test_a_cell_of_ten_megabytes_is_a_cell(write: Write) -> None:
    records, _, rejected = read(write("a.csv", "id,title\n1," + "a" * 10_000_000 + "\n2,b\n"))
    assert [len(record["title"]) for record in records] == [10_000_000, 1] and not rejected


def test_a_batch_is_handed_on_when_it_grows_heavy(write: Write) -> None:
    path = write("a.jsonl", ("{" + f'"id": 1, "title": "{"a" * 15_000_000}"' + "}\n") * 6)
    assert [len(batch) for batch in read_batches(path)] == [5, 1]


def test_a_workbook_is_read_below_its_title_with_dates_and_formulas(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.title = "Trang trống"
    sheet = book.create_sheet("Tin")
    sheet["A1"] = "Danh sách tin đăng tháng 11"
    sheet.merge_cells("A1:D1")
    for row in [
        ["id", "title", "price", "ngày"],
        [1, "Áo", 100_000, datetime(2026, 11, 20)],
        [None] * 4,
        [2.0, "Quần", "=1+1", None],
        [3, "x", 1, None, "thừa"],
    ]:
        sheet.append(row)
    book.save(tmp_path / "a.xlsx")
    records, at, rejected = read(tmp_path / "a.xlsx")
    assert records == [
        {"id": 1, "title": "Áo", "price": 100_000, "ngày": datetime(2026, 11, 20)},
        {"id": 2, "title": "Quần", "price": None, "ngày": None},
    ]
    assert at == [3, 5] and rejected == [(6, "bad_row")]


def test_only_known_endings_are_formats() -> None:
    assert [file_format(Path(name)) for name in ("a.CSV", "b.ndjson", "c.json.GZ", "d.parquet")] == ["csv", "jsonl", "json", "parquet"]
    with pytest.raises(DataError, match="known endings"):
        file_format(Path("a.pickle"))


def test_the_encoding_is_told_from_the_first_bytes() -> None:
    sample = "Giày da bò thật, bảo hành"
    assert encoding_of(sample.encode()) == "utf-8" and encoding_of(b"") == "utf-8"
    assert encoding_of(sample.encode()[:-1] + b"\xc3") == "utf-8"
    assert encoding_of("Giày đá bóng".encode("cp1258")) == "cp1258"


@given(
    st.lists(
        st.tuples(
            st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1), st.text(alphabet='ab,";\n\r \t|é')
        ),
        min_size=1,
        max_size=8,
    ),
    st.sampled_from([1, 2, 1_000]),
)
def test_any_well_formed_csv_comes_back_whole(rows: list[tuple[str, str]], size: int) -> None:
    want = [{"id": str(n), "title": title, "more": more or None} for n, (title, more) in enumerate(rows)]
    stream = io.StringIO()
    writer = csv.writer(stream, quoting=csv.QUOTE_ALL)
    writer.writerows([["id", "title", "more"], *[[row["id"], row["title"], row["more"] or ""] for row in want]])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.csv"
        path.write_bytes(stream.getvalue().encode())
        records, _, rejected = read(path, size=size)
    assert not rejected
    assert records == want
