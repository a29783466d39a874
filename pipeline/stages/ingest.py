"""Crawl files to listings and quarantine, group by group, on processes: in = listings + quarantine, always.

Each group of files (`pipeline.stages.ingest_groups`) is read by itself and leaves its own files. What is only seen across groups is done here: the
``x_*`` columns that all partitions share, and listings that stand in two groups, of which the first in the order given is kept. Who reads a
group, and whether it is read at all or was kept from an earlier run, changes nothing in what is left.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
from joblib import cpu_count

from features.errors import ConfigError, DataError
from pipeline.manifest import code_hash, fingerprint
from pipeline.parallel import Part, Result, on_processes
from pipeline.privacy.tombstones import Tombstone
from pipeline.sources.files import expand, folder_day, labels
from pipeline.sources.mapping import SourceMapping
from pipeline.stages.ingest_groups import Group, in_groups
from pipeline.stages.ingest_kept import Record, drop_others, kept, read_keys, take_over
from pipeline.stages.ingest_keys import lost_to_earlier
from pipeline.stages.ingest_read import Reading, Task, read_group, recognise
from pipeline.stages.ingest_report import FileReport, IngestReport
from pipeline.store import drop_stale, write_atomically
from pipeline.tables.quarantine import arrow_quarantine

__all__ = ["FileReport", "IngestReport", "ingest"]

_WORTH_PROCESSES = 16_000_000
"""Bytes to be read from which it pays to start processes."""


def ingest(
    paths: Sequence[Path],
    *,
    mappings: Mapping[str, SourceMapping],
    out: Path,
    key: bytes,
    source: str = "auto",
    partition_rows: int = 50_000,
    on_rows: Callable[[int], None] | None = None,
    erased: Sequence[Tombstone] = (),
    previous: Path | None = None,
    n_jobs: int = -1,
) -> IngestReport:
    """Read ``paths`` (files, folders, globs) into ``out/listings/part-*.parquet`` and ``out/quarantine.parquet``.

    Groups of files that ``out`` or ``previous`` (the ``out`` of an earlier ingest) holds already, made the same way from the same, are not read
    again. What ``erased`` speaks of does not come back (docs/privacy.md). A file that cannot be read is named in the report, with what stood before
    the damage taken in, and the rest goes on. ``n_jobs`` is joblib's: -1 uses every core. Raises `ConfigError` for an unknown ``source`` or two
    mappings that disagree on what an ``x_NAME`` holds, and `DataError` where there is no file at all.
    """
    if source != "auto" and source not in mappings:
        raise ConfigError(f"unknown source {source!r}; known: {', '.join(sorted(mappings))} (or auto)")
    files = expand(paths)
    inputs = _inputs(files)
    groups = in_groups(files, labels(files))
    clock = datetime(datetime.now(UTC).year + 1, 1, 1, tzinfo=UTC)
    how = _how(mappings, key, [source, partition_rows, *erased, clock])
    made_from = _made_from(groups, dict(zip(files, inputs, strict=True)), how)
    known = [_known(group, one, out, previous) for group, one in zip(groups, made_from, strict=True)]
    if sum(group.weight for group, one in zip(groups, known, strict=True) if one is None) < _WORTH_PROCESSES:
        n_jobs = 1
    reports = _recognised(groups, known, partial(recognise, source=source, mappings=mappings), n_jobs)
    further = _further_columns([mappings[file.mapping] for files in reports for file in files if file.mapping and not file.passed_over])
    reading = Reading(out, mappings, key, partition_rows, further, tuple(erased), clock)
    tasks = [Task(*one) for one in zip(groups, made_from, reports, strict=True)]
    records = _read(tasks, known, reading, on_rows, n_jobs)
    records = _without_twice_seen(tasks, records, reading, n_jobs)
    _close(out, records)
    return IngestReport(_files(groups, records), _latest(records), inputs=inputs)


def _each(work: Callable[[Part], Result], todo: Sequence[Part], n_jobs: int) -> Iterator[Result]:
    """``work(part)`` for each part in order; with one job here, also where a cluster stands by."""
    return map(work, todo) if n_jobs == 1 else on_processes(work, todo, n_jobs=n_jobs)


def _inputs(files: Sequence[Path]) -> list[str]:
    """Day of the folder, name and SHA-256 of each file. A folder named by its day dates what lies in it, so the day is part of what was read."""
    with ThreadPoolExecutor(cpu_count()) as threads:
        shas = list(threads.map(_sha256, files))
    days = [f"{day}/" if (day := folder_day(path)) else "" for path in files]
    return [f"{day}{path.name} {sha}" for day, path, sha in zip(days, files, shas, strict=True)]


def _sha256(path: Path) -> str:
    try:
        return fingerprint(path)
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror}") from error


def _how(mappings: Mapping[str, SourceMapping], key: bytes, asked: Sequence[object]) -> bytes:
    """A hash of all that decides what is made of any file: how files are read, by which code, and what was asked for."""
    digest = hashlib.sha256(code_hash().encode() + hashlib.sha256(key).digest())
    for name in sorted(mappings):
        digest.update(mappings[name].model_dump_json().encode())
    digest.update(repr(asked).encode())
    return digest.digest()


def _made_from(groups: Sequence[Group], inputs: Mapping[Path, str], how: bytes) -> list[str]:
    """For each group an id of its files, their dates and ``how`` they are read."""
    found = []
    for group in groups:
        files = [(label, inputs[path], path.stat().st_mtime_ns) for path, label in zip(group.paths, group.labels, strict=True)]
        found.append(hashlib.sha256(how + repr((files, group.piece)).encode()).hexdigest())
    return found


def _known(group: Group, made_from: str, out: Path, previous: Path | None) -> tuple[Record, Path] | None:
    """What was made of a group before, and in which folder that lies."""
    for folder in (out, previous):
        if folder is not None and (record := kept(folder, group.name, made_from)) is not None:
            return record, folder
    return None


def _recognised(
    groups: Sequence[Group], known: Sequence[tuple[Record, Path] | None], look: Callable[[Group], list[FileReport]], n_jobs: int
) -> list[list[FileReport]]:
    """For each group what each of its files is; those that are known are not looked into again, and of pieces only the first."""
    unknown = [group for group, one in zip(groups, known, strict=True) if one is None and not group.goes_on]
    looked = iter(list(_each(look, unknown, n_jobs)))
    found: list[list[FileReport]] = []
    for group, one in zip(groups, known, strict=True):
        if one is not None:
            same = one[0].files
        else:
            same = found[-1] if group.goes_on else next(looked)
        found.append([file.unread() for file in same])
    return found


def _further_columns(mappings: Sequence[SourceMapping]) -> dict[str, str]:
    """What each ``x_NAME`` of these mappings holds."""
    kinds: dict[str, tuple[str, str]] = {}
    for mapping in mappings:
        for name, spec in mapping.fields.items():
            if not name.startswith("x_"):
                continue
            kind, first = kinds.setdefault(name, (spec.kind, mapping.name))
            if kind != spec.kind:
                raise ConfigError(f"{name} is a {kind} in mapping {first} and a {spec.kind} in {mapping.name}; rename one of them")
    return {name: kind for name, (kind, _) in kinds.items()}


def _read(
    tasks: Sequence[Task],
    known: Sequence[tuple[Record, Path] | None],
    reading: Reading,
    on_rows: Callable[[int], None] | None,
    n_jobs: int,
) -> list[Record]:
    """What was made of each group: kept as it stands, brought from the earlier run, or read."""
    found: list[Record | None] = [_kept(one, reading) for one in known]
    tell = on_rows or (lambda rows: None)
    tell(sum(record.n_read for record in found if record is not None))
    todo = [task for task, record in zip(tasks, found, strict=True) if record is None]
    here = n_jobs == 1 or len(todo) == 1
    made = []
    for record in _each(partial(read_group, reading=reading, on_rows=tell if here else None), todo, n_jobs):
        made.append(record)
        tell(0 if here else record.n_read)
    rest = iter(made)
    return [next(rest) if record is None else record for record in found]


def _kept(known: tuple[Record, Path] | None, reading: Reading) -> Record | None:
    if known is None or known[0].further != reading.further:
        return None
    record, folder = known
    if folder != reading.out:
        take_over(record, folder, reading.out)
    return record


def _without_twice_seen(tasks: Sequence[Task], records: Sequence[Record], reading: Reading, n_jobs: int) -> list[Record]:
    """The groups less the listings that an earlier group has too; those that others were taken from are read again."""
    if len(tasks) == 1:
        return list(records)
    keys, given = zip(*(read_keys(reading.out, record.name) for record in records), strict=True)
    lost = lost_to_earlier(keys)
    again = [at for at in range(len(tasks)) if not np.array_equal(np.sort(given[at]), lost[at])]
    made = _each(partial(read_group, reading=reading), [replace(tasks[at], taken=lost[at]) for at in again], n_jobs)
    anew = dict(zip(again, made, strict=True))
    return [anew.get(at, record) for at, record in enumerate(records)]


def _files(groups: Sequence[Group], records: Sequence[Record]) -> list[FileReport]:
    """A report of each file; of one that was read in pieces, one of all."""
    found: list[FileReport] = []
    for group, record in zip(groups, records, strict=True):
        if group.goes_on:
            found[-1] = found[-1].followed_by(record.files[0])
        else:
            found += record.files
    return found


def _latest(records: Sequence[Record]) -> datetime | None:
    """The latest capture that a payload dates; where none does, the latest date of a file."""
    for known_by in ("payload", "file"):
        if found := [one.latest[known_by] for one in records if known_by in one.latest]:
            return max(found)
    return None


def _close(out: Path, records: Sequence[Record]) -> None:
    """Put the quarantine together, and remove what an earlier run left of other files."""
    pieces = [out / record.quarantine for record in records if record.quarantine is not None]
    write_atomically(out / "quarantine.parquet", partial(_join, pieces))
    drop_stale(out / "listings", {part for record in records for part in record.parts})
    drop_others(out, records)


def _join(pieces: Sequence[Path], path: Path) -> None:
    with pq.ParquetWriter(path, arrow_quarantine(), compression="zstd") as writer:
        for piece in pieces:
            with pq.ParquetFile(piece) as file:
                for at in range(file.num_row_groups):
                    writer.write_table(file.read_row_group(at))
