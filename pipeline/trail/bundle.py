"""A bundle of files that belong together, as a folder or as one zip, looked at without unpacking and without trusting it.

Our zip has one form for given files: stored in order, no clock, no rights but the owner's. So each of its bytes can be checked.
"""

from __future__ import annotations

import os
import stat
import tempfile
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Protocol

from features.errors import DataError
from pipeline.store import write_atomically

_CHUNK = 1 << 20
# RuntimeError: encrypted members, and ways of packing that the library does not know.
_BAD_ZIP = (zipfile.BadZipFile, RuntimeError, EOFError, ValueError, zlib.error, OSError)
FIRST = "manifest.json"


class Unreadable(DataError):
    """A file of the bundle, or the zip around it, cannot be read."""


class Bundle(Protocol):
    """What a folder and a zip have in common."""

    def names(self) -> list[str]:
        """Names of all files, with / between folders, sorted; a name held twice comes twice."""

    def open(self, name: str) -> IO[bytes]:
        """Open a file; raises `Unreadable`."""

    def size(self, name: str) -> int:
        """Bytes of a file, as far as the container says."""


class FolderBundle:
    """The files under a folder. A link is listed and not followed."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def names(self) -> list[str]:
        found = []
        for folder, folders, files in os.walk(self._root):
            here = Path(folder)
            links = [name for name in folders if (here / name).is_symlink()]
            found += [(here / name).relative_to(self._root).as_posix() for name in [*files, *links]]
        return sorted(found)

    def open(self, name: str) -> IO[bytes]:
        path = self._root / name
        try:
            if not stat.S_ISREG(path.lstat().st_mode):
                raise Unreadable(f"{name} is no plain file")
            return path.open("rb")
        except OSError as error:
            raise Unreadable(f"{name} cannot be read: {error.strerror}") from error

    def size(self, name: str) -> int:
        return (self._root / name).lstat().st_size


class ZipBundle:
    """The files of a zip."""

    def __init__(self, stream: IO[bytes]) -> None:
        try:
            self._zip = zipfile.ZipFile(stream)
        except _BAD_ZIP as error:
            raise Unreadable(f"the zip cannot be opened: {error}") from error

    def names(self) -> list[str]:
        return sorted(info.filename for info in self._zip.infolist() if not info.is_dir())

    def open(self, name: str) -> IO[bytes]:
        try:
            return self._zip.open(name)
        except _BAD_ZIP as error:
            raise Unreadable(f"{name} cannot be read: {error}") from error

    def size(self, name: str) -> int:
        return self._zip.getinfo(name).file_size


@contextmanager
def open_bundle(path: Path) -> Iterator[Bundle]:
    """Open a bundle; raises `DataError` where there is none, `Unreadable` where a file is no zip any more."""
    if path.is_dir():
        yield FolderBundle(path)
        return
    try:
        stream = path.open("rb")
    except OSError as error:
        raise DataError(f"no bundle at {path}: {error.strerror}; name the folder or zip that holds manifest.json") from error
    with stream:
        yield ZipBundle(stream)


def pieces(bundle: Bundle, name: str) -> Iterator[bytes]:
    """Yield a file's bytes; raises `Unreadable` where the container is damaged."""
    with bundle.open(name) as stream:
        while True:
            try:
                piece = stream.read(_CHUNK)
            except _BAD_ZIP as error:
                raise Unreadable(f"{name} cannot be read: {error}") from error
            if not piece:
                return
            yield piece


def content(bundle: Bundle, name: str, *, at_most: int) -> bytes:
    """Return a small file whole; raises `Unreadable` where it is longer than ``at_most`` bytes."""
    out = bytearray()
    for piece in pieces(bundle, name):
        out += piece
        if len(out) > at_most:
            raise Unreadable(f"{name} is longer than {at_most:,} bytes")
    return bytes(out)


def doubled(bundle: Bundle) -> list[str]:
    """Return the names that a zip holds more than once."""
    return [name for name, n in sorted(Counter(bundle.names()).items()) if n > 1]


def pack(folder: Path, target: Path) -> None:
    """Write the bundle in ``folder`` as the zip ``target``: the same bytes for the same files, readable by its owner only."""

    def write(partial: Path) -> None:
        with os.fdopen(os.open(partial, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as stream:
            _pack_into(FolderBundle(folder), stream)

    write_atomically(target, write)


def packing_differs_at(bundle: Bundle, path: Path) -> int | None:
    """Return the first byte of the zip ``path`` that is not as `pack` writes it, ``None`` where all are."""
    with tempfile.TemporaryFile() as ours, path.open("rb") as theirs:
        _pack_into(bundle, ours)
        ours.seek(0)
        place = 0
        while True:
            one, other = ours.read(_CHUNK), theirs.read(_CHUNK)
            if one != other:
                same = next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
                return place + same
            if not one:
                return None
            place += len(one)


def _pack_into(bundle: Bundle, stream: IO[bytes]) -> None:
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(bundle.names(), key=lambda name: (name != FIRST, name)):
            info = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            info.create_system, info.external_attr = 3, (stat.S_IFREG | 0o600) << 16
            info.file_size = bundle.size(name)
            with archive.open(info, "w") as member:
                for piece in pieces(bundle, name):
                    member.write(piece)
