"""What a command and the processes it starts take, looked at while it runs: memory and processor time of each.

Memory is the proportional set size: a page that several processes share counts once in all. The kernel walks through every page for it, so
there are two looks a second of small processes, and fewer of large ones. Linux only.
"""

from __future__ import annotations

import os
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from subprocess import DEVNULL, Popen, TimeoutExpired
from typing import NamedTuple

import psutil

#: Seconds between two looks, and how many times as long as a look took it is to the next at least.
EVERY, TIMES_ITS_COST = 0.5, 50.0
#: Processes that only wait for others to end are no workers; neither is what takes less processor time than this in all.
_IDLE_SECONDS = 1.0


class Look(NamedTuple):
    """One moment: ``at`` by the clock, bytes by process (the command's own first), processor seconds of all so far, ended ones too."""

    at: float
    memory: dict[int, int]
    processor: float


@dataclass
class Watched:
    """A command that ended: ``highest`` is the kernel's own highest resident bytes of each process, ``spent`` its processor seconds."""

    main: int
    code: int
    begun: float
    ended: float
    looks: list[Look] = field(default_factory=list)
    spent: dict[int, float] = field(default_factory=dict)
    highest: dict[int, int] = field(default_factory=dict)
    #: Processor seconds that the looking itself took.
    watching: float = 0.0

    @property
    def workers(self) -> list[int]:
        """The processes beside the command that did work."""
        return [pid for pid, seconds in self.spent.items() if pid != self.main and seconds >= _IDLE_SECONDS]

    def between(self, begin: float, end: float) -> Took:
        """What was taken from ``begin`` to ``end``; a stretch shorter than a look is told by the looks around it."""
        inside = [one for one in self.looks if begin <= one.at <= end] or self._around(begin, end)
        workers = [size for one in inside for pid, size in one.memory.items() if pid != self.main]
        return Took(
            end - begin,
            self._processor_at(end) - self._processor_at(begin),
            max((one.memory.get(self.main, 0) for one in inside), default=0),
            max(workers, default=0),
            max((sum(one.memory.values()) for one in inside), default=0),
        )

    def _around(self, begin: float, end: float) -> list[Look]:
        return [one for one in self.looks if one.at < begin][-1:] + [one for one in self.looks if one.at > end][:1]

    def _processor_at(self, moment: float) -> float:
        before = after = Look(self.begun, {}, 0.0)
        for one in self.looks:
            before, after = (one, one) if one.at <= moment else (before, one)
            if one.at > moment:
                break
        share = (moment - before.at) / (after.at - before.at) if after.at > before.at else 0.0
        return before.processor + share * (after.processor - before.processor)


class Took(NamedTuple):
    """Wall and processor seconds; highest bytes of the command's own process, of its largest worker, of all together."""

    seconds: float
    processor: float
    parent: int
    worker: int
    together: int


def watch(command: Sequence[str | Path], *, cores: Collection[int] | None = None, env: Mapping[str, str] | None = None, errors: Path) -> Watched:
    """Run ``command`` on ``cores`` (all, where missing) and watch it to its end; its standard error goes to the file ``errors``."""
    begun = time.time()
    mine = time.process_time()
    with errors.open("wb") as stream, Popen(list(map(str, command)), stdout=DEVNULL, stderr=stream, env=env) as process:
        if cores is not None:
            # Children inherit it; the command has not begun to count cores yet.
            os.sched_setaffinity(process.pid, cores)
        watched = Watched(process.pid, 0, begun, begun)
        pause = 0.0
        while not _ended(process, pause):
            looking = time.process_time()
            _look(watched)
            pause = max(EVERY, TIMES_ITS_COST * (time.process_time() - looking))
        watched.code, watched.ended = process.returncode, time.time()
    watched.watching = time.process_time() - mine
    return watched


def _ended(process: Popen[bytes], within: float) -> bool:
    try:
        process.wait(within)
    except TimeoutExpired:
        return False
    return True


def _look(watched: Watched) -> None:
    memory: dict[int, int] = {}
    try:
        main = psutil.Process(watched.main)
        family = [main, *main.children(recursive=True)]
    except psutil.NoSuchProcess:
        return
    for one in family:
        try:
            times = one.cpu_times()
            memory[one.pid] = one.memory_full_info().pss
            watched.highest[one.pid] = max(_highest(one.pid), watched.highest.get(one.pid, 0))
            watched.spent[one.pid] = times.user + times.system
        except psutil.Error:
            # It ended between two lines.
            continue
    watched.looks.append(Look(time.time(), memory, sum(watched.spent.values())))


def _highest(pid: int) -> int:
    """Highest resident bytes since the process began, also between two looks."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM")), 0)
