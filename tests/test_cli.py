"""The command line, used as a person or a cron job uses it: arguments, output and an exit code."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from pipeline.cli import app
from tests.commands import printed, soihang, soihang_process
from tests.conftest import is_root

FAKE = {"tiêu đề": "Giày Nike N.I.K.E rep 1:1 full box bill", "giá bán": "250.000đ", "tên gian hàng": "Shop thử"}


#: Root may write anywhere unless it gives that right away; without it, permissions bind root as they bind anyone.
BOUND = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"] if is_root() else []


def commands(within: Any, *path: str) -> Iterator[tuple[str, ...]]:
    for name, one in getattr(within, "commands", {}).items():
        yield from commands(one, *path, name)
    if not hasattr(within, "commands"):
        yield path


COMMANDS = list(commands(typer.main.get_command(app)))


def test_help_names_every_command_and_every_exit_code() -> None:
    text = " ".join(soihang_process("--help").stdout.split())
    assert all(path[0] in text for path in COMMANDS) and len(COMMANDS) > 60
    assert all(f"{code} " in text for code in (0, 1, 2, 3, 4, 5, 6, 73, 75, "130/143"))


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_each_command_explains_itself(path: tuple[str, ...]) -> None:
    done = soihang(*path, "--help")
    assert done.returncode == 0 and done.stdout.startswith(f"Usage: soihang {' '.join(path)}")
    # A public key is printed to be copied, with nothing around it.
    assert ("--json" in done.stdout) == (path != ("keys", "public"))


def test_help_comes_without_loading_the_numeric_stack() -> None:
    code = "import sys; from pipeline.cli import app; print(sorted({'pandas', 'underthesea', 'pyarrow', 'xlsxwriter'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_run_leaves_what_it_promises_and_says_it_as_json(crawl: Callable[..., Path], tmp_path: Path) -> None:
    done = soihang_process("run", crawl([FAKE, {"tiêu đề": "", "giá bán": "1"}]), "--out", tmp_path / "o", "--json")
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said["counts"]["read"] == 2 and said["counts"]["listings"] == 1 and said["counts"]["quarantined"] == 1
    for name in ("scores.parquet", "quarantine.parquet", "targets.csv", "plan.xlsx", "index.html", "run.json"):
        assert (tmp_path / "o" / name).stat().st_size > 0, name
    assert json.loads((tmp_path / "o" / "run.json").read_text(encoding="utf-8"))["counts"] == said["counts"]


def test_steps_one_by_one_give_what_run_gives(crawl: Callable[..., Path], tmp_path: Path) -> None:
    file = crawl([FAKE, {**FAKE, "mã tin": "T9", "nơi gửi": "Hà Nội"}])
    assert soihang("run", file, "--out", tmp_path / "whole").returncode == 0
    printed("ingest", file, "--out", tmp_path / "steps")
    for name in ("score", "plan", "report"):
        printed(name, tmp_path / "steps")
    for name in ("scores.parquet", "quarantine.parquet", "targets.csv", "plan.xlsx", "index.html"):
        assert (tmp_path / "whole" / name).read_bytes() == (tmp_path / "steps" / name).read_bytes(), name


def test_a_wrong_step_order_is_named(tmp_path: Path) -> None:
    done = soihang("score", tmp_path)
    assert done.returncode == 2 and "Run the stage that writes it" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["run", "no-such-file.csv", "--out", "o"], "no such file or folder: no-such-file.csv"),
        (["run", "x", "--out", "o", "--as-of", "gestern"], "is no date"),
        (["schema", "prices"], "unknown table 'prices'"),
        (["run", "crawl.csv", "--out", "o", "--source", "amazon"], "unknown source 'amazon'"),
        (["run", "crawl.csv"], "Missing option"),
        (["frobnicate"], "No such command"),
    ],
)
def test_usage_errors_are_short_clear_and_exit_with_2(
    arguments: list[str], words: str, crawl: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    crawl([FAKE])
    monkeypatch.chdir(tmp_path)
    done = soihang(*arguments)
    assert done.returncode == 2 and words in done.stderr and "Traceback" not in done.stderr


def test_an_unknown_setting_is_named_with_the_known_ones(crawl: Callable[..., Path], tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("config_version: 1\nsead: 3\n", encoding="utf-8")
    done = soihang("run", crawl([FAKE]), "--out", tmp_path / "o", "--config", tmp_path / "mine.yaml")
    assert done.returncode == 2 and "sead" in done.stderr and "'seed'" in done.stderr and len(done.stderr.splitlines()) == 1


def test_an_unreadable_file_among_good_ones_exits_with_3_and_valid_outputs(crawl: Callable[..., Path], tmp_path: Path) -> None:
    bad = tmp_path / "broken.parquet"
    bad.write_bytes(b"PAR1 this is no parquet")
    done = soihang("run", crawl([FAKE]), bad, "--out", tmp_path / "o")
    assert done.returncode == 3 and "broken.parquet" in done.stdout and (tmp_path / "o" / "plan.xlsx").exists()


def test_files_without_any_listing_exit_with_4(crawl: Callable[..., Path], tmp_path: Path) -> None:
    done = soihang("run", crawl([{"tiêu đề": ""}]), "--out", tmp_path / "o")
    assert done.returncode == 4 and "no listing" in done.stderr


@pytest.mark.skipif(bool(BOUND) and shutil.which("setpriv") is None, reason="root without setpriv may write anywhere")
def test_a_read_only_folder_exits_with_73(crawl: Callable[..., Path], tmp_path: Path) -> None:
    file = crawl([FAKE])
    shut = tmp_path / "shut"
    shut.mkdir(mode=0o555)
    done = soihang_process("run", file, "--out", shut / "o", by=BOUND)
    assert done.returncode == 73 and "cannot write" in done.stderr


def test_a_full_disk_exits_with_73(crawl: Callable[..., Path], tmp_path: Path) -> None:
    # A limit on the size of files is the full disk that needs no mount: the kernel refuses the write.
    limit = ["bash", "-c", 'trap "" XFSZ; ulimit -f 8; exec "$@"', "limited"]
    rows = [{**FAKE, "mô tả": f"{number} " + "đôi giày " * 200} for number in range(300)]
    done = soihang_process("run", crawl(rows), "--out", tmp_path / "o", by=limit)
    assert done.returncode == 73 and "cannot write" in done.stderr


def test_a_file_where_the_folder_should_be_exits_with_73(crawl: Callable[..., Path], tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("", encoding="utf-8")
    done = soihang("run", crawl([FAKE]), "--out", tmp_path / "taken")
    assert done.returncode == 73 and "cannot write" in done.stderr


def test_two_runs_on_one_folder_the_second_exits_with_75(crawl: Callable[..., Path], tmp_path: Path) -> None:
    from pipeline.lock import lock

    with lock(tmp_path / "o"):
        done = soihang_process("run", crawl([FAKE]), "--out", tmp_path / "o")
    assert done.returncode == 75 and str(os.getpid()) in done.stderr


def test_a_second_run_may_wait_for_the_first(crawl: Callable[..., Path], tmp_path: Path) -> None:
    from pipeline.lock import lock

    command = [sys.executable, "-c", "from pipeline.cli import main; main()", "run", str(crawl([FAKE])), "--out", str(tmp_path / "o"), "--wait", "2"]
    with lock(tmp_path / "o"):
        second = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        with pytest.raises(subprocess.TimeoutExpired):
            second.communicate(timeout=4)
        assert not (tmp_path / "o" / "run.json").exists()
    _, said = second.communicate(timeout=60)
    assert second.returncode == 0, said


def test_a_lock_left_by_a_killed_process_holds_nobody_up(crawl: Callable[..., Path], tmp_path: Path) -> None:
    folder = str(tmp_path / "o")
    code = f"import pathlib, time; from pipeline.lock import lock\nwith lock(pathlib.Path({folder!r})): print('held', flush=True); time.sleep(60)"
    holder = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert holder.stdout is not None and holder.stdout.readline() == "held\n"
    assert soihang("run", crawl([FAKE]), "--out", tmp_path / "o").returncode == 75
    holder.kill()
    holder.wait()
    assert soihang("run", crawl([FAKE]), "--out", tmp_path / "o").returncode == 0


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_an_interrupted_run_says_so_and_can_be_run_again(number: int, code: int, crawl: Callable[..., Path], tmp_path: Path) -> None:
    file = crawl([{**FAKE, "mã tin": f"N{n}"} for n in range(400)])
    command = [sys.executable, "-c", "from pipeline.cli import main; main()", "run", str(file), "--out", str(tmp_path / "o")]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 60
    while not (tmp_path / "o" / ".lock").exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    child.send_signal(number)
    _, said = child.communicate(timeout=60)
    assert child.returncode == code and "again" in said
    assert soihang("run", file, "--out", tmp_path / "o").returncode == 0


def test_output_piped_to_a_reader_that_left_is_no_error() -> None:
    command = f'"{sys.executable}" -c "from pipeline.cli import main; main()" schema all | head -1; echo "${{PIPESTATUS[0]}}"'
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] in {"0", "141"} and "Traceback" not in done.stderr


def test_the_capacity_file_decides_who_is_chosen(crawl: Callable[..., Path], tmp_path: Path) -> None:
    rows = [{**FAKE, "mã gian hàng": f"S{n}", "mã tin": f"T{n}", "nơi gửi": "Hà Nội"} for n in range(4)]
    limits = tmp_path / "capacity.csv"
    limits.write_text("don_vi,doi,tuan,so_luot_kiem_tra,so_luot_xac_minh\nHN,,,5,1\n", encoding="utf-8")
    done = soihang("run", crawl(rows), "--out", tmp_path / "o", "--capacity", limits, "--json")
    assert json.loads(done.stdout)["counts"]["chosen"] == 1


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("don_vi,so_luot_kiem_tra\nHN,1\n", "lacks the columns ['so_luot_xac_minh']"),
        ("don_vi,so_luot_kiem_tra,so_luot_xac_minh\nChi cục Mặt Trăng,1,1\n", "line 2: unknown authority"),
        ("don_vi,so_luot_kiem_tra,so_luot_xac_minh\nHN,nhiều,1\n", "whole number"),
    ],
)
def test_a_bad_capacity_file_is_named_by_line(text: str, words: str, crawl: Callable[..., Path], tmp_path: Path) -> None:
    limits = tmp_path / "capacity.csv"
    limits.write_text(text, encoding="utf-8")
    done = soihang("run", crawl([FAKE]), "--out", tmp_path / "o", "--capacity", limits)
    assert done.returncode == 2 and words in done.stderr


def test_doctor_finds_this_machine_fit_and_says_it_as_json() -> None:
    done = soihang("doctor", "--json")
    checks = {one["name"]: one["level"] for one in json.loads(done.stdout)}
    assert done.returncode == 0 and checks["home"] == "ok" and checks["reference"] == "ok"


def test_schema_prints_every_column_of_every_table() -> None:
    from pipeline.tables.listings import COLUMNS

    text = soihang("schema", "all").stdout
    assert all(name in text for name in COLUMNS) and "VND" in text and "UTC" in text


def test_version_is_the_installed_one() -> None:
    from pipeline.manifest import versions

    assert soihang("--version").stdout.strip() == f"soihang {versions()['soihang']}"


def test_nothing_is_drawn_where_nobody_watches(crawl: Callable[..., Path], tmp_path: Path) -> None:
    assert soihang_process("run", crawl([FAKE]), "--out", tmp_path / "o").stderr == ""
