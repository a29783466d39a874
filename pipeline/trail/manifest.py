"""The manifest of a bundle: every file with its size and SHA-256, where the log ended, and which code made it."""

from __future__ import annotations

import hashlib
import re
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from features.errors import DataError
from pipeline.config import configs_hash
from pipeline.manifest import code_hash, versions
from pipeline.store import write_atomically
from pipeline.trail.bundle import FIRST, Bundle, FolderBundle, pieces
from pipeline.trail.canonical import canonical, read_canonical, readable, sha256
from pipeline.trail.chain import read_entries

MANIFEST, SIGNATURE, LOG = FIRST, "manifest.sig", "log.jsonl"
FORMAT = "soihang-bundle-1"
MAX_MANIFEST = 64_000_000
#: Names that every system can hold, without diacritics, blanks or a step upwards.
_NAME = re.compile(r"(?!.*(?:^|/)\.{1,2}(?:/|$))[A-Za-z0-9_.\-]+(?:/[A-Za-z0-9_.\-]+)*")
_SHA = re.compile(r"[0-9a-f]{64}")
_FIELDS = {"format", "what", "made_at", "made_by", "files", "log", "manifest_sha256"}


@dataclass(frozen=True)
class FileRecord:
    """One file of a bundle as its manifest knows it."""

    path: str
    bytes: int
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """``what`` says what the bundle is; ``log`` is ``{"entries", "head"}`` or nothing; ``sha256`` names this very manifest."""

    what: dict[str, Any]
    made_at: str
    made_by: dict[str, Any]
    files: list[FileRecord]
    log: dict[str, Any] | None
    sha256: str


def write_manifest(folder: Path, *, what: Mapping[str, str | int], at: datetime) -> Manifest:
    """Write ``folder/manifest.json`` over every file that lies there and return it. ``at`` is when the bundle was made.

    Raises `DataError` for a file whose name not every system can hold, and where the chain of ``log.jsonl`` does not hold.
    """
    bundle = FolderBundle(folder)
    names = [name for name in bundle.names() if name not in (MANIFEST, SIGNATURE)]
    odd = [name for name in names if not _NAME.fullmatch(name) or len(name) > 200]
    if odd:
        raise DataError(f"{odd[0]!r} cannot go into a bundle: use ASCII letters, digits, . _ - and at most 200 characters ({len(odd)} such names)")
    value: dict[str, Any] = {
        "format": FORMAT,
        "what": dict(what),
        "made_at": at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "made_by": {"soihang": versions()["soihang"], "code_hash": code_hash(), "configs_hash": configs_hash()},
        "files": [_record(bundle, name).__dict__ for name in names],
        "log": _log_end(folder / LOG) if LOG in names else None,
    }
    value["manifest_sha256"] = _own_hash(value)
    write_atomically(folder / MANIFEST, lambda partial: partial.write_bytes(readable(value)))
    # A signature of an earlier manifest says nothing about this one.
    (folder / SIGNATURE).unlink(missing_ok=True)
    return _manifest(value)


def read_manifest(content: bytes) -> Manifest:
    """Return the manifest that ``content`` holds; raises `DataError` where any byte of it is not as it was written."""
    value = read_canonical(content, readable)
    if value is None or set(value) != _FIELDS:
        raise DataError("the manifest is not as it was written")
    if value["manifest_sha256"] != _own_hash(value):
        raise DataError("the manifest was changed: it does not have the hash it names")
    if value["format"] != FORMAT:
        raise DataError(f"the manifest is of format {value['format']!r}; this version reads {FORMAT}")
    try:
        manifest = _manifest(value)
        sound = _is_sound(manifest)
    except (TypeError, KeyError, AttributeError):
        sound = False
    if not sound:
        raise DataError("the manifest does not hold what a manifest holds")
    return manifest


def digest(bundle: Bundle, name: str, *, at_most: int | None = None) -> tuple[int, str]:
    """Return a file's bytes and SHA-256; of one longer than ``at_most`` bytes no more is read than shows it."""
    size, found = 0, hashlib.sha256()
    for piece in pieces(bundle, name):
        size += len(piece)
        if at_most is not None and size > at_most:
            break
        found.update(piece)
    return size, found.hexdigest()


def _record(bundle: Bundle, name: str) -> FileRecord:
    return FileRecord(name, *digest(bundle, name))


def _log_end(log: Path) -> dict[str, Any]:
    with log.open("rb") as stream:
        last = deque(read_entries(stream), maxlen=1)
    if not last:
        raise DataError(f"the log {log} is empty")
    return {"entries": last[0].n, "head": last[0].hash}


def _own_hash(value: Mapping[str, Any]) -> str:
    return sha256(canonical({name: one for name, one in value.items() if name != "manifest_sha256"}))


def _manifest(value: Mapping[str, Any]) -> Manifest:
    files = [FileRecord(**one) for one in value["files"]]
    return Manifest(value["what"], value["made_at"], value["made_by"], files, value["log"], value["manifest_sha256"])


def _is_sound(manifest: Manifest) -> bool:
    paths = [one.path for one in manifest.files]
    kinds = isinstance(manifest.what, dict) and isinstance(manifest.made_by, dict) and isinstance(manifest.made_at, str)
    files = all(_NAME.fullmatch(one.path) and type(one.bytes) is int and _SHA.fullmatch(one.sha256) for one in manifest.files)
    log = manifest.log is None or (set(manifest.log) == {"entries", "head"} and type(manifest.log["entries"]) is int)
    return kinds and files and log and paths == sorted(set(paths)) and (manifest.log is None) == (LOG not in paths)
