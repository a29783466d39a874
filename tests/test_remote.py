"""Crawls in object storage and results published there: as with files of this machine; no secret and no name gets further than it may."""

from __future__ import annotations

import io
import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import fsspec
import pandas as pd
import pyarrow as pa
import pyarrow.dataset as ds
import pytest
from fsspec.registry import _registry, known_implementations
from typer.testing import CliRunner

from features.errors import ConfigError, DataError, SoiHangError
from pipeline.cli import app
from pipeline.privacy.roles import load_roles
from pipeline.remote import StorageAway, opened, shown
from pipeline.remote_folder import RemoteFolder
from pipeline.sources.files import expand, unfinished
from pipeline.sources.remote_cache import Version, make_room, place, prune_cache
from pipeline.sources.remote_files import local_files
from pipeline.stages.night import NotPublished, night
from pipeline.stages.publish import publish
from pipeline.stages.publish_tables import NOTHING, write_partitions
from pipeline.stages.run import RunReport
from pipeline.store import CannotWrite

SECRET = "not-a-real-secret-0123456789"
ROWS = "Sàn;Mã tin;Tiêu đề;Giá bán\nx;{id};Giày Nike rep 1:1;250.000\n"
HIVE = ds.partitioning(pa.schema([("date", pa.string()), ("platform", pa.string())]), flavor="hive")
KEY = ["platform", "listing_id", "captured_at"]


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SOIHANG_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("SOIHANG_LOG", str(tmp_path / "log.jsonl"))
    return tmp_path / "cache" / "fetched"


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """The address of an S3 server of this process."""
    import logging

    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    running = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    running.start()
    host, port = running.get_host_and_port()
    yield f"http://{host}:{port}"
    running.stop()


@pytest.fixture
def s3(server: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    """An S3 filesystem with one empty bucket, "kho"; addresses s3:// reach it as they would any S3, by the environment."""
    import s3fs

    for name, value in {"ENDPOINT_URL": server, "ACCESS_KEY_ID": "invented-id", "SECRET_ACCESS_KEY": SECRET, "DEFAULT_REGION": "us-east-1"}.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    s3fs.S3FileSystem.clear_instance_cache()
    filesystem = fsspec.filesystem("s3")
    if filesystem.exists("kho"):
        filesystem.rm("kho", recursive=True)
    filesystem.mkdir("kho")
    return filesystem


@pytest.fixture
def out(demo: RunReport, tmp_path: Path) -> Path:
    """A copy of the demo's run to change."""
    return shutil.copytree(demo.out, tmp_path / "out")


@pytest.fixture
def day(demo: RunReport) -> str:
    """The demo's list date."""
    return str(demo.to_json()["as_of"])


def drop(store: Any, home: str, *, done: tuple[str, ...] = ("shopee", "tiki")) -> str:
    """A night's crawl at ``home``; returns the address of its folder."""
    for number, name in enumerate(("shopee", "tiki")):
        store.pipe(f"{home}/2026-11-24/{name}/a.csv", ROWS.format(id=number).encode())
    for name in done:
        store.pipe(f"{home}/2026-11-24/{name}/_DONE", b"")
    return f"{store.protocol if isinstance(store.protocol, str) else store.protocol[0]}://{home.strip('/')}/2026-11-24"


# Crawls in


def test_a_crawl_in_a_bucket_becomes_byte_for_byte_what_the_same_files_here_become(s3: Any, tmp_path: Path) -> None:
    address, here = drop(s3, "kho/crawl"), tmp_path / "here" / "2026-11-24"
    s3.get("kho/crawl/2026-11-24", str(here), recursive=True)
    for path in [path for path in here.rglob("*") if path.is_file()]:
        modified = s3.modified(f"kho/crawl/2026-11-24/{path.relative_to(here).as_posix()}").timestamp()
        os.utime(path, (modified, modified))
    for name, crawl in (("far", address), ("near", str(here))):
        done = CliRunner().invoke(app, ["ingest", crawl, "--out", str(tmp_path / name)])
        assert done.exit_code == 0, (done.output, done.exception)
    made = [file.relative_to(tmp_path / "near") for file in (tmp_path / "near").rglob("*.parquet")]
    assert len(made) >= 2 and any("listings" in file.parts for file in made)
    for file in made:
        assert (tmp_path / "far" / file).read_bytes() == (tmp_path / "near" / file).read_bytes(), file
    inputs = [json.loads((tmp_path / name / "work" / "inputs.json").read_text(encoding="utf-8"))["files"] for name in ("far", "near")]
    assert inputs[0] == inputs[1] and len(inputs[0]) == 2


@pytest.mark.parametrize("name", ["", "/2026-11-24", "/*", "/2026-11-24/*", "/**"])
def test_a_folder_still_being_written_waits_by_whatever_address(name: str, s3: Any) -> None:
    drop(s3, "kho/crawl", done=("shopee",))
    s3.pipe("kho/crawl/2026-11-24/shopee/_half.csv", b"x")
    found = local_files([f"s3://kho/crawl{name}"])
    assert {path.parent.name for path in unfinished(found)} == {"2026-11-24"}
    if name != "/**":  # like any glob of files, it names the files themselves
        assert ["/".join(path.parts[-5:]) for path in expand(found)] == ["kho/crawl/2026-11-24/shopee/a.csv"]


def test_what_is_unchanged_is_not_fetched_again_and_what_changed_is(s3: Any, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    address = drop(s3, "kho/crawl")
    fetched: list[str] = []
    real = type(s3).get
    monkeypatch.setattr(type(s3), "get", lambda self, there, here: (fetched.extend(there), real(self, there, here))[1])
    first = local_files([address])
    assert local_files([address]) == first == local_files([f"{address}/*/a.csv"]) and len(fetched) == 2
    assert first[0].stat().st_mtime == s3.modified("kho/crawl/2026-11-24/shopee/a.csv").replace(microsecond=0).timestamp()
    assert first[0].stat().st_mode & 0o777 == 0o600 and cache.stat().st_mode & 0o777 == 0o700
    s3.pipe("kho/crawl/2026-11-24/tiki/a.csv", ROWS.format(id=9).encode())
    second = local_files([address])
    assert second[0] == first[0] and len(fetched) == 3 and second[1].read_text(encoding="utf-8") == ROWS.format(id=9)
    # A run that began before still reads what it began with.
    assert first[1].read_text(encoding="utf-8") == ROWS.format(id=1)


def test_an_object_that_changes_while_it_is_fetched_is_not_taken_for_what_was_listed(s3: Any, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    address = drop(s3, "kho/crawl")

    real = type(s3).get

    def meddle(self: Any, there: list[str], here: list[str]) -> None:
        real(self, there, here)
        self.pipe(there[0], ROWS.format(id=8).encode())

    monkeypatch.setattr(type(s3), "get", meddle)
    with pytest.raises(StorageAway, match="changed while"):
        local_files([address])
    assert not list(cache.rglob("a.csv"))


HOSTILE = ["../../../outside.csv", "/etc/outside.csv", "a/../../outside.csv", "a\x00b.csv", "a\nb\x1b[2J.csv", ".."]
HOSTILE += ["C:\\x\\outside.csv", "d/" + "ờ" * 300 + ".jsonl.gz"]


@pytest.mark.parametrize("key", HOSTILE, ids=range(len(HOSTILE)))
def test_no_name_leads_out_of_the_cache(key: str, cache: Path) -> None:
    where = place(Version("s3", ("kho", *key.split("/")), "1"), cache)
    assert where.resolve().is_relative_to(cache.resolve()) and where.name.isprintable() and len(where.name.encode()) <= 255
    assert not {"..", ""} & set(where.relative_to(cache).parts) and "\\" not in where.name


def test_hostile_names_in_a_bucket_are_files_in_the_cache_or_passed_over(s3: Any, tmp_path: Path, cache: Path) -> None:
    from moto.s3.models import s3_backends

    # Past the client and the server's router, which would tidy such names.
    s3.mkdir("odd")
    [store] = [backend for account in s3_backends.values() for backend in account.values() if "odd" in backend.buckets]
    for key in ("../../up.csv", "x/../../../up.csv", "./a.csv", "tab\tand\x1b[2J.csv", "ok/2026.csv"):
        store.put_object("odd", f"in/{key}", ROWS.format(id=1).encode())
    assert len(s3.find("odd/in")) == 5
    for address in ("s3://odd/in", "s3://odd/in/*", "s3://odd/in/**"):
        assert {path.name for path in local_files([address])} == {"2026.csv", "tab%09and%1B[2J.csv"}
    assert [path for path in tmp_path.rglob("*.csv") if not path.is_relative_to(cache)] == []


def test_the_cache_stays_within_its_bound_and_never_takes_what_may_be_in_use(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache.mkdir(parents=True)
    monkeypatch.setenv("SOIHANG_CACHE_GB", "0.000003")
    paths = [place(Version("s3", ("kho", f"{n}.csv"), "1"), cache) for n in range(3)]
    for age, path in zip((20, 40, 1), paths, strict=True):
        path.parent.mkdir(parents=True)
        path.write_bytes(b"x" * 1000)
        entry, when = cache / path.relative_to(cache).parts[0], path.stat().st_mtime - age * 3600
        os.utime(entry, (when, when))
    make_room(500, cache, keep=[])
    assert [path.is_file() for path in paths] == [True, False, True]
    assert prune_cache(cache, keep_days=0, dry_run=True) == [(paths[0].parents[2], 1000)] and paths[0].is_file()
    prune_cache(cache, keep_days=0, dry_run=False)
    assert [path.is_file() for path in paths] == [False, False, True]
    with pytest.raises(CannotWrite, match="SOIHANG_CACHE_GB"):
        make_room(2500, cache, keep=[])


def test_files_of_this_machine_are_named_as_ever(tmp_path: Path) -> None:
    assert local_files(["crawls/a.csv", f"file://{tmp_path}/b.csv"]) == [Path("crawls/a.csv"), tmp_path / "b.csv"]
    memory = fsspec.filesystem("memory")
    assert [path.read_text(encoding="utf-8") for path in local_files([drop(memory, "/goc")])] == [ROWS.format(id=0), ROWS.format(id=1)]


# What goes wrong


def test_an_object_that_is_gone_before_it_is_fetched_is_named(s3: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    address = drop(s3, "kho/crawl")
    real = type(s3).get
    monkeypatch.setattr(type(s3), "get", lambda self, there, here: (self.rm(there[1]), real(self, there, here)))
    with pytest.raises(StorageAway, match=r"kho/crawl/2026-11-24/tiki/a\.csv, listed in .*, is not there any more"):
        local_files([address])


def failed(*arguments: str) -> SoiHangError:
    """How a command ends that must end in one line of ours."""
    done = CliRunner().invoke(app, list(arguments))
    assert isinstance(done.exception, SoiHangError), (done.output, done.exception)
    text = str(done.exception)
    assert "\n" not in text and SECRET not in text and len(text) < 800
    return done.exception


def test_no_bucket_no_object_and_nothing_to_read_are_said_in_a_line(s3: Any, tmp_path: Path) -> None:
    s3.pipe("kho/note.pdf", b"x")
    for address, words in (("s3://khong-co/a", "no such bucket"), ("s3://kho/khong.csv", "folder or object"), ("s3://kho", "no crawl files")):
        error = failed("ingest", address, "--out", str(tmp_path / "o"))
        assert isinstance(error, DataError) and words in str(error) and address in str(error)


def test_without_rights_it_says_so_and_shows_no_key(s3: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: Any, path: str, **options: Any) -> None:
        raise PermissionError(f"Access Denied for key {SECRET} at https://kho/a.csv?X-Amz-Signature=abcdef")

    monkeypatch.setattr(type(s3), "info", refuse)
    error = failed("ingest", "s3://kho/a.csv", "--out", str(tmp_path / "o"))
    assert isinstance(error, ConfigError) and "no right to s3://kho/a.csv" in str(error) and "abcdef" not in str(error)


def test_a_store_that_is_away_ends_with_6(s3: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    type(s3).clear_instance_cache()
    monkeypatch.setattr(type(s3), "retries", 1)
    error = failed("ingest", "s3://kho/a.csv", "--out", str(tmp_path / "o"))
    assert error.exit_code == 6 and "cannot be reached" in str(error)


def test_a_filesystem_that_is_not_installed_or_not_known_names_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    missing = {"class": "khong_co_goi.Kho", "err": "Install khong_co_goi to use S3"}
    monkeypatch.setitem(known_implementations, "s3", missing)
    monkeypatch.delitem(_registry, "s3", raising=False)
    with pytest.raises(ConfigError, match=r"pip install 'soihang\[s3\]'"):
        opened("s3://kho/a")
    with pytest.raises(ConfigError, match="Protocol not known"):
        opened("khong://kho/a")


@pytest.mark.parametrize("address", ["s3://AKIA:bi/mat@kho/a", "s3://AKIA:bimat@kho/a", "sftp://an:bimat@may/a", "https://an:12@may:8080/a"])
def test_a_password_in_an_address_is_refused_unseen(address: str) -> None:
    with pytest.raises(ConfigError, match="a password stands in the address") as error:
        opened(address)
    assert "mat" not in str(error.value) and "12" not in str(error.value)


def test_no_message_shows_signatures_passwords_or_secrets_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    assert shown(f"GET https://x.vn/a.csv?Expires=1&Signature=abc by {SECRET}\n next") == "GET https://x.vn/a.csv?… by … next"
    assert shown("s3://kho/2026-11-2?/a.csv") == "s3://kho/2026-11-2?/a.csv"


# Results out


def tree(store: Any, home: str) -> list[str]:
    store.invalidate_cache()
    return [name[len(home) + 1 :] for name in store.find(home)]


def test_what_is_published_reads_back_as_the_rows_of_the_run(s3: Any, out: Path, day: str) -> None:
    done = publish(out, "s3://kho/soihang")
    assert (done.day, done.latest) == (day, day) and done.files == done.sent
    published = json.loads(s3.cat(f"kho/soihang/{day}/files.json"))["files"]
    assert set(tree(s3, "kho/soihang")) == {*(f"{day}/{name}" for name in published), f"{day}/files.json", "latest"}
    assert {name.split("/")[0] for name in published} == {"scores", "reasons", "quarantine.parquet", "targets.csv", "plan.xlsx", "run.json"}
    assert any(name.startswith("scores/date=2026-11-20/platform=sàn mẫu a/part-0") for name in published)
    for table in ("scores", "reasons"):
        there = ds.dataset(f"kho/soihang/{day}/{table}", filesystem=s3, partitioning=HIVE).to_table().to_pandas()
        ours = pd.read_parquet(out / f"{table}.parquet")
        by = KEY if table == "scores" else [*KEY, "sign_id", "field", "start"]
        pd.testing.assert_frame_equal(
            there[list(ours)].sort_values(by, ignore_index=True), ours.sort_values(by, ignore_index=True), check_dtype=False
        )
        assert len(ours) > 100


def test_a_folder_of_this_machine_is_as_good_and_pandas_reads_it(out: Path, day: str, tmp_path: Path) -> None:
    publish(out, str(tmp_path / "kho"))
    table = pd.read_parquet(tmp_path / "kho" / day / "scores")
    assert len(table) == len(pd.read_parquet(out / "scores.parquet"))
    assert (table["captured_at"].dt.tz_convert("Asia/Ho_Chi_Minh").dt.strftime("%Y-%m-%d") == table["date"].astype(str)).all()
    assert not list((tmp_path / "kho").rglob("*.partial")) and not (out / "work" / "publish").exists()


def test_the_same_command_again_sends_nothing_and_writes_no_second_line(s3: Any, out: Path, tmp_path: Path) -> None:
    publish(out, "s3://kho/soihang")
    before = {name: s3.modified(f"kho/soihang/{name}") for name in tree(s3, "kho/soihang")}
    assert publish(out, "s3://kho/soihang").sent == 0
    assert {name: s3.modified(f"kho/soihang/{name}") for name in tree(s3, "kho/soihang")} == before
    lines = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [line["event"] for line in lines] == ["results_published"] and lines[0]["facts"]["files"] > 6


def test_stopped_anywhere_it_moves_nothing_and_the_same_command_completes_it(out: Path, day: str, monkeypatch: pytest.MonkeyPatch) -> None:
    memory = fsspec.filesystem("memory")
    total = publish(out, "memory://mau").files
    whole = {name: memory.cat(f"/mau/{name}") for name in tree(memory, "/mau")}
    put = RemoteFolder.put
    for stop in range(total + 1):
        memory.rm("/ngat", recursive=True) if memory.exists("/ngat") else None
        memory.pipe("/ngat/latest", b"2026-11-01\n")
        left = stop

        def stopping(self: RemoteFolder, local: Path, name: str) -> None:
            nonlocal left
            if left == 0:
                raise KeyboardInterrupt
            left -= 1
            put(self, local, name)

        monkeypatch.setattr(RemoteFolder, "put", stopping)
        with pytest.raises(KeyboardInterrupt):
            publish(out, "memory://ngat")
        assert memory.cat("/ngat/latest") == b"2026-11-01\n" and not memory.exists(f"/ngat/{day}/run.json")
        monkeypatch.setattr(RemoteFolder, "put", put)
        again = publish(out, "memory://ngat")
        assert again.sent == total - max(0, stop - 1)
        assert {name: memory.cat(f"/ngat/{name}") for name in tree(memory, "/ngat")} == whole


def test_a_run_done_again_replaces_the_day_and_leaves_strangers_alone(out: Path, day: str) -> None:
    memory = fsspec.filesystem("memory")
    home = f"/thay/{day}"
    stale = "scores/date=2020-01-01/platform=x/part-0.parquet"
    gone = {"run_id": "old", "files": {stale: [3, "h"], "../../khac.txt": [1, "h"], "run.json": [1, "h"]}}
    for name in (stale, "run.json", "ghi chú.txt"):
        memory.pipe(f"{home}/{name}", b"old")
    memory.pipe("/khac.txt", b"x")
    memory.pipe(f"{home}/files.json", json.dumps(gone).encode())
    memory.pipe("/thay/latest", b"2027-01-01\n")
    done = publish(out, "memory://thay")
    assert not memory.exists(f"{home}/{stale}")
    assert memory.exists(f"{home}/ghi chú.txt") and memory.exists("/khac.txt")
    assert memory.cat(f"{home}/run.json") == (out / "run.json").read_bytes()
    # An old night published again is not what people should open.
    assert done.latest == "2027-01-01" and memory.cat("/thay/latest") == b"2027-01-01\n"


def test_a_step_done_again_without_the_rest_is_not_published(out: Path) -> None:
    table = pd.read_parquet(out / "scores.parquet").assign(run_id="another")
    table.to_parquet(out / "scores.parquet")
    with pytest.raises(DataError, match="of another run"):
        publish(out, "memory://nua")
    with pytest.raises(DataError, match=r"run\.json"):
        publish(out / "work", "memory://nua")
    assert not fsspec.filesystem("memory").exists("/nua")


def test_rows_split_over_many_files_and_batches_are_the_same_rows_in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.stages.publish_tables._OPEN_FILES", 3)
    names = ["shopee", "a/b=c", "..", "sàn %20", "x" * 300, "1"]
    table = pd.DataFrame({"platform": [names[n % 6] for n in range(600)], "n": range(600)})
    table["captured_at"] = pd.Timestamp("2026-11-19T16:59:59Z").as_unit("us") + pd.to_timedelta(table["n"] % 3, unit="s")
    table.loc[5, "captured_at"] = pd.NaT
    table.to_parquet(tmp_path / "t.parquet")
    files = write_partitions(tmp_path / "t.parquet", tmp_path / "parts", batch_rows=70)
    assert all(file.resolve().is_relative_to(tmp_path / "parts") for file in files)
    back = ds.dataset(files, partitioning=HIVE, partition_base_dir=str(tmp_path / "parts")).to_table().to_pandas()
    assert back.groupby(["date", "platform"], dropna=False)["n"].apply(lambda n: n.is_monotonic_increasing).all()
    back = back.sort_values("n", ignore_index=True)
    assert back["n"].tolist() == list(range(600)) and back.loc[5:5, "date"].isna().all() and any(NOTHING in str(file) for file in files)
    assert back.loc[[0, 1, 4], "date"].tolist() == ["2026-11-19", "2026-11-20", "2026-11-20"]
    kept = back["platform"].where(~back["platform"].str.startswith("xxx"), "x" * 300)
    assert kept.tolist() == table["platform"].tolist()


def test_a_crawl_of_a_million_platforms_makes_no_million_objects(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.stages.publish_tables._MOST_FOLDERS", 20)
    table = pd.DataFrame({"platform": [f"p{n}" for n in range(30)], "captured_at": pd.Timestamp("2026-11-20T00:00:00Z").as_unit("us")})
    table.to_parquet(tmp_path / "t.parquet")
    with pytest.raises(DataError, match="days and platforms"):
        write_partitions(tmp_path / "t.parquet", tmp_path / "parts")


def test_nothing_published_holds_a_column_that_those_who_make_lists_may_not_read(out: Path, tmp_path: Path) -> None:
    done = publish(out, str(tmp_path / "kho"))
    hidden = load_roles()["lap_danh_sach"].hidden
    home = tmp_path / "kho" / done.day
    columns = {name for file in home.rglob("*.parquet") for name in pd.read_parquet(file).columns}
    columns |= set(pd.read_csv(io.BytesIO((home / "targets.csv").read_bytes())).columns)
    assert {"risk", "seller_name"} <= columns and not columns & hidden


def test_a_night_is_published_before_the_hook_and_stands_where_that_fails(
    demo: RunReport, tmp_path: Path
) -> None:
    shutil.copytree(demo.out, tmp_path / "runs" / "2026-11-25")
    report = replace(demo, out=tmp_path / "runs" / "2026-11-25")
    told: list[str] = []
    hook = f"touch {tmp_path / 'hooked'}"
    night(date(2026, 11, 25), tmp_path / "runs", lambda out, previous: report, give=lambda out: told.append(publish(out, str(tmp_path / "kho")).day))
    assert told == ["2026-11-25"] and (tmp_path / "kho" / "latest").read_text(encoding="utf-8") == "2026-11-25\n"

    def away(out: Path) -> None:
        raise StorageAway("không tới được")

    with pytest.raises(NotPublished, match=r"results are written, but not published: không tới được") as failed:
        night(date(2026, 11, 25), tmp_path / "runs", lambda out, previous: report, give=away, on_finish=hook)
    assert failed.value.exit_code == 3 and (tmp_path / "runs" / "latest").read_text(encoding="utf-8") == "2026-11-25\n"
    assert not (tmp_path / "hooked").exists()
    night(date(2026, 11, 25), tmp_path / "runs", lambda out, previous: report, give=lambda out: None, on_finish=hook)
    assert (tmp_path / "hooked").exists()
