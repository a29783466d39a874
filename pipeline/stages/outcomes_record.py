"""What returned workbooks add to the register: answers are settled with each other and with what stands, and superseding rows written."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, time
from functools import partial
from typing import Any, NamedTuple

import pandas as pd
from sqlalchemy import Connection, Table

from pipeline.register.facts import add, add_chains, standing
from pipeline.register.schema import DESK_REVIEWS, OUTCOMES, RETURN_FILES, RETURNED, RETURNED_ROWS, SANCTION_DECISIONS, TAKEN, UNTOUCHED
from pipeline.returns.answers import Answer, Opinion, Refusal, Result
from pipeline.returns.files import ReturnedFile, ReturnedRow
from pipeline.returns.settle import Part, Settled, settle_rows, told
from pipeline.sources.phones import mask
from pipeline.sources.times import VIETNAM

_OLD = "trùng hoặc cũ hơn kết quả đã có, không ghi thêm"
#: Of a sanction: column of the register to field of a result.
_DECIDED = {
    "number": "decision_number", "decided_on": "decided_on", "fine_vnd": "fine_vnd", "goods_value_vnd": "goods_value_vnd",
    "passed_to_investigators": "passed",
}  # fmt: skip
_WORDS = ("opinion", "opinion_reason", "behaviours", "decision_number", "note")
_TABLES = (OUTCOMES, DESK_REVIEWS, SANCTION_DECISIONS)
#: New versions of one fact, in order, each with the position of the row it comes from.
Chain = list[tuple[int, dict[str, Any]]]


class _About(NamedTuple):
    """The answers about one issued row, by position of their row."""

    issued: Mapping[str, Any]
    opinions: dict[int, Opinion]
    results: dict[int, Result]


class _Before(NamedTuple):
    """What stands about one issued row, as rows of the tables; ``None`` where nothing does."""

    outcome: Mapping[str, Any] | None
    review: Mapping[str, Any] | None
    decision: Mapping[str, Any] | None


def record(connection: Connection, files: Sequence[ReturnedFile], *, received: date, correcting: bool) -> dict[str, int]:
    """Write files, rows and the facts they add; marks rows that contradict each other or the register as returned. Returns new facts by table."""
    placed = [(file, one) for file in files for one in file.rows]
    about = _by_target([one for _, one in placed])
    before = _standing(connection, about)
    chains: dict[str, list[Chain]] = {table.name: [] for table in _TABLES}
    for row_id, target in about.items():
        stands = before(row_id)
        recorded = (_as_opinion(stands.review), _as_result(stands))
        reviews, results = settle_rows(target.opinions, target.results, recorded, correcting=correcting)
        _mark(placed, (reviews, results), (target.opinions, target.results), recorded)
        chains[DESK_REVIEWS.name].append(_chain(reviews, stands.review, _review_values))
        chains[OUTCOMES.name].append(_chain(results, stands.outcome, partial(_outcome_values, issued=target.issued)))
        chains[SANCTION_DECISIONS.name].append(_decisions(results, stands.decision, target.issued))
    ids = _write_rows(connection, files, received)
    known_at = datetime.combine(received, time(), VIETNAM).astimezone(UTC)
    return {table.name: _write_facts(connection, table, chains[table.name], ids, about, placed, known_at) for table in _TABLES}


def _by_target(rows: Sequence[ReturnedRow]) -> dict[int, _About]:
    about: dict[int, _About] = {}
    for at, one in enumerate(rows):
        if isinstance(one.read, Answer):
            mine = about.setdefault(int(one.read.issued["first_id"]), _About(one.read.issued, {}, {}))
            if one.read.opinion is not None:
                mine.opinions[at] = one.read.opinion
            if one.read.result is not None:
                mine.results[at] = one.read.result
    return about


def _standing(connection: Connection, about: Mapping[int, _About]) -> Callable[[int], _Before]:
    found = {table.name: _plain(standing(connection, table, issued_rows=about)) for table in _TABLES}
    return lambda row_id: _Before(*(found[name].get(row_id) for name in (OUTCOMES.name, DESK_REVIEWS.name, SANCTION_DECISIONS.name)))


def _plain(table: pd.DataFrame) -> dict[int, dict[str, Any]]:
    rows = table.astype("object").where(table.notna(), None).to_dict("records")
    return {int(row["issued_row_id"]): row for row in rows}


def _as_opinion(row: Mapping[str, Any] | None) -> Opinion | None:
    return None if row is None else Opinion(row["opinion"], row["why"])


def _as_result(stands: _Before) -> Result | None:
    row, decision = stands.outcome, stands.decision or {}
    if row is None:
        return None
    return Result(
        status=row["status"], behaviours=row["behaviours"], happened_on=row["happened_on"], usefulness=_whole(row["usefulness"]), note=row["note"],
        decision_number=decision.get("number"), decided_on=decision.get("decided_on"), fine_vnd=_whole(decision.get("fine_vnd")),
        goods_value_vnd=_whole(decision.get("goods_value_vnd")), passed=decision.get("passed_to_investigators"),
    )  # fmt: skip


def _whole(value: Any) -> int | None:
    return None if value is None else int(value)


def _mark(
    placed: Sequence[tuple[ReturnedFile, ReturnedRow]], settled: tuple[Settled, Settled],
    parts: tuple[Mapping[int, Part], Mapping[int, Part]], recorded: tuple[Part | None, Part | None],
) -> None:  # fmt: skip
    """Return contradicting rows with both sides named; say of a repeated row that it adds nothing."""
    for one, mine, before in zip(settled, parts, recorded, strict=True):
        for at, other in one.refused.items():
            row = placed[at][1]
            against = _named(placed[other], mine[other]) if other is not None else f"kết quả đã ghi “{told(before)}”" if before is not None else ""
            reason = f"“{told(mine[at])}” mâu thuẫn với {against}: giữ một kết quả đúng rồi gửi lại"
            if other is None:
                reason += "; nếu đây là đính chính, nói rõ để người nhập ghi đính chính"
            row.reason = f"{row.reason}; {reason}" if row.fate == RETURNED else reason
            row.fate = RETURNED
    added = {step.at for one in settled for step in one.steps}
    for at in set(settled[0].old | settled[1].old) - added:
        row = placed[at][1]
        if row.fate == TAKEN:
            row.reason = "; ".join(part for part in (row.reason, _OLD) if part)


def _named(place: tuple[ReturnedFile, ReturnedRow], part: Part) -> str:
    file, one = place
    return f"“{told(part)}” ở tệp {file.path.name}, trang “{one.row.sheet}”, dòng {one.row.number}"


def _chain(settled: Settled, before: Mapping[str, Any] | None, values: Callable[[Any], dict[str, Any]]) -> Chain:
    first = {"supersedes": None if before is None else int(before["id"])}
    return [(step.at, values(step.part) | first) for step in settled.steps]


def _review_values(part: Opinion) -> dict[str, Any]:
    return {"opinion": part.opinion, "why": part.why}


def _outcome_values(part: Result, issued: Mapping[str, Any]) -> dict[str, Any]:
    return {
        **_subject(issued), "status": part.status, "behaviours": part.behaviours, "happened_on": part.happened_on, "source": "inspection",
        "authority": issued["authority"], "selection_probability": None, "usefulness": part.usefulness, "note": part.note,
    }  # fmt: skip


def _decisions(settled: Settled, before: Mapping[str, Any] | None, issued: Mapping[str, Any]) -> Chain:
    """The sanction's versions: only where something of it changed. A finding that fell takes its decision back to nothing."""
    chain: Chain = []
    stood = before or {}
    last = {name: stood.get(name) for name in _DECIDED}
    kept = {name: stood.get(name) for name in ("carried_out_on", "annulled_on")} | {"supersedes": None if before is None else int(stood["id"])}
    for step in settled.steps:
        if not isinstance(step.part, Result):
            raise TypeError("decisions come with results")
        now = {name: getattr(step.part, told_by) for name, told_by in _DECIDED.items()}
        if now != last and (step.part.has_decision or before is not None or chain):
            chain.append((step.at, {**_subject(issued), "authority": issued["authority"], **now, **kept}))
            last = now
    return chain


def _subject(issued: Mapping[str, Any]) -> dict[str, Any]:
    return {name: issued[name] for name in ("platform", "seller_id", "listing_id")}


def _write_rows(connection: Connection, files: Sequence[ReturnedFile], received: date) -> list[int]:
    """Record files and every row of theirs; returns the rows' ids in the order of ``files`` and their rows."""
    heads = [
        {
            "sha256": file.sha256, "name": file.path.name, "received_on": received, "n_read": file.count(), "n_taken": file.count(TAKEN),
            "n_returned": file.count(RETURNED), "n_untouched": file.count(UNTOUCHED), "recorded_at": datetime.now(UTC),
        }
        for file in files
    ]  # fmt: skip
    file_ids = add(connection, RETURN_FILES, heads)
    rows = [_row_values(one, file_id) for file, file_id in zip(files, file_ids, strict=True) for one in file.rows]
    return add(connection, RETURNED_ROWS, rows)


def _row_values(one: ReturnedRow, file_id: int) -> dict[str, Any]:
    issued = one.read.issued if isinstance(one.read, Answer | Refusal) else None
    # A phone number in a note is nobody's business here.
    cells = {key: [mask(str(value), b"")[0] if key in _WORDS else str(value) for value in values] for key, values in one.row.answers.items()}
    return {
        "file_id": file_id, "sheet": one.row.sheet, "row": one.row.number, "code": one.row.written and one.row.written[:200],
        "issued_row_id": None if issued is None else int(issued["first_id"]), "fate": one.fate, "reason": one.reason,
        "cells": json.dumps(cells, ensure_ascii=False),
    }  # fmt: skip


def _write_facts(
    connection: Connection, table: Table, chains: Sequence[Chain], ids: Sequence[int], about: Mapping[int, _About],
    placed: Sequence[tuple[ReturnedFile, ReturnedRow]], known_at: datetime,
) -> int:  # fmt: skip
    now = datetime.now(UTC)
    common = {"recorded_at": now} | ({} if table is SANCTION_DECISIONS else {"known_at": known_at})
    full = [
        [values | common | {"returned_row_id": ids[at], "issued_row_id": _issued_id(placed[at][1])} for at, values in chain]
        for chain in chains if chain
    ]  # fmt: skip
    add_chains(connection, table, full)
    return sum(map(len, full))


def _issued_id(one: ReturnedRow) -> int:
    if not isinstance(one.read, Answer):
        raise TypeError("only an answer adds a fact")
    return int(one.read.issued["first_id"])
