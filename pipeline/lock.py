"""One run at a time in a folder: the second waits or is told who is there."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
from filelock import FileLock, Timeout

from features.errors import SoiHangError

_HOLDER = ".holder"


class Locked(SoiHangError):
    """Another run is writing to the same folder."""

    exit_code = 75


@contextmanager
def lock(folder: Path, *, wait_minutes: float = 0) -> Iterator[None]:
    """Hold the folder for one run; raises `Locked` where another run still holds it after ``wait_minutes``.

    The system itself lets go of the lock of a process that died, so a lock is never stale. Who holds it (process, host, and the second the
    machine was started, since process numbers begin anew with it) stands in a file beside it, for the message only.
    """
    from pipeline.store import CannotWrite

    held = FileLock(folder / ".lock", timeout=wait_minutes * 60, thread_local=False)
    holder = folder / _HOLDER
    try:
        folder.mkdir(parents=True, exist_ok=True)
        held.acquire()
        holder.write_text(f"{os.getpid()} {socket.gethostname()} {int(psutil.boot_time())}", encoding="utf-8")
    except Timeout:
        raise Locked(f"{folder} is used by {_named(holder)}; wait (--wait MINUTES) or choose another --out") from None
    except OSError as error:
        held.release()
        raise CannotWrite(f"cannot write to {folder}: {error.strerror}") from error
    try:
        yield
    finally:
        holder.unlink(missing_ok=True)
        held.release()


def _named(holder: Path) -> str:
    try:
        process, host, _ = holder.read_text(encoding="utf-8").split()
        age = time.time() - holder.stat().st_mtime
    except (OSError, ValueError):
        return "another run"
    return f"another run (process {process} on {host}, for {age / 60:.0f} minutes)"
