"""JSON arrays, envelopes and lines as records, read as streams: one entry in memory at a time, whatever the file's size."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from features.errors import DataError
from pipeline.sources.batch import RAW_KEPT, Entry, rejected
from pipeline.sources.lines import MAX_LINE, encoding_of, open_bytes, read_lines
from pipeline.sources.mapping import dig
from pipeline.sources.pieces import Piece

MAX_ENVELOPE = 64_000_000
"""Longest JSON object, characters, that may wrap an array; more must come as an array or as lines."""

_CHUNK = 1 << 20
_SPACE = re.compile(r"[\s\ufeff]*")
_SEPARATOR = re.compile(r"[\s,]*")
_ESCAPED = re.compile("[\udc80-\udcff]")
_DECODER = json.JSONDecoder()


def read_jsonl(path: Path, records: str, piece: Piece | None = None) -> Iterator[Entry]:
    """Yield the records of a file with one JSON value a line, or of a piece of it; an array on a line counts as its members."""
    for line in read_lines(path, *(piece or ())):
        if line.text is None:
            yield rejected(line.number, line.rule, line.reason, line.raw)
        elif line.text.strip():
            yield from _line_entries(line.number, line.text, records)


def _line_entries(number: int, text: str, records: str) -> Iterator[Entry]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        yield rejected(number, "broken_json", f"not valid JSON: {_short(error)}", text)
        return
    values = value if isinstance(value, list) else [value]
    for one in values:
        for member, problem in unfold(one, records):
            yield _entry(number, member, problem, len(text) // len(values))


def read_json(path: Path, records: str) -> Iterator[Entry]:
    """Yield the records of a JSON file: an array, an envelope with the array at ``records``, or several of them."""
    number = 0
    for value, length, damaged in _values(path):
        for member, problem in unfold(value, records):
            number += 1
            if damaged and _ESCAPED.search(_dumped(member)):
                yield rejected(number, "undecodable", "the entry is not text in the file's encoding", _as_text(member))
            else:
                yield _entry(number, member, problem, length)
            length = 0


def unfold(value: Any, records: str) -> list[tuple[Any, str]]:
    """Return ``(member, what is wrong with it or "")`` for the array at ``records`` in an envelope, or for the value itself."""
    inner = dig(value, records) if records else [value]
    if inner is None:
        names = ", ".join(sorted(map(str, value))[:10]) if isinstance(value, dict) else type(value).__name__
        return [(value, f"nothing at {records!r}; top level: {names}")]
    members = inner if isinstance(inner, list) else [inner]
    return [(one, "" if isinstance(one, dict) else "an object with named fields was expected") for one in members]


def _entry(number: int, member: Any, problem: str, length: int) -> Entry:
    return rejected(number, "not_a_record", problem, _as_text(member)) if problem else Entry(number, member, length)


def _values(path: Path) -> Iterator[tuple[Any, int, bool]]:
    """Yield ``(value, its length, whether it holds undecodable bytes)``: the members of a top-level array, or the top-level values."""
    with open_bytes(path) as stream:
        encoding = encoding_of(stream.read(65_536))
    errors = "replace" if encoding.startswith("utf-16") else "surrogateescape"
    with open_bytes(path) as stream, io.TextIOWrapper(stream, encoding=encoding, errors=errors) as text:
        window = _Window(text, path)
        if window.skip(_SPACE) != "[":
            while window.skip(_SPACE):
                yield window.value(MAX_ENVELOPE)
            return
        window.step()
        while (following := window.skip(_SEPARATOR)) and following != "]":
            yield window.value(MAX_LINE)
        if not following:
            raise DataError(f"cannot read {path.name} to its end: the array is not closed, the file was cut")
        window.step()
        if window.skip(_SPACE):
            raise DataError(f"cannot read {path.name} to its end: more stands behind the array; name it .jsonl if each line is a value")


class _Window:
    """A text stream seen through a buffer from which JSON values are taken one by one."""

    def __init__(self, stream: io.TextIOWrapper, path: Path) -> None:
        self._stream = stream
        self._path = path
        self._text = ""
        self._at = 0
        self._damaged = False

    def _more(self, least: int) -> bool:
        chunk = self._stream.read(max(_CHUNK, least))
        if chunk:
            self._damaged = self._damaged or bool(_ESCAPED.search(chunk))
            self._text = self._text[self._at :] + chunk
            self._at = 0
        return bool(chunk)

    def skip(self, what: re.Pattern[str]) -> str:
        """Move past ``what`` and return the character that follows, empty at the end."""
        while True:
            found = what.match(self._text, self._at)
            self._at = found.end() if found is not None else self._at
            if self._at < len(self._text) or not self._more(0):
                return self._text[self._at : self._at + 1]

    def step(self) -> None:
        """Move past one character."""
        self._at += 1

    def value(self, longest: int) -> tuple[Any, int, bool]:
        """Return the value that begins here, its length, and whether it holds undecodable bytes."""
        while True:
            try:
                value, end = _DECODER.raw_decode(self._text, self._at)
            except RecursionError as error:
                raise DataError(f"cannot read {self._path.name}: nested too deeply") from error
            except ValueError as error:
                waiting = len(self._text) - self._at
                if waiting > longest:
                    raise DataError(f"cannot read {self._path.name}: a value is broken or longer than {longest:,} characters") from error
                if not self._more(waiting):
                    raise DataError(f"cannot read {self._path.name} to its end: {_short(error)}") from error
                continue
            if end == len(self._text) and self._more(0):
                continue  # a number at the buffer's edge may go on
            length = end - self._at
            damaged = self._damaged and bool(_ESCAPED.search(self._text, self._at, end))
            self._at = end
            return value, length, damaged


def _dumped(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)


def _as_text(value: Any) -> str:
    try:
        return _dumped(value)[:RAW_KEPT].encode("utf-8", "replace").decode("utf-8")
    except RecursionError:
        return "(nested too deeply to be written out)"


def _short(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:200]
