"""What a listing was read from is found again byte for byte, sealed where only its owner reads it, and shown without phone numbers."""

from __future__ import annotations

import gzip
import json
import stat
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.errors import DataError
from pipeline.config import DEMO_KEY, configs_dir
from pipeline.manifest import fingerprint
from pipeline.sources.mapping import load_mappings
from pipeline.sources.readers import read_batches
from pipeline.stages.ingest import ingest
from pipeline.stages.run import RunReport
from pipeline.store import read_parquet
from pipeline.trail.canonical import sha256
from pipeline.trail.chain import read_entries
from pipeline.trail.closing import close_bundle
from pipeline.trail.log import append
from pipeline.trail.raw_lines import find_raw
from pipeline.trail.sealed import Crawl, crawls_of, release, seal
from pipeline.trail.sealed_index import raw_name, read_index
from pipeline.trail.verify import verify
from tests.conftest import REAL

AT = datetime(2026, 11, 25, 3, 0, tzinfo=UTC)
PHONE = "0900000001"


def listings(*rows: tuple[str, str, str, int]) -> pd.DataFrame:
    """Rows of target_listings from ``(case, listing id, file, line)``."""
    return pd.DataFrame(
        [
            {
                "code": code, "platform": "sàn thử", "listing_id": listing, "captured_at": pd.Timestamp(AT), "source_file": file,
                "source_line": float(line), "row_hash": f"{line:016x}",
            }
            for code, listing, file, line in rows
        ]
    )  # fmt: skip


def crawls(*paths: Path, mapping: str = "generic_csv") -> dict[str, Crawl]:
    return {path.name: Crawl(path, load_mappings()[mapping], fingerprint(path)) for path in paths}


def test_a_row_of_a_csv_is_sealed_byte_for_byte_with_the_header_that_says_what_its_cells_are(tmp_path: Path) -> None:
    header, one, two = "sàn,mã tin,tiêu đề,mô tả\r\n", "sàn thử,T1,Giày,gọi 0900000001\r\n", 'sàn thử,T2,Túi,"hai\r\ndòng, ""rep"""\r\n'
    path = tmp_path / "crawl.csv"
    path.write_bytes((header + one + two + "sàn thử,T3,Ví,\r\n").encode())
    found = find_raw(path, [2, 3])
    assert {line: raw.content for line, raw in found.items()} == {2: one.encode(), 3: two.encode()}
    assert {raw.header for raw in found.values()} == {header.encode()} and {raw.form for raw in found.values()} == {"line"}


def test_blank_lines_bad_rows_and_a_separator_line_around_a_row_are_not_taken_with_it(tmp_path: Path) -> None:
    path = tmp_path / "crawl.csv"
    two = b'T2;"m\xe1\xbb\x99t\nhai"\n'
    path.write_bytes(b"\xef\xbb\xbfsep=;\nid;title\n\nT1;x\n" + two + b"T3;\xff\xfe;3;4\n;\n\nT4;y\n")
    entries = [(line, record) for batch in read_batches(path) for line, record in zip(batch.lines, batch.records, strict=True)]
    assert [line for line, _ in entries] == [4, 5, 10]
    found = find_raw(path, [4, 5, 10])
    assert {line: raw.content for line, raw in found.items()} == {4: b"T1;x\n", 5: two, 10: b"T4;y\n"}
    assert found[4].header == b"\xef\xbb\xbfsep=;\nid;title\n\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1258"])
@pytest.mark.parametrize("ending", [".csv", ".csv.gz"])
def test_encodings_and_compression_do_not_change_a_byte(tmp_path: Path, encoding: str, ending: str) -> None:
    # Letters that Windows-1258, too, writes as one.
    rows = ["mã;tên\n" if encoding != "cp1258" else "id;tên\n", "T1;Giày âu châu\n", 'T2;"Túi\nđôi"\n', "T3;Đèn đông\n"]
    content = "".join(rows).encode(encoding)
    path = tmp_path / f"crawl{ending}"
    path.write_bytes(gzip.compress(content) if ending.endswith("gz") else content)
    found = find_raw(path, [2, 3, 5])
    assert found[2].header + found[2].content + found[3].content + found[5].content == content


def test_a_line_of_json_lines_is_its_bytes_also_where_it_holds_several_records(tmp_path: Path) -> None:
    lines = [b'{"id": 1, "t": "\\u0111"}\n', b'[{"id": 2}, {"id": 3}]\r\n', b"\n", b"not json\n", b'{"id":4}']
    path = tmp_path / "crawl.jsonl.gz"
    path.write_bytes(gzip.compress(b"".join(lines)))
    found = find_raw(path, [1, 2, 5])
    assert [found[line].content for line in (1, 2, 5)] == [lines[0], lines[1], lines[4]]
    assert [record["id"] for record in found[2].records] == [2, 3]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_an_object_of_a_json_document_is_sealed_as_it_stands_there(tmp_path: Path, encoding: str) -> None:
    inner = '{"id": 2,  "t": "giày \\"}{\\" rẻ", "shop": {"id": 1}}'
    (tmp_path / "a.json").write_bytes(('{"data": [{"id": 1},\n ' + inner + "]}").encode(encoding))
    found = find_raw(tmp_path / "a.json", [1, 2], records="data")
    bare = {"utf-8": "utf-8", "utf-8-sig": "utf-8", "utf-16": "utf-16-le"}[encoding]
    assert {raw.form for raw in found.values()} == {"object"} and found[2].content.decode(bare) == inner
    (tmp_path / "b.json").write_bytes(f"[{inner}]".encode())
    assert find_raw(tmp_path / "b.json", [1])[1].content == inner.encode()


def test_json_inside_a_text_of_json_is_kept_as_the_record_that_was_read(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps({"data": json.dumps({"items": [{"id": 1}]})}))
    raw = find_raw(tmp_path / "a.json", [1], records="data.items")[1]
    assert raw.form == "record" and json.loads(raw.content) == {"id": 1}


def test_what_has_no_bytes_of_its_own_is_kept_as_the_record_that_was_read_and_called_so(tmp_path: Path) -> None:
    table = pa.table({"id": ["T1"], "at": [datetime(2026, 11, 20)], "raw": [b"\x01"], "price": [float("nan")]})
    pq.write_table(table, tmp_path / "a.parquet")
    raw = find_raw(tmp_path / "a.parquet", [1])[1]
    assert raw.form == "record" and json.loads(raw.content) == {"id": "T1", "at": "2026-11-20T00:00:00", "raw": "01", "price": "nan"}


def test_a_line_without_a_record_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"id": 1}\n')
    with pytest.raises(DataError, match=r"a.jsonl holds no record at line 7 \(1 of 2 lines\)"):
        find_raw(tmp_path / "a.jsonl", [1, 7])


CELL = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)


@given(rows=st.lists(st.tuples(CELL, CELL), min_size=1, max_size=6), ends=st.sampled_from(["\n", "\r\n"]))
def test_what_is_found_reads_alone_as_it_did_in_its_file(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str]], ends: str
) -> None:
    import csv

    path = tmp_path_factory.mktemp("rows") / "crawl.csv"
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream, lineterminator=ends).writerows([("mã", "tiêu đề", "sàn"), *(("T" + one, two, "x") for one, two in rows)])
    read = {line: record for batch in read_batches(path) for line, record in zip(batch.lines, batch.records, strict=True)}
    content = path.read_bytes()
    for line, raw in find_raw(path, list(read)).items():
        assert raw.content in content
        (path.parent / "alone.csv").write_bytes(raw.header + raw.content)
        assert [one for batch in read_batches(path.parent / "alone.csv") for one in batch.records] == [read[line]]


@pytest.fixture
def crawl_file(tmp_path: Path) -> Path:
    path = tmp_path / "crawl.csv"
    rows = ["sàn,mã tin,tiêu đề,mô tả,điện thoại,giá bán", f"sàn thử,T1,Giày,gọi {PHONE} nhé,900000001,100", f"sàn thử,T2,Túi,zalo {PHONE},,200"]
    path.write_text("\n".join([*rows, "sàn thử,T3,Ví,,,300"]) + "\n", encoding="utf-8")
    return path


def test_evidence_is_hashed_with_the_phone_numbers_in_and_shown_with_them_masked(crawl_file: Path, tmp_path: Path) -> None:
    (sealed,) = seal(listings(("A", "T1", "crawl.csv", 2)), crawls(crawl_file), tmp_path / "evidence")
    raw = crawl_file.read_bytes().splitlines(keepends=True)[1]
    assert sealed.listing.raw_sha256 == sha256(raw) and sealed.listing.bytes == len(raw) and PHONE.encode() in raw
    fields = dict(sealed.fields)
    assert fields["mô tả"] == "gọi 0900xxxxxx nhé" and fields["điện thoại"] == "9000xxxxx" and fields["giá bán"] == "100"
    assert (tmp_path / "evidence" / "raw" / f"{sha256(raw)}.raw").read_bytes() == raw
    assert b"0900" not in (tmp_path / "evidence" / "index.jsonl").read_bytes()


def test_evidence_can_be_read_by_its_owner_only(crawl_file: Path, tmp_path: Path) -> None:
    seal(listings(("A", "T1", "crawl.csv", 2)), crawls(crawl_file), tmp_path / "evidence")
    modes = {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "evidence").rglob("*") if path.is_file()}
    assert modes == {0o600} and stat.S_IMODE((tmp_path / "evidence" / "raw").stat().st_mode) == 0o700


def test_a_crawl_that_changed_since_the_run_is_refused_and_nothing_is_sealed(crawl_file: Path, tmp_path: Path) -> None:
    known = crawls(crawl_file)
    crawl_file.write_bytes(crawl_file.read_bytes() + b"\n")
    with pytest.raises(DataError, match="is not the file the run read"):
        seal(listings(("A", "T1", "crawl.csv", 2)), known, tmp_path / "evidence")
    with pytest.raises(DataError, match=r"no crawl file for 'other.csv'"):
        seal(listings(("A", "T1", "other.csv", 2)), known, tmp_path / "evidence")
    assert not (tmp_path / "evidence").exists()


def test_sealed_evidence_is_not_sealed_over(crawl_file: Path, tmp_path: Path) -> None:
    seal(listings(("A", "T1", "crawl.csv", 2)), crawls(crawl_file), tmp_path / "evidence")
    with pytest.raises(DataError, match="holds sealed evidence already"):
        seal(listings(("A", "T2", "crawl.csv", 3)), crawls(crawl_file), tmp_path / "evidence")


def test_evidence_goes_with_its_case_and_what_another_case_needs_stays(crawl_file: Path, tmp_path: Path) -> None:
    folder, log = tmp_path / "evidence", tmp_path / "log.jsonl"
    rows = listings(("A", "T1", "crawl.csv", 2), ("A", "T2", "crawl.csv", 3), ("B", "T2", "crawl.csv", 3))
    one, two, _ = seal(rows, crawls(crawl_file), folder)
    assert release(folder, "A", log=log, by="Người Thử", at=AT) == [one.listing.raw_sha256]
    left = {path.stem for path in (folder / "raw").iterdir()}
    assert left == {two.listing.raw_sha256, two.listing.header_sha256}
    assert release(folder, "B", log=log, by="Người Thử", at=AT) == sorted(left)
    assert not list((folder / "raw").iterdir()) and len(read_index((folder / "index.jsonl").read_bytes())) == 3
    with log.open("rb") as stream:
        assert [(entry.event, entry.facts["code"]) for entry in read_entries(stream)] == [("evidence_released", "A"), ("evidence_released", "B")]
    with pytest.raises(DataError, match="no evidence of case 'C'"):
        release(folder, "C", log=log, by="Người Thử", at=AT)


@pytest.fixture
def bundle(crawl_file: Path, tmp_path: Path) -> tuple[Path, Path]:
    folder, log = tmp_path / "bundle", tmp_path / "log.jsonl"
    seal(listings(("A", "T1", "crawl.csv", 2), ("B", "T2", "crawl.csv", 3)), crawls(crawl_file), folder / "evidence")
    append(log, "evidence_sealed", by="Người Thử", facts={"listings": 2}, at=AT)
    close_bundle(folder, what={"list": "48/2026"}, log=log, by="Người Thử", at=AT)
    return folder, log


def test_released_evidence_is_told_from_lost_evidence_by_the_log(bundle: tuple[Path, Path]) -> None:
    folder, log = bundle
    assert verify(folder, log=log).holds
    (gone,) = release(folder / "evidence", "A", log=log, by="Người Thử", at=AT)
    assert str(verify(folder).problems[0]) == f"evidence/raw/{gone}.raw: missing"
    verdict = verify(folder, log=log)
    assert verdict.holds and verdict.released == [f"evidence/raw/{gone}.raw"]
    for left in (folder / "evidence" / "raw").iterdir():
        left.unlink()
    assert not verify(folder, log=log).holds


def test_a_bundle_whose_index_names_bytes_it_never_held_does_not_hold(bundle: tuple[Path, Path]) -> None:
    folder, log = bundle
    index = folder / "evidence" / "index.jsonl"
    row = read_index(index.read_bytes())[0]
    index.write_bytes(index.read_bytes().replace(row.raw_sha256.encode(), b"0" * 64))
    close_bundle(folder, what={"list": "48/2026"}, log=log, by="Người Thử", at=AT)
    assert str(verify(folder).problems[0]).startswith("evidence/index.jsonl: names the raw bytes 0000")


def test_the_listings_of_a_finished_run_are_found_again_in_the_crawls_it_read(
    crawl: Callable[..., Path], finished: Callable[..., RunReport], tmp_path: Path
) -> None:
    said = f"hàng rep 1:1\nib {PHONE}"
    rows: list[dict[str, Any]] = [{"tiêu đề": f"Giày Nike rep 1:1 mẫu {n}", "mô tả": said, "giá bán": "100.000"} for n in range(3)]
    first, second = crawl(rows, "a.csv"), crawl([{**row, "mã gian hàng": "S2", "mã tin": f"U{n}"} for n, row in enumerate(rows)], "b.csv")
    report = finished(first, second)
    used = read_parquet(report.out / "work" / "target_listings.parquet")
    assert set(used["source_file"]) == {"a.csv", "b.csv"}
    known = crawls_of(report.out / "work", [first, second], load_mappings())
    sealed = seal(used, known, tmp_path / "evidence")
    assert [one.listing.row_hash for one in sealed] == list(used["row_hash"])
    for one, row in zip(sealed, used.itertuples(), strict=True):
        fields = dict(one.fields)
        assert fields["mã tin"] == row.listing_id and fields["tiêu đề"] == row.title and fields["mô tả"] == "hàng rep 1:1\nib 0900xxxxxx"
        raw = (tmp_path / "evidence" / "raw" / f"{one.listing.raw_sha256}.raw").read_bytes()
        assert raw in (tmp_path / row.source_file).read_bytes() and PHONE.encode() in raw
    with pytest.raises(DataError, match=r"read 2 files \(a.csv, b.csv\); name those, not 1 others"):
        crawls_of(report.out / "work", [first], load_mappings())


def test_the_demos_listings_are_all_found_again(demo: RunReport, tmp_path: Path) -> None:
    used = read_parquet(demo.out / "work" / "target_listings.parquet")
    sealed = seal(used, crawls_of(demo.out / "work", [configs_dir() / "demo"], load_mappings()), tmp_path / "evidence")
    assert len(sealed) == len(used) > 10
    for one, row in zip(sealed, used.itertuples(), strict=True):
        assert row.listing_id in dict(one.fields).values()


def test_the_sealed_bytes_alone_read_as_the_very_rows_that_were_scored(demo: RunReport, tmp_path: Path) -> None:
    used = read_parquet(demo.out / "work" / "target_listings.parquet")
    known = crawls_of(demo.out / "work", [configs_dir() / "demo"], load_mappings())
    sealed = seal(used, known, tmp_path / "evidence")
    formats = set()
    for name, crawl_file in known.items():
        rows = [one.listing for one in sealed if one.listing.source_file == name]
        # One file of the header, where there is one, and the lines; the same row twice is one row.
        hashes = dict.fromkeys([*(row.header_sha256 for row in rows if row.header_sha256), *(row.raw_sha256 for row in rows)])
        path = tmp_path / "again" / Path(name).name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"".join((tmp_path / "evidence" / raw_name(sha)).read_bytes() for sha in hashes))
        ingest([path], mappings=load_mappings(), out=tmp_path / path.stem, key=DEMO_KEY, source=crawl_file.mapping.name)
        again = pd.concat([read_parquet(part) for part in sorted((tmp_path / path.stem / "listings").glob("part-*.parquet"))])
        assert set(again["row_hash"]) == {row.row_hash for row in rows}
        formats |= {path.suffix}
    assert formats == {".csv", ".jsonl"}


@pytest.mark.real
@pytest.mark.skipif(not (REAL / "raw").is_dir(), reason="the real payloads are not beside the repository")
def test_every_listing_of_every_real_payload_is_found_again_in_its_own_bytes(tmp_path: Path) -> None:
    mappings, seen = load_mappings(), set()
    for path in sorted((REAL / "raw").iterdir()):
        report = ingest([path], mappings=mappings, out=tmp_path / path.stem, key=b"k")
        if not report.n_listings:
            continue
        rows = pd.concat([read_parquet(part) for part in (tmp_path / path.stem / "listings").glob("part-*.parquet")])
        found = find_raw(path, {int(line) for line in rows["source_line"]}, records=mappings[str(report.files[0].mapping)].records)
        assert set(found) == {int(line) for line in rows["source_line"]}
        content = path.read_bytes()
        for raw in found.values():
            assert raw.form in ("line", "object") and raw.content in content, path.name
        seen.add(path.suffix)
    assert seen == {".csv", ".json", ".jsonl"}
