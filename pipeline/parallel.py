"""One function over many parts, on every core or on a cluster, results in the order of the parts."""

from __future__ import annotations

import gc
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

from joblib import Parallel, cpu_count, delayed
from joblib.externals.loky import process_executor

from pipeline.cluster import WorkerLost, connected

#: Bytes that a worker may hold more than after its first part, and seconds between looks.
_MOST_KEPT, _LOOK_EVERY = 1_500_000_000, 30.0

Part = TypeVar("Part")
Result = TypeVar("Result")


def on_processes(work: Callable[[Part], Result], todo: Sequence[Part], *, n_jobs: int = -1) -> Iterator[Result]:
    """Yield ``work(part)`` for each part in order, at most two per core under way; one part alone is done here, without a process.

    ``work`` and its results travel between processes. ``n_jobs`` is joblib's: -1 uses every core that this process may use (affinity,
    a container's quota and ``LOKY_MAX_CPU_COUNT`` bound them). Within `pipeline.cluster.on_cluster` its workers do the work, unless
    ``n_jobs`` is 1. Raises `WorkerLost` where a worker dies.
    """
    cluster = connected()
    if cluster is not None and len(todo) > 1 and n_jobs != 1:
        yield from cluster.each(work, todo)
        return
    with _in_words():
        yield from _workers(len(todo), n_jobs)(delayed(_at_work)(work, part) for part in todo)


@contextmanager
def preparing(prepare: Callable[[], object], n_parts: int, *, n_jobs: int = -1) -> Iterator[None]:
    """Let every process that ``n_parts`` will need do ``prepare`` (its imports, say) beside the block; both are done when it ends.

    On a cluster each worker does it before its next part, and nobody waits.
    """
    cluster = connected()
    if cluster is not None:
        kept = cluster.prepare(prepare)
        yield
        del kept
        return
    run = _workers(n_parts, n_jobs)
    pending = run(delayed(_at_work)(_prepared, prepare) for _ in range(run.n_jobs)) if run.n_jobs > 1 else iter(())
    try:
        yield
    finally:
        with _in_words():
            deque(pending, maxlen=0)


@contextmanager
def _in_words() -> Iterator[None]:
    try:
        yield
    except process_executor.TerminatedWorkerError as error:
        raise WorkerLost(
            f"a worker process died, most likely for want of memory (joblib: {' '.join(str(error).split())[:120]}); close other programs, let fewer "
            "work at once (LOKY_MAX_CPU_COUNT=1) or make parts smaller (partition_rows), then run the same command again: it goes on from here"
        ) from error


def _prepared(prepare: Callable[[], object]) -> None:
    prepare()
    # What is loaded now stays: no search for garbage needs to go through it again.
    gc.collect()
    gc.freeze()


def _at_work(work: Callable[[Part], Result], part: Part) -> Result:
    # A worker that remembers words grows for a while, up to a bound of its own; loky would take that for a leak, look for garbage every
    # second and start a new worker, which knows no words.
    process_executor._MAX_MEMORY_LEAK_SIZE, process_executor._MEMORY_LEAK_CHECK_DELAY = _MOST_KEPT, _LOOK_EVERY
    return work(part)


def _workers(n_parts: int, n_jobs: int) -> Parallel:
    wanted = cpu_count() if n_jobs < 0 else n_jobs
    return Parallel(n_jobs=max(1, min(wanted, n_parts)), return_as="generator", pre_dispatch="2*n_jobs")
