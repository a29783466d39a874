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

    The system itself lets go of the lock of a process that died, so a lock is never stale. Who holds it (process, host, and which start of the
    machine, since process numbers begin anew with it) stands in a file beside it, for the message only.
    """
    from pipeline.store import CannotWrite

    held = FileLock(folder / ".lock", timeout=wait_minutes * 60, thread_local=False)
    holder = folder / _HOLDER
    try:
        folder.mkdir(parents=True, exist_ok=True)
        held.acquire()
        holder.write_text(f"{os.getpid()} {socket.gethostname()} {_boot()}", encoding="utf-8")
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
        process, host, boot = holder.read_text(encoding="utf-8").split()
        age = time.time() - holder.stat().st_mtime
        gone = host == socket.gethostname() and (boot != _boot() or not psutil.pid_exists(int(process)))
    except (OSError, ValueError, OverflowError):
        return "another run"
    # The clock may have been put back since.
    since = f", for {age / 60:.0f} minutes" if age >= 0 else ""
    left = ", which is gone: what it had started still holds the folder" if gone else ""
    return f"another run (process {process} on {host}{since}{left})"


def _boot() -> str:
    """This start of the machine: Linux gives each an id; elsewhere the second it fell into, which moves with the clock."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return str(int(psutil.boot_time()))
