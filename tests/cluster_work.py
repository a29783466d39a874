"""Work for the workers of a test's cluster, which load it by name; nothing here takes long to load."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path


def named(part: int) -> tuple[int, int]:
    """The part and who did it; the earlier the part, the longer it takes."""
    time.sleep(0.2 if part == 0 else 0.01)
    return part, os.getpid()


def here(name: str) -> str:
    """What stands in a file named from where the command was started."""
    return Path(name).read_text(encoding="utf-8")


def struck(part: int) -> int:
    """The third part is too much for whoever does it."""
    if part == 2:
        os.kill(os.getpid(), signal.SIGKILL)
    return part


def prepared() -> None:
    """Marks the process that did it."""
    os.environ["SOIHANG_TEST_PREPARED"] = "1"


def was_prepared(part: int) -> bool:
    """Says whether this process is marked."""
    time.sleep(0.05)
    return os.environ.get("SOIHANG_TEST_PREPARED") == "1"
