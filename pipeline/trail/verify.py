"""Whether a bundle still is what it was when it was closed. Reads nothing but the bundle (and a key or log one names), so it works anywhere.

Names the first thing that is changed, missing or added. What it cannot see: a bundle whose files *and* manifest were rewritten shows only
against the signature of a known key or against a log that was kept elsewhere.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from features.errors import DataError
from pipeline.trail.bundle import Bundle, Unreadable, content, doubled, open_bundle, packing_differs_at, pieces
from pipeline.trail.chain import MAX_LINE, BrokenChain, Entry, read_entries
from pipeline.trail.manifest import LOG, MANIFEST, MAX_MANIFEST, SIGNATURE, Manifest, digest, read_manifest
from pipeline.trail.sealed_index import INDEX, index_problem
from pipeline.trail.signing import WrongSignature, check_signature

_MAX_SIGNATURE = 10_000


@dataclass(frozen=True)
class Problem:
    """One thing that is not as it was: ``where`` (file, or file and line) and ``what`` is wrong there."""

    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}"


@dataclass
class Verdict:
    """What a bundle is and what is wrong with it, worst known first; ``signature`` says who vouches for it, in words."""

    path: str
    what: dict[str, Any] = field(default_factory=dict)
    made_at: str = ""
    manifest_sha256: str = ""
    n_files: int = 0
    n_entries: int | None = None
    signature: str = "not looked at"
    released: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        """True where nothing is wrong."""
        return not self.problems

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return {**self.__dict__, "holds": self.holds, "problems": [one.__dict__ for one in self.problems]}

    def lines(self) -> list[str]:
        """Return what a person reads, the verdict last."""
        if not self.manifest_sha256 and self.n_entries is None:
            return [self._verdict()]
        rows = [f"{name}: {value}" for name, value in self.what.items()]
        if self.manifest_sha256:
            rows += [f"made at: {self.made_at}", f"manifest: {self.manifest_sha256}", f"files: {self.n_files:,}"]
        rows.append("log: none" if self.n_entries is None else f"log: {self.n_entries:,} entries that follow one another")
        rows += [f"signature: {self.signature}"] if self.manifest_sha256 else []
        rows += [f"released, as the log says: {len(self.released):,} pieces of evidence"] if self.released else []
        return [*rows, self._verdict()]

    def _verdict(self) -> str:
        if self.holds:
            return f"{self.path} holds: nothing changed, missing or added"
        more = f" ({len(self.problems) - 1:,} more)" if len(self.problems) > 1 else ""
        return f"{self.path} DOES NOT HOLD: {self.problems[0]}{more}"


def verify(path: Path, *, public_key: Path | None = None, log: Path | None = None) -> Verdict:
    """Return the verdict on the bundle at ``path`` (a folder or zip).

    ``public_key`` (PEM) is the key that must have signed it; ``log`` a log kept elsewhere that must name it. Raises `DataError` where
    there is no bundle at all and `ConfigError` where a key cannot be read.
    """
    verdict = Verdict(path.name)
    try:
        with open_bundle(path) as bundle:
            _look(bundle, verdict, public_key, log)
            if verdict.holds and path.is_file():
                _look_at_packing(bundle, path, verdict)
    except Unreadable as error:
        verdict.problems.append(Problem(path.name, str(error)))
    return verdict


def verify_log(path: Path) -> Verdict:
    """Return the verdict on a log alone: whether its lines follow one another from the first."""
    verdict = Verdict(path.name)
    try:
        with path.open("rb") as stream:
            last = _last(read_entries(stream))
    except OSError as error:
        raise DataError(f"no log at {path}: {error.strerror}") from error
    except BrokenChain as broken:
        verdict.problems.append(Problem(path.name, str(broken)))
        return verdict
    if last is None:
        verdict.problems.append(Problem(path.name, "holds no entry"))
    else:
        verdict.n_entries, verdict.what = last.n, {"last entry": f"{last.event} at {last.at} by {last.by}", "head": last.hash}
    return verdict


def _look(bundle: Bundle, verdict: Verdict, public_key: Path | None, log: Path | None) -> None:
    names = bundle.names()
    verdict.problems += [Problem(name, "stands in the zip more than once") for name in doubled(bundle)]
    if MANIFEST not in names:
        verdict.problems.append(Problem(MANIFEST, "missing: without it nothing can be said of the other files"))
        return
    raw = content(bundle, MANIFEST, at_most=MAX_MANIFEST)
    _look_at_signature(bundle, names, raw, verdict, public_key)
    try:
        manifest = read_manifest(raw)
    except DataError as error:
        verdict.problems.insert(0, Problem(MANIFEST, str(error)))
        return
    verdict.what, verdict.made_at, verdict.manifest_sha256 = manifest.what, manifest.made_at, manifest.sha256
    verdict.n_files = len(manifest.files)
    kept = _kept_elsewhere(log, manifest) if log is not None else None
    verdict.problems += _file_problems(bundle, set(names), manifest, kept, verdict)
    verdict.problems += [Problem(name, "added: the manifest does not know it") for name in _added(names, manifest)]
    verdict.problems += _log_problems(bundle, manifest, kept, verdict) if LOG in names else []
    if not verdict.problems and INDEX in names:
        verdict.problems += [Problem(INDEX, what) for what in index_problem(bundle, manifest)]


def _look_at_signature(bundle: Bundle, names: list[str], manifest: bytes, verdict: Verdict, public_key: Path | None) -> None:
    if SIGNATURE not in names:
        verdict.signature = "none: slips show, a forger's rewriting would not"
        if public_key is not None:
            verdict.problems.append(Problem(SIGNATURE, f"missing, though the key {public_key.name} should have signed"))
        return
    try:
        signer = check_signature(manifest, content(bundle, SIGNATURE, at_most=_MAX_SIGNATURE), public_key=public_key)
    except WrongSignature as error:
        verdict.signature = "DOES NOT HOLD"
        verdict.problems.append(Problem(SIGNATURE, str(error)))
        return
    known = "the key you named" if public_key is not None else "compare it with the unit's key, or name that with --key"
    verdict.signature = f"holds, by key {signer} ({known})"


def _file_problems(
    bundle: Bundle, names: set[str], manifest: Manifest, kept: list[Entry] | None, verdict: Verdict
) -> Iterator[Problem]:
    released = _released(kept or [], {one.path: one.sha256 for one in manifest.files}.get(INDEX))
    for record in manifest.files:
        if record.path not in names:
            if record.sha256 in released:
                verdict.released.append(record.path)
            else:
                yield Problem(record.path, "missing")
            continue
        try:
            size, found = digest(bundle, record.path, at_most=record.bytes)
        except Unreadable as error:
            yield Problem(record.path, f"changed: {error}")
            continue
        # What is wrong with the log is named by its line, further down.
        if found != record.sha256 and record.path != LOG:
            yield Problem(record.path, _change(size, record.bytes))


def _change(size: int, was: int) -> str:
    if size > was:
        return f"changed: longer than the {was:,} bytes it had"
    return "changed" if size == was else f"changed: {size:,} bytes where {was:,} were"


def _released(entries: list[Entry], index_sha256: str | None) -> set[str]:
    """The raw bytes of this bundle's evidence that were removed when their case was closed."""
    ours = [one.facts for one in entries if one.event == "evidence_released" and one.facts.get("index_sha256") == index_sha256]
    return {str(sha) for facts in ours for sha in facts.get("raw_sha256", [])}


def _added(names: list[str], manifest: Manifest) -> list[str]:
    return sorted(set(names) - {one.path for one in manifest.files} - {MANIFEST, SIGNATURE})


def _log_problems(bundle: Bundle, manifest: Manifest, kept: list[Entry] | None, verdict: Verdict) -> Iterator[Problem]:
    if manifest.log is None:
        return
    try:
        last = _last(read_entries(_lines(bundle, LOG)))
    except BrokenChain as broken:
        yield Problem(f"{LOG} line {broken.line}", broken.problem)
        return
    except Unreadable:
        return  # named among the files
    n, head = (last.n, last.hash) if last else (0, "")
    if n != manifest.log["entries"]:
        yield Problem(LOG, f"changed: it ends after entry {n} where the manifest knows {manifest.log['entries']}")
    elif head != manifest.log["head"]:
        yield Problem(LOG, "changed: its last entry is not the one the manifest knows; the log was written anew")
    else:
        verdict.n_entries = n
        if kept is not None and (len(kept) < n or kept[n - 1].hash != head):
            yield Problem(LOG, "is not the beginning of the log you named: one of the two was written anew")


def _kept_elsewhere(log: Path, manifest: Manifest) -> list[Entry]:
    """The entries of a log kept elsewhere, which must name this manifest."""
    try:
        with log.open("rb") as stream:
            entries = list(read_entries(stream))
    except OSError as error:
        raise DataError(f"cannot read the log {log}: {error.strerror}") from error
    except BrokenChain as broken:
        raise Unreadable(f"the log {log.name} you named does not hold itself: {broken}") from broken
    if not any(entry.event == "bundle_sealed" and entry.facts.get("manifest_sha256") == manifest.sha256 for entry in entries):
        raise Unreadable(f"the log {log.name} names no bundle with the manifest {manifest.sha256}: it was written anew, or it is another log")
    return entries


def _look_at_packing(bundle: Bundle, path: Path, verdict: Verdict) -> None:
    place = packing_differs_at(bundle, path)
    if place is not None:
        what = f"all files are as they were, but the zip around them is not as it was packed (first at byte {place:,}): changed, or packed anew"
        verdict.problems.append(Problem(path.name, f"{what}; unpack it and verify the folder"))


def _lines(bundle: Bundle, name: str) -> Iterator[bytes]:
    rest = b""
    for piece in pieces(bundle, name):
        *whole, rest = (rest + piece).split(b"\n")
        yield from (line + b"\n" for line in whole)
        if len(rest) > MAX_LINE:
            break  # no entry is that long: the chain ends here, whatever follows
    if rest:
        yield rest


def _last(entries: Iterator[Entry]) -> Entry | None:
    found = deque(entries, maxlen=1)
    return found[0] if found else None
