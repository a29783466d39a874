"""Where what can be computed again is kept: the state folder, ``~/.cache/soihang`` unless the environment says otherwise.

``SOIHANG_CACHE_DIR`` names another folder; ``XDG_CACHE_HOME`` is respected. Deleting the folder costs the next start three seconds.
Nothing is kept where the folder is not ours alone: compiled code is loaded from it.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import lru_cache
from pathlib import Path
from typing import Any


def state_folder(name: str) -> Path | None:
    """Return a folder of our own for ``name``, made where it is missing; ``None`` where there is none that we may write."""
    try:
        root = Path(os.environ.get("SOIHANG_CACHE_DIR") or Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "soihang")
        folder = root / name
        root.parent.mkdir(parents=True, exist_ok=True)
        for one in (root, folder):
            one.mkdir(mode=0o700, exist_ok=True)
    except (OSError, RuntimeError):  # RuntimeError: no home
        return None
    return folder if os.access(folder, os.W_OK | os.X_OK) and _ours_alone(root) and _ours_alone(folder) else None


def write_whole(path: Path, data: bytes) -> None:
    """Write a file so that a reader sees all of it or none; a full or vanished disk is not an error, the file just is not kept."""
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        part.write_bytes(data)
        os.replace(part, path)
    except OSError:
        with suppress(OSError):
            part.unlink()


@contextmanager
def numba_cache() -> Iterator[bool]:
    """Point Numba's disk cache to the state folder while a function is being declared; yields whether there is one.

    Numba would write beside our source, which an installed package may not. It knows a compiled function by its own file, but our files build
    functions of other files in; so each state of our compiled code has a folder of its own. ``NUMBA_CACHE_DIR`` in the environment wins.
    """
    import numba

    config: Any = numba.config
    folder = None if os.environ.get("NUMBA_CACHE_DIR") else state_folder(f"numba-{_compiled_code()}")
    before = config.CACHE_DIR
    if folder is not None:
        config.CACHE_DIR = str(folder)
    try:
        yield bool(config.CACHE_DIR)
    finally:
        config.CACHE_DIR = before


@lru_cache(maxsize=1)
def _compiled_code() -> str:
    """A hash over every file of ours that declares compiled functions."""
    sources = (path.read_bytes() for path in sorted(Path(__file__).parent.parent.rglob("*.py")))
    return hashlib.sha256(b"".join(source for source in sources if b"@compiled" in source)).hexdigest()[:12]


def _ours_alone(folder: Path) -> bool:
    if not hasattr(os, "geteuid"):
        return True
    found = folder.stat()
    return found.st_uid == os.geteuid() and not found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
