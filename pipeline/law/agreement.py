"""What the law tables must agree on among themselves: codes and instruments that exist, brackets without gap or overlap."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from features.errors import ConfigError
from pipeline.law.tables import ALSO, LEAD, LawTables, in_force, split

_CODED = {"fine_brackets": "codes", "criminal_thresholds": "codes", "limitation": "codes", "referral": "codes", "checklists": "codes"}
_CITING = {"citations": ("instrument", "ended_by"), "fine_brackets": ("instrument",), "criminal_thresholds": ("instrument",),
           "limitation": ("instrument",), "competence": ("instrument",), "legal_status": ("replaced_by",)}  # fmt: skip


def check_agreement(tables: LawTables) -> None:
    """Raise `ConfigError` with the first disagreement and how many there are."""
    problems = list(disagreements(tables))
    if problems:
        raise ConfigError(f"the law tables disagree: {problems[0]}" + (f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""))


def disagreements(tables: LawTables) -> Iterator[str]:
    """Yield each disagreement as table, line and what to mend."""
    yield from _unknown_codes(tables)
    yield from _unknown_instruments(tables)
    yield from _leads(tables)
    yield from _brackets(tables)


def _lines(tables: LawTables, name: str) -> Iterator[tuple[str, Any]]:
    for place, row in enumerate(tables.frames[name].itertuples(index=False), start=2):
        yield f"{name}.csv, line {place}", row


def _unknown_codes(tables: LawTables) -> Iterator[str]:
    known = set(tables.frames["behaviours"]["code"])
    for name, column in _CODED.items():
        for where, row in _lines(tables, name):
            for code in split(getattr(row, column)):
                if code not in known:
                    yield f"{where}: code {code!r} is not in behaviours.csv"
    for where, row in _lines(tables, "citations"):
        if row.kind != "procedure" and row.code not in known:
            yield f"{where}: code {row.code!r} is not in behaviours.csv"


def _unknown_instruments(tables: LawTables) -> Iterator[str]:
    known = set(tables.frames["legal_status"]["instrument"])
    for name, columns in _CITING.items():
        for where, row in _lines(tables, name):
            for column in columns:
                instrument = getattr(row, column)
                if instrument is not None and instrument not in known:
                    yield f"{where}: {column} {instrument!r} is not in legal_status.csv"


def _leads(tables: LawTables) -> Iterator[str]:
    leads: dict[str, int] = {}
    for row in tables.frames["behaviours"].itertuples(index=False):
        for behaviour in split(row.behaviour):
            leads[behaviour] = leads.get(behaviour, 0) + (row.lead == LEAD)
        if row.lead in (LEAD, ALSO) and row.behaviour is None:
            yield f"behaviours.csv: {row.code} leads, but names no behaviour"
    for behaviour, count in leads.items():
        if count != 1:
            yield f"behaviours.csv: {behaviour} has {count} leading codes, one is needed"


def _brackets(tables: LawTables) -> Iterator[str]:
    """On each day on which a set changes, its brackets follow one another from 0 upwards."""
    for name, rows in tables.frames["fine_brackets"].groupby("bracket_set", sort=False):
        brackets = list(rows.itertuples(index=False))
        for day in sorted({row.valid_from for row in brackets}):
            yield from _one_day(str(name), [row for row in brackets if in_force(row.valid_from, row.valid_to, day)], day)


def _one_day(name: str, standing: list, day: date) -> Iterator[str]:
    if len({(row.basis, row.bound, row.codes, row.instrument) for row in standing}) > 1:
        yield f"fine_brackets.csv: {name} mixes bases, bounds, codes or instruments on {day}"
    reached: float | None = 0.0
    for row in sorted(standing, key=lambda row: row.lower):
        if row.lower != reached:
            yield f"fine_brackets.csv: {name} leaps from {reached} to {row.lower} on {day}; brackets must follow one another"
        if row.fine_max < row.fine_min:
            yield f"fine_brackets.csv: {name} has a fine from {row.fine_min} to {row.fine_max}"
        reached = row.upper
    if reached is not None:
        yield f"fine_brackets.csv: {name} ends at {reached} on {day}; the last bracket has no upper end"
