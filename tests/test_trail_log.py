"""The log can be added to and not rewritten unseen, survives a stopped writer, and holds nobody's data."""

from __future__ import annotations

import json
import multiprocessing
import pickle
import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.errors import DataError
from pipeline.lock import Locked
from pipeline.trail import log as log_module
from pipeline.trail.canonical import canonical
from pipeline.trail.chain import START, BrokenChain, TornLine, entry_hash, read_entries
from pipeline.trail.log import append, copy_log, salted

AT = datetime(2026, 11, 25, 3, 0, tzinfo=UTC)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "trail" / "log.jsonl"
    for number in range(1, 6):
        append(path, "list_made", by="Người Thử", facts={"list": f"{number}/2026", "targets": number}, at=AT)
    return path


def lines(log: Path) -> list[bytes]:
    return log.read_bytes().splitlines(keepends=True)


def first_problem(content: list[bytes]) -> str:
    with pytest.raises(BrokenChain) as caught:
        list(read_entries(content))
    return str(caught.value)


def test_every_line_names_who_what_when_and_the_line_before(log: Path) -> None:
    entries = list(read_entries(lines(log)))
    assert [entry.n for entry in entries] == [1, 2, 3, 4, 5] and entries[0].before == START
    assert [entry.before for entry in entries[1:]] == [entry.hash for entry in entries[:-1]]
    assert {entry.at for entry in entries} == {"2026-11-25T03:00:00Z"} and all(entry.user and entry.by == "Người Thử" for entry in entries)
    assert stat.S_IMODE(log.stat().st_mode) == 0o600


def test_a_line_taken_out_put_in_moved_or_changed_is_named(log: Path) -> None:
    one, two, three, four, five = lines(log)
    assert first_problem([one, two, four, five]) == "line 3: entry 4 stands where entry 3 should: an entry before it is missing"
    assert first_problem([one, three, two, four, five]).startswith("line 2: entry 3 stands where entry 2 should")
    assert first_problem([one, two, two, three]).startswith("line 3: entry 2 stands where entry 3 should: it stands a second time")
    assert first_problem([one, two.replace(b'"targets":2', b'"targets":7'), three]).startswith("line 2: entry 2 was changed")
    assert first_problem([one, two, b"{}\n"]) == "line 3: no log entry as it was written"
    assert first_problem([two, three]).startswith("line 1: entry 2 stands where entry 1 should")


def test_a_line_replaced_with_a_right_hash_of_its_own_breaks_the_line_below(log: Path) -> None:
    one, two, three, *_ = lines(log)
    forged = json.loads(two)
    forged["facts"]["targets"] = 7
    forged["hash"] = entry_hash(forged)
    assert first_problem([one, canonical(forged) + b"\n", three]).startswith("line 3: entry 3 does not follow the line above it")


def test_a_number_written_as_text_is_no_entry(log: Path) -> None:
    odd = json.loads(lines(log)[0])
    odd["n"] = "1"
    odd["hash"] = entry_hash(odd)
    assert first_problem([canonical(odd) + b"\n"]) == "line 1: no log entry as it was written"


@given(place=st.integers(0, 10_000), bit=st.integers(0, 7))
def test_no_bit_of_a_log_can_be_turned_unseen(tmp_path_factory: pytest.TempPathFactory, place: int, bit: int) -> None:
    path = tmp_path_factory.mktemp("bits") / "log.jsonl"
    for number in range(3):
        append(path, "list_made", by="Người Thử", facts={"n": number}, at=AT)
    content = bytearray(path.read_bytes())
    content[place % len(content)] ^= 1 << bit
    path.write_bytes(content)
    with path.open("rb") as stream, pytest.raises(BrokenChain):
        list(read_entries(stream))


def test_a_line_a_stopped_writer_left_half_is_told_from_a_changed_one(log: Path) -> None:
    whole = log.read_bytes()
    log.write_bytes(whole[:-20])
    with log.open("rb") as stream, pytest.raises(TornLine, match="the 4 lines before it hold"):
        list(read_entries(stream))


def test_the_next_writer_keeps_the_half_line_beside_the_log_says_so_and_goes_on(log: Path) -> None:
    torn = lines(log)[-1][:-20]
    log.write_bytes(log.read_bytes()[:-20])
    append(log, "list_issued", by="Người Thử", facts={"list": "48/2026"}, at=AT)
    entries = list(read_entries(lines(log)))
    assert [entry.event for entry in entries] == ["list_made"] * 4 + ["torn_line_set_aside", "list_issued"]
    assert entries[4].facts["bytes"] == len(torn)
    (kept,) = log.parent.glob("log.jsonl.torn-*")
    assert kept.read_bytes() == torn and stat.S_IMODE(kept.stat().st_mode) == 0o600


def test_a_log_of_nothing_but_half_a_line_begins_again(tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    log.write_bytes(b'{"n":1')
    append(log, "list_made", by="Người Thử", facts={}, at=AT)
    assert [entry.event for entry in read_entries(lines(log))] == ["torn_line_set_aside", "list_made"]


def test_nothing_is_added_below_an_end_that_was_changed(log: Path) -> None:
    before = log.read_bytes().replace(b'"targets":5', b'"targets":6')
    log.write_bytes(before)
    with pytest.raises(DataError, match="was changed; run soihang verify"):
        append(log, "list_made", by="Người Thử", facts={}, at=AT)
    assert log.read_bytes() == before


def test_a_hash_whose_digits_look_like_a_phone_is_still_a_hash(tmp_path: Path) -> None:
    facts = {"run_id": "ab0900000001cdef", "files": "0900000001" + "ab" * 27}
    assert append(tmp_path / "log.jsonl", "list_made", by="Thu Hà", facts=facts).facts == facts


@pytest.mark.parametrize(
    "facts",
    [{"seller": "Shop Giày Rẻ"}, {"phone": "0900000001"}, {"ids": ["a1", "0900000001"]}, {"reason": "bán hàng nhái"}, {"Tên": "x"}, {"risk": 0.5}],
    ids=str,
)
def test_text_numbers_of_phones_and_names_do_not_get_into_the_log(tmp_path: Path, facts: dict[str, object]) -> None:
    with pytest.raises(DataError):
        append(tmp_path / "log.jsonl", "list_made", by="Người Thử", facts=facts, at=AT)
    assert not (tmp_path / "log.jsonl").exists()


def test_a_salted_hash_of_a_text_gets_in_and_says_nothing_without_the_salt(tmp_path: Path) -> None:
    entry = append(tmp_path / "log.jsonl", "list_made", by="Người Thử", facts={"seller": salted("Shop Giày Rẻ", b"salt")}, at=AT)
    assert entry.facts["seller"] == salted("Shop Giày Rẻ", b"salt") != salted("Shop Giày Rẻ", b"other")


@pytest.mark.parametrize(("event", "by"), [("list_burnt", "Người Thử"), ("list_made", " "), ("list_made", "x\ny"), ("list_made", "x" * 201)])
def test_unknown_events_and_nameless_people_are_refused(tmp_path: Path, event: str, by: str) -> None:
    with pytest.raises(DataError):
        append(tmp_path / "log.jsonl", event, by=by, facts={}, at=AT)


def test_an_entry_too_long_for_a_line_is_refused_and_leaves_the_log_as_it_was(log: Path) -> None:
    before = log.read_bytes()
    with pytest.raises(DataError, match="log a hash"):
        append(log, "list_made", by="Người Thử", facts={"ids": ["a" * 150] * 1000}, at=AT)
    assert log.read_bytes() == before


def _write_ten(log: Path) -> None:
    for number in range(10):
        append(log, "list_exported", by="Người Thử", facts={"n": number}, at=AT)


def test_writers_at_the_same_time_take_turns(tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    writers = [multiprocessing.get_context("fork").Process(target=_write_ten, args=(log,)) for _ in range(3)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert [writer.exitcode for writer in writers] == [0, 0, 0]
    assert len(list(read_entries(lines(log)))) == 30


def test_a_writer_that_never_lets_go_is_named(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_module, "_WAIT_SECONDS", 0.05)
    with log_module._opened(log), pytest.raises(Locked, match="another writer"):
        append(log, "list_made", by="Người Thử", facts={}, at=AT)


def test_a_copy_holds_whole_lines_only_and_refuses_a_broken_chain(log: Path, tmp_path: Path) -> None:
    whole = log.read_bytes()
    log.write_bytes(whole + b'{"n":6')
    assert copy_log(log, tmp_path / "copy.jsonl").n == 5
    assert (tmp_path / "copy.jsonl").read_bytes() == whole
    log.write_bytes(b"".join(lines(log)[1:]))
    with pytest.raises(BrokenChain):
        copy_log(log, tmp_path / "copy2.jsonl")


def test_the_errors_can_cross_to_another_process() -> None:
    broken = pickle.loads(pickle.dumps(BrokenChain(3, "why")))
    assert (broken.line, broken.problem, str(broken)) == (3, "why", "line 3: why")
