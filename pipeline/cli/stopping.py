"""How a command stops when it is told to: at once where it can, after some seconds in any case, and with all that it had started."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from functools import cache
from types import FrameType
from typing import NoReturn

#: Seconds for what is under way to end in order. What is written is written under a temporary name, so that nothing is lost by less.
_PATIENCE = 15.0

_said = threading.Event()


def stop_when_told() -> None:
    """Let SIGTERM and SIGINT end this process with 128 + their number, having said one line, within `_PATIENCE` seconds and a little."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _stopped)
    if os.name == "posix":
        _watch()


@cache
def _watch() -> None:
    # The interpreter calls `_stopped` between two steps of the main thread, and a step may be a minute's sorting; a thread is told at once.
    told, tell = os.pipe()
    os.set_blocking(tell, False)
    signal.set_wakeup_fd(tell, warn_on_full_buffer=False)
    threading.Thread(target=_insist, args=(told,), daemon=True).start()


def _stopped(number: int, frame: FrameType | None) -> NoReturn:
    _say()
    sys.exit(128 + number)


def _insist(told: int) -> None:
    number = 0
    while number not in (signal.SIGTERM, signal.SIGINT):
        number = os.read(told, 1)[0]
    time.sleep(_PATIENCE)
    _say()
    _end_children()
    os._exit(128 + number)


def _say() -> None:
    if not _said.is_set():
        _said.set()
        os.write(2, b"soihang: interrupted: run the same command again\n")


def _end_children() -> None:
    import psutil

    for child in psutil.Process().children(recursive=True):
        try:
            child.kill()
        except psutil.NoSuchProcess:
            pass
