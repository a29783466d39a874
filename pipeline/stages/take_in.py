"""Crawl files in: listings and quarantine, or what an earlier run with the same files, mappings, key and code already made of them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from shutil import copyfile

from features.errors import DataError, NothingNew
from pipeline.config import RunConfig
from pipeline.manifest import code_hash, fingerprint
from pipeline.privacy.tombstones import read_tombstones, state_folder
from pipeline.sources.files import expand, folder_day, unfinished
from pipeline.sources.mapping import SourceMapping
from pipeline.stages.complaints import forget_complaints
from pipeline.stages.ingest import IngestReport, ingest
from pipeline.stages.reviews import forget_reviews
from pipeline.store import read_json, write_atomically, write_json

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
) -> IngestReport:
    """Ingest ``files``; leaves ``out/work/listings`` and ``out/quarantine.parquet``. Folders still being written wait for the next run, named.

    Where an earlier, perhaps stopped, run has ingested the same files the same way, its tables are kept; ``out/run.json`` goes either way, for what
    it tells of is about to change.

    Raises `NothingNew` where the files hold no listing and `DataError` where none of them could be read.
    """
    work = out / "work"
    forget_reviews(work)
    forget_complaints(work)
    waiting = [str(folder) for folder in unfinished(files)]
    found = expand(files)
    # A folder named by its day dates what lies in it, so the day is part of what was read.
    days = [f"{day}/" if (day := folder_day(path)) else "" for path in found]
    inputs = [f"{day}{path.name} {fingerprint(path)}" for day, path in zip(days, found, strict=True)]
    erased = read_tombstones(state_folder())
    made_from = _made_from(found, inputs, mappings, key, [source, config.partition_rows, *erased])
    kept = _kept(work, made_from)
    for unsure in (out / "run.json", *(() if kept else (work / "inputs.json",))):
        unsure.unlink(missing_ok=True)
    taken = kept or ingest(
        found,
        mappings=mappings,
        out=work,
        key=key,
        source=source,
        partition_rows=config.partition_rows,
        on_rows=lambda rows: on_rows("ingest", rows, None),
        erased=erased,
    )
    taken = replace(taken, waiting=waiting)
    write_json(taken.to_json(), work / "ingest.json")
    facts = {"files": inputs, "source": source, "erased": [one.stone for one in erased], "made_from": made_from, "sizes": _sizes(work)}
    write_json(facts, work / "inputs.json")
    write_atomically(out / "quarantine.parquet", lambda partial: copyfile(work / "quarantine.parquet", partial))
    if not taken.n_listings:
        if taken.unreadable:
            raise DataError("; ".join(str(one.error) for one in taken.unreadable[:3]))
        raise NothingNew(f"no listing in {', '.join(map(str, files))}: {taken.n_read:,} rows read, {taken.n_quarantined:,} quarantined")
    return taken


def _made_from(files: Sequence[Path], inputs: Sequence[str], mappings: Mapping[str, SourceMapping], key: bytes, asked: Sequence[object]) -> str:
    """An id of all that decides what ingest makes: the files and their dates, how they are read, by which code, and today."""
    digest = hashlib.sha256(code_hash().encode() + hashlib.sha256(key).digest())
    for name in sorted(mappings):
        digest.update(mappings[name].model_dump_json().encode())
    dates = [path.stat().st_mtime_ns for path in files]
    # What lies in the future is no capture, so that the day of the reading counts.
    digest.update(repr([*inputs, *dates, *asked, datetime.now(UTC).date()]).encode())
    return digest.hexdigest()


def _kept(work: Path, made_from: str) -> IngestReport | None:
    """What an earlier run left, where it was made from the same and all of it is still there."""
    try:
        before = read_json(work / "inputs.json")
        whole = before["made_from"] == made_from and before["sizes"] == _sizes(work)
        return IngestReport.from_json(read_json(work / "ingest.json")) if whole else None
    except (DataError, KeyError, TypeError):
        return None


def _sizes(work: Path) -> dict[str, int]:
    tables = [*sorted((work / "listings").glob("part-*.parquet")), work / "quarantine.parquet"]
    return {path.name: path.stat().st_size for path in tables if path.is_file()}


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
