"""What the sealed evidence of a bundle holds: one line a listing used, naming the raw bytes by their SHA-256."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from features.errors import DataError
from pipeline.trail.bundle import Bundle, content
from pipeline.trail.canonical import canonical, read_canonical
from pipeline.trail.manifest import MAX_MANIFEST, Manifest

FOLDER = "evidence"
INDEX = f"{FOLDER}/index.jsonl"


@dataclass(frozen=True)
class SealedListing:
    """One listing used: whose case (``code``), where it stood, and the hashes of its row, its raw bytes, their CSV header and the whole file."""

    code: str
    platform: str
    listing_id: str
    captured_at: str
    source_file: str
    source_line: int
    row_hash: str
    form: str
    bytes: int
    raw_sha256: str
    header_sha256: str | None
    file_sha256: str


def raw_name(sha256: str) -> str:
    """Return where in the evidence folder the bytes with this hash lie."""
    return f"raw/{sha256}.raw"


def index_bytes(rows: list[SealedListing]) -> bytes:
    """Return the index as it is stored."""
    return b"".join(canonical(row.__dict__) + b"\n" for row in rows)


def read_index(stored: bytes) -> list[SealedListing]:
    """Return the rows of an index; raises `DataError` naming the first line that is none."""
    rows = []
    for number, line in enumerate(stored.split(b"\n")[:-1], start=1):
        value = read_canonical(line)
        try:
            rows.append(SealedListing(**(value or {})))
        except TypeError as error:
            raise DataError(f"line {number} names no sealed listing") from error
    return rows


def index_problem(bundle: Bundle, manifest: Manifest) -> Iterator[str]:
    """Yield what the index says that the manifest does not bear out."""
    known = {one.path: one.sha256 for one in manifest.files}
    try:
        rows = read_index(content(bundle, INDEX, at_most=MAX_MANIFEST))
    except DataError as error:
        yield str(error)
        return
    for row in rows:
        for sha in filter(None, (row.raw_sha256, row.header_sha256)):
            if known.get(f"{FOLDER}/{raw_name(sha)}") != sha:
                yield f"names the raw bytes {sha} of {row.platform} {row.listing_id}, which the manifest does not know"
                return
