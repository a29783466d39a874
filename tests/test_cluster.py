"""The same bytes from one process, from many and from a Dask cluster; and what is said when a worker, the scheduler or the operator ends it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest
import yaml

from features.errors import ConfigError, SoiHangError
from pipeline import cluster as clusters
from pipeline.cluster import ClusterAway, WorkerLost, on_cluster
from pipeline.config import DEMO_KEY, contact_key, load_run_config
from pipeline.lock import lock
from pipeline.parallel import on_processes, preparing
from pipeline.sources.mapping import load_mappings
from pipeline.stages.run import run
from pipeline.stages.simulate import simulate_market
from tests import cluster_work
from tests.conftest import ROOT
from tests.test_tracking_server import connects, free_port, wait_for

SERVICES = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))["services"]
RESULTS = ["scores.parquet", "reasons.parquet", "quarantine.parquet", "targets.csv"]


@dataclass(frozen=True)
class Running:
    """A scheduler's address and the processes that watch over its two workers."""

    address: str
    nannies: list[subprocess.Popen[bytes]]

    def worker(self) -> psutil.Process:
        """One of the processes that do the work."""
        children = [child for nanny in self.nannies for child in psutil.Process(nanny.pid).children()]
        return next(child for child in children if "spawn_main" in " ".join(child.cmdline()))


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The cluster of compose.yaml as local processes: the same commands, other addresses."""
    pytest.importorskip("distributed")
    folder, port = tmp_path_factory.mktemp("cluster"), free_port()
    # Two workers lost over one part are enough here; Dask's own bound is four.
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "1"}

    def started(service: str) -> subprocess.Popen[bytes]:
        told = [*SERVICES[service]["entrypoint"], *SERVICES[service]["command"]]
        local = {"0.0.0.0": "127.0.0.1", "8786": str(port), "tcp://scheduler:8786": f"tcp://127.0.0.1:{port}", "/tmp": str(folder)}
        command = [sys.executable, "-m", *(local.get(word, word) for word in told)]
        own = environment | SERVICES[service].get("environment", {})
        with (folder / f"{service}.log").open("a") as log:
            return subprocess.Popen(command, stdout=log, stderr=log, env=own, cwd=folder, start_new_session=True)

    processes = [started("scheduler")]
    try:
        wait_for(lambda: connects(port), processes[0], folder / "scheduler.log")
        processes += [started("worker"), started("worker")]
        yield Running(f"tcp://127.0.0.1:{port}", processes[1:])
    finally:
        for process in reversed(processes):
            os.killpg(process.pid, signal.SIGTERM)
        for process in processes:
            process.wait(timeout=30)


@pytest.fixture(scope="module")
def crawl(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two thousand invented listings."""
    folder = tmp_path_factory.mktemp("market")
    simulate_market(folder, n_listings=2000, seed=5)
    return folder / "crawl"


def settings(folder: Path) -> Path:
    """Ten parts instead of one."""
    values = yaml.safe_load((ROOT / "configs" / "run.yaml").read_text(encoding="utf-8"))
    path = folder / "run.yaml"
    path.write_text(yaml.safe_dump(values | {"partition_rows": 200}, allow_unicode=True), encoding="utf-8")
    return path


def results(
    crawl: Path, out: Path, cluster: str | None = None, on_rows: Callable[..., None] = lambda *_: None, key: bytes = DEMO_KEY
) -> dict[str, bytes]:
    """What a run leaves."""
    config = load_run_config(settings(out.parent))
    with lock(out), on_cluster(cluster, folder=out, seen=[crawl]):
        run([crawl], out=out, config=config, mappings=load_mappings(), key=key, on_rows=on_rows)
    assert len(list((out / "work" / "rows").glob("part-*.parquet"))) > 4
    return {name: (out / name).read_bytes() for name in RESULTS}


@pytest.fixture(scope="module")
def alone(crawl: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """What one process makes of the crawl."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LOKY_MAX_CPU_COUNT", "1")
        return results(crawl, tmp_path_factory.mktemp("alone") / "out")


def test_a_cluster_that_loses_a_worker_leaves_the_bytes_of_one_process(
    running: Running, crawl: Path, alone: dict[str, bytes], tmp_path: Path
) -> None:
    lost = []

    def kill_one(stage: str, *_: Any) -> None:
        if stage == "features" and not lost:
            lost.append(running.worker())
            lost[0].kill()

    assert results(crawl, tmp_path / "out", running.address, kill_one) == alone
    assert lost and not lost[0].is_running()


def test_results_come_in_the_order_of_the_parts_and_no_more_than_two_a_worker_are_under_way(running: Running, tmp_path: Path) -> None:
    sent = []

    class Watched(list):
        def __iter__(self) -> Iterator[int]:
            for part in range(20):
                sent.append(part)
                yield part

    with on_cluster(running.address, folder=tmp_path):
        wait_for(lambda: clusters.connected().n_workers == 2, running.nannies[0], tmp_path / "log")  # type: ignore[union-attr]
        done = on_processes(cluster_work.named, Watched(range(20)))
        first = next(done)
        assert len(sent) == 4
        rest = list(done)
        assert list(on_processes(cluster_work.named, [1, 2], n_jobs=1)) == [(1, os.getpid()), (2, os.getpid())]
    assert [part for part, _ in [first, *rest]] == list(range(20))
    assert {process for _, process in rest}.isdisjoint({os.getpid()})
    assert clusters.connected() is None


def test_paths_begin_where_the_command_was_started(running: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("a", "b"):
        Path(name).write_text(name, encoding="utf-8")
    Path("out").mkdir()
    with on_cluster(running.address, folder=Path("out"), seen=[Path("a")]):
        assert list(on_processes(cluster_work.here, ["a", "b"])) == ["a", "b"]
    assert list(Path("out").iterdir()) == []


def test_every_worker_of_a_cluster_is_prepared_before_its_next_part(running: Running, tmp_path: Path) -> None:
    with on_cluster(running.address, folder=tmp_path), preparing(cluster_work.prepared, 8):
        assert all(on_processes(cluster_work.was_prepared, list(range(8))))


def test_a_worker_with_other_code_or_settings_is_refused_by_name(running: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = clusters._code()
    monkeypatch.setattr(clusters, "_code", lambda: own | {"code": "0123456789abcdef"})
    with pytest.raises(ConfigError, match=rf"^worker tcp://\S+ has code {own['code']} instead of 0123456789abcdef; install the same"):
        with on_cluster(running.address, folder=tmp_path):
            pass


def test_a_worker_that_joined_with_other_code_does_no_part(running: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = clusters._code()
    with on_cluster(running.address, folder=tmp_path):
        monkeypatch.setattr(clusters, "_code", lambda: own | {"pyarrow": "1.0"})
        with pytest.raises(ConfigError, match=r"a worker of the cluster has pyarrow \S+ instead of 1\.0"):
            list(on_processes(cluster_work.named, [0, 1]))


@pytest.mark.parametrize("wrong", ["folder", "file"])
def test_a_worker_that_does_not_see_what_we_see_says_what_it_lacks(wrong: str, tmp_path: Path) -> None:
    probe = tmp_path / "probe"
    probe.write_text("another machine's" if wrong == "folder" else "token", encoding="utf-8")
    look = clusters._Look((probe, "token"), [tmp_path / "crawl.csv"], str(tmp_path), clusters._code())
    lacks = {"folder": f"does not see {tmp_path} as this machine does", "file": f"cannot read {tmp_path / 'crawl.csv'}; mount the same folder"}
    assert str(look()).startswith(lacks[wrong])


def test_a_cluster_that_is_not_there_is_said_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("distributed")
    monkeypatch.setattr(clusters, "_REACH", 1)
    with pytest.raises(ClusterAway, match=r"^no scheduler at tcp:") as said, on_cluster(f"tcp://127.0.0.1:{free_port()}", folder=tmp_path):
        pass
    assert said.value.exit_code == 6 and "\n" not in str(said.value)


def test_a_cluster_without_the_extra_names_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ConfigError, match=r"pip install 'soihang\[cluster\]'"), on_cluster("tcp://127.0.0.1:8786", folder=tmp_path):
        pass


def test_a_part_that_brings_its_workers_down_ends_in_one_line(running: Running, tmp_path: Path) -> None:
    with on_cluster(running.address, folder=tmp_path), pytest.raises(WorkerLost, match="2 workers died over the same part") as said:
        list(on_processes(cluster_work.struck, list(range(4))))
    assert said.value.exit_code == 71 and "\n" not in str(said.value)


def test_a_process_that_dies_here_ends_in_one_line_and_the_next_work_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.parallel.cpu_count", lambda: 2)
    with pytest.raises(WorkerLost, match="a worker process died, most likely for want of memory") as said:
        list(on_processes(cluster_work.struck, list(range(4))))
    assert said.value.exit_code == 71 and "\n" not in str(said.value)
    assert [part for part, _ in on_processes(cluster_work.named, [0, 1, 2])] == [0, 1, 2]


def test_two_processes_leave_the_bytes_of_one_also_after_one_was_killed_and_the_command_was_stopped(
    crawl: Path, alone: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    told = ["run", str(crawl), "--out", str(out), "--model", "coldstart", "--config", str(settings(tmp_path))]
    command = [sys.executable, "-c", "from pipeline.cli import main; main()", *told]
    ended = []
    for number in (signal.SIGKILL, signal.SIGTERM):
        # What was read goes, so that the second run has something to be stopped at.
        shutil.rmtree(out / "work" / "rows", ignore_errors=True)
        child = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True, env={**os.environ, "LOKY_MAX_CPU_COUNT": "2"})
        under = workers_of(child, out / "work" / "rows")
        begun = time.monotonic()
        # A worker by the system, as where memory runs out; the command by a person.
        os.kill(under[0].pid if number == signal.SIGKILL else child.pid, number)
        _, said = child.communicate(timeout=60)
        ended.append((child.returncode, len(said.splitlines())))
        assert time.monotonic() - begun < 30
        psutil.wait_procs(under, timeout=10)
        assert not [one for one in under if one.is_running() and one.status() != psutil.STATUS_ZOMBIE], said
    assert ended == [(71, 1), (143, 1)], said
    monkeypatch.setattr("pipeline.parallel.cpu_count", lambda: 2)
    assert results(crawl, out, key=contact_key()) == alone


def workers_of(child: subprocess.Popen[str], rows: Path) -> list[psutil.Process]:
    """The processes that a run has started, once the first part is read."""
    until = time.monotonic() + 120
    while not list(rows.glob("part-*.parquet")):
        assert child.poll() is None and time.monotonic() < until
        time.sleep(0.02)
    under = psutil.Process(child.pid).children(recursive=True)
    return sorted(under, key=lambda one: "resource_tracker" in " ".join(one.cmdline()))


def test_a_command_that_cannot_stop_by_itself_is_stopped_with_all_it_started() -> None:
    code = """if True:
        import subprocess, sys, time
        from pipeline.cli import stopping
        stopping._PATIENCE = 0.5
        stopping.stop_when_told()
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
        try:
            print(child.pid, flush=True)
            time.sleep(60)
        finally:
            time.sleep(60)
    """
    stubborn = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT)
    assert stubborn.stdout is not None
    started = psutil.Process(int(stubborn.stdout.readline()))
    stubborn.terminate()
    _, said = stubborn.communicate(timeout=20)
    assert stubborn.returncode == 143 and said == "soihang: interrupted: run the same command again\n"
    started.wait(timeout=10)


def test_the_compose_file_starts_workers_that_fit() -> None:
    worker, scheduler, command = SERVICES["worker"], SERVICES["scheduler"], SERVICES["soihang"]
    assert {one["image"] for one in (worker, scheduler, command)} == {"soihang"}
    assert all((ROOT / one["build"]["dockerfile"]).is_file() for one in (worker, scheduler, command))
    assert "cluster" in (ROOT / "Containerfile").read_text(encoding="utf-8").split('".[', 1)[1].split("]", 1)[0].split(",")
    told = worker["command"]
    assert told[told.index("--nthreads") + 1] == "1" and told[told.index("--memory-limit") + 1] == "2GB"
    assert told[1] == f"tcp://scheduler:{scheduler['command'][-2]}"
    assert worker["deploy"]["replicas"] >= 2 and "mem_limit" in worker
    shared = [one for one in worker["volumes"] if one in command["volumes"]]
    assert {one.split(":")[1] for one in shared} == {"/runs", "/crawls"}
    assert set(SERVICES) >= {"database", "mlflow", "scheduler", "worker"}


@pytest.mark.parametrize("error", [ClusterAway("a"), WorkerLost("b")])
def test_errors_cross_process_borders(error: SoiHangError) -> None:
    import pickle

    assert str(pickle.loads(pickle.dumps(error))) == str(error)
