"""Rows of a form that are no records: lines nobody filled in, and the example it came with.

An example is passed over only while it stands as it was printed; what a person has written over it is a row like any other.
"""

from __future__ import annotations

from typing import Any

from pipeline.sources.batch import Batch
from pipeline.sources.mapping import SourceMapping
from pipeline.sources.values import spelled


def without_form_rows(batch: Batch, mapping: SourceMapping) -> tuple[Batch, int]:
    """Return ``batch`` without such rows, and how many examples there were. Rejected entries stay."""
    if not mapping.example and not mapping.not_a_row:
        return batch, 0
    kept = Batch(rejected=batch.rejected)
    n_examples = 0
    for line, given, record in zip(batch.lines, batch.records, mapping.named(batch.records), strict=True):
        if mapping.example and all(_text(record.get(name)) == value for name, value in mapping.example.items()):
            n_examples += 1
        elif any(_text(value) for name, value in record.items() if name not in mapping.not_a_row):
            kept.records.append(given)
            kept.lines.append(line)
    return kept, n_examples


def _text(value: Any) -> str:
    return "" if value is None else spelled(value).strip()
