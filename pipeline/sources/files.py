"""The files meant by a list of files, folders and globs, in an order that does not depend on the disk.

In the layout ``DATE/platform/`` (``2026-11-24/shopee/…``) a platform's folder is whole once it holds a file ``_DONE``, which the crawler writes
last. Until then it is left alone: half a night's crawl looks like a shop that took its listings down.
"""

from __future__ import annotations

import glob
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path

from features.errors import DataError, NothingNew
from pipeline.sources.readers import file_format

DONE = "_DONE"
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def expand(paths: Sequence[Path]) -> list[Path]:
    """Return each file once: named files as named, folders and globs sorted; raises `DataError` where a name means nothing.

    Folders of `unfinished` are left out, and where nothing else is there, `NothingNew`; a file named itself is taken wherever it lies.

    Inside folders only known kinds of file are taken; hidden and half-written (``.partial``) ones are passed over, and so are links that
    lead out of the folder: what a crawl folder holds is decided by who fills it, and must not reach the rest of the machine.
    """
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            found += _inside(path)
        elif path.is_file():
            found.append(path)
        else:
            matched = sorted(Path(name) for name in glob.glob(str(path), recursive=True))
            if not matched:
                raise DataError(f"no such file or folder: {path}")
            for one in matched:
                found += _inside(one) if one.is_dir() else [one] if one.is_file() else []
    first: dict[Path, Path] = {}
    for path in found:
        first.setdefault(path.resolve(), path)
    unique = list(first.values())
    if not unique:
        if waiting := unfinished(paths):
            named = ", ".join(map(str, waiting[:5]))
            raise NothingNew(f"nothing whole yet: {named} without {DONE}, so still being written; the crawler makes that file last")
        raise DataError(f"no crawl files in {', '.join(map(str, paths))}")
    return unique


def unfinished(paths: Sequence[Path]) -> list[Path]:
    """Return the folders ``DATE/platform`` among ``paths`` and below them that hold no ``_DONE``, sorted."""
    folders = [path for name in paths for path in ([name] if name.is_dir() else map(Path, glob.glob(str(name), recursive=True))) if path.is_dir()]
    return sorted({one for folder in folders for one in _unfinished(folder)})


def folder_day(path: Path) -> date | None:
    """Return the day of the nearest of the three folders above a file that is named by one.

    >>> folder_day(Path("drop/2026-11-24/shopee/a.json"))
    datetime.date(2026, 11, 24)
    """
    return next((day for parent in list(path.resolve().parents)[:3] if (day := named_day(parent.name)) is not None), None)


def named_day(name: str) -> date | None:
    """Return the day that a folder's name is, ``None`` where it is none.

    >>> named_day("2026-11-24"), named_day("2026-13-45")
    (datetime.date(2026, 11, 24), None)
    """
    if not _DAY.fullmatch(name):
        return None
    try:
        return date.fromisoformat(name)
    except ValueError:
        return None


def is_known(path: Path) -> bool:
    """Say whether a file is of a kind that can be read, by its name."""
    try:
        return bool(file_format(path))
    except DataError:
        return False


def labels(paths: Sequence[Path]) -> list[str]:
    """Return a name for each file: its own, and with as many folders before it as tell it from the others.

    >>> labels([Path("shop/mon/a.csv"), Path("shop/tue/a.csv"), Path("b.csv")])
    ['mon/a.csv', 'tue/a.csv', 'b.csv']
    """
    parts = [path.resolve().parts for path in paths]
    depth = [1] * len(paths)
    while True:
        names = ["/".join(part[-n:]).replace("//", "/") for part, n in zip(parts, depth, strict=True)]
        times = Counter(names)
        alike = [i for i, name in enumerate(names) if times[name] > 1 and depth[i] < len(parts[i])]
        if not alike:
            return names
        for i in alike:
            depth[i] += 1


def _inside(folder: Path) -> list[Path]:
    home = folder.resolve()
    inside = sorted(path for path in folder.rglob("*") if path.is_file() and path.resolve().is_relative_to(home))
    visible = [path for path in inside if is_known(path) and not any(part.startswith((".", "_")) for part in path.relative_to(folder).parts)]
    waiting = list(_unfinished(folder))
    return [path for path in visible if not any(path.is_relative_to(one) for one in waiting)]


def _unfinished(folder: Path) -> Iterator[Path]:
    """A platform's folder of a day that is not whole: ``folder`` itself, or some below it."""
    for one in (folder, *(path for path in folder.rglob("*") if path.is_dir())):
        hidden = any(part.startswith((".", "_")) for part in one.relative_to(folder).parts)
        if not hidden and named_day(one.resolve().parent.name) is not None and not (one / DONE).is_file():
            yield one
