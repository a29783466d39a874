"""One group of crawl files to its partitions of listings and its piece of quarantine; what a process does."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from features.errors import DataError
from pipeline.privacy.tombstones import Tombstone, without_erased
from pipeline.sources.batch import Batch
from pipeline.sources.detect import Guess, NoRecords, detect
from pipeline.sources.files import folder_day
from pipeline.sources.form_rows import without_form_rows
from pipeline.sources.mapping import SourceMapping
from pipeline.sources.normalise import normalise
from pipeline.sources.phones import mask
from pipeline.sources.pieces import Piece
from pipeline.sources.readers import file_format, read_batches
from pipeline.sources.tax_codes import mask_any_twelve_digits
from pipeline.sources.times import moment
from pipeline.sources.values import spelled
from pipeline.sources.xlsx_rows import unread_sheets
from pipeline.stages.ingest_groups import Group
from pipeline.stages.ingest_kept import Record, forget, remember, write_keys
from pipeline.stages.ingest_keys import NONE, Keys
from pipeline.stages.ingest_report import NAMED_ROWS, FileReport
from pipeline.stages.ingest_writer import GroupWriter
from pipeline.tables.quarantine import RULES

_NOT_CONTENT = {"captured_at", "captured_precision", "source", "observes", "source_file", "source_line", "row_hash"}
_RAW_LENGTH = 2_000
_MAX_SLIP = timedelta(days=2 * 366)
"""A capture further ahead than this of the file's date and of the year's end is a slip. Wide, because clocks of crawl machines are wrong too."""
_NO_FILE_TIME = datetime(2000, 1, 1, tzinfo=UTC)
"""Archives unpack files dated 1970 or 1980; older than this no crawl of an online shop is."""


@dataclass(frozen=True)
class Reading:
    """How a run reads its files: the same for every group. ``out`` is the run's ``work``, ``key`` that of its contact keys, ``further`` what its
    ``x_*`` columns hold, ``clock`` the end of the year in which it reads."""

    out: Path
    mappings: Mapping[str, SourceMapping]
    key: bytes
    partition_rows: int
    further: dict[str, str]
    erased: tuple[Tombstone, ...]
    clock: datetime


@dataclass(frozen=True)
class Task:
    """A group to be read, with what is known of its files; ``taken`` are keys of its listings that files before it have too."""

    group: Group
    made_from: str
    files: list[FileReport]
    taken: Keys | None = None


def recognise(group: Group, *, source: str, mappings: Mapping[str, SourceMapping]) -> list[FileReport]:
    """Return for each file its mapping, or why it is to be passed over."""
    return [_recognised(path, label, source, mappings) for path, label in zip(group.paths, group.labels, strict=True)]


def read_group(task: Task, *, reading: Reading, on_rows: Callable[[int], None] | None = None) -> Record:
    """Read a group's files in order; leaves its partitions, its quarantine, its keys and, last, its record."""
    name, out = task.group.name, reading.out
    taken = NONE if task.taken is None else task.taken
    forget(out, name)
    writer = GroupWriter(out, name, partition_rows=reading.partition_rows, further=reading.further, taken=taken)
    reports = [file.unread() for file in task.files]
    for path, report in zip(task.group.paths, reports, strict=True):
        if report.mapping is not None and report.passed_over is None:
            _read_file(path, task.group.piece, reading.mappings[report.mapping], report, writer, reading, on_rows)
    piece = writer.close()
    keys = write_keys(out, name, own=np.concatenate([NONE, *writer.keys]), lost=taken)
    left = [*writer.parts, keys, *([piece] if piece else [])]
    record = Record(
        name=name,
        made_from=task.made_from,
        further=reading.further,
        files=reports,
        latest={known_by: when.to_pydatetime() for known_by, when in writer.latest.items()},
        sizes={path.relative_to(out).as_posix(): path.stat().st_size for path in left},
    )
    remember(out, record)
    return record


def _recognised(path: Path, label: str, source: str, mappings: Mapping[str, SourceMapping]) -> FileReport:
    report = FileReport(label)
    try:
        guess = Guess(mappings[source], 1.0, "named") if source != "auto" else detect(path, mappings)
    except NoRecords as empty:
        report.passed_over = str(empty)
        return report
    except DataError as error:
        report.error = str(error)
        return report
    report.mapping, report.confidence = guess.mapping.name, round(guess.confidence, 3)
    if not guess.mapping.listings:
        report.passed_over = f"holds no listings: {guess.mapping.about}"
    return report


def _read_file(
    path: Path,
    piece: Piece | None,
    mapping: SourceMapping,
    report: FileReport,
    writer: GroupWriter,
    reading: Reading,
    on_rows: Callable[[int], None] | None,
) -> None:
    """Take in one file or a piece of it; what cannot be read is named in its report, with what stood before the damage taken in."""
    try:
        times = _file_times(path, mapping, reading.clock)
        if file_format(path) == "xlsx":
            report.notes += unread_sheets(path)
        for batch in read_batches(path, records=mapping.records, piece=piece):
            _take(batch, mapping, times, report, writer, reading)
            if on_rows is not None:
                on_rows(len(batch))
    except DataError as error:
        report.error = str(error)


@dataclass(frozen=True)
class _Times:
    """The file's date, the day of the folder it lies in, and the last moment that counts as a capture."""

    file: datetime
    day: datetime | None
    latest: datetime


def _file_times(path: Path, mapping: SourceMapping, clock: datetime) -> _Times:
    try:
        changed = datetime.fromtimestamp(int(path.stat().st_mtime), UTC)
    except (OSError, OverflowError, ValueError) as error:
        raise DataError(f"cannot read {path.name}: {error}") from error
    file_time = max(changed, _NO_FILE_TIME)
    day = folder_day(path)
    midnight = moment(day) if day is not None else None
    if mapping.days_ahead is not None:
        latest = file_time + timedelta(days=mapping.days_ahead)
    else:
        latest = max(file_time, clock) + _MAX_SLIP
    return _Times(file_time, midnight[0] if midnight else None, latest)


def _take(batch: Batch, mapping: SourceMapping, times: _Times, report: FileReport, writer: GroupWriter, reading: Reading) -> None:
    key = reading.key
    batch, n_examples = without_form_rows(batch, mapping)
    if n_examples:
        report.notes.append(f"{n_examples} example row as it was printed, not a listing")
    report.read += len(batch)
    places = [(one.line, one.rule) for one in batch.rejected]
    writer.reject([(report.file, one.line, one.rule, one.reason, _kept(one.raw, key)) for one in batch.rejected])
    if not batch.records:
        _note_quarantined(report, places)
        return
    table = normalise(batch, mapping, file_time=times.file, folder_time=times.day, latest=times.latest, key=key)
    table = without_erased(table, reading.erased, key)
    table["source"] = mapping.name
    table["source_file"] = report.file
    table["source_line"] = np.asarray(batch.lines, dtype=float)
    table["observes"] = _observed(table, mapping)
    table["row_hash"] = _row_hashes(table)
    rule = writer.rules(table)
    bad = np.flatnonzero(rule.notna().to_numpy())
    _note_quarantined(report, places + [(batch.lines[row], str(rule.iat[row])) for row in bad])
    writer.reject(
        [
            (report.file, batch.lines[row], rule.iat[row], RULES[str(rule.iat[row])], _raw(batch.records[row], key))
            for row in bad
        ]
    )
    kept = table[rule.isna()]
    report.listings += len(kept)
    writer.accept(kept.reset_index(drop=True))


def _note_quarantined(report: FileReport, places: Sequence[tuple[int, str]]) -> None:
    report.quarantined.update(rule for _, rule in places)
    room = max(0, NAMED_ROWS - len(report.first_quarantined))
    report.first_quarantined += [f"line {line} {rule}" for line, rule in sorted(places)[:room]]


def _kept(raw: str, key: bytes) -> str:
    """Raw text with digits of phones and persons' tax codes masked, then cut: a number at the cut must not stand there in part."""
    return _hidden(raw, key)[:_RAW_LENGTH].encode("utf-8", "replace").decode("utf-8")


def _hidden(raw: str, key: bytes) -> str:
    return mask_any_twelve_digits(mask(raw, key)[0])


def _raw(record: Mapping[str, Any], key: bytes) -> str:
    # Masked value by value and before `repr`, whose "\n0912…" would hide where a number begins.
    text = ", ".join(f"{name!r}: {_hidden(spelled(value)[:400], key)[:300]!r}" for name, value in record.items() if value is not None)
    return _kept("{" + text[: 2 * _RAW_LENGTH] + "}", key)


def _observed(table: pd.DataFrame, mapping: SourceMapping) -> pd.Series:
    """The columns this source can show: as the mapping says, or those it fills for the row's platform in this batch."""
    if mapping.observes != "filled":
        return pd.Series(",".join(mapping.observes), index=table.index, dtype="str")
    names = [name for name in mapping.fields if name in table]
    filled = table[names].notna().groupby(table["platform"].fillna(""), sort=False).any()
    shown = {platform: ",".join(name for name in names if row[name]) for platform, row in filled.iterrows()}
    return table["platform"].fillna("").map(shown).astype("str")


def _row_hashes(table: pd.DataFrame) -> pd.Series:
    content = table[[name for name in sorted(table.columns) if name not in _NOT_CONTENT]]
    numbers = pd.util.hash_pandas_object(content.astype({c: "object" for c in content if content[c].dtype == "boolean"}), index=False)
    return numbers.map("{:016x}".format).astype("str")
