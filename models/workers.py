"""Independent fits side by side, results in order. Threads: the libraries beneath work outside Python's lock and share the tables."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from joblib import cpu_count

Task = TypeVar("Task")
Result = TypeVar("Result")
#: More would multiply memory, not speed: each fit holds its own copy of its columns.
_MOST = 4


def in_order(work: Callable[[Task], Result], tasks: Iterable[Task]) -> list[Result]:
    """Return ``work`` of each task; the result does not depend on how many run at once."""
    todo = list(tasks)
    n = min(len(todo), cpu_count(), _MOST)
    if n <= 1:
        return [work(task) for task in todo]
    with ThreadPoolExecutor(max_workers=n) as pool:
        return list(pool.map(work, todo))
