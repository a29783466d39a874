"""Who was given what: a line in the installation's log for every export, workbook, import, backup and erasure."""

from __future__ import annotations

import os
from collections.abc import Mapping
from hashlib import blake2b
from pathlib import Path
from typing import Any

from pipeline.trail.log import append

VARIABLE = "SOIHANG_LOG"


def log_path(given: Path | None) -> Path:
    """Return where the installation's log lies: as given, else ``SOIHANG_LOG``, else beside the issued lists of the current folder."""
    return given or Path(os.environ.get(VARIABLE) or Path("issued") / "log.jsonl")


def note_access(log: Path | None, event: str, *, by: str, facts: Mapping[str, Any]) -> None:
    """Add one line to the log: what was done (``event``), by whom, and ids and counts, never names. Raises as `pipeline.trail.log.append` does."""
    append(log_path(log), event, by=by, facts=facts)


def installation_id(key: bytes) -> str:
    """Return the public id of the installation that holds ``key`` (16 hex digits), from which the key cannot be told."""
    return blake2b(b"installation", key=key[:64], person=b"soihang share", digest_size=8).hexdigest()
