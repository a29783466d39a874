"""Where a value still stands: every file under the given folders, and the register. What this does not find is not there as text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq
from sqlalchemy import Connection, inspect, text

from pipeline.privacy.contents import strings_in, texts_of
from pipeline.privacy.subject import Subject
from pipeline.trail.bundle import FIRST as MANIFEST


class Found(NamedTuple):
    """A place where the value stands; ``sealed``: inside a closed bundle, which is kept until its case closes and is never changed."""

    where: str
    sealed: bool


def search(subject: Subject, folders: Sequence[Path], connection: Connection | None = None) -> list[Found]:
    """Return every place where ``subject`` stands, in the order of the files."""
    found = [Found(str(path), is_sealed(path, root)) for root, path in files_under(folders) if holds(path, subject)]
    if connection is not None:
        found += [Found(place, False) for place in _in_register(subject, connection)]
    return found


def files_under(folders: Sequence[Path]) -> Iterator[tuple[Path, Path]]:
    """Yield ``(folder, file)`` of every regular file, hidden ones too; a link is followed by nobody."""
    for folder in folders:
        paths = [folder] if folder.is_file() else sorted(folder.rglob("*"))
        yield from ((folder, path) for path in paths if path.is_file() and not path.is_symlink())


def holds(path: Path, subject: Subject) -> bool:
    """True where the file's name, any text in it or a row about the seller holds the subject."""
    return subject.is_in(path.name) or any(subject.is_in(one) for one in texts_of(path)) or has_row_of(path, subject)


def has_row_of(path: Path, subject: Subject) -> bool:
    """True where a Parquet file has a row with the seller's platform and id, however short the id is."""
    if subject.seller_id is None or path.suffix != ".parquet":
        return False
    try:
        names = pq.read_schema(path).names
        if not {"platform", "seller_id"} <= set(names):
            return False
        wanted = [("platform", "=", subject.platform), ("seller_id", "=", subject.seller_id)]
        rows = pq.read_table(path, columns=["platform", "seller_id"], filters=wanted)
    except (pa.ArrowException, OSError):
        return False
    return bool(rows.num_rows > 0)


def is_sealed(path: Path, root: Path) -> bool:
    """True for a file of a closed bundle, or its zip beside it."""
    inside = [folder for folder in path.parents if folder == root or root in folder.parents]
    if path.suffix == ".zip" and (path.with_suffix("") / MANIFEST).is_file():
        return True
    return any((folder / MANIFEST).is_file() for folder in inside)


def _in_register(subject: Subject, connection: Connection) -> Iterator[str]:
    for name in sorted(inspect(connection).get_table_names()):
        quoted = connection.dialect.identifier_preparer.quote(name)
        rows = connection.execute(text(f"select * from {quoted}"))
        if any(_row_holds(row._mapping, subject) for row in rows):
            yield f"register: {name}"


def _row_holds(row: object, subject: Subject) -> bool:
    values = dict(row)  # type: ignore[call-overload]
    if subject.seller_id is not None and values.get("platform") == subject.platform and values.get("seller_id") == subject.seller_id:
        return True
    return any(subject.is_in(one) for value in values.values() for one in strings_in(value))
