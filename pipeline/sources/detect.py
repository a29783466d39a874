"""Which mapping fits a file: by the fields its first records have, with how sure that is."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from features.errors import DataError
from pipeline.sources.mapping import SourceMapping, dig
from pipeline.sources.readers import file_format, read_batches

_LOOK_AT = 20


class Guess(NamedTuple):
    """The mapping, how sure (0 to 1: share of its fields that the first records show), and why."""

    mapping: SourceMapping
    confidence: float
    why: str


def detect(path: Path, mappings: Mapping[str, SourceMapping]) -> Guess:
    """Return the best-fitting mapping; raises `DataError` naming the nearest ones where none fits."""
    form = file_format(path)
    heads: dict[str, list[dict[str, Any]]] = {}
    guesses, near = [], []
    for mapping in mappings.values():
        if form not in mapping.formats:
            continue
        if mapping.records not in heads:
            heads[mapping.records] = _head(path, mapping.records)
        records = heads[mapping.records]
        missing = [p for p in mapping.detect.paths if not any(_has(record, p) for record in records)]
        if records and not missing and _agrees(records, mapping):
            guesses.append(_guess(records, mapping))
        else:
            near.append((len(missing) / max(1, len(mapping.detect.paths)), mapping.name, missing))
    if guesses:
        # A mapping that asks for more and finds it knows the file better.
        return max(guesses, key=lambda guess: (len(guess.mapping.detect.paths), guess.confidence, guess.mapping.name))
    nearest = "; ".join(f"{name} lacks {lacking}" for _, name, lacking in sorted(near)[:3])
    raise DataError(f"{path.name}: no mapping fits (nearest: {nearest or 'none for ' + form}). Name one with --source or add a YAML.")


def _head(path: Path, records: str) -> list[dict[str, Any]]:
    try:
        for batch in islice(read_batches(path, records=records, size=_LOOK_AT if not records else 50_000), 3):
            if batch.records:
                return batch.records[:_LOOK_AT]
    except DataError:
        # Not in this envelope; another mapping may know the file, and the reading proper names real damage.
        return []
    return []


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
        any(str(dig(record, path)) == value for record in records) for path, value in mapping.detect.equals.items()
    )


def _guess(records: list[dict[str, Any]], mapping: SourceMapping) -> Guess:
    paths = [spec.path for spec in mapping.fields.values() if spec.path]
    shown = sum(any(_has(record, path) for path in group for record in records) for group in paths)
    confidence = shown / len(paths) if paths else 1.0
    return Guess(mapping, confidence, f"has {', '.join(mapping.detect.paths)}; {shown} of {len(paths)} mapped fields seen")
