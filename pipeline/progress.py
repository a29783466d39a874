"""Progress on a terminal: what is being done, how fast, how long it will take. Silent when nobody watches."""

from __future__ import annotations

import sys
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.text import Text

#: Shorter work finishes before anyone has read a bar.
_QUIET_SECONDS = 2.0


class _Rate(ProgressColumn):
    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text(f"{speed:,.0f} rows/s" if speed else "")


class RowProgress:
    """Call it with a stage's name, rows just done and rows in all; one line a stage, on standard error."""

    def __init__(self, *, watched: bool | None = None) -> None:
        self._watched = sys.stderr.isatty() if watched is None else watched
        self._bars = Progress(
            TextColumn("{task.description:<9}"),
            BarColumn(),
            MofNCompleteColumn(),
            _Rate(),
            TimeRemainingColumn(),
            console=Console(stderr=True),
            transient=True,
        )
        self._tasks: dict[str, int] = {}
        self._began: float | None = None

    def __call__(self, stage: str, rows: int, total: int | None) -> None:
        if not self._watched:
            return
        if stage not in self._tasks:
            self._tasks[stage] = self._bars.add_task(stage, total=total)
        self._bars.advance(self._tasks[stage], rows)  # type: ignore[arg-type]
        if self._began is None:
            self._began = self._bars.get_time()
        elif not self._bars.live.is_started and self._bars.get_time() - self._began > _QUIET_SECONDS:
            self._bars.start()

    def __enter__(self) -> RowProgress:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._bars.live.is_started:
            self._bars.stop()
