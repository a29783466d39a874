"""The files meant by a list of files, folders and globs, in an order that does not depend on the disk."""

from __future__ import annotations

import glob
from collections.abc import Sequence
from pathlib import Path

from features.errors import DataError
from pipeline.sources.readers import file_format


def expand(paths: Sequence[Path]) -> list[Path]:
    """Return each file once: named files as named, folders and globs sorted; raises `DataError` where a name means nothing.

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
        raise DataError(f"no crawl files in {', '.join(map(str, paths))}")
    return unique


def labels(paths: Sequence[Path]) -> list[str]:
    """Return a name for each file: its own, and with as many folders before it as tell it from the others.

    >>> labels([Path("shop/mon/a.csv"), Path("shop/tue/a.csv"), Path("b.csv")])
    ['mon/a.csv', 'tue/a.csv', 'b.csv']
    """
    parts = [path.resolve().parts for path in paths]
    depth = [1] * len(paths)
    while True:
        names = ["/".join(part[-n:]).replace("//", "/") for part, n in zip(parts, depth, strict=True)]
        alike = [i for i, name in enumerate(names) if names.count(name) > 1 and depth[i] < len(parts[i])]
        if not alike:
            return names
        for i in alike:
            depth[i] += 1


def _inside(folder: Path) -> list[Path]:
    home = folder.resolve()
    inside = sorted(path for path in folder.rglob("*") if path.is_file() and path.resolve().is_relative_to(home))
    return [path for path in inside if _known(path) and not any(part.startswith((".", "_")) for part in path.relative_to(folder).parts)]


def _known(path: Path) -> bool:
    try:
        return bool(file_format(path))
    except DataError:
        return False
