"""CSV and its relatives: rows with the line they begin on, and quotes gone wrong found before they swallow their neighbours."""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterator
from pathlib import Path

from features.errors import DataError
from pipeline.sources.batch import Entry, named_cells, rejected
from pipeline.sources.lines import MAX_LINE, Line, read_lines

_DELIMITERS = ",;\t|"
MAX_ROW_LINES = 2_000
"""A quoted cell that runs on for more lines than this was never meant to: the quote at its beginning is a slip."""


def read_csv(path: Path) -> Iterator[Entry]:
    """Yield a delimited file's rows; the first line that names columns is the header (``sep=;`` before it is heeded).

    Above it a sheet saved by Excel may have empty rows and titles, which fill one cell of many.
    """
    source = read_lines(path)
    first, delimiter = _header_line(source, path)
    if first is None:
        return
    rows = _Rows(source, delimiter, first)
    names: list[str] | None = None
    while (row := rows.next_row(None if names is None else len(names))) is not None:
        number, cells, weight = row
        if names is None:
            names = [name.replace("\0", "").strip() for name in cells]
        elif any(cells):
            yield Entry(number, named_cells(names, cells), weight)
        yield from rows.rejected()
    yield from rows.rejected()


def _header_line(source: Iterator[Line], path: Path) -> tuple[Line | None, str]:
    named = None
    for line in source:
        if line.text is None:
            raise DataError(f"cannot read {path.name}: line {line.number}, where the header should be: {line.reason}")
        text = line.text.strip().strip('"')
        if text.lower().startswith("sep=") and len(text) == 5:
            named = text[4]
        elif text and not _is_title(line.text or "", named or _delimiter(line.text or "")):
            return line, named or _delimiter(line.text or "")
    return None, ","


def _delimiter(text: str) -> str:
    return max(_DELIMITERS, key=lambda mark: len(_cells(text, mark)))


def _is_title(text: str, delimiter: str) -> bool:
    """Whether a line has the width of a table and at most one cell filled: "BẢNG TỔNG HỢP;;;;"."""
    cells = _cells(text, delimiter)
    return len(cells) >= 3 and sum(bool(cell.strip()) for cell in cells) <= 1


def _cells(text: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([text], delimiter=delimiter), [])
    except csv.Error:
        return []


class _Runaway(Exception):
    """The row being read has run on too far."""


class _Rows:
    """Rows one by one; lines and rows that are none wait in `rejected`."""

    def __init__(self, source: Iterator[Line], delimiter: str, first: Line) -> None:
        self._source = source
        self._delimiter = delimiter
        self._again: deque[Line] = deque([first])
        self._taken: list[Line] = []
        self._length = 0
        self._bad: list[Entry] = []
        self._reader = csv.reader(self._lines(), delimiter=delimiter)
        # A row is as long as its lines together; those are bounded here, so the module's own bound must not come first.
        csv.field_size_limit(2 * MAX_LINE)

    def rejected(self) -> list[Entry]:
        """Hand over what was rejected since the last call."""
        bad, self._bad = self._bad, []
        return bad

    def next_row(self, n_cells: int | None) -> tuple[int, list[str], int] | None:
        """Return the next sound row as ``(line, cells, length)``, or nothing at the end or where rejected rows should go first."""
        while len(self._bad) < 1_000:
            self._taken, self._length = [], 0
            try:
                cells = next(self._reader, None)
            except _Runaway:
                self._reject_first(f"a quote opens here and does not close within {MAX_ROW_LINES:,} lines")
                continue
            except csv.Error as error:
                self._reject_first(f"not a CSV row: {error}")
                continue
            if cells is None:
                return None
            if n_cells is None or self._is_sound(cells, n_cells):
                return self._taken[0].number, cells, self._length
        return self._taken[0].number if self._taken else 0, [], 0

    def _lines(self) -> Iterator[str]:
        while True:
            line = self._again.popleft() if self._again else next(self._source, None)
            if line is None:
                return
            if line.text is None:
                self._bad.append(rejected(line.number, line.rule, line.reason, line.raw))
                continue
            self._taken.append(line)
            self._length += len(line.text)
            if len(self._taken) > MAX_ROW_LINES or self._length > MAX_LINE:
                raise _Runaway
            yield line.text

    def _is_sound(self, cells: list[str], n: int) -> bool:
        if len(self._taken) == 1 and len(cells) <= n:
            return True
        if len(self._taken) > 1 and not self._closes():
            self._reject_first("a quote opens here and its end does not stand before a separator: it would swallow the rows below")
            return False
        fits = not any(cells[n:]) and (len(self._taken) == 1 or len(cells) >= n)
        if not fits:
            reason = f"{len(cells)} cells where the header names {n}: a quote or separator went wrong"
            self._bad.append(rejected(self._taken[0].number, "bad_row", reason, "".join(line.text or "" for line in self._taken[:20])))
        return fits

    def _closes(self) -> bool:
        """Whether the row also reads under the strict rules: quotes close before a separator or the row's end."""
        try:
            next(csv.reader([line.text or "" for line in self._taken], delimiter=self._delimiter, strict=True))
        except csv.Error:
            return False
        return True

    def _reject_first(self, reason: str) -> None:
        """Give up the first line of the row and read on with the second: one slip costs one row."""
        first, *rest = self._taken
        self._bad.append(rejected(first.number, "bad_row", reason, first.text or ""))
        self._again.extendleft(reversed(rest))
        self._reader = csv.reader(self._lines(), delimiter=self._delimiter)
