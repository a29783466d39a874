"""The commands around sharing, privacy and backups, as a person types them: one installation, one story."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

from features.errors import SoiHangError
from pipeline.cli import app
from pipeline.config import DEMO_KEY
from pipeline.lock import lock
from pipeline.register.facts import add
from pipeline.register.schema import SANCTION_DECISIONS
from tests.returned_lists import register

GROUPS = {
    "share": ["export", "import", "show", "schema"], "watchlist": ["show", "add", "remove", "history"],
    "privacy": ["find", "erase", "retain", "workbook", "rotate"], "backup": [], "restore": [], "audit": [], "protect": [], "tricks": [],
}  # fmt: skip
BY = ["--by", "Người thử"]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a register in which seller S1 was sanctioned."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SOIHANG_STATE", raising=False)
    monkeypatch.delenv("SOIHANG_DATABASE", raising=False)
    blank = dict.fromkeys([column.name for column in SANCTION_DECISIONS.columns if column.name != "id"])
    told = {"issued_row_id": 1, "platform": "shopee", "seller_id": "S1", "number": "1/QĐ-XPHC", "decided_on": date(2026, 12, 1)}
    with register(tmp_path / "state" / "soihang.db") as connection:
        add(connection, SANCTION_DECISIONS, [blank | told | {"recorded_at": datetime(2026, 12, 1, tzinfo=UTC)}])
    return tmp_path


def soihang(*arguments: object) -> Result:
    return CliRunner().invoke(app, [*map(str, arguments)])


def done(*arguments: object) -> Any:
    """What the command says as JSON; it must have ended well."""
    result = soihang(*arguments, "--json")
    assert result.exit_code == 0, result.output + repr(result.exception)
    return json.loads(result.output)


@pytest.mark.parametrize("name", [f"{group} {one}".strip() for group, names in GROUPS.items() for one in names or [""]])
def test_each_command_explains_itself(name: str) -> None:
    result = soihang(*name.split(), "--help")
    assert result.exit_code == 0 and "--json" in result.output


def test_what_one_installation_exports_another_shows(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = done("share", "export", "an-giang.json", "--unit", "An Giang", "--as-of", "2026-12-20", *BY)
    assert (made["named"], made["suspected"]) == (1, 7)
    monkeypatch.setenv("SOIHANG_KEY_FILE", str(here / "other.key"))
    (here / "other.key").write_bytes(DEMO_KEY)
    taken = done("share", "import", "an-giang.json", "--database", "other.db", *BY)
    shown = done("share", "show", "--database", "other.db", "--as-of", "2026-12-20", *BY)
    assert taken[0]["added"] == 1 and [(one["seller_id"], one["number"], one["unit"]) for one in shown] == [("S1", "1/QĐ-XPHC", "An Giang")]
    events = [json.loads(line)["event"] for line in (here / "issued" / "log.jsonl").read_text(encoding="utf-8").splitlines()]
    assert events == ["share_exported", "share_imported", "data_read"]


def test_a_seller_is_watched_with_a_reason_and_a_last_day(here: Path) -> None:
    done("watchlist", "add", "shopee", "S7", "--why", "dấu hiệu lặp lại", "--until", "2999-01-31", *BY)
    assert [(one["seller_id"], one["why"], one["until"]) for one in done("watchlist", "show", *BY)] == [("S7", "dấu hiệu lặp lại", "2999-01-31")]
    done("watchlist", "remove", "shopee", "S7", "--why", "đã rõ", *BY)
    assert done("watchlist", "show", *BY) == []
    assert [one["what"] for one in done("watchlist", "history", "shopee", "S7", *BY)][-1] == "watch closed"
    late = soihang("watchlist", "add", "shopee", "S7", "--why", "x", "--until", "2020-01-01", *BY)
    assert isinstance(late.exception, SoiHangError) and "nobody would be watched" in str(late.exception)


def test_what_is_found_is_erased_and_then_not_found(here: Path) -> None:
    (here / "out").mkdir()
    (here / "out" / "note.json").write_text('{"a": "gọi 0900000001"}', encoding="utf-8")
    assert soihang("privacy", "find", "phone", "0900000001", "--in", "out", *BY).exit_code == 3
    erased = done("privacy", "erase", "phone", "0900 000 001", "--in", "out", "--why", "đơn số 1", *BY)
    assert list(erased["changed"].values()) == [1] and erased["left"] == []
    assert done("privacy", "find", "phone", "0900000001", "--in", "out", "--in", "state", "--in", "issued", *BY) == []
    assert soihang("privacy", "find", "email", "x", "--in", "out", *BY).exit_code == 2


def test_nothing_is_erased_while_a_run_writes_there(here: Path) -> None:
    (here / "out" / "work").mkdir(parents=True)
    with lock(here / "out"):
        result = soihang("privacy", "erase", "phone", "0900000001", "--in", "out", "--why", "đơn", *BY)
    assert isinstance(result.exception, SoiHangError) and result.exception.exit_code == 75
    assert not (here / "state" / "tombstones.jsonl").exists()


def test_a_seller_that_is_erased_stands_in_no_list_of_the_register(here: Path) -> None:
    done("privacy", "erase", "seller", "S1", "--platform", "shopee", "--in", "state", "--why", "đơn số 2", *BY)
    assert done("privacy", "find", "seller", "S1", "--platform", "shopee", "--in", "state", *BY) == []
    assert b"Shop th\xe1\xbb\xad 1" not in (here / "state" / "soihang.db").read_bytes()


def test_an_installation_goes_into_a_backup_and_comes_back_elsewhere(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done("watchlist", "add", "shopee", "S7", "--why", "lý do", "--until", "2999-01-31", *BY)
    kept = done("backup", "kept", "--keys", "keys.json", *BY)
    assert kept["keys"] == ["contact.key"] and kept["rows"]["watch_entries"] == 1
    monkeypatch.setenv("SOIHANG_KEY_FILE", str(here / "new.key"))
    done("restore", "kept", "--into", "elsewhere", "--keys", "keys.json", *BY)
    assert (here / "elsewhere" / "issued" / "log.jsonl").read_bytes().startswith((here / "kept" / "issued" / "log.jsonl").read_bytes())
    shown = done("watchlist", "show", "--database", here / "elsewhere" / "state" / "soihang.db", *BY)
    assert [one["seller_id"] for one in shown] == ["S7"]


def test_a_period_is_audited_and_what_is_over_would_go(here: Path) -> None:
    made = done("audit", "audit.md", "--period", "2026-Q4", "--as-of", "2026-12-31", *BY)
    assert made["listed"] == 8 and made["lines"][0]["found"]["share"] is None and "chưa đủ dữ liệu" in (here / "audit.md").read_text(encoding="utf-8")
    assert done("privacy", "retain", "--dry-run", *BY) == []


def test_commands_that_need_a_person_ask_for_one(here: Path) -> None:
    for arguments in (["share", "export", "x.json", "--unit", "A"], ["watchlist", "show"], ["audit", "a.md", "--period", "2026"]):
        result = soihang(*arguments)
        assert result.exit_code == 2 and "--by" in result.output, arguments
