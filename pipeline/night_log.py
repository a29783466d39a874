"""One line a night, for whoever opens the log in the morning: counts, disk and minutes, never a listing's words."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from logging.handlers import RotatingFileHandler
from pathlib import Path

#: About two hundred bytes a night: three years a file.
_MOST_BYTES = 200_000
_KEPT_FILES = 5


def log_night(log: Path, facts: Mapping[str, object]) -> str:
    """Append ``name=value`` pairs as one line, the time (UTC) before them, and return it; old lines move to ``night.log.1`` …

    Raises `OSError` where the line cannot be written.
    """
    line = " ".join(f"{name}={_plain(value)}" for name, value in facts.items())
    log.parent.mkdir(parents=True, exist_ok=True)
    handler = _Loud(log, maxBytes=_MOST_BYTES, backupCount=_KEPT_FILES, encoding="utf-8")
    handler.setFormatter(_utc_formatter())
    try:
        handler.emit(logging.LogRecord("soihang.night", logging.INFO, "", 0, line, None, None))
    finally:
        handler.close()
    return line


class _Loud(RotatingFileHandler):
    """Says that a line was not written by an error, and not by pages on standard error as `logging` does."""

    def handleError(self, record: logging.LogRecord) -> None:
        raise


def _utc_formatter() -> logging.Formatter:
    from time import gmtime

    formatter = logging.Formatter("%(asctime)sZ %(message)s", "%Y-%m-%dT%H:%M:%S")
    formatter.converter = gmtime
    return formatter


def _plain(value: object) -> str:
    # A value is one word, so that a line stays a line whatever a folder is called.
    return "_".join(str(value).split()) or "-"
