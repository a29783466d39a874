"""Raw records on their way from a file to the listings table, and the entries that are no records."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

RAW_KEPT = 2_200
"""Characters of a rejected entry kept: a few more than quarantine shows, so that a number at the cut is still masked whole."""

_FULL_WEIGHT = 64_000_000


class Entry(NamedTuple):
    """One entry of a file: a record, or the rule it breaks with reason and raw text; ``weight`` is its length in characters."""

    line: int
    record: dict[str, Any] | None
    weight: int = 0
    rule: str = ""
    reason: str = ""
    raw: str = ""


def rejected(line: int, rule: str, reason: str, raw: str) -> Entry:
    """Return an entry that is no record."""
    return Entry(line, None, len(raw), rule, reason, raw[:RAW_KEPT])


@dataclass
class Batch:
    """Raw records with the line (from 1; for arrays and tables the record's number) each came from."""

    records: list[dict[str, Any]] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    rejected: list[Entry] = field(default_factory=list)
    _weight: int = 0

    def __len__(self) -> int:
        return len(self.records) + len(self.rejected)

    def is_full(self, size: int) -> bool:
        """Say whether it holds ``size`` entries, or so many characters that memory asks to hand it on."""
        return len(self.records) + len(self.rejected) >= size or self._weight >= _FULL_WEIGHT

    def add(self, entry: Entry) -> None:
        """Take one more entry."""
        self._weight += entry.weight
        if entry.record is None:
            self.rejected.append(entry)
        else:
            self.records.append(entry.record)
            self.lines.append(entry.line)


def named_cells(header: list[str], cells: list[Any]) -> dict[str, Any]:
    """Return cells by column name; blank ones are ``None``; of two columns with one name the first that is filled counts."""
    record: dict[str, Any] = {}
    for name, cell in zip(header, cells, strict=False):
        if name and record.get(name) is None:
            record[name] = None if cell == "" else cell
    return record
