"""One returned row: what it answers about which issued row, or why it cannot be taken. A row is taken whole or returned whole.

Reasons are Vietnamese and say what to write instead: the row goes back with them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from pipeline.codes import is_valid
from pipeline.register.schema import AGREE
from pipeline.reports.results_sheet import OTHER_FINDING, RESULT_CHOICES
from pipeline.returns.choices import bare, read_opinion, read_result, read_usefulness, read_yes_no
from pipeline.returns.codes import codes_in, meant
from pipeline.returns.figures import Cell, read_day, read_vnd
from pipeline.returns.layout import HEADINGS, OPINION, REASON, RESULT, SheetRow
from pipeline.returns.sheets import Uncalculated
from pipeline.sources.phones import mask

#: Found, but nothing that a model learns; `pipeline.labels` counts a confirmed row without any name as counterfeit.
OTHER_BEHAVIOUR = "other"
_NOT_FOUND_OUT = ("not_inspected", "not_found", "cleared")
_SANCTION = ("decision_number", "decision_date", "fine_vnd", "goods_value_vnd", "to_investigation")
_LONGEST = 2_000


@dataclass(frozen=True)
class Result:
    """What a visit or check ended with. Money in dong; ``passed``: handed to the criminal investigators."""

    status: str
    behaviours: str | None = None
    happened_on: date | None = None
    decision_number: str | None = None
    decided_on: date | None = None
    fine_vnd: int | None = None
    goods_value_vnd: int | None = None
    passed: bool | None = None
    usefulness: int | None = None
    note: str | None = None

    @property
    def has_decision(self) -> bool:
        """True where anything of a sanction is said; "Không" and 0 say nothing."""
        return any((self.decision_number, self.decided_on, self.fine_vnd, self.goods_value_vnd, self.passed))


@dataclass(frozen=True)
class Opinion:
    """What a planner thought of the row: agree, refuse or postpone, and why."""

    opinion: str
    why: str | None = None


@dataclass(frozen=True)
class Answer:
    """``issued``: the issued row it is about (by code). ``missing`` says in Vietnamese what the officer should still send."""

    issued: Mapping[str, Any]
    opinion: Opinion | None
    result: Result | None
    missing: tuple[str, ...] = ()


@dataclass(frozen=True)
class Refusal:
    """Why a row goes back, Vietnamese; ``issued`` where at least its code is known."""

    reason: str
    issued: Mapping[str, Any] | None = None


@dataclass
class _Cells:
    """The answers of one row as they are read, with what was wrong in them."""

    row: SheetRow
    wrong: list[str] = field(default_factory=list)

    def one(self, key: str) -> Cell | None:
        """The value under a heading; a heading that stands twice must not say two things."""
        values = self.row.answers.get(key, ())
        if len(values) > 1:
            self.wrong.append(f"hai cột “{HEADINGS[key]}” ghi khác nhau")
        if values and isinstance(values[0], Uncalculated):
            self.wrong.append(f"ô “{HEADINGS[key]}” là công thức chưa có kết quả: ghi thẳng giá trị")
        return values[0] if len(values) == 1 and not isinstance(values[0], Uncalculated) else None

    def text(self, key: str) -> str | None:
        """Words, with phone numbers masked; of a whole number no ".0"."""
        value = self.one(key)
        if value is None:
            return None
        told = value.strftime("%d/%m/%Y") if isinstance(value, date) else str(int(value)) if _is_whole(value) else str(value)
        return mask(" ".join(told.split())[:_LONGEST], b"")[0] or None

    def read(self, key: str, reader: Any, hint: str) -> Any:
        """What ``reader`` makes of the cell, ``None`` where it is empty; what it cannot read is wrong."""
        value = self.one(key)
        if value is None:
            return None
        found = reader(value)
        if found is None:
            self.wrong.append(f"“{HEADINGS[key]}” ghi “{str(value)[:60]}”: {hint}")
        return found


def read_row(
    row: SheetRow, known: Mapping[str, Mapping[str, Any]], *, received: date, found_words: Mapping[str, str]
) -> Answer | Refusal | None:
    """Return the row's answer, why it cannot be taken, or ``None`` where nobody has filled anything in.

    ``known``: issued rows by code (``list_date, behaviours`` are read). ``found_words``: words of findings to behaviours.
    """
    if row.lost:
        return Refusal(row.lost)
    if not row.answers:
        return None
    issued = _issued(row.written, known)
    if isinstance(issued, str):
        return Refusal(issued)
    cells = _Cells(row)
    opinion = _opinion(cells)
    result = _result(cells, issued, received, found_words)
    if cells.wrong:
        return Refusal("; ".join(cells.wrong), issued)
    return Answer(issued, opinion, result, tuple(_missing(opinion, result)))


def _issued(written: str | None, known: Mapping[str, Mapping[str, Any]]) -> Mapping[str, Any] | str:
    if written is None:
        return "không có mã dòng: chép lại mã từ danh sách đã nhận"
    if isinstance(written, Uncalculated):
        return "ô mã dòng là công thức: chép lại mã dạng chữ"
    codes = codes_in(written)
    if not codes:
        return f"“{written[:40]}” không phải mã dòng (mẫu: AG-2648-007-K)"
    if len(codes) > 1:
        return f"một dòng có {len(codes)} mã ({', '.join(codes[:3])}): tách mỗi mã một dòng"
    code = codes[0]
    if code in known:
        return known[code]
    guess = meant(code, known)
    asked = f"; có phải {guess}?" if guess else ""
    if not is_valid(code):
        return f"mã {code} sai chữ kiểm tra: xem lại mã trên danh sách{asked}"
    return f"mã {code} không có trong danh sách nào đã ban hành{asked}"


def _opinion(cells: _Cells) -> Opinion | None:
    read = cells.read(OPINION, lambda value: read_opinion(str(value)), "chọn Đồng ý, Không hoặc Hoãn")
    why = cells.text(REASON)
    if read is None:
        if why is not None and not cells.row.answers.get(OPINION):
            cells.wrong.append(f"có “{HEADINGS[REASON]}” nhưng chưa ghi “{HEADINGS[OPINION]}”")
        return None
    opinion, rest = read
    beside = mask(rest[:_LONGEST], b"")[0]
    return Opinion(opinion, "; ".join(part for part in (beside, why) if part) or None)


def _result(cells: _Cells, issued: Mapping[str, Any], received: date, found_words: Mapping[str, str]) -> Result | None:
    asked = [key for key in cells.row.answers if key not in (OPINION, REASON)]
    if not asked:
        return None
    choice = cells.read(RESULT, lambda value: read_result(str(value)), "không có trong danh sách chọn")
    since = issued["list_date"]
    said = cells.text("behaviours")
    result = Result(
        status=RESULT_CHOICES.get(choice or "", ""),
        behaviours=_behaviours(choice, said, issued["behaviours"], found_words),
        happened_on=_day(cells, "happened_at", since, received),
        decision_number=cells.text("decision_number"),
        decided_on=_day(cells, "decision_date", since, received),
        fine_vnd=cells.read("fine_vnd", read_vnd, "ghi số đồng, ví dụ 1.250.000"),
        goods_value_vnd=cells.read("goods_value_vnd", read_vnd, "ghi số đồng, ví dụ 1.250.000"),
        passed=cells.read("to_investigation", lambda value: read_yes_no(str(value)), "ghi Có hoặc Không"),
        usefulness=cells.read("usefulness", lambda value: read_usefulness(str(value)), "ghi số từ 1 đến 5"),
        note="; ".join(part for part in (said, cells.text("note")) if part) or None,
    )
    if choice is None:
        if not cells.row.answers.get(RESULT):
            filled = ", ".join(f"“{HEADINGS[key]}”" for key in asked[:3])
            cells.wrong.append(f"chưa chọn “{HEADINGS[RESULT]}” nhưng đã ghi {filled}")
        return None
    _contradictions(cells, choice, result)
    return result


def _day(cells: _Cells, key: str, since: date, received: date) -> date | None:
    day: date | None = cells.read(key, lambda value: read_day(value, since=since), "ghi ngày dạng dd/mm/yyyy")
    if day is not None and day > received:
        cells.wrong.append(f"“{HEADINGS[key]}” {day:%d/%m/%Y} sau ngày nhận kết quả {received:%d/%m/%Y}")
    elif day is not None and day < since:
        cells.wrong.append(f"“{HEADINGS[key]}” {day:%d/%m/%Y} trước ngày của danh sách {since:%d/%m/%Y}")
    return day


def _behaviours(choice: str | None, said: str | None, listed: str | None, found_words: Mapping[str, str]) -> str | None:
    """What was found, by code name: the signs of the list where they were confirmed, and what the officer's words name."""
    if choice is None or RESULT_CHOICES[choice] != "confirmed":
        return None
    named = [] if choice == OTHER_FINDING or not listed else listed.split(",")
    words = f" {bare(said or '')} "
    named += [behaviour for phrase, behaviour in found_words.items() if f" {phrase} " in words.replace(f" khong phai {phrase} ", " ")]
    return ",".join(dict.fromkeys(named)) or OTHER_BEHAVIOUR


def _contradictions(cells: _Cells, choice: str, result: Result) -> None:
    if result.status in _NOT_FOUND_OUT and result.has_decision:
        filled = ", ".join(f"“{HEADINGS[key]}”" for key in _SANCTION if cells.row.answers.get(key))
        cells.wrong.append(f"kết quả “{choice}” nhưng có {filled}: kiểm tra lại")
    if result.status == "not_inspected" and result.happened_on is not None:
        cells.wrong.append(f"kết quả “{choice}” nhưng có “{HEADINGS['happened_at']}”")


def _missing(opinion: Opinion | None, result: Result | None) -> list[str]:
    found = []
    if opinion is not None and opinion.opinion != AGREE and opinion.why is None:
        found.append("thiếu lý do không đồng ý hoặc hoãn")
    if result is None:
        return found
    if result.status != "not_inspected" and result.happened_on is None:
        found.append("thiếu ngày kiểm tra, xác minh")
    if result.behaviours == OTHER_BEHAVIOUR:
        found.append("thiếu nội dung ghi nhận, hoặc nội dung chưa nhận ra")
    if result.decision_number is None and (result.decided_on is not None or result.fine_vnd):
        found.append("thiếu số quyết định xử phạt")
    if result.decision_number is not None and result.decided_on is None:
        found.append("thiếu ngày quyết định xử phạt")
    return found


def _is_whole(value: Cell) -> bool:
    return isinstance(value, float) and value.is_integer()
