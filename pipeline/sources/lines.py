"""The lines of a text file: its encoding told from its first bytes, every line numbered, none longer than memory allows."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, NamedTuple
from unicodedata import normalize

import pyarrow as pa

from pipeline.sources.batch import RAW_KEPT

_COMPRESSED = {".gz": "gzip", ".zst": "zstd"}
SAMPLE = 65_536
"""Bytes of a file that tell its encoding."""

MAX_LINE = 20_000_000
"""A line longer than this many bytes is rejected: no listing is, and reading it would cost everybody else's memory."""


class Line(NamedTuple):
    """One line; ``text`` is missing where the line breaks ``rule`` (``undecodable``, ``too_long``) and ``raw`` is its beginning."""

    number: int
    text: str | None
    rule: str = ""
    raw: str = ""

    @property
    def reason(self) -> str:
        """Why there is no text, in words."""
        return "the line is not text in the file's encoding" if self.rule == "undecodable" else f"the line is longer than {MAX_LINE:,} bytes"


@contextmanager
def open_bytes(path: Path) -> Iterator[IO[bytes]]:
    """Open a file for reading, decompressed as its ending says, as a stream: a gzip bomb costs time but no memory."""
    codec = _COMPRESSED.get(path.suffix.lower())
    stream = io.BufferedReader(pa.input_stream(str(path), compression=codec)) if codec else path.open("rb")
    with stream:
        yield stream


def encoding_of(head: bytes) -> str:
    """Tell the encoding from a file's first bytes: UTF-8 unless a mark, NULs or too many bad bytes say otherwise."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    if head.startswith(b"\xef\xbb\xbf"):
        return "utf-8-sig"
    half = len(head) // 2
    if half and head[1::2].count(0) > 0.3 * half and head[::2].count(0) < 0.05 * half:
        return "utf-16-le"
    if half and head[::2].count(0) > 0.3 * half and head[1::2].count(0) < 0.05 * half:
        return "utf-16-be"
    # The last character may be cut by the sample's end: leave a line's worth of doubt aside.
    text = head.decode("utf-8", "surrogateescape")
    bad = sum("\udc80" <= character <= "\udcff" for character in text[:-4] or text)
    good = sum(character > "\x7f" for character in text) - bad
    # One stray byte in a UTF-8 file spoils one line; a file of Windows-1258 has bad bytes and hardly a good sequence.
    return "cp1258" if bad > good else "utf-8"


def read_lines(path: Path, begin: int = 0, end: int | None = None, before: int = 0) -> Iterator[Line]:
    """Yield every line of a text file, line ends kept, or those of bytes ``begin`` to ``end`` (both at line ends), ``before`` lines from the top."""
    with open_bytes(path) as stream:
        encoding = encoding_of(stream.read(SAMPLE))
    with open_bytes(path) as stream:
        if encoding.startswith("utf-16"):
            yield from _wide_lines(stream, encoding)
            return
        if begin:
            stream.seek(begin)
        yield from _byte_lines(stream, encoding, end, before)


def _byte_lines(stream: IO[bytes], encoding: str, end: int | None, number: int) -> Iterator[Line]:
    codec = "utf-8" if encoding == "utf-8-sig" else encoding
    while (end is None or stream.tell() < end) and (raw := stream.readline(MAX_LINE)):
        number += 1
        if number == 1 and encoding == "utf-8-sig":
            raw = raw[3:]
        if len(raw) >= MAX_LINE and not raw.endswith(b"\n"):
            while len(rest := stream.readline(MAX_LINE)) and not rest.endswith(b"\n"):
                pass
            yield Line(number, None, "too_long", raw[:RAW_KEPT].decode(codec, "replace"))
            continue
        try:
            text = raw.decode(codec)
        except UnicodeDecodeError:
            yield Line(number, None, "undecodable", raw[:RAW_KEPT].decode(codec, "replace"))
            continue
        # Windows-1258 writes tones as marks of their own; that is its way and not the seller's.
        yield Line(number, normalize("NFC", text) if codec == "cp1258" else text)


def _wide_lines(stream: IO[bytes], encoding: str) -> Iterator[Line]:
    with io.TextIOWrapper(stream, encoding=encoding, errors="replace", newline="\n") as reader:
        number = 0
        while text := reader.readline(MAX_LINE):
            number += 1
            if len(text) >= MAX_LINE and not text.endswith("\n"):
                while len(rest := reader.readline(MAX_LINE)) and not rest.endswith("\n"):
                    pass
                yield Line(number, None, "too_long", text[:RAW_KEPT])
            elif "\ufffd" in text:
                yield Line(number, None, "undecodable", text[:RAW_KEPT])
            else:
                yield Line(number, text.removeprefix("\ufeff") if number == 1 else text)
