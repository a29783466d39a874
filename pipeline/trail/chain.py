"""The chain that a log's lines make: each names the hash of the one before, so that the first line that was touched can be named."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from features.errors import DataError
from pipeline.trail.canonical import canonical, read_canonical, sha256

START = "0" * 64
"""What the first line names as the hash of the line before."""

MAX_LINE = 65_536
"""Bytes of the longest line."""

_KINDS = {"n": int, "at": str, "user": str, "by": str, "event": str, "facts": dict, "before": str, "hash": str}


@dataclass(frozen=True)
class Entry:
    """One line; ``n`` counts from 1, ``at`` is UTC, ``user`` the account it was done under, ``by`` the person named.

    ``hash`` covers the rest of the line, and with ``before`` every line above it.
    """

    n: int
    at: str
    user: str
    by: str
    event: str
    facts: dict[str, Any]
    before: str
    hash: str


class BrokenChain(DataError):
    """The log is not as it was written; ``line`` is the first one that shows it."""

    def __init__(self, line: int, problem: str) -> None:
        super().__init__(line, problem)
        self.line, self.problem = line, problem

    def __str__(self) -> str:
        return f"line {self.line}: {self.problem}"


class TornLine(BrokenChain):
    """The last line has no end: its writer was stopped; the lines before it hold."""


def read_entries(lines: Iterable[bytes]) -> Iterator[Entry]:
    """Yield the entries of ``lines`` (line ends kept), each checked against the one before.

    Raises `BrokenChain` at the first line that was changed, moved, put in or taken out, `TornLine` where the last one has no end.
    """
    last: Entry | None = None
    for number, line in enumerate(lines, start=1):
        if not line.endswith(b"\n"):
            raise TornLine(number, f"the last line is torn after {len(line)} bytes; the {number - 1} lines before it hold")
        last = _checked(number, line[:-1], last)
        yield last


def _checked(number: int, line: bytes, last: Entry | None) -> Entry:
    entry = parse_entry(line)
    if entry is None:
        raise BrokenChain(number, "no log entry as it was written")
    if not is_whole(entry):
        raise BrokenChain(number, f"entry {entry.n} was changed: it does not have the hash it names")
    if entry.n != number:
        what = "an entry before it is missing" if entry.n > number else "it stands a second time or too late"
        raise BrokenChain(number, f"entry {entry.n} stands where entry {number} should: {what}")
    if entry.before != (last.hash if last else START):
        raise BrokenChain(number, f"entry {entry.n} does not follow the line above it: one of the two was replaced")
    return entry


def parse_entry(line: bytes) -> Entry | None:
    """Return the entry that ``line`` (without its end) holds, ``None`` where it holds none as we write it."""
    value = read_canonical(line)
    if value is None or set(value) != set(_KINDS) or not all(type(value[name]) is kind for name, kind in _KINDS.items()):
        return None
    return Entry(**value)


def is_whole(entry: Entry) -> bool:
    """True where the entry has the hash it names."""
    return entry.hash == entry_hash(entry.__dict__)


def entry_hash(value: Mapping[str, Any]) -> str:
    """Return the hash over all of an entry but its own hash."""
    return sha256(canonical({name: one for name, one in value.items() if name != "hash"}))
