"""A team's MLflow: the command of compose.yaml with PostgreSQL behind it, both started here as local processes."""

from __future__ import annotations

import json
import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import pytest
import yaml

from tests.commands import printed
from tests.conftest import ROOT, is_root
from tests.small_market import eager_file, small_market

COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
#: What `mlflow server` needs beyond the client.
SERVER = ["flask", "flask_cors", "graphene", "aiohttp", "psycopg2"]


def postgres_tool(name: str) -> str | None:
    """Debian keeps the server's tools out of the path."""
    found = shutil.which(name) or next((str(path) for path in sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), reverse=True)), None)
    return str(Path(found).resolve()) if found else None


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def unprivileged() -> str | None:
    """PostgreSQL refuses to run as root."""
    return next((name for name in ("postgres", "nobody") if any(name == one.pw_name for one in pwd.getpwall())), None) if is_root() else None


@pytest.fixture(scope="module")
def database() -> Iterator[str]:
    """The address of an empty PostgreSQL of our own."""
    tools = {name: postgres_tool(name) for name in ("initdb", "postgres")}
    if None in tools.values():
        pytest.skip(f"no PostgreSQL server on this machine: {', '.join(name for name, path in tools.items() if path is None)} not found")
    user = unprivileged()
    # pytest's own folders are closed to other users.
    folder = Path(mkdtemp(prefix="soihang-postgres-"))
    if user:
        shutil.chown(folder, user)
    as_user: dict[str, Any] = {"user": user, "group": pwd.getpwnam(user).pw_gid, "extra_groups": []} if user else {}
    port = free_port()
    made = subprocess.run(
        [str(tools["initdb"]), "-D", str(folder / "data"), "-U", "mlflow", "--auth=trust", "--no-sync", "--encoding=UTF8", "--locale=C"],
        capture_output=True, text=True, cwd=folder, timeout=120, check=False, **as_user,
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    options = {"listen_addresses": "127.0.0.1", "port": str(port), "unix_socket_directories": str(folder), "fsync": "off"}
    with (folder / "log").open("w") as log:
        server = subprocess.Popen(
            [str(tools["postgres"]), "-D", str(folder / "data"), *(part for name, value in options.items() for part in ("-c", f"{name}={value}"))],
            stdout=log, stderr=log, cwd=folder, **as_user,
        )  # fmt: skip
    try:
        wait_for(lambda: connects(port), server, folder / "log")
        yield f"postgresql+psycopg2://mlflow@127.0.0.1:{port}/postgres"
    finally:
        # A plain termination would wait until the last client has left.
        server.send_signal(signal.SIGINT)
        server.wait(timeout=30)
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def server(database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of an MLflow server, started with the options of compose.yaml."""
    lacking = [name for name in SERVER if find_spec(name) is None]
    if lacking:
        pytest.skip(f"`mlflow server` needs packages that are not installed: {', '.join(lacking)}")
    folder, port = tmp_path_factory.mktemp("mlflow"), free_port()
    said = str(COMPOSE["services"]["mlflow"]["command"][2])
    for old, new in {
        "exec mlflow": "-m mlflow", "0.0.0.0": "127.0.0.1", "5000": str(port), '"$$DATABASE"': database, " /artifacts": f" {folder / 'artifacts'}",
        "--workers 2": "--workers 1",
    }.items():  # fmt: skip
        assert old in said
        said = said.replace(old, new)
    environment = {**os.environ, **COMPOSE["services"]["mlflow"]["environment"], "PYTHONWARNINGS": "ignore"}
    with (folder / "log").open("w") as log:
        process = subprocess.Popen([sys.executable, *said.split()], stdout=log, stderr=log, env=environment, cwd=folder, start_new_session=True)
    try:
        wait_for(lambda: answers(f"http://127.0.0.1:{port}/health"), process, folder / "log")
        yield f"http://127.0.0.1:{port}"
    finally:
        if process.poll() is None:
            # The server's workers are its children.
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(timeout=30)


def wait_for(ready: Any, process: subprocess.Popen[bytes], log: Path, seconds: float = 120) -> None:
    until = time.monotonic() + seconds
    while not ready():
        assert process.poll() is None and time.monotonic() < until, log.read_text(encoding="utf-8")[-2000:]
        time.sleep(0.2)


def connects(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=2) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def test_the_whole_loop_works_unchanged_against_a_server(server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A training on the command line, a promotion, a rollback, a reproduction: only the environment names the server."""
    from pipeline.tracking import log_training

    monkeypatch.setenv("MLFLOW_TRACKING_URI", server)
    monkeypatch.setenv("MLFLOW_EXPERIMENT_NAME", "thử nghiệm")
    market = small_market()
    before = log_training(market.first, parameters={"seed": 1}, recipe=market.recipe)
    assert before["alias"] == "champion"
    told = ["--listings", market.crawl, "--outcomes", market.some]
    settings = ["--config", eager_file(tmp_path / "run.yaml", seed=2)]
    logged = json.loads(printed("train", *told, *settings, "--out", tmp_path / "train", "--json"))["mlflow"]
    said = json.loads(printed("reproduce", logged["run_id"], "--json"))
    assert said["identical"] and set(said["files"].values()) == {"same"} and said["environment"] == []
    named = [logged["registered_version"], *told, *settings, "--out", tmp_path / "promote", "--anyway", "thử máy chủ", "--json"]
    promoted = json.loads(printed("promote", *named))
    assert promoted["decision"] in ("promoted", "promoted anyway") and promoted["champion"] == market.first.model.version
    back = json.loads(printed("rollback", "--json"))
    assert (back["left"]["version"], back["champion"]["version"]) == (logged["registered_version"], before["registered_version"])


def test_models_and_plots_go_through_the_server_and_come_back(server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from pipeline.tracking import fetch_run, load_champion, log_training, roll_back, switch_champion

    monkeypatch.setenv("MLFLOW_TRACKING_URI", server)
    market = small_market()
    logged = log_training(market.first, parameters={"seed": 1}, recipe=market.recipe)
    switch_champion(logged["registered_version"], logged["run_id"])
    champion = load_champion()
    assert champion is not None and champion.version == market.first.model.version
    kept = fetch_run(logged["run_id"], tmp_path).model
    assert {path.name: path.read_bytes() for path in kept.iterdir()} == {path.name: path.read_bytes() for path in market.first.folder.iterdir()}
    assert not (Path.cwd() / "mlflow.db").exists() or Path.cwd() == ROOT
    left, _ = roll_back()
    assert left is not None and left.version == logged["registered_version"]


class Line:
    """A line to a server that can be cut: what is under way then ends, and nobody picks up (``cut``), or nobody says a word (``mute``)."""

    def __init__(self, server: str) -> None:
        self.target = ("127.0.0.1", int(server.rpartition(":")[2]))
        self.listener = socket.create_server(("127.0.0.1", 0))
        port = self.listener.getsockname()[1]
        self.address = f"http://127.0.0.1:{port}"
        # The server answers only who calls it by its own name.
        self.names = (f"Host: 127.0.0.1:{port}".encode(), f"Host: 127.0.0.1:{self.target[1]}".encode())
        self.open: list[socket.socket] = []
        self.muted = False
        threading.Thread(target=self._pick_up, daemon=True).start()

    def _pick_up(self) -> None:
        with suppress(OSError):
            while True:
                caller, _ = self.listener.accept()
                self.open.append(caller)
                if not self.muted:
                    called = socket.create_connection(self.target)
                    self.open.append(called)
                    for ends in ((caller, called), (called, caller)):
                        threading.Thread(target=self._carry, args=ends, daemon=True).start()

    def _carry(self, source: socket.socket, into: socket.socket) -> None:
        with suppress(OSError):
            while said := source.recv(65_536):
                if not self.muted:
                    into.sendall(said.replace(*self.names))
            into.shutdown(socket.SHUT_WR)

    def mute(self) -> None:
        self.muted = True

    def cut(self) -> None:
        # Closing alone would leave the thread that waits in accept picking up once more.
        with suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for one in self.open:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()


@pytest.mark.parametrize("how", ["cut", "mute"])
def test_a_server_lost_within_a_run_within_a_run_costs_seconds(how: str, server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a training: a request fails, and so does closing each of the two runs."""
    from pipeline.tracking import TrackingAway, connection

    line, begun = Line(server), []
    monkeypatch.setenv("MLFLOW_TRACKING_URI", line.address)
    for name, value in zip(connection._PATIENCE, ("1", "60"), strict=True):
        monkeypatch.setenv(name, value)
    with pytest.raises(TrackingAway, match="does not answer"), connection.connected(tmp_path) as (mlflow, client):
        connection.start_experiment(mlflow, client, tmp_path)
        with mlflow.start_run(), mlflow.start_run(nested=True):
            mlflow.log_params({"before": 1})
            monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "1")
            getattr(line, how)()
            begun.append(time.monotonic())
            mlflow.log_params({"after": 1})
    assert time.monotonic() - begun[0] < 30
    line.cut()


def test_the_registry_outlives_the_client_in_postgresql(server: str, database: str) -> None:
    import sqlalchemy

    with sqlalchemy.create_engine(database).connect() as connection:
        assert connection.execute(sqlalchemy.text("select count(*) from registered_models where name = 'soihang'")).scalar() == 1
        assert connection.execute(sqlalchemy.text("select count(*) from datasets")).scalar()


def test_the_compose_file_runs_the_versions_that_are_tested() -> None:
    built = COMPOSE["services"]["mlflow"]["build"]["dockerfile_inline"]
    wanted = dict(re.findall(r"(mlflow|psycopg2-binary)==([\d.]+)", built))
    assert wanted["mlflow"] == version("mlflow-skinny")
    try:
        assert wanted["psycopg2-binary"] == version("psycopg2-binary")
    except PackageNotFoundError:
        pytest.skip("psycopg2-binary is not installed")


def test_the_compose_file_holds_no_password_and_opens_no_port_to_others() -> None:
    text = (ROOT / "compose.yaml").read_text(encoding="utf-8")
    passwords = [told or spelled for told, spelled in re.findall(r"PASSWORD: (\S+)|//mlflow:(\S+?)@", text)]
    assert len(passwords) == 2 and all(one.startswith("${POSTGRES_PASSWORD") for one in passwords)
    published = [port for service in COMPOSE["services"].values() for port in service.get("ports", [])]
    assert published and all(port.startswith("127.0.0.1:") for port in published)
