"""The files meant by a list of files, folders and globs, in an order that does not depend on the disk."""

from __future__ import annotations

import glob
from collections.abc import Sequence
from pathlib import Path

from features.errors import DataError
from pipeline.sources.readers import file_format


def expand(paths: Sequence[Path]) -> list[Path]:
    """Return each file once: named files as named, folders and globs sorted; raises `DataError` where a name means nothing.

    Inside folders only known kinds of file are taken; hidden and half-written (``.partial``) ones are passed over.
    """
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            inside = sorted(p for p in path.rglob("*") if p.is_file() and not p.name.startswith((".", "_")))
            found += [p for p in inside if _known(p)]
        elif path.is_file():
            found.append(path)
        else:
            matched = sorted(Path(name) for name in glob.glob(str(path), recursive=True))
            if not matched:
                raise DataError(f"no such file or folder: {path}")
            found += [p for p in matched if p.is_file()]
    unique = list(dict.fromkeys(found))
    if not unique:
        raise DataError(f"no crawl files in {', '.join(map(str, paths))}")
    return unique


def _known(path: Path) -> bool:
    try:
        return bool(file_format(path))
    except DataError:
        return False
