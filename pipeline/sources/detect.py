"""Which mapping fits a file: by the fields its first records have, with how sure that is."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from features.errors import DataError
from pipeline.sources.json_documents import unfold
from pipeline.sources.mapping import SourceMapping, dig
from pipeline.sources.readers import file_format, read_batches
from pipeline.sources.values import spelled

_LOOK_AT = 20
_BATCHES = 50
#: "Tiêu d?", "Giá bán" as "Gi? b?n": Excel writes a question mark for each letter its code page lacks.
_LOST_LETTER = re.compile(r"[^\W\d_]\?|\?[^\W\d_]")


class Guess(NamedTuple):
    """The mapping, how sure (0 to 1: share of its fields that the first records show), and why."""

    mapping: SourceMapping
    confidence: float
    why: str


class NoRecords(DataError):
    """The file can be read and holds no record: empty, or nothing but a header."""


def detect(path: Path, mappings: Mapping[str, SourceMapping]) -> Guess:
    """Return the best-fitting mapping.

    Raises `NoRecords` for a file without any, and `DataError` where it cannot be read or no mapping fits (naming the nearest ones).
    """
    form = file_format(path)
    head = _head(path)
    guesses, near = [], []
    for mapping in mappings.values():
        if form not in mapping.formats:
            continue
        members = [member for value in head for member, problem in unfold(value, mapping.records) if not problem]
        records = mapping.named(members[:_LOOK_AT])
        missing = ["|".join(group) for group in mapping.detect.paths if not any(_has(record, p) for record in records for p in group)]
        if records and not missing and _agrees(records, mapping):
            guesses.append(_guess(records, mapping))
        else:
            near.append((len(missing) / max(1, len(mapping.detect.paths)), mapping.name, missing))
    if guesses:
        # A mapping that asks for more and finds it knows the file better.
        return max(guesses, key=lambda guess: (len(guess.mapping.detect.paths), guess.confidence, guess.mapping.name))
    nearest = "; ".join(f"{name} lacks {lacking}" for _, name, lacking in sorted(near)[:3])
    lost = next((name for record in head[:1] for name in record if _LOST_LETTER.search(str(name))), None)
    why = f" Letters are lost in {lost!r}: Excel saved it in a code page without Vietnamese; save as 'CSV UTF-8' or XLSX." if lost else ""
    raise DataError(f"{path.name}: no mapping fits (nearest: {nearest or 'none for ' + form}).{why} Name one with --source or add a YAML.")


def _head(path: Path) -> list[dict[str, Any]]:
    """The first records, envelopes not yet opened."""
    head: list[dict[str, Any]] = []
    rejected = 0
    for batch in islice(read_batches(path, size=_LOOK_AT), _BATCHES):
        head += batch.records
        rejected += len(batch.rejected)
        if len(head) >= _LOOK_AT:
            break
    if not head and rejected:
        raise DataError(f"{path.name}: none of the first {rejected} entries is a record; name a mapping with --source to put them into quarantine")
    if not head:
        raise NoRecords(f"{path.name} holds no record")
    return head


def _has(record: dict[str, Any], path: str) -> bool:
    if path in record:
        return True
    parent, _, last = path.rpartition(".")
    if not parent:
        return False
    above = dig(record, parent)
    return isinstance(above, dict) and last in above


def _agrees(records: list[dict[str, Any]], mapping: SourceMapping) -> bool:
    if any(_has(record, path) for record in records for path in mapping.detect.absent):
        return False
    return all(
        any(spelled(dig(record, path)) == value for record in records) for path, value in mapping.detect.equals.items()
    )


def _guess(records: list[dict[str, Any]], mapping: SourceMapping) -> Guess:
    paths = [spec.path for spec in mapping.fields.values() if spec.path]
    shown = sum(any(_has(record, path) for path in group for record in records) for group in paths)
    confidence = shown / len(paths) if paths else 1.0
    asked = ", ".join("|".join(group) for group in mapping.detect.paths)
    return Guess(mapping, confidence, f"has {asked}; {shown} of {len(paths)} mapped fields seen")
