"""A folder to write into, here or in a store: files put whole, named below it, and never anything outside."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from pipeline.remote import is_address, opened, shown, speaking


class RemoteFolder:
    """The folder at ``address`` (a path of this machine, ``file://…``, ``s3://bucket/…``); nothing is made until something is put.

    A bucket is never made: who may read it is decided by whoever makes it. Where a store is not asked to replace files whole (sftp), a reader
    may meet half of one.
    """

    def __init__(self, address: str) -> None:
        self._filesystem, path = opened(address)
        self._path, self.name = path.rstrip("/"), shown(address.rstrip("/"))
        self._is_here = not is_address(address)

    def read(self, name: str) -> bytes | None:
        """Return a small file's bytes, ``None`` where there is none."""
        with speaking(f"{self.name}/{name}"):
            try:
                return bytes(self._filesystem.cat_file(self._at(name)))
            except FileNotFoundError:
                return None

    def sizes(self, below: str) -> dict[str, int]:
        """Return the size in bytes of every file in the folder ``below``, by its name in there."""
        folder = self._at(below)
        with speaking(f"{self.name}/{below}"):
            self._filesystem.invalidate_cache()
            found: dict[str, dict[str, Any]] = self._filesystem.find(folder, detail=True)
        return {name[len(folder) + 1 :]: int(info["size"]) for name, info in found.items()}

    def put(self, local: Path, name: str) -> None:
        """Copy a file of this machine to ``name``, in place of what is there."""
        target = self._at(name)
        with speaking(f"{self.name}/{name}"):
            if self._is_here:
                Path(target).parent.mkdir(parents=True, exist_ok=True)
                self._filesystem.put_file(str(local), f"{target}.partial")
                os.replace(f"{target}.partial", target)
            else:
                self._filesystem.put_file(str(local), target)

    def remove(self, name: str) -> None:
        """Remove a file; one that is not there is no error."""
        with speaking(f"{self.name}/{name}"):
            try:
                self._filesystem.rm_file(self._at(name))
            except FileNotFoundError:
                return

    def _at(self, name: str) -> str:
        return f"{self._path}/{name}"
