"""Crawl files named by address: fetched to this machine, unless they are there already, and then files like any other.

What `pipeline.sources.files` says of folders holds here too: only known kinds of file, nothing hidden, and folders ``DATE/platform`` without
``_DONE`` are left alone and named.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from features.errors import DataError
from pipeline.remote import StorageAway, is_address, opened, shown, speaking
from pipeline.sources.files import DONE, is_known, named_day
from pipeline.sources.remote_cache import Version, cache_folder, make_room, place, use, waiting_place

_AT_ONCE = 256
_MAGIC = frozenset("*?[")
_WEB = ("http", "https")
_TAGS = ("ETag", "etag", "md5Hash", "generation", "Content-MD5")
_DATES = ("LastModified", "last_modified", "Last-Modified", "mtime", "updated", "created")


class _Object(NamedTuple):
    """One object as its store lists it."""

    key: str
    size: int | None
    modified: datetime | None
    version: Version


def local_files(names: Sequence[str], *, on_files: Callable[[str, int, int | None], None] | None = None) -> list[Path]:
    """Return where each of ``names`` lies on this machine: paths as they are, addresses fetched, in order.

    ``on_files`` is told "fetch", how many files were just fetched and how many there are. Raises `DataError` where an address means nothing,
    `ConfigError` where there is no right to it or its filesystem is not installed, `StorageAway` where it cannot be reached.
    """
    found: list[Path] = []
    for name in names:
        found += _fetched(name, on_files) if is_address(name) else [_path(name)]
    return found


def _path(name: str) -> Path:
    return Path(opened(name)[1]) if name.lower().startswith(("file://", "local://")) else Path(name)


def _fetched(address: str, on_files: Callable[[str, int, int | None], None] | None) -> list[Path]:
    filesystem, path = opened(address)
    scheme, cache = address.split("://", 1)[0].lower(), cache_folder()
    objects, waiting = _listed(filesystem, path, address, scheme)
    if not objects and not waiting:
        raise DataError(f"no crawl files in {shown(address)}")
    places = [place(one.version, cache) for one in objects]
    absent = [(one, where) for one, where in zip(objects, places, strict=True) if not (one.version.mark and use(where, cache))]
    make_room(sum(one.size or 0 for one, _ in absent), cache, keep=places)
    for begin in range(0, len(absent), _AT_ONCE):
        some = absent[begin : begin + _AT_ONCE]
        halves = _halves(filesystem, address, some)
        now = {one.key: one.version for one in _listed(filesystem, path, address, scheme)[0]}
        for (one, where), half in zip(some, halves, strict=True):
            _keep(one, half, where, now.get(one.key), address)
        if on_files is not None:
            on_files("fetch", len(some), len(absent))
    return [*places, *(waiting_place(scheme, _parts(folder, scheme), cache) for folder in waiting)]


def _halves(filesystem: Any, address: str, absent: Sequence[tuple[_Object, Path]]) -> list[Path]:
    """Fetch each object to beside its place, under a name of this process: two runs may fetch the same."""
    halves = [where.with_name(f"{where.name}.{os.getpid()}.partial") for _, where in absent]
    for half in halves:
        half.parent.mkdir(parents=True, exist_ok=True)
    with speaking(address):
        try:
            filesystem.get([one.key for one, _ in absent], [str(half) for half in halves])
        except FileNotFoundError as error:
            filesystem.invalidate_cache()
            gone = next((one.key for one, _ in absent if not filesystem.exists(one.key)), "an object")
            raise StorageAway(f"{shown(gone)}, listed in {shown(address)}, is not there any more; the same command again") from error
    return halves


def _keep(one: _Object, half: Path, where: Path, now: Version | None, address: str) -> None:
    """Give a fetched file its date and its place, where it is still what was listed before."""
    if now != one.version or (one.size is not None and half.stat().st_size != one.size):
        raise StorageAway(f"{shown(one.key)} changed while {shown(address)} was fetched; the same command again")
    if one.modified is not None:
        os.utime(half, (one.modified.timestamp(),) * 2)
    half.chmod(0o600)
    os.replace(half, where)


def _listed(filesystem: Any, path: str, address: str, scheme: str) -> tuple[list[_Object], list[str]]:
    """The objects meant, sorted by name, and the folders that are still being written."""
    with speaking(address):
        filesystem.invalidate_cache()
        try:
            infos = [filesystem.info(path)]
        except FileNotFoundError:
            if not _MAGIC & set(path):
                raise
            infos = list(filesystem.glob(path, detail=True).values())
    found, waiting = [one for one in infos if one["type"] == "file"], []
    for folder in sorted({str(one["name"]).rstrip("/") for one in infos if one["type"] == "directory"}):
        with speaking(address):
            inside = filesystem.find(folder, detail=True)
        unfinished = sorted(_unfinished(folder, inside))
        left_alone = tuple(f"{one}/" for one in unfinished)
        found += [info for key, info in inside.items() if info["type"] == "file" and _is_meant(key, folder) and not key.startswith(left_alone)]
        waiting += unfinished
    # No crawler of ours writes "..": whoever does means another reader's mischief.
    objects = {key: _object(info, scheme) for info in found if not {".", ".."} & set((key := str(info["name"])).split("/"))}
    return [objects[key] for key in sorted(objects)], sorted(set(waiting))


def _is_meant(key: str, folder: str) -> bool:
    return not _hidden(key, folder) and is_known(Path(key.rsplit("/", 1)[-1]))


def _hidden(key: str, folder: str) -> bool:
    return any(part.startswith((".", "_")) for part in key[len(folder) :].split("/"))


def _unfinished(folder: str, keys: Iterable[str]) -> Iterator[str]:
    """Folders of a platform and a day, ``folder`` itself or below it, that hold no mark."""
    keys = set(keys)
    inner = {folder, *(above for key in keys for above in _above(key, folder))}
    for one in inner:
        parent = one.rsplit("/", 2)[-2] if "/" in one else ""
        if not _hidden(one, folder) and named_day(parent) is not None and f"{one}/{DONE}" not in keys:
            yield one


def _above(key: str, folder: str) -> Iterator[str]:
    parts = key[len(folder) :].split("/")[1:-1]
    for n in range(1, len(parts) + 1):
        yield "/".join([folder, *parts[:n]])


def _object(info: dict[str, Any], scheme: str) -> _Object:
    key = str(info["name"])
    modified = _moment(next((info[name] for name in _DATES if info.get(name)), None))
    size = int(info["size"]) if info.get("size") is not None else None
    tags = [f"{name}={info[name]}" for name in _TAGS if info.get(name)]
    # A store that tells neither tag nor date cannot be asked whether anything changed: such an object is fetched each time.
    mark = repr([tags, size, modified.isoformat() if modified else None]) if tags or modified else ""
    return _Object(key, size, modified, Version(scheme, _parts(key, scheme), mark))


def _parts(key: str, scheme: str) -> tuple[str, ...]:
    if scheme in _WEB:
        # A signature is not part of the name: tomorrow's address of the same object has another.
        web = urlsplit(key)
        return (web.netloc, *web.path.split("/"))
    return tuple(key.split("/"))


def _moment(value: Any) -> datetime | None:
    """A date as the many filesystems give it, in UTC and whole seconds: some tell more of one object than of a list."""
    try:
        if isinstance(value, str):
            value = parsedate_to_datetime(value) if "," in value else datetime.fromisoformat(value)
        elif isinstance(value, int | float):
            value = datetime.fromtimestamp(value, UTC)
    except (ValueError, OverflowError, OSError):
        return None
    if not isinstance(value, datetime):
        return None
    return (value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)).replace(microsecond=0)

