"""The log of what was done with lists and evidence: JSON lines that can only be added to, each holding the hash of the one before.

A line says what, who and when; of the world outside it holds ids and salted hashes only, so that the log can be kept when personal data
must go. Whoever can write the file can still write a whole new one: that shows against a bundle or a copy made earlier, which hold the
hash of the log's end (`pipeline.trail.verify`).
"""

from __future__ import annotations

import errno
import getpass
import hashlib
import hmac
import io
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from filelock import FileLock, Timeout

from features.errors import DataError
from pipeline.lock import Locked
from pipeline.sources.phones import mask
from pipeline.store import CannotWrite
from pipeline.trail.canonical import canonical, sha256
from pipeline.trail.chain import MAX_LINE, START, Entry, entry_hash, is_whole, parse_entry, read_entries

#: Everything that can happen to a list. A name is never given another meaning: old logs are read with it.
EVENTS = (
    "list_made", "list_issued", "list_changed", "list_exported", "evidence_sealed", "evidence_released", "bundle_sealed", "outcomes_taken",
    "torn_line_set_aside", "data_read", "share_exported", "share_imported", "backup_made", "backup_restored", "retention_applied", "data_erased",
    "watch_changed", "protection_recorded", "key_rotated", "exploration_accepted", "results_published",
)  # fmt: skip
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/+\-]{0,199}")
#: Of ours, whole: among so many hex digits some ten in a row look like a phone now and then, and a run would fail for its own id.
_HASH = re.compile(r"[0-9a-f]{16}|[0-9a-f]{40}|[0-9a-f]{64}")
_WAIT_SECONDS = 10.0


def append(log: Path, event: str, *, by: str, facts: Mapping[str, Any], at: datetime | None = None) -> Entry:
    """Add one line to ``log`` and return when it is on the disk. ``at`` is now by default; ``by`` is the name of the person who does it.

    A line that a stopped writer left half is kept beside the log and noted in it. Raises `DataError` where an argument is not what a log
    may hold or the log's end is damaged, `Locked` where another writer holds it for ten seconds.
    """
    _check(event, by, facts)
    when = (at or datetime.now(UTC)).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    try:
        with _opened(log) as stream:
            last, torn = _tail(stream, log)
            if torn:
                last = _write(stream, _entry(last, "torn_line_set_aside", by, _set_aside(stream, log, torn), when))
            return _write(stream, _entry(last, event, by, dict(facts), when))
    except OSError as error:
        raise CannotWrite(f"cannot write the log {log}: {error.strerror}") from error


def salted(value: str, salt: bytes) -> str:
    """Return the keyed hash of ``value`` by which whoever holds ``salt`` finds it in a log, and nobody else.

    >>> salted("seller 1", b"k") == salted("seller 1", b"k") != salted("seller 1", b"other")
    True
    """
    return "h:" + hmac.new(salt, value.encode(), hashlib.sha256).hexdigest()[:32]


def copy_log(log: Path, target: Path) -> Entry:
    """Copy the log as it stands, whole lines only, to ``target`` and return its last entry. Raises `DataError` where the chain does not hold."""
    with _opened(log) as stream:
        stream.seek(0)
        content = stream.read()
    content = content[: content.rfind(b"\n") + 1]
    entries = list(read_entries(io.BytesIO(content)))
    if not entries:
        raise DataError(f"the log {log} is empty: there is nothing to copy")
    target.write_bytes(content)
    target.chmod(0o600)
    return entries[-1]


def _check(event: str, by: str, facts: Mapping[str, Any]) -> None:
    if event not in EVENTS:
        raise DataError(f"unknown event {event!r}; a log knows {', '.join(EVENTS)}")
    if not by.strip() or len(by) > 200 or not by.isprintable():
        raise DataError(f"--by is {by[:50]!r}: name the person who does this, in at most 200 characters")
    for name, value in facts.items():
        if not _NAME.fullmatch(name):
            raise DataError(f"fact {name[:50]!r} of {event}: a name is lower-case letters, digits and _")
        for one in value if isinstance(value, list | tuple) else [value]:
            _check_fact(event, name, one)


def _check_fact(event: str, name: str, value: Any) -> None:
    if value is None or isinstance(value, bool | int):
        return
    if not isinstance(value, str) or not _ID.fullmatch(value):
        raise DataError(f"fact {name} of {event} is no id, number or hash; put text into the log as pipeline.trail.log.salted(text, salt)")
    if not _HASH.fullmatch(value) and mask(value, b"")[0] != value:
        raise DataError(f"fact {name} of {event} looks like a phone number; put it into the log as pipeline.trail.log.salted(text, salt)")


def _entry(last: Entry | None, event: str, by: str, facts: dict[str, Any], at: str) -> Entry:
    value: dict[str, Any] = {"n": last.n + 1 if last else 1, "at": at, "user": _user(), "by": by.strip(), "event": event}
    value |= {"facts": facts, "before": last.hash if last else START}
    return Entry(**value, hash=entry_hash(value))


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return f"uid {os.getuid()}"


@contextmanager
def _opened(log: Path) -> Iterator[IO[bytes]]:
    """The log, open to read and add to, held by this process alone."""
    log.parent.mkdir(parents=True, exist_ok=True)
    held = FileLock(log.with_name(log.name + ".lock"), timeout=_WAIT_SECONDS, thread_local=False)
    try:
        held.acquire()
    except Timeout:
        raise Locked(f"the log {log} is held by another writer; try again when it is done") from None
    try:
        is_new = not log.exists()
        with os.fdopen(os.open(log, os.O_RDWR | os.O_CREAT, 0o600), "r+b", buffering=0) as stream:
            if is_new:
                _sync_folder(log.parent)
            yield stream
    finally:
        held.release()


def _tail(stream: IO[bytes], log: Path) -> tuple[Entry | None, bytes]:
    """The last whole entry, and what a stopped writer left behind it."""
    size = stream.seek(0, os.SEEK_END)
    stream.seek(max(0, size - 2 * MAX_LINE))
    content = stream.read()
    whole = content[: content.rfind(b"\n") + 1]
    torn = content[len(whole) :]
    if not whole:
        if size > len(content):
            raise DataError(f"the log {log} ends in no line that an entry could be; run soihang verify on it")
        return None, torn
    line = whole[whole.rfind(b"\n", 0, -1) + 1 : -1]
    entry = parse_entry(line)
    if entry is None or not is_whole(entry):
        raise DataError(f"the last entry of the log {log} was changed; run soihang verify on it, and add nothing before that is understood")
    return entry, torn


def _set_aside(stream: IO[bytes], log: Path, torn: bytes) -> dict[str, Any]:
    kept = log.with_name(f"{log.name}.torn-{sha256(torn)[:12]}")
    with os.fdopen(os.open(kept, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as copy:
        copy.write(torn)
        copy.flush()
        os.fsync(copy.fileno())
    stream.truncate(stream.seek(0, os.SEEK_END) - len(torn))
    return {"bytes": len(torn), "sha256": sha256(torn)}


def _write(stream: IO[bytes], entry: Entry) -> Entry:
    line = canonical(entry.__dict__) + b"\n"
    if len(line) > MAX_LINE:
        raise DataError(f"an entry of {len(line):,} bytes; a log line holds {MAX_LINE:,}: log a hash of the whole instead")
    stream.seek(0, os.SEEK_END)
    if stream.write(line) != len(line):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    os.fsync(stream.fileno())
    return entry


def _sync_folder(folder: Path) -> None:
    if os.name == "nt":  # Windows opens no folder, and needs none synced
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
