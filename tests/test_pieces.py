"""A large file is read in pieces, by several processes: the same listings, quarantine and counts as in one."""

from __future__ import annotations

import json
from itertools import chain
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.sources.mapping import load_mappings
from pipeline.sources.pieces import line_pieces
from pipeline.sources.readers import pieces_of, read_batches
from pipeline.stages import ingest as ingesting
from pipeline.stages import ingest_groups, ingest_read
from pipeline.stages.ingest import IngestReport, ingest
from pipeline.store import parts, read_parquet

MAPPINGS = load_mappings()
KEY = ["source_file", "source_line"]


def row(number: int, **more: Any) -> dict[str, Any]:
    return {"platform": "x", "listing_id": str(number), "title": f"Áo {number}", "price_vnd": 100_000 + number, "captured_at": "2026-11-20"} | more


def lines() -> bytes:
    """Sixty rows behind a mark; among them broken and blank ones, one without an id, one that is no text, two that come again far below."""
    good = [json.dumps(row(number), ensure_ascii=False).encode() for number in range(60)]
    good[7:7] = [b"{broken", b"", json.dumps(row(0, listing_id=None)).encode()]
    good[40:40] = [good[3], b"", b'{"title": "\xff\xfe"}', good[20]]
    return b"\xef\xbb\xbf" + b"\n".join(good)  # no line end at the end


def written(folder: Path, kind: str) -> Path:
    path = folder / "crawl" / f"a.{kind}"
    path.parent.mkdir()
    if kind == "jsonl":
        path.write_bytes(lines())
    else:
        rows = [*(row(number) for number in range(30)), row(3), row(0, title=None), *(row(number) for number in range(20, 50))]
        pq.write_table(pa.Table.from_pylist(rows), path, row_group_size=6)
    return path


def taken(crawl: Path, out: Path, **options: Any) -> IngestReport:
    return ingest([crawl], mappings=MAPPINGS, out=out, key=b"k", partition_rows=7, **options)


def rows(out: Path) -> pd.DataFrame:
    return pd.concat([read_parquet(part) for part in parts(out / "listings")], ignore_index=True)


def in_pieces(patch: pytest.MonkeyPatch, size: int) -> None:
    patch.setattr(ingest_groups, "_MOST", size)


@pytest.mark.parametrize(("kind", "size"), [("jsonl", 300), ("jsonl", 1_500), ("parquet", 1), ("parquet", 2_000)])
def test_pieces_of_a_file_give_what_the_file_gives(kind: str, size: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    crawl = written(tmp_path, kind)
    whole = taken(crawl, tmp_path / "whole")
    in_pieces(monkeypatch, size)
    n_pieces = len(pieces_of(crawl, size))
    looked_at, own = [], ingest_read.detect
    monkeypatch.setattr(ingest_read, "detect", lambda path, known: looked_at.append(path) or own(path, known))
    report = taken(crawl, tmp_path / "cut")
    assert looked_at == [crawl]
    assert n_pieces > 2 and len(list((tmp_path / "cut" / "ingest").glob("*.json"))) == n_pieces
    assert report == whole and [one.file for one in report.files] == [crawl.name]
    assert report.n_listings + report.n_quarantined == report.n_read and report.files[0].quarantined["duplicate_key"] > 1
    pd.testing.assert_frame_equal(rows(tmp_path / "cut"), rows(tmp_path / "whole"))
    quarantine = [read_parquet(tmp_path / name / "quarantine.parquet").sort_values(KEY, ignore_index=True) for name in ("cut", "whole")]
    pd.testing.assert_frame_equal(*quarantine)


def test_two_processes_leave_the_bytes_of_one_and_a_stopped_run_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    crawl = written(tmp_path, "jsonl")
    in_pieces(monkeypatch, 1_500)
    taken(crawl, tmp_path / "one")
    read, own = [], ingesting.read_group

    def stops(task: Any, **options: Any) -> Any:
        read.append(task.group.name[-6:])
        if read == ["p00000", "p00001", "p00002"]:
            raise KeyboardInterrupt
        return own(task, **options)

    with monkeypatch.context() as patched:
        patched.setattr(ingesting, "read_group", stops)
        with pytest.raises(KeyboardInterrupt):
            taken(crawl, tmp_path / "stopped")
        taken(crawl, tmp_path / "stopped")
    assert read[3] == "p00002"
    with monkeypatch.context() as patched:
        patched.setattr(ingesting, "_WORTH_PROCESSES", 0)
        taken(crawl, tmp_path / "two", n_jobs=2)
    left = [{p.relative_to(tmp_path / name): p.read_bytes() for p in (tmp_path / name).rglob("*.parquet")} for name in ("one", "stopped", "two")]
    assert left[0] == left[1] == left[2]


def test_what_is_wrong_with_one_piece_leaves_the_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    crawl = written(tmp_path, "parquet")
    content = bytearray(crawl.read_bytes())
    group = pq.read_metadata(crawl).row_group(4)
    begin = min(group.column(at).dictionary_page_offset or group.column(at).data_page_offset for at in range(group.num_columns))
    content[begin : begin + 200] = b"\xff" * 200
    crawl.write_bytes(content)
    in_pieces(monkeypatch, 1)
    report = taken(crawl, tmp_path / "out", source="listing_table")
    assert report.files[0].error is not None and report.files[0].error.startswith("cannot read a.parquet")
    assert report.n_read == 62 - 6 == report.n_listings + report.n_quarantined


def test_what_cannot_be_cut_is_read_whole(tmp_path: Path) -> None:
    text = "platform,listing_id\n" + "x,1\n" * 100
    for name in ("a.csv", "a.json"):
        (tmp_path / name).write_text(text, encoding="utf-8")
        assert pieces_of(tmp_path / name, 10) == []
    (tmp_path / "wide.jsonl").write_bytes(text.encode("utf-16"))
    (tmp_path / "half.parquet").write_bytes(b"PAR1" + bytes(100))
    pq.write_table(pa.table({"title": ["a"] * 9}), tmp_path / "packed.parquet.gz", row_group_size=3)
    assert not any(pieces_of(tmp_path / name, 10) for name in ("wide.jsonl", "half.parquet", "packed.parquet.gz"))


@given(st.lists(st.binary(max_size=12).filter(lambda line: b"\n" not in line), max_size=30), st.integers(1, 40), st.booleans())
def test_pieces_of_lines_are_the_file_and_know_their_numbers(
    tmp_path_factory: pytest.TempPathFactory, own: list[bytes], size: int, ended: bool
) -> None:
    path = tmp_path_factory.mktemp("lines") / "a.jsonl"
    path.write_bytes(content := b"x" + b"\n".join(own) + (b"\n" if ended else b""))
    found = line_pieces(path, size)
    assert b"".join(content[one.begin : one.end] for one in found) == content
    assert [one.before for one in found] == [content[: one.begin].count(b"\n") for one in found]
    assert all(content[one.end - 1 : one.end] == b"\n" and one.end - one.begin >= size for one in found[:-1])


def test_entries_of_pieces_are_those_of_the_file(tmp_path: Path) -> None:
    path = written(tmp_path, "jsonl")

    def entries(*pieces: Any) -> list[Any]:
        batches = [batch for piece in pieces for batch in read_batches(path, piece=piece)]
        return [[*zip(batch.lines, batch.records, strict=True)] + batch.rejected for batch in batches]

    whole, cut = entries(None), entries(*pieces_of(path, 400))
    assert len(cut) > 5
    assert sorted(map(repr, chain(*cut))) == sorted(map(repr, chain(*whole)))
