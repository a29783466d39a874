"""Sealed evidence: the raw bytes of every listing used, copied when a list is issued and held until its case closes.

Stored and hashed as they are, phone numbers included, so readable by the owner only; shown with phone numbers masked.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd

from features.errors import DataError
from pipeline.manifest import fingerprint
from pipeline.sources.files import expand, labels
from pipeline.sources.mapping import SourceMapping, dig
from pipeline.sources.phones import mask, phone_key
from pipeline.sources.tax_codes import mask_tax_codes
from pipeline.store import read_json, write_atomically
from pipeline.trail.canonical import sha256
from pipeline.trail.chain import read_entries
from pipeline.trail.log import append
from pipeline.trail.raw_lines import Raw, find_raw
from pipeline.trail.sealed_index import SealedListing, index_bytes, raw_name, read_index

_MAX_FIELDS = 200


@dataclass(frozen=True)
class Crawl:
    """A crawl file as a run read it: where it lies, the mapping that read it, and its SHA-256 then."""

    path: Path
    mapping: SourceMapping
    sha256: str


@dataclass(frozen=True)
class Sealed:
    """A sealed listing and its fields as a person may see them: name and text, phone numbers masked."""

    listing: SealedListing
    fields: tuple[tuple[str, str], ...]


def crawls_of(work: Path, files: Sequence[Path], mappings: Mapping[str, SourceMapping]) -> dict[str, Crawl]:
    """Return the crawl files of a run by the name its tables give them. ``files`` are those the run was given, ``work`` is its work folder.

    Raises `DataError` where they are not the files that the run read.
    """
    paths = expand(files)
    read = read_json(work / "inputs.json")["files"]
    mapping_of = {one["file"]: one["mapping"] for one in read_json(work / "ingest.json")["files"]}
    names = labels(paths)
    if len(read) != len(paths) or set(names) != set(mapping_of):
        raise DataError(f"the run in {work} read {len(read)} files ({', '.join(sorted(mapping_of)[:5])}); name those, not {len(paths)} others")
    shas = [line.rsplit(" ", 1)[1] for line in read]
    unknown = sorted({name for name in mapping_of.values() if name is not None} - set(mappings))
    if unknown:
        raise DataError(f"the run in {work} used the mapping {unknown[0]!r}, which is not here; give its folder with --sources")
    return {
        name: Crawl(path, mappings[mapping_of[name]], sha)
        for name, path, sha in zip(names, paths, shas, strict=True)
        if mapping_of[name] is not None
    }


def seal(listings: pd.DataFrame, crawls: Mapping[str, Crawl], folder: Path) -> list[Sealed]:
    """Copy the raw bytes of ``listings`` (rows of ``target_listings``) into ``folder`` and return what was sealed, in their order.

    Leaves ``raw/SHA256.raw`` and ``index.jsonl``, folders 0700 and files 0600. Raises `DataError` where a crawl file is not there, not the
    one that was read, or holds nothing at the place named; nothing is sealed then.
    """
    if (folder / "index.jsonl").exists():
        raise DataError(f"{folder} holds sealed evidence already; seal into a new folder")
    found: dict[tuple[str, int], tuple[Raw, Crawl]] = {}
    for name, group in listings.groupby("source_file", sort=True):
        crawl = _checked(str(name), crawls)
        lines = {int(line) for line in group["source_line"]}
        raws = find_raw(crawl.path, lines, records=crawl.mapping.records)
        found |= {(str(name), line): (raw, crawl) for line, raw in raws.items()}
    for raw, _ in found.values():
        for content in filter(None, (raw.content, raw.header)):
            _write_private(folder / raw_name(sha256(content)), content)
    sealed = [_sealed(row, *found[row.source_file, int(row.source_line)]) for row in listings.itertuples()]
    # Last, because with it the evidence counts as sealed.
    _write_private(folder / "index.jsonl", index_bytes([one.listing for one in sealed]))
    return sealed


def release(folder: Path, code: str, *, log: Path, by: str, at: datetime | None = None) -> list[str]:
    """Remove the raw bytes held for the closed case ``code`` and for no other, note it in ``log``, and return their SHA-256.

    The index stays, so that it can be told later what was held. The log is written first: bytes never vanish without a line that says so.
    """
    try:
        stored = (folder / "index.jsonl").read_bytes()
    except OSError as error:
        raise DataError(f"{folder} holds no sealed evidence: {error.strerror}") from error
    rows = read_index(stored)
    if code not in {row.code for row in rows}:
        raise DataError(f"{folder} holds no evidence of case {code!r}; it holds {', '.join(sorted({row.code for row in rows})[:5])} …")
    closed = {code, *_closed_before(log, sha256(stored))}
    held = {sha for row in rows if row.code not in closed for sha in _hashes(row)}
    going = sorted({sha for row in rows if row.code in closed for sha in _hashes(row)} - held)
    going = [sha for sha in going if (folder / raw_name(sha)).exists()]
    append(log, "evidence_released", by=by, facts={"index_sha256": sha256(stored), "code": code, "raw_sha256": going}, at=at)
    for sha in going:
        (folder / raw_name(sha)).unlink()
    return going


def shown(record: Mapping[str, Any], contact_paths: Collection[str] = ()) -> Iterator[tuple[str, str]]:
    """Yield a raw record's filled fields as name and text, phone numbers and persons' tax codes masked.

    What stands at ``contact_paths`` is masked whatever it looks like.
    """
    contacts = {str(one) for path in contact_paths for one in _listed(dig(record, path)) if one is not None}
    for name, value in _leaves(record, ""):
        text = str(value)
        if text in contacts or phone_key(text, b"") is not None:
            yield name, _without_end(text)
        else:
            yield name, mask_tax_codes(mask(text, b"")[0])


def _checked(name: str, crawls: Mapping[str, Crawl]) -> Crawl:
    crawl = crawls.get(name)
    if crawl is None:
        raise DataError(f"no crawl file for {name!r}, which listings to be sealed were read from; known: {', '.join(sorted(crawls)[:5])}")
    now = fingerprint(crawl.path)
    if now != crawl.sha256:
        raise DataError(f"{crawl.path} is not the file the run read: its SHA-256 is {now}, then it was {crawl.sha256}. Bring back that file.")
    return crawl


def _sealed(row: Any, raw: Raw, crawl: Crawl) -> Sealed:
    listing = SealedListing(
        code=row.code,
        platform=row.platform,
        listing_id=row.listing_id,
        captured_at=row.captured_at.isoformat(),
        source_file=row.source_file,
        source_line=int(row.source_line),
        row_hash=row.row_hash,
        form=raw.form,
        bytes=len(raw.content),
        raw_sha256=sha256(raw.content),
        header_sha256=sha256(raw.header) if raw.header else None,
        file_sha256=crawl.sha256,
    )
    record = _record_of(row.listing_id, crawl.mapping.named(list(raw.records)))
    contact = crawl.mapping.fields.get("contact_keys")
    return Sealed(listing, tuple(shown(record, contact.path if contact is not None else ())))


def _record_of(listing_id: str, records: list[dict[str, Any]]) -> dict[str, Any]:
    """The record of this listing where several stand on one line."""
    with_id = [record for record in records if any(str(value) == listing_id for _, value in _leaves(record, ""))]
    return (with_id or records)[0]


def _leaves(value: Any, name: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        for key, one in list(value.items())[:_MAX_FIELDS]:
            yield from _leaves(one, f"{name}.{key}" if name else str(key))
    elif isinstance(value, list | tuple):
        for place, one in enumerate(value[:_MAX_FIELDS]):
            yield from _leaves(one, f"{name}[{place}]")
    elif value is not None and value != "":
        yield name, value


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _without_end(text: str) -> str:
    """All digits but the first four as x."""
    places = [place for place, character in enumerate(text) if character.isdigit()][4:]
    return "".join("x" if place in places else character for place, character in enumerate(text))


def _hashes(row: SealedListing) -> Iterator[str]:
    yield row.raw_sha256
    if row.header_sha256 is not None:
        yield row.header_sha256


def _closed_before(log: Path, index_sha256: str) -> set[str]:
    if not log.exists():
        return set()
    with log.open("rb") as stream:
        entries = [entry for entry in read_entries(stream) if entry.event == "evidence_released"]
    return {str(entry.facts["code"]) for entry in entries if entry.facts.get("index_sha256") == index_sha256}


def _write_private(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)

    def write(partial: Path) -> None:
        partial.unlink(missing_ok=True)
        with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())

    write_atomically(path, write)
