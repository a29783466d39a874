"""The register: the same in SQLite and PostgreSQL, made and upgraded whole or not at all, added to and never changed."""

from __future__ import annotations

import ast
import stat
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy.exc import IntegrityError, StatementError

from features.errors import ConfigError, DataError
from pipeline.register import schema
from pipeline.register.connect import DatabaseAway, WrittenMeanwhile, alone, connected, database_url
from pipeline.register.coverage import coverage
from pipeline.register.export import outcomes_table
from pipeline.register.facts import add, add_chains, history, standing
from pipeline.register.lists import issued_list, issued_rows, record_list
from pipeline.register.upgrade import VERSION_TABLE, OldRegister, form_of, ready, upgrade
from pipeline.register.watch import seller_history, unwatch, watch, watch_list
from tests.conftest import ROOT
from tests.returned_lists import CODES, issued, opinions, results, take
from tests.test_tracking_server import database

# The fixture is found by its name.
assert database

NOW = datetime(2026, 12, 1, tzinfo=UTC)


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty database of either kind."""
    if request.param == "sqlite":
        yield str(tmp_path / "soihang.db")
        return
    server = str(request.getfixturevalue("database"))
    engine = sa.create_engine(server)
    with engine.begin() as connection:
        connection.execute(sa.text("drop schema public cascade"))
        connection.execute(sa.text("create schema public"))
    engine.dispose()
    yield server


def outcome(**changed: Any) -> dict[str, Any]:
    row: dict[str, Any] = {
        "issued_row_id": None, "returned_row_id": None, "platform": "shopee", "seller_id": "S1", "listing_id": None, "status": "pending",
        "behaviours": None, "happened_on": date(2026, 11, 25), "known_at": NOW, "source": "inspection", "authority": None,
        "selection_probability": None, "usefulness": None, "note": None, "supersedes": None, "recorded_at": NOW,
    }  # fmt: skip
    return row | changed


def test_an_empty_database_is_made_on_first_use_and_is_what_the_schema_says(url: str) -> None:
    with connected(url) as connection:
        assert form_of(connection).version is None
        ready(connection)
        assert form_of(connection).is_current
        ours = {"version_table": VERSION_TABLE, "compare_type": True}
        assert compare_metadata(MigrationContext.configure(connection, opts=ours), schema.METADATA) == []
        checks = {name: {one["name"] for one in sa.inspect(connection).get_check_constraints(name)} for name in schema.METADATA.tables}
    for name, table in schema.METADATA.tables.items():
        wanted = {str(one.name) for one in table.constraints if isinstance(one, sa.CheckConstraint) and not one._type_bound}
        assert {f"ck_{name}_{one}" if not one.startswith("ck_") else one for one in wanted} == checks[name], name


def test_another_programmes_alembic_version_beside_it_stays_as_it_is(url: str) -> None:
    with connected(url) as connection:
        connection.execute(sa.text("create table alembic_version (version_num varchar(32))"))
        connection.execute(sa.text("insert into alembic_version values ('mlflow')"))
        ready(connection)
        assert connection.execute(sa.text("select version_num from alembic_version")).scalars().all() == ["mlflow"]


def test_a_stopped_upgrade_leaves_nothing(url: str) -> None:
    with pytest.raises(RuntimeError, match="stopped"), connected(url) as connection:
        upgrade(connection)
        raise RuntimeError("stopped")
    with connected(url) as connection:
        assert form_of(connection).version is None and not sa.inspect(connection).has_table("outcomes")


def test_a_database_with_facts_in_an_older_form_waits_for_a_person(url: str) -> None:
    with connected(url) as connection:
        ready(connection)
        connection.execute(sa.text(f"update {VERSION_TABLE} set version_num = '0001'"))
        with pytest.raises(OldRegister, match="back it up, then run soihang db upgrade"):
            ready(connection)


def test_a_database_of_a_newer_soihang_is_left_alone(url: str) -> None:
    with connected(url) as connection:
        ready(connection)
        connection.execute(sa.text(f"update {VERSION_TABLE} set version_num = '9999'"))
        for action in (ready, upgrade):
            with pytest.raises(OldRegister, match="update SoiHàng"):
                action(connection)


def test_strangers_tables_of_the_same_names_are_refused(url: str) -> None:
    with connected(url) as connection:
        connection.execute(sa.text("create table outcomes (id integer)"))
        with pytest.raises(OldRegister, match="not ours"):
            ready(connection)


def test_a_correction_stands_and_what_it_corrects_stays(url: str) -> None:
    with connected(url) as connection:
        ready(connection)
        first, other = add(connection, schema.OUTCOMES, [outcome(), outcome(seller_id="S2")])
        corrections = [outcome(status="referred", supersedes=first), outcome(status="confirmed")]
        add_chains(connection, schema.OUTCOMES, [corrections, [outcome(seller_id="S3")]])
        table = standing(connection, schema.OUTCOMES)
        assert dict(zip(table["seller_id"], table["status"], strict=True)) == {"S1": "confirmed", "S2": "pending", "S3": "pending"}
        last = int(table.set_index("seller_id").loc["S1", "id"])
        assert history(connection, schema.OUTCOMES, last)["status"].tolist() == ["confirmed", "referred", "pending"]
        assert history(connection, schema.OUTCOMES, other)["status"].tolist() == ["pending"]
        assert table["known_at"].tolist() == [NOW] * 3 and table["happened_on"].tolist() == [date(2026, 11, 25)] * 3


def test_the_register_can_be_read_as_it_stood_on_a_day(url: str) -> None:
    later = datetime(2026, 12, 20, tzinfo=UTC)
    with connected(url) as connection:
        ready(connection)
        (first,) = add(connection, schema.OUTCOMES, [outcome()])
        add(connection, schema.OUTCOMES, [outcome(status="confirmed", supersedes=first, known_at=later)])
        then = standing(connection, schema.OUTCOMES, known_until=datetime(2026, 12, 19, tzinfo=UTC))
        assert then["status"].tolist() == ["pending"]
        assert standing(connection, schema.OUTCOMES, known_until=later)["status"].tolist() == ["confirmed"]


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"status": "guilty"}, IntegrityError), ({"usefulness": 6}, IntegrityError), ({"seller_id": None}, IntegrityError),
        ({"issued_row_id": 77}, IntegrityError), ({"known_at": datetime(2026, 12, 1)}, StatementError),
    ],
)  # fmt: skip
def test_what_no_outcome_can_be_is_refused_by_the_database_itself(url: str, wrong: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error), connected(url) as connection:
        ready(connection)
        add(connection, schema.OUTCOMES, [outcome(**wrong)])


def test_two_people_cannot_correct_the_same_fact_to_different_things(url: str) -> None:
    with pytest.raises(WrittenMeanwhile, match="run the command again"), connected(url) as connection:
        ready(connection)
        (first,) = add(connection, schema.OUTCOMES, [outcome()])
        add(connection, schema.OUTCOMES, [outcome(status="confirmed", supersedes=first), outcome(status="cleared", supersedes=first)])


def test_who_writes_is_waited_for(database: str) -> None:
    """SQLite lets one writer in by itself; in PostgreSQL the second one waits before it reads what stands."""
    with connected(database) as one, pytest.raises(DatabaseAway, match="lock timeout"), connected(database) as other:
        alone(one)
        other.execute(sa.text("set lock_timeout = '100ms'"))
        alone(other)


def test_a_list_is_recorded_once_and_never_changed(url: str) -> None:
    with connected(url) as connection:
        ready(connection)
        assert record_list(connection, issued()) is not None
        assert record_list(connection, issued()) is None
        with pytest.raises(DataError, match="issue a correction as the next version"):
            record_list(connection, issued(standing="Dự bị"))
        assert len(issued_rows(connection)) == len(CODES)


def test_of_a_corrected_list_the_latest_row_of_a_code_counts_and_keeps_its_first_id(url: str) -> None:
    with connected(url) as connection:
        ready(connection)
        record_list(connection, issued())
        record_list(connection, issued(version=2, codes=CODES[:6], standing="Dự bị"))
        rows = issued_rows(connection).set_index("code")
        assert rows["standing"].tolist() == ["Dự bị"] * 6 + ["Chính thức"] * 2
        assert rows["first_id"].tolist() == list(range(1, 9))
        assert rows["stands"].tolist() == [True] * 6 + [False] * 2


def test_an_issued_bundle_becomes_a_list_of_rows_with_their_listings() -> None:
    targets = pd.DataFrame(
        {
            "code": CODES[:2], "authority": "An Giang", "platform": "shopee", "seller_id": ["S1", None], "seller_name": ["Shop", None],
            "subject_kind": ["seller", "listing"], "standing": ["Chính thức", "Chờ"], "behaviours": [["counterfeit", "scam"], []],
            "probability": [0.4, None], "selection": ["Theo mức ưu tiên", "Chưa chọn"], "selection_probability": [1.0, 0.2],
        }
    )  # fmt: skip
    listings = pd.DataFrame({"code": [CODES[0], CODES[0], CODES[1]], "listing_id": ["L1", "L2", "L9"]})
    what = {"list": "48/2026", "version": 1, "kind": "weekly", "as_of": "2026-11-23"}
    made = issued_list(what, targets, listings, due_after_days=14)
    first, second = made.rows.to_dict("records")
    assert made.due_on == date(2026, 12, 7)
    # 23:00 in UTC is the next day in Viet Nam, and the next day's list has a fortnight from then.
    assert issued_list(what | {"issued_at": "2026-11-24T23:00:00Z"}, targets, listings, due_after_days=14).due_on == date(2026, 12, 9)
    assert (first["behaviours"], first["listing_id"], first["listing_ids"]) == ("counterfeit,scam", None, '["L1", "L2"]')
    # Nobody drew a row that waits, whatever its chance was.
    assert (second["listing_id"], second["selection_probability"], second["expected"]) == ("L9", None, None)
    with pytest.raises(DataError, match=f"row {CODES[1]} is about a listing"):
        issued_list(what, targets, listings.head(2), due_after_days=14)
    with pytest.raises(DataError, match="issue the list again"):
        issued_list({"list": "48/2026"}, targets, listings, due_after_days=14)


def test_a_returned_workbook_goes_the_whole_way_on_either_database(url: str, tmp_path: Path) -> None:
    """Row 1 is a listing without a known seller, row 2 a seller without signs by name: neither may turn what is missing into a word."""
    listing = issued(codes=CODES[:1], seller_id=None, seller_name=None, listing_id="L1", listing_ids='["L1"]', expected=None)
    seller = issued(codes=CODES[1:2], behaviours=None, listing_ids="[]")
    both = replace(listing, rows=pd.concat([listing.rows, seller.rows], ignore_index=True))
    found = "Có vi phạm đúng dấu hiệu"
    said = [{"code": CODES[0], "result": found, "fine_vnd": 9_000_000_000}, {"code": CODES[1], "result": found}]
    with connected(url) as connection:
        ready(connection)
        record_list(connection, both)
        take(connection, results(tmp_path / "a.xlsx", *said), opinions(tmp_path / "b.xlsx", {"code": CODES[0], "opinion": "Hoãn"}))
        take(connection, results(tmp_path / "c.xlsx", {"code": CODES[0], "result": found, "decision_number": "7/QĐ"}))
        rows = connection.execute(schema.OUTCOMES.select().order_by(schema.OUTCOMES.c.id)).all()
        assert [(row.seller_id, row.listing_id, row.behaviours) for row in rows[:2]] == [(None, "L1", "counterfeit"), ("S2", None, "other")]
        decision = standing(connection, schema.SANCTION_DECISIONS).iloc[0]
        assert (decision["number"], decision["fine_vnd"]) == ("7/QĐ", 9_000_000_000)
        table = outcomes_table(connection, as_of=date(2026, 12, 1))
        assert sorted(table["status"]) == ["cannot_tell", "confirmed", "confirmed"]
        assert coverage(connection, today=date(2026, 12, 8)).by().iloc[0][["issued", "found", "overdue"]].tolist() == [2, 2, 0]


def test_a_seller_is_watched_until_the_day_or_until_somebody_closes_it(url: str) -> None:
    with connected(url) as connection:
        ready(connection)
        record_list(connection, issued())
        watch(connection, "shopee", "S1", why="hai lần chờ giám định", by="Tổ 1", until=date(2026, 12, 31))
        watch(connection, "shopee", "S2", why="thử", by="Tổ 1")
        unwatch(connection, "shopee", "S2", why="hết dấu hiệu", by="Tổ 1")
        assert watch_list(connection, today=date(2026, 12, 31))["seller_id"].tolist() == ["S1"]
        assert watch_list(connection, today=date(2027, 1, 1)).empty
        watch(connection, "shopee", "S1", why="gia hạn", by="Tổ 2")
        assert watch_list(connection, today=date(2027, 1, 1))["why"].tolist() == ["gia hạn"]
        assert seller_history(connection, "shopee", "S1")["what"].tolist() == ["list", "watch opened"]
        with pytest.raises(DataError, match="not on the watch list"):
            unwatch(connection, "shopee", "S2", why="x", by="Tổ 1")
        with pytest.raises(DataError, match="fill in --why and --by"):
            watch(connection, "shopee", "S3", why=" ", by="Tổ 1")


def test_the_file_is_its_owners_and_no_message_shows_a_password(tmp_path: Path) -> None:
    path = tmp_path / "new" / "soihang.db"
    with connected(str(path)) as connection:
        ready(connection)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    secret = "postgresql+psycopg2://somebody:hunter2@127.0.0.1:9/none"
    with pytest.raises(DatabaseAway) as away, connected(secret):
        pass
    assert "hunter2" not in str(away.value) and "***" in str(away.value)


def test_the_database_is_named_by_option_then_environment_then_the_state_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("SOIHANG_DATABASE", raising=False)
    monkeypatch.setenv("SOIHANG_STATE", str(tmp_path / "s"))
    assert database_url().database == str(tmp_path / "s" / "soihang.db")
    monkeypatch.setenv("SOIHANG_DATABASE", "postgresql://who@host/name")
    assert database_url().get_backend_name() == "postgresql" and database_url(str(tmp_path / "x.db")).database == str(tmp_path / "x.db")
    for wrong in ("mysql://who@host/name", "://", "nonsense://:x"):
        with pytest.raises(ConfigError):
            database_url(wrong)


def test_no_code_of_the_register_changes_or_removes_a_row() -> None:
    files = [*(ROOT / "pipeline" / "register").glob("*.py"), *(ROOT / "pipeline" / "stages").glob("outcomes_*.py")]
    assert len(files) > 8
    named: Callable[[ast.AST], str] = lambda node: node.func.id if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) else ""  # noqa: E731
    for path in files:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        assert not {named(node) for node in ast.walk(tree)} & {"update", "delete"}, path
