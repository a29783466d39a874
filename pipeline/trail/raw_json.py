"""Where in a JSON document a record stands: the bytes between its braces, which alone read as that record."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pipeline.sources.lines import encoding_of, open_bytes

MAX_DOCUMENT = 256_000_000
"""Bytes of a document that is searched; of a larger one the record is kept as it was read."""

_MAX_DEPTH = 8
_SAMPLE = 65_536
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*+"|[{}]', re.DOTALL)


def record_bytes(path: Path, records: Mapping[int, dict[str, Any]]) -> dict[int, bytes]:
    """Return the document's own bytes of each record that can be found in it, by the number under which it was asked for.

    Of records that are alike in all values the first one's bytes are returned for all. A record that stood inside a text (JSON in JSON)
    is not found.
    """
    with open_bytes(path) as stream:
        content = stream.read(MAX_DOCUMENT + 1)
    if len(content) > MAX_DOCUMENT:
        return {}
    codec = _codec(content[:_SAMPLE])
    text = content.decode(codec, "surrogateescape" if codec == "utf-8" else "replace")
    wanted = {_key(record) for record in records.values()}
    found: dict[str, bytes] = {}
    for start, end in _objects(text):
        key = _key_of_text(text[start:end])
        if key in wanted and key not in found:
            found[key] = text[start:end].encode(codec, "surrogateescape" if codec == "utf-8" else "strict")
    return {number: found[key] for number, record in records.items() if (key := _key(record)) in found}


def _codec(head: bytes) -> str:
    """The encoding with its byte order named, so that text written back has the same bytes."""
    encoding = encoding_of(head)
    if encoding == "utf-16":
        return "utf-16-be" if head.startswith(b"\xfe\xff") else "utf-16-le"
    return "utf-8" if encoding == "utf-8-sig" else encoding


def _objects(text: str) -> Iterator[tuple[int, int]]:
    """The places of all objects down to a depth that envelopes do not pass, inner ones first."""
    begun: list[int] = []
    for token in _TOKEN.finditer(text):
        mark = token[0]
        if mark == "{":
            begun.append(token.start())
        elif mark == "}" and begun:
            start = begun.pop()
            if len(begun) < _MAX_DEPTH:
                yield start, token.end()


def _key_of_text(text: str) -> str | None:
    try:
        return _key(json.loads(text))
    except (ValueError, RecursionError):
        return None


def _key(value: Any) -> str:
    return json.dumps(value, sort_keys=True, default=str)
