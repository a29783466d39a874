"""Returned workbooks into the register: every row is taken, returned with a reason, or untouched; what is recorded is only added to."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, select

from pipeline.register.connect import alone
from pipeline.register.lists import issued_by_code, read_issued, record_list
from pipeline.register.schema import RETURN_FILES, RETURNED, TAKEN, UNTOUCHED
from pipeline.returns.choices import bare
from pipeline.returns.files import ReturnedFile, read_file
from pipeline.stages.outcomes_record import record


@dataclass(frozen=True)
class Imported:
    """What came of one import; ``added`` counts new rows by table."""

    files: list[ReturnedFile]
    added: dict[str, int]

    @property
    def is_nothing_new(self) -> bool:
        """True where every file had been taken before."""
        return bool(self.files) and all(one.known for one in self.files)

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        new = [one for one in self.files if not one.known and one.problem is None]
        return {
            "files": [
                {
                    "file": str(one.path), "sha256": one.sha256, "known": one.known, "problem": one.problem, "read": one.count(),
                    "taken": one.count(TAKEN), "returned": one.count(RETURNED), "untouched": one.count(UNTOUCHED),
                }
                for one in self.files
            ],
            "read": sum(one.count() for one in new),
            **{fate: sum(one.count(fate) for one in new) for fate in (TAKEN, RETURNED, UNTOUCHED)},
            "added": self.added,
        }  # fmt: skip

    def for_log(self) -> dict[str, Any]:
        """Return counts, and a hash over the files' hashes: what a log may hold."""
        said = self.to_json()
        files = "".join(sorted(one.sha256 for one in self.files if not one.known and one.problem is None))
        counts = {name: said[name] for name in ("read", TAKEN, RETURNED, UNTOUCHED)}
        return {"files": len(self.files), "content": hashlib.sha256(files.encode()).hexdigest(), **counts}

    def lines(self) -> list[str]:
        """Return the summary for a terminal."""
        said = self.to_json()
        lines = []
        for one in self.files:
            if one.problem:
                lines.append(f"{one.path.name}: not read: {one.problem}")
            elif one.known:
                lines.append(f"{one.path.name}: taken before, nothing changed")
            else:
                lines.append(_reconciled(one.path.name, one.count(), *(one.count(fate) for fate in (TAKEN, RETURNED, UNTOUCHED))))
        if len(self.files) > 1:
            lines.append(_reconciled("all", said["read"], said[TAKEN], said[RETURNED], said[UNTOUCHED]))
        return [*lines, "added " + ", ".join(f"{count:,} {name}" for name, count in self.added.items())]


def import_workbooks(
    connection: Connection, files: Sequence[Path], *, received: date, found_words: Mapping[str, str], correcting: bool = False
) -> Imported:
    """Take returned workbooks into the register, in one go: all of them or, after an error, none.

    ``received``: the Vietnamese day from which their contents count as known. ``correcting``: where a row contradicts what was recorded, the
    row counts. Of a file that was taken before nothing is read; one that cannot be read is named, and the rest goes on.
    """
    alone(connection)
    known = issued_by_code(connection)
    words = {bare(phrase): behaviour for phrase, behaviour in found_words.items()}
    done: list[ReturnedFile] = []
    for path in files:
        file, content = _opened(connection, path)
        file.known = file.known or any(file.sha256 == other.sha256 for other in done if other.sha256)
        if content is not None and not file.known:
            read_file(file, content, known, received=received, found_words=words)
        done.append(file)
    taken = [file for file in done if not file.known and file.problem is None]
    return Imported(done, record(connection, taken, received=received, correcting=correcting))


def record_issued(connection: Connection, folders: Sequence[Path], *, due_after_days: int) -> int:
    """Record the lists under ``folders`` that are not known yet; returns how many were new."""
    alone(connection)
    lists = [one for folder in folders for one in read_issued(folder, due_after_days=due_after_days)]
    return sum(record_list(connection, one) is not None for one in lists)


def workbooks_in(paths: Sequence[Path]) -> list[Path]:
    """Return the files named, and of folders every file in them but hidden and temporary ones, by name."""
    found: list[Path] = []
    for path in paths:
        inside = sorted(one for one in path.rglob("*") if one.is_file() and not one.name.startswith((".", "~$"))) if path.is_dir() else [path]
        found += inside
    return found


def _opened(connection: Connection, path: Path) -> tuple[ReturnedFile, bytes | None]:
    try:
        content = path.read_bytes()
    except OSError as error:
        return ReturnedFile(path, problem=f"{error.strerror}"), None
    file = ReturnedFile(path, hashlib.sha256(content).hexdigest())
    file.known = connection.execute(select(RETURN_FILES.c.id).where(RETURN_FILES.c.sha256 == file.sha256)).scalar() is not None
    return file, content


def _reconciled(name: str, read: int, taken: int, returned: int, untouched: int) -> str:
    return f"{name}: {read:,} rows = {taken:,} taken + {returned:,} returned + {untouched:,} untouched"
