"""Crawl files in: listings and quarantine, or what an earlier run with the same files, mappings, key and code already made of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from shutil import copyfile

from features.errors import DataError, NothingNew
from pipeline.config import RunConfig
from pipeline.disk import check_room
from pipeline.privacy.tombstones import read_tombstones, state_folder
from pipeline.sources.files import expand, unfinished
from pipeline.sources.mapping import SourceMapping
from pipeline.stages.complaints import forget_complaints
from pipeline.stages.ingest import IngestReport, ingest
from pipeline.stages.reviews import forget_reviews
from pipeline.store import write_atomically, write_json

#: Told the stage's name, how many rows it has just done and how many it has in all (missing while unknown).
Progress = Callable[[str, int, int | None], None]


def silent(stage: str, rows: int, total: int | None) -> None:
    """Progress that nobody watches."""


def take_in(
    files: Sequence[Path],
    *,
    out: Path,
    config: RunConfig,
    mappings: dict[str, SourceMapping],
    key: bytes,
    source: str = "auto",
    on_rows: Progress = silent,
    previous: Path | None = None,
) -> IngestReport:
    """Ingest ``files``; leaves ``out/work/listings`` and ``out/quarantine.parquet``. Folders still being written wait for the next run, named.

    What an earlier, perhaps stopped, run into ``out``, or the one whose ``out`` was ``previous``, made of the same files the same way is kept;
    ``out/run.json`` goes either way, for what it tells of is about to change.

    Raises `CannotWrite` before anything is touched where the disk is too small, `NothingNew` where the files hold no listing and `DataError`
    where none of them could be read.
    """
    check_room(files, out)
    work = out / "work"
    forget_reviews(work)
    forget_complaints(work)
    waiting = [str(folder) for folder in unfinished(files)]
    found = expand(files)
    erased = read_tombstones(state_folder())
    for unsure in (out / "run.json", work / "inputs.json"):
        unsure.unlink(missing_ok=True)
    taken = ingest(
        found,
        mappings=mappings,
        out=work,
        key=key,
        source=source,
        partition_rows=config.partition_rows,
        on_rows=lambda rows: on_rows("ingest", rows, None),
        erased=erased,
        previous=previous / "work" if previous is not None else None,
    )
    taken = replace(taken, waiting=waiting)
    write_json(taken.to_json(), work / "ingest.json")
    write_atomically(out / "quarantine.parquet", lambda partial: copyfile(work / "quarantine.parquet", partial))
    write_json({"files": taken.inputs, "source": source, "erased": [one.stone for one in erased]}, work / "inputs.json")
    if not taken.n_listings:
        if taken.unreadable:
            raise DataError("; ".join(str(one.error) for one in taken.unreadable[:3]))
        raise NothingNew(f"no listing in {', '.join(map(str, files))}: {taken.n_read:,} rows read, {taken.n_quarantined:,} quarantined")
    return taken


def ingest_lines(taken: IngestReport) -> list[str]:
    """Return what a terminal says about an ingest."""
    head = f"read {taken.n_read:,} = listings {taken.n_listings:,} + quarantined {taken.n_quarantined:,}"
    body = [
        f"  {one.file}: {one.mapping} ({one.confidence:.0%} of its fields), {one.listings:,} of {one.read:,} rows"
        for one in taken.files
        if one.mapping and one.confidence is not None and not (one.error or one.passed_over)
    ]
    body += [f"  {one.file}: passed over, {one.passed_over}" for one in taken.files if one.passed_over]
    body += [f"  {one.file}: {note}" for one in taken.files for note in one.notes]
    body += [
        f"  {one.file}: quarantined {sum(one.quarantined.values()):,}, first: {', '.join(one.first_quarantined)}"
        for one in taken.files
        if one.first_quarantined
    ]
    body += [f"  {folder}: STILL BEING WRITTEN (no _DONE), left for the next run" for folder in taken.waiting]
    return [head, *body, *(f"  {one.file}: COULD NOT BE READ: {one.error}" for one in taken.unreadable)]
