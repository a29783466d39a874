"""What a run was made of: its inputs, settings, code and machine, and an id that is the same for the same work."""

from __future__ import annotations

import hashlib
import os
import platform
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from importlib import metadata
from pathlib import Path

from features.errors import SoiHangError
from pipeline.config import configs_hash

_PACKAGES = ("soihang", "numpy", "pandas", "pyarrow", "underthesea", "scikit-learn", "pandera")
_ROOT = Path(__file__).resolve().parent.parent


class Locked(SoiHangError):
    """Another run is writing to the same folder."""

    exit_code = 75


def fingerprint(path: Path) -> str:
    """Return the SHA-256 of a file, hex."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


@lru_cache(maxsize=1)
def code_hash() -> str:
    """Return a hash over the source of our three packages (16 hex digits)."""
    digest = hashlib.sha256()
    for package in ("features", "models", "pipeline"):
        for path in sorted((_ROOT / package).rglob("*.py")):
            digest.update(path.relative_to(_ROOT).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]


def run_id(inputs: Sequence[str], *, seed: int, settings: str) -> str:
    """Return the id of a run: a hash of its inputs' fingerprints, configs, code, seed and command settings."""
    content = "\n".join([*inputs, configs_hash(), code_hash(), str(seed), settings])
    return hashlib.sha256(content.encode()).hexdigest()[:16]


def versions() -> dict[str, str]:
    """Return the versions a result depends on."""
    found = {"python": platform.python_version()}
    for name in _PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = "not installed"
    return found


@contextmanager
def lock(folder: Path) -> Iterator[None]:
    """Hold the folder for one run; raises `Locked` where another live run of this machine holds it.

    A lock left by a killed run is known by its process id, host and boot id, and taken over.
    """
    path = folder / ".lock"
    mine = f"{os.getpid()} {socket.gethostname()} {_boot_id()}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _take(path, mine)
    except OSError as error:
        from pipeline.store import CannotWrite

        raise CannotWrite(f"cannot write to {folder}: {error.strerror}") from error
    try:
        yield
    finally:
        path.unlink(missing_ok=True)


def _take(path: Path, mine: str) -> None:
    for _ in range(2):
        try:
            with open(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o644), "w", encoding="utf-8") as stream:
                stream.write(mine)
            return
        except FileExistsError:
            holder = path.read_text(encoding="utf-8").split()
            if _alive(holder):
                raise Locked(f"{path.parent} is used by another run (process {holder[0]} on {holder[1]}); wait or choose another --out") from None
            path.unlink(missing_ok=True)


def _alive(holder: list[str]) -> bool:
    if len(holder) != 3 or not holder[0].isdigit():
        return False
    if holder[1] != socket.gethostname():
        return True
    return holder[2] == _boot_id() and Path(f"/proc/{holder[0]}").exists()


def _boot_id() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return "unknown"
