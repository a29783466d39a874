"""Files of ours with a value taken out: tables keep their rows, columns and types, so that counts and positions still hold.

Of a seller's rows everything that somebody wrote or that leads to the seller goes, not only where its name stands. What is made from tables (pages,
workbooks, forms) is removed instead and can be written again.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.privacy.contents import holds_text
from pipeline.privacy.subject import Subject
from pipeline.store import write_atomically

#: Columns of a seller's row in which something stands that the seller wrote, or by which it is found.
OWN = frozenset(
    "url title description seller_id seller_name seller_url variants location tax_code licence_no contact_keys image_hashes quote text subject_url "
    "reasons main_reason highlights network_shops members note words why raw title_words product_words model_key product_text tax_key name_key "
    "tax_code_masked warnings".split()
)
#: Of these some must stay filled, for other tables are read beside them.
FILLED = frozenset({"title", "text", "seller_id", "why", "words"})
#: Made from tables; written again by ``soihang report`` and the like.
DERIVED = frozenset({".xlsx", ".docx", ".html", ".zip", ".pdf", ".png", ".svg"})
_PRIVATE = ".private.jsonl"
_IDS = frozenset({"record_id", "complaint_id", "platform"})
Listings = frozenset[tuple[str, str]]


def listings_of(subject: Subject, parquet: Iterable[Path]) -> Listings:
    """Return ``(platform, listing_id)`` of the seller's listings in those tables that have both ids."""
    found: set[tuple[str, str]] = set()
    for path in parquet:
        if {"platform", "seller_id", "listing_id"} <= set(pq.read_schema(path).names):
            wanted = [("platform", "=", subject.platform), ("seller_id", "=", subject.seller_id)]
            table = pq.read_table(path, columns=["platform", "listing_id"], filters=wanted)
            found |= set(zip(table["platform"].to_pylist(), table["listing_id"].to_pylist(), strict=True))
    return frozenset(found)


def names_of(platform: str, seller_id: str, parquet: Iterable[Path]) -> set[str]:
    """Return the names under which the seller stands in those tables."""
    found: set[str] = set()
    for path in parquet:
        if {"platform", "seller_id", "seller_name"} <= set(pq.read_schema(path).names):
            table = pq.read_table(path, columns=["seller_name"], filters=[("platform", "=", platform), ("seller_id", "=", seller_id)])
            found |= {name for name in table["seller_name"].to_pylist() if name}
    return found


def redact_parquet(path: Path, subject: Subject, listings: Listings, *, positions: Iterable[int] = ()) -> int:
    """Take the subject out of a Parquet table in place, and return how many cells were changed.

    ``positions``: numbers in the column ``row`` that are the seller's (of a table that names rows by position).
    """
    table = pq.read_table(path)
    own = _own_rows(table, subject, listings, frozenset(positions))
    columns, changed = [], 0
    for name, column in zip(table.column_names, table.columns, strict=True):
        new, n = _redacted_column(name, column, subject, own)
        columns.append(new)
        changed += n
    if changed:
        whole = pa.Table.from_arrays(columns, schema=table.schema)
        write_atomically(path, lambda partial: pq.write_table(whole, partial, compression="zstd"))
    return changed


def positions_of(part: Path, listings: Listings) -> list[int]:
    """Return which rows of a partition of listings are the seller's."""
    table = pq.read_table(part, columns=["platform", "listing_id"])
    return [at for at, pair in enumerate(zip(table["platform"].to_pylist(), table["listing_id"].to_pylist(), strict=True)) if pair in listings]


def redact_text(path: Path, subject: Subject) -> int:
    """Take the subject out of a JSON, JSON lines, CSV or plain text file in place, and return how many values or lines were changed."""
    text = path.read_text(encoding="utf-8-sig" if path.suffix == ".csv" else "utf-8")
    mode = path.stat().st_mode & 0o777
    if path.name.endswith(_PRIVATE):
        new, changed = _lines(text, lambda value: _private(value, subject))
    elif path.suffix == ".jsonl":
        new, changed = _lines(text, lambda value: mapped(value, subject))
    elif path.suffix == ".json":
        value, changed = mapped(json.loads(text), subject)
        new = json.dumps(value, ensure_ascii=False, indent=2, sort_keys=True) + "\n"
    elif path.suffix == ".csv":
        new, changed = _csv(text, subject)
    else:
        new, changed = subject.redacted(text), int(subject.is_in(text))
    if changed:
        bom = b"\xef\xbb\xbf" if path.suffix == ".csv" and path.read_bytes().startswith(b"\xef\xbb\xbf") else b""
        write_atomically(path, lambda partial: _write(partial, bom + new.encode(), mode))
    return changed


def mapped(value: Any, subject: Subject) -> tuple[Any, int]:
    """Return a JSON value with the subject taken out of every string and name in it, and in how many."""
    if isinstance(value, str):
        new = subject.redacted(value)
        return new, int(new is not value)
    if isinstance(value, list):
        parts = [mapped(one, subject) for one in value]
        return [one for one, _ in parts], sum(n for _, n in parts)
    if isinstance(value, dict):
        own = subject.seller_id is not None and value.get("platform") == subject.platform and value.get("seller_id") == subject.seller_id
        pairs = [(mapped(name, subject), (subject.token, 1) if own and name in OWN else mapped(one, subject)) for name, one in value.items()]
        return {name: one for (name, _), (one, _) in pairs}, sum(m + n for (_, m), (_, n) in pairs)
    return value, 0


def _own_rows(table: pa.Table, subject: Subject, listings: Listings, positions: frozenset[int]) -> list[bool]:
    names, n = set(table.column_names), table.num_rows
    own = [False] * n
    if subject.seller_id is None:
        return own
    if {"platform", "seller_id"} <= names:
        pairs = zip(table["platform"].to_pylist(), table["seller_id"].to_pylist(), strict=True)
        own = [pair == (subject.platform, subject.seller_id) for pair in pairs]
    if {"platform", "listing_id"} <= names:
        pairs = zip(table["platform"].to_pylist(), table["listing_id"].to_pylist(), strict=True)
        own = [mine or pair in listings for mine, pair in zip(own, pairs, strict=True)]
    if positions and "row" in names:
        own = [mine or at in positions for mine, at in zip(own, table["row"].to_pylist(), strict=True)]
    return own


def _redacted_column(name: str, column: pa.ChunkedArray, subject: Subject, own: list[bool]) -> tuple[pa.ChunkedArray, int]:
    if not holds_text(column.type):
        return column, 0
    blank = name in OWN and any(own)
    if pa.types.is_string(column.type) and not blank:
        hits = [one for one in column.unique().to_pylist() if one is not None and subject.is_in(one)]
        if not hits:
            return column, 0
    values, changed = column.to_pylist(), 0
    for at, value in enumerate(values):
        if value is None or isinstance(value, bytes):
            continue
        if blank and own[at]:
            values[at] = _blank(name, value, subject)
            changed += 1
            continue
        new, n = mapped(value, subject)
        if n:
            # A hash of a number in a list of hashes goes; a token in its place would be taken for a hash.
            values[at] = _without(new, subject) if name == "contact_keys" else new
            changed += n
    if not changed:
        return column, 0
    array = pa.array(values, type=column.type)
    return pa.chunked_array([array]), changed


def _blank(name: str, value: Any, subject: Subject) -> Any:
    if isinstance(value, list):
        return []
    return subject.token if name in FILLED else None


def _without(joined: str, subject: Subject) -> str | None:
    return ";".join(part for part in joined.split(";") if subject.token not in part) or None


def _lines(text: str, change: Callable[[Any], tuple[Any, int]]) -> tuple[str, int]:
    lines, changed = [], 0
    for line in text.splitlines():
        value, n = change(json.loads(line)) if line.strip() else (None, 0)
        lines.append(json.dumps(value, ensure_ascii=False, sort_keys=True) if n else line)
        changed += n
    return "".join(line + "\n" for line in lines), changed


def _private(value: Any, subject: Subject) -> tuple[Any, int]:
    """Of a plain record of a person everything goes with the one value, but its number."""
    _, n = mapped(value, subject)
    if not n or not isinstance(value, dict):
        return value, 0
    return {name: one if name in _IDS or not isinstance(one, str) else subject.token for name, one in value.items()}, n


def _csv(text: str, subject: Subject) -> tuple[str, int]:
    dialect = ";" if text.split("\n", 1)[0].count(";") > text.split("\n", 1)[0].count(",") else ","
    rows = list(csv.reader(io.StringIO(text), delimiter=dialect))
    head = rows[0] if rows else []
    changed = 0
    for row in rows[1:]:
        values, n = mapped(dict(zip(head, row, strict=False)), subject)
        if n:
            row[: len(head)] = [values.get(name, "") for name in head[: len(row)]]
            changed += n
    stream = io.StringIO()
    csv.writer(stream, delimiter=dialect, lineterminator="\r\n" if "\r\n" in text else "\n").writerows(rows)
    return stream.getvalue(), changed


def _write(path: Path, content: bytes, mode: int) -> None:
    path.write_bytes(content)
    path.chmod(mode)

