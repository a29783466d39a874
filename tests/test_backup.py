"""A backup gives back the same lists byte for byte, the same facts, and never the keys with them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import select

from features.errors import ConfigError, DataError
from pipeline.backup import MANIFEST, backup, checked, put_keys, restore, save_keys
from pipeline.config import contact_key, key_path
from pipeline.privacy.erase import Wish, erase, find
from pipeline.privacy.roles import role_named
from pipeline.register.connect import connected
from pipeline.register.facts import add
from pipeline.register.lists import issued_rows
from pipeline.register.schema import METADATA, OUTCOMES, SANCTION_DECISIONS
from pipeline.register.watch import watch
from pipeline.sharing.expiry import load_sharing_rule
from pipeline.sharing.export import make_package
from pipeline.sharing.take import known_violators, take_package
from pipeline.trail.closing import close_bundle
from pipeline.trail.log import append
from pipeline.trail.verify import verify
from tests.returned_lists import register
from tests.test_tracking_server import database

# The fixture is found by its name.
assert database

KEY, NOW = b"k" * 32, datetime(2026, 12, 1, 2, 3, 4, 5678, tzinfo=UTC)


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """An installation: a closed list with evidence and log, state with a private file, settings, and a register with facts of every type."""
    root = tmp_path / "here"
    bundle = root / "issued" / "2026-W48" / "ban-1"
    (bundle / "plans").mkdir(parents=True)
    (bundle / "plans" / "AG.xlsx").write_bytes(bytes(range(256)) * 40)
    (bundle / "targets.parquet").write_bytes(b"PAR1 not really")
    (bundle / "evidence" / "raw").mkdir(parents=True)
    raw = bundle / "evidence" / "raw" / "a.raw"
    raw.write_bytes("Giày rep 1:1 zalo 0900000001\n".encode())
    raw.chmod(0o600)
    append(root / "issued" / "log.jsonl", "list_issued", by="Người thử", facts={"list": "48/2026"})
    close_bundle(bundle, what={"list": "48/2026", "version": 1}, log=root / "issued" / "log.jsonl", by="Người thử")
    (root / "state").mkdir()
    (root / "state" / "informants.private.jsonl").write_text('{"complaint_id": "c1"}\n', encoding="utf-8")
    (root / "state" / "informants.private.jsonl").chmod(0o600)
    (root / "configs").mkdir()
    (root / "configs" / "run.yaml").write_text("seed: 1\n", encoding="utf-8")
    with register(root / "state" / "soihang.db") as connection:
        add(connection, OUTCOMES, [outcome(), outcome(supersedes=1, status="confirmed", usefulness=4, happened_on=date(2026, 11, 30))])
        add(connection, SANCTION_DECISIONS, [decision()])
        watch(connection, "shopee", "S1", why="có dấu hiệu", by="Người thử", until=date(2027, 1, 1))
    return root


def outcome(**changed: Any) -> dict[str, Any]:
    row = dict.fromkeys([column.name for column in OUTCOMES.columns if column.name != "id"])
    given = {"issued_row_id": 1, "platform": "shopee", "seller_id": "S1", "status": "pending", "known_at": NOW, "source": "inspection"}
    return row | given | {"selection_probability": 0.1, "recorded_at": NOW} | changed


def decision() -> dict[str, Any]:
    row = dict.fromkeys([column.name for column in SANCTION_DECISIONS.columns if column.name != "id"])
    given = {"issued_row_id": 1, "platform": "shopee", "seller_id": "S1", "number": "1/QĐ", "decided_on": date(2026, 12, 1)}
    return row | given | {"fine_vnd": 5_000_000_000, "passed_to_investigators": True, "recorded_at": NOW}


def folders(root: Path) -> dict[str, Path]:
    return {name: root / name for name in ("issued", "state", "configs")}


def made(here: Path, target: Path) -> Path:
    backup(target, folders(here), database=str(here / "state" / "soihang.db"), key=KEY)
    return target


def contents(root: Path) -> dict[str, tuple[bytes, int]]:
    """Bytes and mode of every file that is no database and no lock."""
    return {
        path.relative_to(root).as_posix(): (path.read_bytes(), path.stat().st_mode & 0o777)
        for path in sorted(root.rglob("*")) if path.is_file() and path.suffix not in (".db", ".lock")
    }  # fmt: skip


def facts(url: str) -> dict[str, list[dict[str, Any]]]:
    with connected(url) as connection:
        return {
            table.name: [dict(row) for row in connection.execute(select(table).order_by(table.c.id)).mappings()] for table in METADATA.sorted_tables
        }


def test_lists_evidence_log_state_and_settings_come_back_byte_for_byte(here: Path, tmp_path: Path) -> None:
    kept = restore(made(here, tmp_path / "kept"), folders(tmp_path / "there"), database=str(tmp_path / "there" / "state" / "soihang.db"), key=KEY)
    assert contents(tmp_path / "there") == contents(here) and len(contents(here)) == 8
    assert verify(tmp_path / "there" / "issued" / "2026-W48" / "ban-1").holds
    assert kept.rows["outcomes"] == 2 and kept.rows["issued_rows"] == 8


def test_the_register_comes_back_with_every_fact_and_goes_on_counting(here: Path, tmp_path: Path) -> None:
    before = facts(str(here / "state" / "soihang.db"))
    restore(made(here, tmp_path / "kept"), folders(tmp_path / "there"), database=str(tmp_path / "r.db"), key=KEY)
    assert facts(str(tmp_path / "r.db")) == before and before["outcomes"][1]["known_at"] == NOW
    with connected(str(tmp_path / "r.db")) as connection:
        assert add(connection, OUTCOMES, [outcome(seller_id="S2")]) == [3] and len(issued_rows(connection)) == 8


def test_a_backup_of_sqlite_is_restored_into_postgresql_and_back(here: Path, tmp_path: Path, empty: str) -> None:
    before = facts(str(here / "state" / "soihang.db"))
    restore(made(here, tmp_path / "kept"), folders(tmp_path / "there"), database=empty, key=KEY)
    assert facts(empty) == before
    with connected(empty) as connection:
        assert add(connection, OUTCOMES, [outcome(seller_id="S2")]) == [3]
    backup(tmp_path / "again", {}, database=empty, key=KEY)
    restore(tmp_path / "again", {}, database=str(tmp_path / "r.db"), key=KEY)
    assert len(facts(str(tmp_path / "r.db"))["outcomes"]) == 3


def test_sharing_and_erasing_work_in_postgresql_too(here: Path, tmp_path: Path, empty: str) -> None:
    backup(tmp_path / "kept", {}, database=str(here / "state" / "soihang.db"), key=KEY)
    restore(tmp_path / "kept", {}, database=empty, key=KEY)
    rule, today = load_sharing_rule(), date(2026, 12, 20)
    with connected(empty) as connection:
        made = make_package(
            connection, role_name="doi", role=role_named("lap_danh_sach"), unit="U", authority=None, as_of=today, key=KEY, rule=rule
        )
        assert take_package(connection, made, sha256="a" * 64, own_id="0" * 16, today=today).added == 1
        assert known_violators(connection, today=today, rule=rule)["number"].tolist() == ["1/QĐ", "1/QĐ"]
    wish = Wish("seller", "S1", "shopee")
    done = erase(wish, [], empty, state=tmp_path / "state", key=KEY, log=tmp_path / "log.jsonl", by="Người thử", why="đơn", today=today)
    assert done.left == [] and done.changed["register: shared_facts"] == 1
    with connected(empty) as connection:
        assert find(wish, [], connection, key=KEY) == [] and not len(known_violators(connection, today=today, rule=rule))


@pytest.fixture
def empty(database: str) -> Iterator[str]:
    """A database of this test in PostgreSQL."""
    admin = sa.create_engine(database, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(sa.text("drop database if exists backup_test"))
        connection.execute(sa.text("create database backup_test"))
    yield database.rsplit("/", 1)[0] + "/backup_test"
    admin.dispose()


def test_the_same_state_gives_the_same_files(here: Path, tmp_path: Path) -> None:
    first, second = made(here, tmp_path / "a"), made(here, tmp_path / "b")
    read = [json.loads((one / MANIFEST).read_text(encoding="utf-8"))["files"] for one in (first, second)]
    assert read[0] == read[1]


@pytest.mark.parametrize(
    ("harm", "words"),
    [
        (lambda kept: (kept / "issued" / "2026-W48" / "ban-1" / "plans" / "AG.xlsx").write_bytes(b"x"), "AG.xlsx is changed"),
        (lambda kept: (kept / "register" / "outcomes.jsonl").unlink(), "outcomes.jsonl is missing"),
        (lambda kept: (kept / "state" / "new.json").write_text("{}"), "new.json is not in its manifest"),
        (lambda kept: (kept / MANIFEST).unlink(), "no whole backup"),
        (lambda kept: (kept / MANIFEST).write_text('{"format": "soihang-backup-9"}'), "reads soihang-backup-1"),
    ],
    ids=["changed", "missing", "added", "no manifest", "other format"],
)
def test_a_damaged_backup_is_named_and_nothing_is_written(here: Path, tmp_path: Path, harm: Any, words: str) -> None:
    kept = made(here, tmp_path / "kept")
    harm(kept)
    with pytest.raises(DataError, match=words):
        restore(kept, folders(tmp_path / "there"), database=str(tmp_path / "there.db"), key=KEY)
    assert not (tmp_path / "there").exists() and not (tmp_path / "there.db").exists()


def test_nothing_that_is_there_is_written_over(here: Path, tmp_path: Path) -> None:
    kept, before = made(here, tmp_path / "kept"), contents(here)
    with pytest.raises(DataError, match="not empty"):
        restore(kept, folders(here), database=str(tmp_path / "r.db"), key=KEY)
    with pytest.raises(DataError, match="holds facts already"):
        restore(kept, folders(tmp_path / "there"), database=str(here / "state" / "soihang.db"), key=KEY)
    with pytest.raises(DataError, match="exists"):
        made(here, kept)
    assert contents(here) == before and not (tmp_path / "there").exists()


def test_a_backup_that_was_stopped_is_no_backup_and_the_next_one_is_whole(here: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(shutil, "copyfile", full)
        with pytest.raises(Exception, match="No space left"):
            made(here, tmp_path / "kept")
    assert not (tmp_path / "kept").exists()
    assert checked(made(here, tmp_path / "kept"))["rows"]["outcomes"] == 2


def test_a_backup_inside_what_it_keeps_is_refused(here: Path) -> None:
    with pytest.raises(DataError, match="name a place elsewhere"):
        made(here, here / "state" / "kept")


def test_keys_lie_apart_and_come_back_readable_by_their_owner_alone(here: Path, tmp_path: Path) -> None:
    kept, key = made(here, tmp_path / "kept"), contact_key()
    with pytest.raises(DataError, match="must not get the keys"):
        save_keys(kept / "keys.json", {"contact.key": key_path()}, apart_from=kept)
    assert save_keys(tmp_path / "keys.json", {"contact.key": key_path(), "signing.key": tmp_path / "none"}, apart_from=kept) == ["contact.key"]
    assert not any(key in content for content, _ in contents(kept).values()) and (tmp_path / "keys.json").stat().st_mode & 0o777 == 0o600
    place = tmp_path / "new" / "contact.key"
    assert put_keys(tmp_path / "keys.json", {"contact.key": place}) == ["contact.key"]
    assert place.read_bytes() == key and place.stat().st_mode & 0o777 == 0o600
    place.write_bytes(b"other")
    with pytest.raises(ConfigError, match="another key"):
        put_keys(tmp_path / "keys.json", {"contact.key": place})
    assert place.read_bytes() == b"other"


def test_a_restore_under_another_key_is_refused_because_its_hashes_would_join_nothing(here: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="give the right one with --keys"):
        restore(made(here, tmp_path / "kept"), folders(tmp_path / "there"), database=str(tmp_path / "r.db"), key=b"o" * 32)


def test_nobody_else_can_read_a_backup(here: Path, tmp_path: Path) -> None:
    kept = made(here, tmp_path / "kept")
    assert kept.stat().st_mode & 0o077 == 0 and (kept / "register" / "outcomes.jsonl").stat().st_mode & 0o077 == 0
