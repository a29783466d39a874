"""Where fetched objects lie on this machine: each version in a folder of its own, so that a file once there never changes.

``CACHE/1f0c…/s3/bucket/crawl/2026-11-24/shopee/a.jsonl.gz``: the first folder is a hash of the object's name, tag, size and date, below it the
tree of the store, from which a file's day and name are read as anywhere. What is there is not fetched again; what was not used for longest
goes first when room is needed. Raw crawls hold phone numbers, so the folder is its owner's alone.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import time
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from features.errors import ConfigError
from pipeline.store import CannotWrite

FOLDER, BOUND = "SOIHANG_CACHE_DIR", "SOIHANG_CACHE_GB"
_DEFAULT_GB = 50.0
#: What a run that is going on may still read.
_IN_USE_SECONDS = 12 * 3600
_WAITING = "waiting"
_UNSAFE = frozenset('/\\:*?"<>|')
_LONGEST = 200


class Version(NamedTuple):
    """One version of an object: kind of store, its name's parts, and a text that changes whenever the content does (empty: nobody knows)."""

    scheme: str
    parts: tuple[str, ...]
    mark: str


def cache_folder() -> Path:
    """Return the cache, made where it is missing and readable by its owner only: ``SOIHANG_CACHE_DIR``, else ``~/.cache/soihang/fetched``."""
    given = os.environ.get(FOLDER)
    home = Path(given) / "fetched" if given else Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "soihang" / "fetched"
    try:
        home.mkdir(parents=True, exist_ok=True)
        home.chmod(0o700)
    except OSError as error:
        raise CannotWrite(f"cannot write {home}: {error.strerror}; name another folder with {FOLDER}") from error
    return home


def place(version: Version, cache: Path) -> Path:
    """Return where this version of an object lies, or would lie, whatever its name holds."""
    named = hashlib.sha256("\0".join([version.scheme, *version.parts, version.mark]).encode("utf-8", "surrogatepass")).hexdigest()[:20]
    return cache / named / _tree(version.scheme, version.parts)


def waiting_place(scheme: str, parts: Sequence[str], cache: Path) -> Path:
    """Make and return an empty folder that stands for one of the store that is still being written."""
    folder = cache / _WAITING / _tree(scheme, parts)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def use(path: Path, cache: Path) -> bool:
    """Note that a file is used now; says whether it is there."""
    if not path.is_file():
        return False
    os.utime(_entry(path, cache))
    return True


def make_room(need: int, cache: Path, *, keep: Collection[Path]) -> None:
    """Take away what was not used for longest until ``need`` bytes more fit; files of ``keep`` and those used in the last 12 hours stay.

    Raises `CannotWrite` where they still do not fit, or the disk has no room.
    """
    kept, bound = {_entry(path, cache) for path in keep}, _bound_bytes()
    entries = list(_entries(cache))
    size = sum(one.size for one in entries)
    for one in sorted(entries, key=lambda one: one.used):
        if size + need <= bound:
            break
        if one.folder not in kept and one.used < time.time() - _IN_USE_SECONDS:
            shutil.rmtree(one.folder, ignore_errors=True)
            size -= one.size
    if size + need > bound:
        raise CannotWrite(
            f"{need / 1e9:.1f} GB to fetch beside {size / 1e9:.1f} GB in use is more than {bound / 1e9:g} GB, the most that {cache} may hold; "
            f"raise {BOUND}"
        )
    if need > (free := shutil.disk_usage(cache).free):
        raise CannotWrite(f"{need / 1e9:.1f} GB to fetch, {free / 1e9:.1f} GB free on the disk of {cache}; free space, or name another with {FOLDER}")


def prune_cache(cache: Path, *, keep_days: int, dry_run: bool) -> list[tuple[Path, int]]:
    """Remove what was not used for ``keep_days``; returns folders and their bytes. With ``dry_run`` only says so."""
    before = time.time() - max(keep_days * 86_400, _IN_USE_SECONDS)
    old = [one for one in _entries(cache) if one.used < before]
    for one in old if not dry_run else []:
        shutil.rmtree(one.folder, ignore_errors=True)
    return [(one.folder, one.size) for one in old]


class _Entry(NamedTuple):
    folder: Path
    size: int
    used: float


def _entries(cache: Path) -> Iterator[_Entry]:
    for folder in sorted(cache.iterdir()):
        if folder.is_dir() and folder.name != _WAITING:
            size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
            yield _Entry(folder, size, folder.stat().st_mtime)


def _entry(path: Path, cache: Path) -> Path:
    return cache / path.relative_to(cache).parts[0]


def _tree(scheme: str, parts: Sequence[str]) -> Path:
    return Path(*(_segment(part) for part in (scheme, *parts) if part))


def _segment(part: str) -> str:
    """A name that stays in its folder: ``..`` and control characters are written as %XX, and what is too long for a disk is cut with a hash."""
    safe = "".join(f"%{ord(one):02X}" if one in _UNSAFE or not one.isprintable() else one for one in part)
    if not safe.strip("."):
        safe = "%2E" * len(safe)
    if len(safe.encode()) <= _LONGEST:
        return safe
    end = "".join(Path(safe).suffixes[-2:])[-20:]
    return f"{safe.encode()[:100].decode('utf-8', 'ignore')}~{hashlib.sha256(safe.encode()).hexdigest()[:12]}{end}"


def _bound_bytes() -> float:
    given = os.environ.get(BOUND)
    try:
        bound = float(given) if given else _DEFAULT_GB
    except ValueError:
        bound = 0.0
    if not 0 < bound < float("inf"):
        raise ConfigError(f"{BOUND} is {given!r}; write the gigabytes that fetched crawls may take, as in 50")
    return bound * 1e9
