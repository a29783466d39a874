"""What ingest tells of: each file, and all of them, in counts that reconcile."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

NAMED_ROWS = 5
"""How many quarantined rows of a file are named in its report."""


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

    def unread(self) -> FileReport:
        """Return what was known of the file before its rows were read: its mapping, or why there is none."""
        error = self.error if self.mapping is None else None
        return FileReport(self.file, self.mapping, self.confidence, error=error, passed_over=self.passed_over)

    def followed_by(self, rest: FileReport) -> FileReport:
        """Return one report of this and the next piece of the same file."""
        return replace(
            self,
            read=self.read + rest.read,
            listings=self.listings + rest.listings,
            quarantined=self.quarantined + rest.quarantined,
            error=self.error or rest.error,
            notes=list(dict.fromkeys([*self.notes, *rest.notes])),
            first_quarantined=[*self.first_quarantined, *rest.first_quarantined][:NAMED_ROWS],
        )

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return {**self.__dict__, "quarantined": dict(sorted(self.quarantined.items()))}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> FileReport:
        """Return what `to_json` described."""
        return cls(**{**values, "quarantined": Counter(values["quarantined"])})


@dataclass(frozen=True)
class IngestReport:
    """Counts of all files, which reconcile, and the latest capture among the listings; ``waiting`` are folders left for the next run,
    ``inputs`` the files as they were read: day of the folder, name and SHA-256."""

    files: list[FileReport]
    latest_capture: datetime | None
    waiting: list[str] = field(default_factory=list)
    inputs: list[str] = field(default_factory=list)

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
        files = [one.to_json() for one in self.files]
        return {"files": files, "latest_capture": latest, "waiting": self.waiting, "inputs": self.inputs}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> IngestReport:
        """Return what `to_json` described."""
        latest = values["latest_capture"]
        files = [FileReport.from_json(one) for one in values["files"]]
        when = datetime.fromisoformat(latest) if latest else None
        return cls(files, when, list(values.get("waiting", [])), list(values.get("inputs", [])))
