"""One function over many parts, on every core, results in the order of the parts."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from joblib import Parallel, delayed

Part = TypeVar("Part")
Result = TypeVar("Result")


def on_processes(work: Callable[[Part], Result], todo: Sequence[Part], *, n_jobs: int = -1) -> Iterator[Result]:
    """Yield ``work(part)`` for each part in order, at most two per core under way; one part alone is done here, without a process.

    ``work`` and its results travel between processes. ``n_jobs`` is joblib's: -1 uses every core.
    """
    wanted = (os.cpu_count() or 1) if n_jobs < 0 else n_jobs
    run = Parallel(n_jobs=max(1, min(wanted, len(todo))), return_as="generator", pre_dispatch="2*n_jobs")
    yield from run(delayed(work)(part) for part in todo)
