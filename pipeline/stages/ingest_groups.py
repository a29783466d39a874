"""Crawl files in groups: what one process reads at a time, and what is kept as a whole when nothing in it changed. A large file is several groups.

A group's borders must stay where they are when a file is added, grows or goes, or everything after it would be read again. So most borders
are drawn by a file's own name and size, as likely as it is large, and only the rest by how much came before.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pipeline.sources.files import folder_day
from pipeline.sources.pieces import Piece
from pipeline.sources.readers import pieces_of

_MOST, _USUAL, _LEAST = 64_000_000, 32_000_000, 1_000_000
"""Bytes: no group of several files is larger; a group on average; a smaller one goes on into the next folder."""

_PACKED, _UNPACKS_TO = {".gz", ".zst", ".parquet", ".xlsx"}, 4
_SLUG_LENGTH = 60


@dataclass(frozen=True)
class Group:
    """Consecutive files, or a piece of one. ``name`` is the beginning of the names of all that is made of them, ``labels`` are the files' names in
    tables, ``weight`` their bytes, unpacked by rule of thumb."""

    name: str
    paths: tuple[Path, ...]
    labels: tuple[str, ...]
    weight: int
    piece: Piece | None = None

    @property
    def goes_on(self) -> bool:
        """Whether it is a piece of the same file as the group before."""
        return self.piece is not None and self.piece.begin > 0


def in_groups(paths: Sequence[Path], labels: Sequence[str]) -> list[Group]:
    """Return the files in groups, in the order given."""
    found: list[Group] = []
    begun: list[tuple[Path, str]] = []
    weight = 0
    for path, label in zip(paths, labels, strict=True):
        own = _weight(path)
        leaves_folder = bool(begun) and path.parent != begun[-1][0].parent
        if begun and (weight + own > _MOST or (leaves_folder and weight >= _LEAST)):
            found.append(_group(begun, weight))
            begun, weight = [], 0
        if own > _MOST and len(cut := pieces_of(path, _MOST)) > 1:
            found += _pieces(path, label, own, cut)
            continue
        begun.append((path, label))
        weight += own
        if _is_border(label, own):
            found.append(_group(begun, weight))
            begun, weight = [], 0
    return [*found, _group(begun, weight)] if begun else found


def _is_border(label: str, weight: int) -> bool:
    return int(_hash(label)[:8], 16) / 2**32 < weight / _USUAL


def _weight(path: Path) -> int:
    return path.stat().st_size * (_UNPACKS_TO if path.suffix.lower() in _PACKED else 1)


def _group(files: Sequence[tuple[Path, str]], weight: int) -> Group:
    paths, labels = zip(*files, strict=True)
    return Group(f"part-{_slug(paths[0], labels[0])}-{_hash(labels[0])[:12]}", paths, labels, weight)


def _pieces(path: Path, label: str, weight: int, cut: Sequence[Piece]) -> list[Group]:
    whole = _group([(path, label)], weight // len(cut))
    return [replace(whole, name=f"{whole.name}-p{at:05d}", piece=piece) for at, piece in enumerate(cut)]


def _slug(path: Path, label: str) -> str:
    """The file's name, from the folder named by a day on where it lies in one, as any file system takes it."""
    parts = path.resolve().parts
    day = folder_day(path)
    begin = max((at for at, part in enumerate(parts[:-1]) if day is not None and part == day.isoformat()), default=None)
    name = "/".join(parts[begin:]) if begin is not None else label
    return re.sub(r"[^a-z0-9.]+", "-", name.lower())[:_SLUG_LENGTH].strip("-.") or "file"


def _hash(label: str) -> str:
    return hashlib.sha256(label.encode("utf-8", "surrogateescape")).hexdigest()
