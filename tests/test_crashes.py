"""What is lost when something breaks half-way: the database, MLflow, the disk, the clock. Always one line, the right exit code, and a way on."""

from __future__ import annotations

import errno
import io
import json
import os
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from logging.handlers import RotatingFileHandler
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa

from features.errors import ConfigError
from pipeline import disk
from pipeline.cli import main
from pipeline.disk import estimate
from pipeline.lock import Locked, lock
from pipeline.monitor.lines import log_entries
from pipeline.monitor.watching import age, watch
from pipeline.night_log import log_night
from pipeline.old_caches import drop_fetched, old_caches
from pipeline.prune import KEPT_NIGHTS, drop, old_nights
from pipeline.register import connect, schema
from pipeline.register.connect import DatabaseAway, DatabaseBusy, connected
from pipeline.stages import outcomes_import
from pipeline.stages.night import latest, night, refuse_moved_clock
from pipeline.stages.run import RunReport
from pipeline.store import CannotWrite
from pipeline.tracking import TrackingAway, connection, load_champion, log_training
from tests.returned_lists import CODES, register, results
from tests.test_monitor import RULES, figures
from tests.test_register import url
from tests.test_tracking_server import database

# The fixtures are found by their names.
assert database and url

FOUND = "Có vi phạm đúng dấu hiệu"


@pytest.fixture
def soihang(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[int, str]]:
    """A function that runs a command to its end in this process and returns the exit code and what it said on stderr."""
    monkeypatch.setattr("signal.signal", lambda *_: None)

    def go(*arguments: object) -> tuple[int, str]:
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main([str(one) for one in arguments])
        return int(ended.value.code or 0), capsys.readouterr().err.strip()

    return go


# --- the register's database -----------------------------------------------------------------------------------------------------------------


def cut(connection: sa.Connection, address: str) -> None:
    """End the session as a server that goes down does; SQLite has none."""
    if connection.dialect.name == "sqlite":
        raise sa.exc.OperationalError("insert", {}, sqlite3.OperationalError("disk I/O error"))
    engine = sa.create_engine(address)
    mine = connection.execute(sa.text("select pg_backend_pid()")).scalar()
    with engine.begin() as other:
        assert other.execute(sa.text("select pg_terminate_backend(:pid, 5000)"), {"pid": mine}).scalar()
    engine.dispose()


def rows_of(address: str) -> dict[str, int]:
    with connected(address) as connection:
        tables = (schema.OUTCOMES, schema.RETURN_FILES, schema.SANCTION_DECISIONS)
        return {table.name: int(connection.execute(sa.select(sa.func.count()).select_from(table)).scalar() or 0) for table in tables}


def test_a_database_lost_in_mid_import_keeps_nothing_and_the_same_command_again_counts_nothing_twice(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, soihang: Callable[..., tuple[int, str]]
) -> None:
    with register(url):
        pass
    files = [
        results(tmp_path / f"{n}.xlsx", {"code": code, "result": FOUND, "decision_number": f"{n}/QĐ", "fine_vnd": 9_000_000})
        for n, code in enumerate(CODES[:2])
    ]
    command = ("outcomes", "import", *files, "--returned", tmp_path / "back.xlsx", "--log", tmp_path / "log.jsonl", "--database", url)
    write = outcomes_import.record

    def then_lost(connection: sa.Connection, *arguments: Any, **options: Any) -> Any:
        done = write(connection, *arguments, **options)
        assert connection.execute(sa.select(sa.func.count()).select_from(schema.OUTCOMES)).scalar() == 2
        cut(connection, url)
        return done

    monkeypatch.setattr(outcomes_import, "record", then_lost)
    code, said = soihang(*command)
    # What fails after the loss is the commit.
    assert (code, len(said.splitlines())) == (6, 1) and "run the same command again" in said, said
    assert set(rows_of(url).values()) == {0}

    monkeypatch.setattr(outcomes_import, "record", write)
    assert soihang(*command)[0] == 0
    assert rows_of(url) == {"outcomes": 2, "return_files": 2, "sanction_decisions": 2}
    assert soihang(*command)[0] == 4 and rows_of(url)["outcomes"] == 2


def test_who_writes_too_long_is_said_with_75_on_either_database(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with register(url):
        pass
    monkeypatch.setattr(connect, "_TURN", 1)
    with connected(url) as one:
        connect.alone(one)
        with pytest.raises(DatabaseBusy, match=r"for 1 seconds.*run the same command again") as busy, connected(url) as other:
            connect.alone(other)
    assert busy.value.exit_code == 75


def test_a_server_that_takes_the_call_and_says_nothing_is_given_up_on(monkeypatch: pytest.MonkeyPatch) -> None:
    # libpq takes anything below two seconds for two.
    monkeypatch.setattr(connect, "_GREETING", 2)
    begun = time.monotonic()
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        with pytest.raises(DatabaseAway, match="does not answer"), connected(f"postgresql://who@127.0.0.1:{silent.getsockname()[1]}/none"):
            pass
    assert time.monotonic() - begun < 15


# --- MLflow ----------------------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def mute(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of a tracking server that takes calls and never answers, given a second for each of two tries."""
    for name in connection._PATIENCE:
        monkeypatch.setenv(name, "1")
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        monkeypatch.setenv("MLFLOW_TRACKING_URI", address)
        yield address


def test_a_tracking_server_that_never_answers_is_given_up_on_and_the_way_without_it_is_said(mute: str) -> None:
    begun = time.monotonic()
    with pytest.raises(TrackingAway, match="--model FOLDER, or --model coldstart"):
        load_champion()
    assert time.monotonic() - begun < 30


def test_a_training_that_cannot_be_logged_says_where_its_model_lies_and_how_it_is_logged_later(mute: str, tmp_path: Path) -> None:
    made: Any = SimpleNamespace(folder=tmp_path / "model")
    with pytest.raises(TrackingAway) as away:
        log_training(made, parameters={})
    assert f"The model is whole in {made.folder}" in str(away.value) and "the same command again" in str(away.value)
    assert f"--model {made.folder}" in str(away.value)


def test_a_run_without_a_word_from_the_user_waits_for_seconds_not_minutes() -> None:
    # (1 + retries) * seconds a request; a training has three to close when it is cut: run, run within, connection.
    tries, seconds = (int(connection._PATIENCE[f"MLFLOW_HTTP_REQUEST_{name}"]) for name in ("MAX_RETRIES", "TIMEOUT"))
    assert 3 * (1 + tries) * seconds < 60


# --- the disk --------------------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def little_room(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """A function that leaves so many bytes free on every disk."""

    def leave(free: int) -> None:
        monkeypatch.setattr(disk.shutil, "disk_usage", lambda _: SimpleNamespace(free=free))

    return leave


def test_a_disk_too_small_is_said_in_one_line_before_anything_is_touched(
    crawl: Callable[..., Path], tmp_path: Path, soihang: Callable[..., tuple[int, str]], little_room: Callable[[int], None]
) -> None:
    file, out = crawl([{"tiêu đề": f"Giày thể thao {n}"} for n in range(50)]), tmp_path / "out"
    needed = estimate([file])
    little_room(needed - 1)
    code, said = soihang("ingest", file, "--out", out)
    assert (code, len(said.splitlines())) == (73, 1) and "nothing was written" in said and "10.0 MB free" in said
    assert not out.exists() or {path.name for path in out.iterdir()} <= {".lock"}
    little_room(needed)
    assert soihang("ingest", file, "--out", out)[0] == 0
    # What is there is written over, so the same command again needs less.
    held = {path: path.read_bytes() for path in out.rglob("*.parquet")}
    little_room(needed - sum(map(len, held.values())))
    assert soihang("ingest", file, "--out", out)[0] == 0
    little_room(0)
    assert soihang("ingest", file, "--out", out)[0] == 73
    assert {path: path.read_bytes() for path in out.rglob("*.parquet")} == held


def test_a_run_leaves_no_more_than_was_asked_for(crawl: Callable[..., Path], finished: Callable[..., RunReport]) -> None:
    file = crawl([{"tiêu đề": f"Túi Gucci rep 1:1 số {n}", "giá bán": "250.000đ", "mã gian hàng": f"S{n}"} for n in range(60)])
    out = finished(file).out
    assert sum(path.stat().st_size for path in out.rglob("*") if path.is_file()) < estimate([file])


def test_a_disk_too_full_for_the_log_hides_no_reason_and_prints_no_pages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(out: Path, previous: Path | None) -> RunReport:
        raise CannotWrite("cannot write scores: no space")

    class Full(io.StringIO):
        def write(self, text: str) -> int:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(RotatingFileHandler, "_open", lambda _: Full())
    with pytest.raises(CannotWrite, match="cannot write scores"):
        night(date(2026, 11, 24), tmp_path, full)
    with pytest.raises(OSError, match="No space"):
        log_night(tmp_path / "night.log", {"night": 1})
    assert capsys.readouterr().err == ""


# --- the clock -------------------------------------------------------------------------------------------------------------------------------


def written_nights(runs: Path, *days: date) -> Path:
    for day in days:
        (runs / day.isoformat()).mkdir(parents=True)
        (runs / day.isoformat() / "run.json").write_text("{}", encoding="utf-8")
    return runs


def test_a_night_that_ended_in_the_future_is_late_and_not_young_for_years(tmp_path: Path) -> None:
    written_nights(tmp_path, date(2027, 11, 24))
    (tmp_path / "2027-11-24" / "monitor.json").write_text(json.dumps(figures("2027-11-24")), encoding="utf-8")
    (tmp_path / "latest").write_text("2027-11-24\n", encoding="utf-8")
    ended = datetime.fromisoformat("2027-11-24T19:00:00+00:00")
    for now, late in ((ended - timedelta(days=364), True), (ended - timedelta(minutes=5), False), (ended + timedelta(hours=25), False)):
        watched = watch(tmp_path, RULES, usual=2, now=now, max_age=age("26h"))
        assert (watched.late is not None, watched.exit_code) == (late, 3 if late else 0)
        assert not late or "a clock was moved" in str(watched.late)


def test_a_clock_put_back_behind_the_nights_stops_the_next_one_in_one_line(
    crawl: Callable[..., Path], tmp_path: Path, soihang: Callable[..., tuple[int, str]]
) -> None:
    runs = written_nights(tmp_path / "runs", date(2026, 11, 24), date(2999, 1, 1))
    code, said = soihang("night", crawl([{"tiêu đề": "Giày"}]), "--runs", runs, "--model", "coldstart")
    assert (code, len(said.splitlines())) == (2, 1) and "2999-01-01" in said and "--night" in said
    assert sorted(path.name for path in runs.iterdir() if path.is_dir()) == ["2026-11-24", "2999-01-01"]
    refuse_moved_clock(runs, date(2999, 1, 1))
    with pytest.raises(ConfigError):
        refuse_moved_clock(runs, date(2998, 12, 31))


def test_a_night_long_past_done_again_does_not_become_the_latest(
    crawl: Callable[..., Path], finished: Callable[..., RunReport], tmp_path: Path
) -> None:
    file, runs = crawl([{"tiêu đề": "Giày thể thao"}]), tmp_path / "runs"
    for day in (date(2026, 11, 24), date(2026, 11, 25), date(2026, 11, 24)):
        night(day, runs, lambda out, previous: finished(file, out=f"runs/{out.name}", previous=previous))
    assert latest(runs) == runs / "2026-11-25"


def test_lines_keep_the_order_they_were_written_in_when_the_clock_goes_back(tmp_path: Path) -> None:
    nights = ["2026-11-24T19:00:00Z night=a", "2026-11-23T18:00:00Z night=b", "2026-11-26T18:00:00Z night=c"]
    (tmp_path / "night.log").write_text("\n".join(nights) + "\n", encoding="utf-8")
    (tmp_path / "monitor.log").write_text("2026-11-25T08:00:00Z night=d alert=price\n", encoding="utf-8")
    assert [one["night"] for one in log_entries(tmp_path)] == ["a", "b", "d", "c"]


def test_a_clock_a_year_ahead_takes_no_week_of_nights_away(tmp_path: Path) -> None:
    days = [date(2026, 11, 1) + timedelta(days=n) for n in range(20)]
    written_nights(tmp_path, *days)
    (tmp_path / "latest").write_text("2026-11-20\n", encoding="utf-8")
    gone = [one.path.name for one in old_nights(tmp_path, keep_days=30, today=date(2027, 11, 21))]
    assert gone == [day.isoformat() for day in days[:-KEPT_NIGHTS]]
    assert old_nights(tmp_path, keep_days=30, today=date(2026, 11, 21)) == [] == old_nights(tmp_path, keep_days=30, today=date(2020, 1, 1))


def test_who_holds_a_folder_is_told_without_minutes_below_nought_and_a_dead_one_as_dead(tmp_path: Path) -> None:
    dead = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, text=True, check=True).stdout.strip()
    with lock(tmp_path):
        ahead = time.time() + 86_400
        os.utime(tmp_path / ".holder", (ahead, ahead))
        with pytest.raises(Locked, match=rf"\(process {os.getpid()} on [^ ]+\);"), lock(tmp_path):
            pass
        said = (tmp_path / ".holder").read_text(encoding="utf-8")
        (tmp_path / ".holder").write_text(said.replace(str(os.getpid()), dead, 1), encoding="utf-8")
        with pytest.raises(Locked, match="which is gone"), lock(tmp_path):
            pass


# --- caches ----------------------------------------------------------------------------------------------------------------------------------


def test_old_caches_go_and_what_may_be_in_use_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOIHANG_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "none"))
    now = datetime.now(UTC)
    ages = {"cache/numba-a": 90, "cache/numba-b": 60, "cache/words/a.npz": 90, "cache/words/b.npz": 1, "cache/fetched/a": 40, "cache/fetched/b": 2}
    for name, days in ages.items():
        path = tmp_path / name
        (path if path.suffix else path / "x").parent.mkdir(parents=True, exist_ok=True)
        (path if path.suffix else path / "x").write_bytes(b"12345")
        os.utime(path, ((now - timedelta(days=days)).timestamp(),) * 2)
    old = old_caches(keep_days=30, today=now.date())
    assert [(one.path.name, one.size) for one in old] == [("numba-a", 5), ("a.npz", 5)]
    assert [one.path.name for one in drop_fetched(keep_days=30, dry_run=True)] == ["a"] and (tmp_path / "cache" / "fetched" / "a").exists()
    assert [hindered for _, hindered in drop(old)] == ["", ""] and len(drop_fetched(keep_days=30, dry_run=False)) == 1
    left = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()}
    assert left == {"cache/numba-b/x", "cache/words/b.npz", "cache/fetched/b/x"}
