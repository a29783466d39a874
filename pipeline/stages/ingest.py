"""Crawl files to listings and quarantine: in = listings + quarantine, always."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from features.errors import ConfigError, DataError
from pipeline.privacy.tombstones import Tombstone, without_erased
from pipeline.sources.batch import Batch
from pipeline.sources.detect import Guess, NoRecords, detect
from pipeline.sources.files import expand, folder_day, labels
from pipeline.sources.form_rows import without_form_rows
from pipeline.sources.mapping import SourceMapping
from pipeline.sources.normalise import normalise
from pipeline.sources.phones import mask
from pipeline.sources.readers import file_format, read_batches
from pipeline.sources.tax_codes import mask_any_twelve_digits
from pipeline.sources.times import moment
from pipeline.sources.values import spelled
from pipeline.sources.xlsx_rows import unread_sheets
from pipeline.stages.ingest_writer import IngestWriter
from pipeline.tables.quarantine import RULES

_NOT_CONTENT = {"captured_at", "captured_precision", "source", "observes", "source_file", "source_line", "row_hash"}
_RAW_LENGTH = 2_000
_NAMED_ROWS = 5
_MAX_SLIP = timedelta(days=3 * 366)
"""A capture further ahead of the clock and the file's date than this is a slip. Wide, because clocks of crawl machines are wrong too."""
_NO_FILE_TIME = datetime(2000, 1, 1, tzinfo=UTC)
"""Archives unpack files dated 1970 or 1980; older than this no crawl of an online shop is."""


@dataclass
class FileReport:
    """What became of one file; ``read`` = ``listings`` + sum of ``quarantined``. ``notes`` says what stands in it and was not read,
    ``first_quarantined`` where the first few of those rows stand and which rule they break."""

    file: str
    mapping: str | None = None
    confidence: float | None = None
    read: int = 0
    listings: int = 0
    quarantined: Counter[str] = field(default_factory=Counter)
    error: str | None = None
    passed_over: str | None = None
    notes: list[str] = field(default_factory=list)
    first_quarantined: list[str] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return {**self.__dict__, "quarantined": dict(sorted(self.quarantined.items()))}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> FileReport:
        """Return what `to_json` described."""
        return cls(**{**values, "quarantined": Counter(values["quarantined"])})


@dataclass(frozen=True)
class IngestReport:
    """Counts of all files, which reconcile, and the latest capture among the listings; ``waiting`` are folders left for the next run."""

    files: list[FileReport]
    latest_capture: datetime | None
    waiting: list[str] = field(default_factory=list)

    @property
    def n_read(self) -> int:
        return sum(one.read for one in self.files)

    @property
    def n_listings(self) -> int:
        return sum(one.listings for one in self.files)

    @property
    def n_quarantined(self) -> int:
        return sum(sum(one.quarantined.values()) for one in self.files)

    @property
    def unreadable(self) -> list[FileReport]:
        return [one for one in self.files if one.error]

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        latest = self.latest_capture.isoformat() if self.latest_capture else None
        return {"files": [one.to_json() for one in self.files], "latest_capture": latest, "waiting": self.waiting}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> IngestReport:
        """Return what `to_json` described."""
        latest = values["latest_capture"]
        files = [FileReport.from_json(one) for one in values["files"]]
        return cls(files, datetime.fromisoformat(latest) if latest else None, list(values.get("waiting", [])))


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
) -> IngestReport:
    """Read ``paths`` (files, folders, globs) into ``out/listings/part-*.parquet`` and ``out/quarantine.parquet``.

    What ``erased`` speaks of does not come back (docs/privacy.md). A file that cannot be read is named in the report, with what stood before
    the damage taken in, and the rest goes on. Raises `ConfigError` for an unknown ``source`` or two mappings that disagree on what an
    ``x_NAME`` holds, and `DataError` where there is no file at all.
    """
    if source != "auto" and source not in mappings:
        raise ConfigError(f"unknown source {source!r}; known: {', '.join(sorted(mappings))} (or auto)")
    files = expand(paths)
    reports = [FileReport(name) for name in labels(files)]
    guesses = [_guess(path, source, mappings, report) for path, report in zip(files, reports, strict=True)]
    writer = IngestWriter(out, partition_rows, _further_columns([guess.mapping for guess in guesses if guess is not None]))
    for path, report, guess in zip(files, reports, guesses, strict=True):
        if guess is None:
            continue
        try:
            times = _file_times(path, guess.mapping)
            if file_format(path) == "xlsx":
                report.notes += unread_sheets(path)
            for batch in read_batches(path, records=guess.mapping.records):
                _take(batch, guess.mapping, times, report, writer, key, erased)
                if on_rows is not None:
                    on_rows(len(batch))
        except DataError as error:
            report.error = str(error)
    return IngestReport(reports, writer.close())


def _guess(path: Path, source: str, mappings: Mapping[str, SourceMapping], report: FileReport) -> Guess | None:
    """The mapping for a file, noted in its report; nothing where the file is to be passed over."""
    try:
        guess = Guess(mappings[source], 1.0, "named") if source != "auto" else detect(path, mappings)
    except NoRecords as empty:
        report.passed_over = str(empty)
        return None
    except DataError as error:
        report.error = str(error)
        return None
    report.mapping, report.confidence = guess.mapping.name, round(guess.confidence, 3)
    if not guess.mapping.listings:
        report.passed_over = f"holds no listings: {guess.mapping.about}"
        return None
    return guess


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


@dataclass(frozen=True)
class _Times:
    """The file's date, the day of the folder it lies in, and the last moment that counts as a capture."""

    file: datetime
    day: datetime | None
    latest: datetime


def _file_times(path: Path, mapping: SourceMapping) -> _Times:
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
        latest = max(file_time, datetime.now(UTC)) + _MAX_SLIP
    return _Times(file_time, midnight[0] if midnight else None, latest)


def _take(
    batch: Batch, mapping: SourceMapping, times: _Times, report: FileReport, writer: IngestWriter, key: bytes, erased: Sequence[Tombstone]
) -> None:
    batch, n_examples = without_form_rows(batch, mapping)
    if n_examples:
        report.notes.append(f"{n_examples} example row as it was printed, not a listing")
    report.read += len(batch)
    report.quarantined.update(one.rule for one in batch.rejected)
    _point_at(report, [(one.line, one.rule) for one in batch.rejected])
    writer.reject([(report.file, one.line, one.rule, one.reason, _kept(one.raw, key)) for one in batch.rejected])
    if not batch.records:
        return
    table = normalise(batch, mapping, file_time=times.file, folder_time=times.day, latest=times.latest, key=key)
    table = without_erased(table, erased, key)
    table["source"] = mapping.name
    table["source_file"] = report.file
    table["source_line"] = np.asarray(batch.lines, dtype=float)
    table["observes"] = _observed(table, mapping)
    table["row_hash"] = _row_hashes(table)
    rule = writer.rules(table)
    bad = np.flatnonzero(rule.notna().to_numpy())
    report.quarantined.update(str(rule.iat[row]) for row in bad)
    _point_at(report, [(batch.lines[row], str(rule.iat[row])) for row in bad])
    writer.reject(
        [
            (report.file, batch.lines[row], rule.iat[row], RULES[str(rule.iat[row])], _raw(batch.records[row], key))
            for row in bad
        ]
    )
    kept = table[rule.isna()]
    report.listings += len(kept)
    writer.accept(kept.reset_index(drop=True))


def _point_at(report: FileReport, places: Sequence[tuple[int, str]]) -> None:
    room = _NAMED_ROWS - len(report.first_quarantined)
    report.first_quarantined += [f"line {line} {rule}" for line, rule in places[: max(0, room)]]


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
