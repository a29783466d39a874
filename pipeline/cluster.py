"""The same work on the workers of a Dask cluster that share our folder and run our code; anything else is refused in one line.

Dask's scheduler hands the parts out, and hands them out again where a worker is lost. We keep two parts a worker under way and take the
results in the order of the parts, so that memory holds that many and no more. Why not joblib's Dask backend: docs/decisions/0009-a-cluster.md.
"""

from __future__ import annotations

import logging
import os
import secrets
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

from features.errors import ConfigError, SoiHangError
from pipeline.store import CannotWrite

#: Seconds to reach the scheduler, to see a first worker, between looks at a part that takes long, and without any worker before we give up.
_REACH, _FIRST_WORKER, _LOOK_EVERY, _PATIENCE = 20, 60, 20, 120

Part = TypeVar("Part")
Result = TypeVar("Result")


class ClusterAway(SoiHangError):
    """The scheduler cannot be reached, or no worker is left."""

    exit_code = 6


class WorkerLost(SoiHangError):
    """A worker died at its work, most likely for want of memory; what it had finished stays."""

    exit_code = 71


@dataclass(frozen=True)
class _Errand:
    """What travels to a worker once: the work, where relative paths begin, and the code that must do it."""

    work: Callable[[Any], Any]
    home: str
    made_by: dict[str, str]

    def __call__(self, part: Any) -> Any:
        # A worker may have joined, or been replaced, since we connected.
        if wrong := _other_code(self.made_by):
            raise ConfigError(f"a worker of the cluster {wrong}")
        _go_home(self.home)
        return self.work(part)


class Cluster:
    """A connected cluster; made by `on_cluster`."""

    def __init__(self, client: Any, address: str) -> None:
        self._client, self._address = client, address

    def each(self, work: Callable[[Part], Result], todo: Sequence[Part]) -> Iterator[Result]:
        """Yield ``work(part)`` for each part in order; raises `WorkerLost` where a part brings its workers down, `ClusterAway` where none is left."""
        # A task of its own, so that the work is sent once, and made anew by the scheduler where the worker that holds it dies.
        errand = self._client.submit(_held, _Errand(work, str(Path.cwd()), _code()), pure=False)
        under_way: deque[Any] = deque()
        for part in todo:
            under_way.append(self._client.submit(_do, errand, part, pure=False))
            if len(under_way) >= 2 * self.n_workers:
                yield self._result(under_way.popleft())
        while under_way:
            yield self._result(under_way.popleft())

    def prepare(self, prepare: Callable[[], object]) -> list[Any]:
        """Let every worker do ``prepare`` before its next part; what is returned need only be kept while that is wanted."""
        errand = self._client.submit(_held, _Errand(_Ignoring(prepare), str(Path.cwd()), _code()), pure=False)
        at = self._client.nthreads()
        return [errand, *(self._client.submit(_do, errand, None, pure=False, workers=[one], allow_other_workers=True) for one in at)]

    @property
    def n_workers(self) -> int:
        """How many workers there are now, at least one."""
        with self._in_words():
            return max(1, len(self._client.nthreads()))

    def check(self, folder: Path, seen: Sequence[Path] = ()) -> None:
        """Raise `ConfigError` where a worker runs other code, does several parts at once, or does not see ``folder`` as we do; `ClusterAway` where
        there is no worker. ``seen`` are files and folders that every worker must be able to read.
        """
        from distributed import TimeoutError as TookTooLong

        with self._in_words():
            try:
                self._client.wait_for_workers(1, timeout=_FIRST_WORKER)
            except TookTooLong:
                raise ClusterAway(f"no worker at {self._address}; start some: dask worker {self._address} --nthreads 1") from None
            for worker, n_threads in self._client.nthreads().items():
                if n_threads != 1:
                    raise ConfigError(f"worker {worker} does {n_threads} parts at once, which share its memory; start it with --nthreads 1")
            with _probe(folder) as look:
                said = self._client.run(_Look(look, [path for path in seen if path.exists()], str(Path.cwd()), _code()), on_error="return")
        for worker, wrong in said.items():
            if isinstance(wrong, ImportError):
                raise ConfigError(f"worker {worker} cannot load soihang ({wrong}); install the same version there as here")
            if wrong is not None:
                raise ConfigError(f"worker {worker} {wrong}")

    def _result(self, future: Any) -> Any:
        with self._in_words():
            self._wait(future)
            return future.result()

    def _wait(self, future: Any) -> None:
        from distributed import TimeoutError as TookTooLong
        from distributed import wait

        idle = 0
        while True:
            try:
                wait([future], timeout=_LOOK_EVERY)
                return
            except TookTooLong:
                states = [one["status"] for one in self._client.scheduler_info(n_workers=-1)["workers"].values()]
                idle = 0 if "running" in states else idle + _LOOK_EVERY
                if idle >= _PATIENCE:
                    paused = f", {len(states)} paused for want of memory" if states else ""
                    raise ClusterAway(
                        f"no worker has been at work at {self._address} for {idle} seconds{paused}; start workers, then run the same command again"
                    ) from None

    @contextmanager
    def _in_words(self) -> Iterator[None]:
        """Dask's errors as ours."""
        from distributed import CancelledError
        from distributed.comm.core import CommClosedError
        from distributed.scheduler import KilledWorker

        try:
            yield
        except KilledWorker as error:
            raise WorkerLost(
                f"{error.allowed_failures + 1} workers died over the same part, the last {error.last_worker.address}, most likely for want of "
                "memory; give workers more (--memory-limit) or make parts smaller (partition_rows), then run the same command again"
            ) from error
        except (CancelledError, CommClosedError) as error:
            raise ClusterAway(f"lost the scheduler at {self._address}; start it again, then run the same command again") from error


_now: Cluster | None = None


def connected() -> Cluster | None:
    """Return the cluster that work goes to now, ``None`` where it is done here."""
    return _now


@contextmanager
def on_cluster(address: str | None, *, folder: Path, seen: Sequence[Path] = ()) -> Iterator[None]:
    """Let the work of the block be done by the cluster at ``address`` (``tcp://host:8786`` or ``tls://…``), or here where it is ``None``.

    ``folder`` is where results go, and ``seen`` what is read; every worker must know both under the same path. Raises `ConfigError` where a
    worker does not fit or the extra is not installed, and `ClusterAway` where the scheduler or all workers are away.
    """
    global _now
    if address is None:
        yield
        return
    client = _client(address)
    try:
        cluster = Cluster(client, address)
        cluster.check(folder, seen)
        _now = cluster
        yield
    finally:
        _now = None
        client.close(timeout=5)


def _client(address: str) -> Any:
    try:
        import dask
        from distributed import Client
    except ImportError:
        raise ConfigError("--cluster needs Dask: pip install 'soihang[cluster]'") from None
    # Dask says in several lines what `Cluster._in_words` says in one; a model travels as it is.
    for name in ("distributed", "distributed.client"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    dask.config.set({"distributed.admin.large-graph-warning-threshold": "1GB"})
    try:
        return Client(address, timeout=_REACH)
    except (OSError, ValueError, TypeError) as error:
        raise ClusterAway(f"no scheduler at {address} ({_first_line(error)}); start it: dask scheduler, and name it as tcp://HOST:8786") from None


@contextmanager
def _probe(folder: Path) -> Iterator[tuple[Path, str]]:
    """A file in ``folder`` for as long as the block lasts, and what it holds."""
    path, token = folder / f".cluster-{secrets.token_hex(4)}.partial", secrets.token_hex(16)
    try:
        path.write_text(token, encoding="utf-8")
        yield path, token
    except OSError as error:
        raise CannotWrite(f"cannot write to {folder}: {error.strerror}") from error
    finally:
        path.unlink(missing_ok=True)


@dataclass(frozen=True)
class _Look:
    """Run by each worker: what hinders it from working for us, in words that follow its name; ``None`` where nothing does."""

    probe: tuple[Path, str]
    seen: list[Path]
    home: str
    made_by: dict[str, str]

    def __call__(self) -> str | None:
        _go_home(self.home)
        return _other_code(self.made_by) or self._folder() or self._files()

    def _folder(self) -> str | None:
        path, token = self.probe
        folder = path.parent.absolute()
        try:
            if path.read_text(encoding="utf-8") == token and os.access(folder, os.W_OK | os.X_OK):
                return None
        except OSError:
            pass
        return f"does not see {folder} as this machine does, or may not write there; mount the same folder under the same path, for the same user"

    def _files(self) -> str | None:
        hidden = [path for path in self.seen if not os.access(path, os.R_OK)]
        return f"cannot read {hidden[0].absolute()}; mount the same folder under the same path, for the same user" if hidden else None


@dataclass(frozen=True)
class _Ignoring:
    work: Callable[[], object]

    def __call__(self, _: object) -> None:
        self.work()


def _held(errand: _Errand) -> _Errand:
    return errand


def _do(errand: _Errand, part: Any) -> Any:
    return errand(part)


def _go_home(home: str) -> None:
    # Relative paths begin where the command was started; absolute ones need no such folder.
    with suppress(OSError):
        os.chdir(home)


@lru_cache(maxsize=1)
def _code() -> dict[str, str]:
    """All that decides which bytes come out."""
    from pipeline.config import configs_hash
    from pipeline.manifest import code_hash, versions

    return versions() | {"code": code_hash(), "configs": configs_hash()}


def _other_code(wanted: dict[str, str]) -> str | None:
    own = _code()
    differs = [f"{name} {own.get(name)} instead of {there}" for name, there in wanted.items() if own.get(name) != there]
    return f"has {', '.join(differs)}; install the same there as here and start it again" if differs else None


def _first_line(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
