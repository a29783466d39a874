"""Which column of a sheet answers which question: by its heading, wherever a person has moved it, however it is spelt now."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from pipeline.reports.results_sheet import LIST_COLUMNS, PLANNER_CHOICES, RESULT_CHOICES, RESULT_COLUMNS
from pipeline.returns.choices import bare, near, read_opinion, read_result
from pipeline.returns.codes import codes_in
from pipeline.returns.figures import Cell
from pipeline.returns.sheets import Sheet

CODE = "code"
OPINION, REASON, RESULT = "opinion", "opinion_reason", "result"
HEADINGS: dict[str, str] = {column.key: column.heading for column in (*LIST_COLUMNS, *RESULT_COLUMNS) if column.filled_by_person}
_WANTED = {bare(column.heading): column.key for column in (*LIST_COLUMNS, *RESULT_COLUMNS) if column.filled_by_person}
_WANTED |= {bare(column.heading): CODE for column in (*LIST_COLUMNS, *RESULT_COLUMNS) if column.key in ("code", "number_and_code")}
_OTHERS = {bare(column.heading) for column in (*LIST_COLUMNS, *RESULT_COLUMNS)} - set(_WANTED)
_CHOSEN = {bare(choice) for choice in (*RESULT_CHOICES, *PLANNER_CHOICES)}
#: A heading may be cut ("Tiền phạt") where this many letters are left.
_LEAST_LEFT = 7


class SheetRow(NamedTuple):
    """A row that is about a target or answers something: ``written`` where its code stands, ``answers`` by key (twice filled: all values).

    ``lost`` says, in Vietnamese, why its cells cannot be told apart.
    """

    sheet: str
    number: int
    written: str | None
    answers: Mapping[str, tuple[Cell, ...]]
    lost: str | None = None


def sheet_rows(sheet: Sheet) -> Iterator[SheetRow]:
    """Yield the rows of ``sheet`` that carry a code or an answer; titles and sheets without questions give none.

    A total or signature under a question is a row without a code: who wrote it can tell, a machine cannot.
    """
    columns: dict[int, str] | None = None
    for number, cells in sheet.rows:
        found = _headings(cells)
        if found is not None:
            columns = found
        elif columns is None:
            yield from _without_headings(sheet.name, number, cells)
        elif set(columns.values()) <= {CODE}:
            yield from _beside_the_questions(sheet.name, number, cells)
        else:
            yield from _row(sheet.name, number, cells, columns)


def _headings(cells: Mapping[int, Cell]) -> dict[int, str] | None:
    """The columns' keys where the row is a row of headings: the code's and any other text, or three of ours; of other sheets the code's alone."""
    known = {column: _key(value) for column, value in cells.items() if isinstance(value, str)}
    ours = {column: key for column, key in known.items() if key is not None}
    if len(known) < 2 or (CODE not in ours.values() and len(ours) < 3):
        return None
    return {column: key for column, key in ours.items() if key}


def _key(heading: str) -> str | None:
    """The key of a heading, ``""`` for one of ours that asks nothing, ``None`` for a stranger."""
    words = bare(heading)
    if words in _WANTED:
        return _WANTED[words]
    if words in _OTHERS:
        return ""
    close = {key for text, key in _WANTED.items() if near(words, text) or (len(words) >= _LEAST_LEFT and text.startswith(words + " "))}
    return close.pop() if len(close) == 1 else None


def _row(sheet: str, number: int, cells: Mapping[int, Cell], columns: Mapping[int, str]) -> Iterator[SheetRow]:
    answers: dict[str, tuple[Cell, ...]] = {}
    for column, key in columns.items():
        if key != CODE and column in cells and cells[column] not in answers.get(key, ()):
            answers[key] = (*answers.get(key, ()), cells[column])
    written = _written(cells, [column for column, key in columns.items() if key == CODE])
    if written is not None or answers:
        yield SheetRow(sheet, number, written, answers)


def _written(cells: Mapping[int, Cell], places: list[int]) -> str | None:
    """What stands where the code should, else a code from anywhere in the row."""
    said = [str(cells[column]).strip() for column in places if column in cells]
    with_code = [text for text in said if codes_in(text)]
    if with_code or said:
        return (with_code or said)[0]
    return next((str(value) for value in cells.values() if isinstance(value, str) and len(value) < 200 and codes_in(value)), None)


def _without_headings(sheet: str, number: int, cells: Mapping[int, Cell]) -> Iterator[SheetRow]:
    """Rows copied to an empty sheet: read where they lie as they lay in ours, else not guessed at."""
    at = [column for column, value in cells.items() if isinstance(value, str) and len(value) < 200 and codes_in(value)]
    if not at:
        return
    for ours in (RESULT_COLUMNS, LIST_COLUMNS):
        columns = {at[0] + place: column.key for place, column in enumerate(ours) if column.filled_by_person}
        if _fits(cells, columns):
            yield from _row(sheet, number, cells, {**columns, at[0]: CODE})
            return
    if _says_something(cells):
        lost = "trang không có dòng tiêu đề, không biết ô nào là kết quả: chép kèm dòng tiêu đề"
        yield SheetRow(sheet, number, str(cells[at[0]]), {}, lost)


def _beside_the_questions(sheet: str, number: int, cells: Mapping[int, Cell]) -> Iterator[SheetRow]:
    """A result written into a sheet that asks for none, such as that of the listings, must not be lost."""
    coded = [str(value) for value in cells.values() if isinstance(value, str) and len(value) < 200 and codes_in(value)]
    if coded and _says_something(cells):
        yield SheetRow(sheet, number, coded[0], {}, "kết quả ghi ở trang không có cột kết quả: ghi vào trang “Kết quả”")


def _fits(cells: Mapping[int, Cell], columns: Mapping[int, str]) -> bool:
    """Whether the cell where a choice belongs holds one."""
    readers: dict[str, Callable[[str], object]] = {RESULT: read_result, OPINION: read_opinion}
    return any(key in readers and column in cells and readers[key](str(cells[column])) is not None for column, key in columns.items())


def _says_something(cells: Mapping[int, Cell]) -> bool:
    """Whether a cell holds the words of a drop-down, whole or a slip away."""
    words = [bare(value) for value in cells.values() if isinstance(value, str) and len(value) < 60]
    return any(one in _CHOSEN or (len(one) >= 10 and read_result(one) is not None) for one in words)
