"""A year of lists that come back, with human mess: is every row accounted for, do the counts add up, and is what came back worth learning from?

52 weekly lists of 34 authorities on an invented market; see `benchmarks/returns_mess.py` for what people do to the workbooks. Prints one JSON
document. The market is synthetic: the figures compare a first model with one trained on what came back, no more.
"""

from __future__ import annotations

import json
import random
import resource
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
from sqlalchemy import Connection

from benchmarks.returns_learning import Year, invent_year, re_trained
from benchmarks.returns_mess import (
    CLEAN,
    FOUND,
    NOT_THERE,
    NOT_YET,
    OTHER,
    PENDING,
    REFERRED,
    Row,
    Written,
    answered,
    write_list,
    write_results,
)  # fmt: skip
from pipeline.authorities import Authorities
from pipeline.codes import row_code
from pipeline.config import load_table
from pipeline.register.connect import connected
from pipeline.register.coverage import COUNTS, coverage
from pipeline.register.export import outcomes_table
from pipeline.register.facts import standing
from pipeline.register.lists import IssuedList, issued_rows, record_list
from pipeline.register.schema import OUTCOMES, RETURN_FILES, RETURNED, RETURNED_ROWS, TAKEN
from pipeline.register.upgrade import ready
from pipeline.reports.results_sheet import RESULT_CHOICES
from pipeline.stages.outcomes_import import import_workbooks

WEEKS, WITHIN, RESERVE, FROM_MARKET = 52, 10, 2, 4
_DUE_DAYS = 14
#: Offices that never answer a list, that send it twice, whose colleague fills it in too, and those that send what was pending later.
_NEVER, _TWICE, _TWO_PEOPLE, _LATER = 0.03, 0.05, 0.03, 0.05


@dataclass
class Meant:
    """What the year's writers meant: by code the choices they wrote down where somebody could take them, in workbooks that were sent."""

    said: dict[str, list[str]] = field(default_factory=dict)

    def hear(self, rows: Sequence[Row]) -> None:
        """Note what rows say."""
        for row in rows:
            if row.choice is not None and not row.hopeless:
                self.said.setdefault(row.code, []).append(row.choice)


def main() -> None:
    """Print the year."""
    n_listings = int(sys.argv[1]) if len(sys.argv) > 1 else 30_000
    weeks = int(sys.argv[2]) if len(sys.argv) > 2 else WEEKS
    seed = 20261124
    with tempfile.TemporaryDirectory() as name, connected(str(Path(name) / "soihang.db")) as connection:
        ready(connection)
        year = invent_year(Path(name), n_listings=n_listings, weeks=weeks, seed=seed)
        begun = _processor_seconds()
        said = _account(connection, Path(name), year, weeks, seed)
        said["processor seconds of writing, importing and counting"] = round(_processor_seconds() - begun, 1)
        said["learning from it"] = re_trained(year, outcomes_table(connection, as_of=year.cut), seed=seed)
    print(json.dumps(said, ensure_ascii=False, indent=2, default=str))


def _account(connection: Connection, folder: Path, year: Year, weeks: int, seed: int) -> dict[str, Any]:
    draw = random.Random(f"returns {seed}")
    meant, inbox = Meant(), []
    for week in range(weeks):
        monday = year.first_monday + timedelta(weeks=week)
        inbox += _one_week(connection, folder, year, monday, meant, draw)
    resaved = _saved_by_libreoffice(folder, [one for _, one in inbox[:: max(1, len(inbox) // 40)]])
    words = load_table("found_words").set_index("words")["behaviour"].to_dict()
    mess: Counter[tuple[str, str]] = Counter()
    known: set[Path] = set()
    for received in sorted({day for day, _ in inbox}):
        files = [one.path for day, one in inbox if day == received]
        done = import_workbooks(connection, files, received=received, found_words=words)
        known |= {one.path for one in done.files if one.known}
        mess.update(_by_mess([one for day, one in inbox if day == received], done.files))
    return {
        "synthetic": True,
        "lists": weeks,
        "workbooks": len(inbox),
        "saved anew by LibreOffice": resaved,
        "rows": _rows(connection, [one for _, one in inbox], known),
        "facts": _facts(connection, meant),
        "coverage": _coverage(connection, year.first_monday + timedelta(weeks=weeks + 8)),
        "by what people did (rows of result sheets)": _table(mess),
    }


def _one_week(
    connection: Connection, folder: Path, year: Year, monday: date, meant: Meant, draw: random.Random
) -> list[tuple[date, Written]]:
    """Issue the week's list and return what comes back, with the day on which it does."""
    offices = Authorities(load_table("authorities"), load_table("provinces")).all(date(2026, 6, 1))
    rows: list[dict[str, Any]] = []
    back: list[tuple[date, Written]] = []
    truths = year.targets(monday, len(offices) * FROM_MARKET)
    for office in offices:
        mine = [truths.pop() for _ in range(min(FROM_MARKET, len(truths)))]
        mine += [_stranger(draw) for _ in range(WITHIN + RESERVE - len(mine))]
        codes = [row_code(str(office.abbreviation), monday, number) for number in range(1, len(mine) + 1)]
        rows += [_issued(code, office.name_vi, one, at) for at, (code, one) in enumerate(zip(codes, mine, strict=True))]
        back += _returned(folder, str(office.abbreviation), monday, codes, mine, meant, draw)
    table = pd.DataFrame(rows).astype("object")
    number = f"{monday.isocalendar().week}/{monday.isocalendar().year}"
    record_list(connection, IssuedList(number, 1, "weekly", monday, monday + timedelta(days=_DUE_DAYS), table.where(table.notna(), None)))
    return back


def _stranger(draw: random.Random) -> dict[str, Any]:
    """A seller who is not in the crawl that models learn from."""
    behaviour = "counterfeit" if draw.random() < 0.35 else None
    return {"platform": "sàn mô phỏng a", "seller_id": f"X{draw.randrange(10**9)}", "listing_id": None, "behaviour": behaviour, "expected": None}


def _issued(code: str, authority: str, target: dict[str, Any], at: int) -> dict[str, Any]:
    shown = [] if target["listing_id"] is None else [target["listing_id"]]
    return {
        "code": code, "authority": authority, "platform": target["platform"], "seller_id": target["seller_id"], "listing_id": None,
        "seller_name": "Shop thử", "standing": "Chính thức" if at < WITHIN else "Dự bị", "behaviours": target["behaviour"] or "counterfeit",
        "expected": target["expected"], "selection_kind": "Theo mức ưu tiên", "selection_probability": 1.0, "listing_ids": json.dumps(shown),
    }  # fmt: skip


def _returned(
    folder: Path, office: str, monday: date, codes: Sequence[str], targets: Sequence[dict[str, Any]], meant: Meant, draw: random.Random
) -> list[tuple[date, Written]]:
    if draw.random() < _NEVER:
        return []
    rows = [answered(code, _choice(target, draw), monday, draw) for code, target in zip(codes, targets, strict=True)]
    opinions = [draw.choices(["Đồng ý", "Không", "Hoãn", "đồng y", None], [70, 8, 4, 4, 14])[0] for _ in rows]
    day = monday + timedelta(days=draw.choice([10, 11, 12, 13, 14, 20, 35]))
    here = folder / "inbox" / f"{monday}"
    here.mkdir(parents=True, exist_ok=True)
    names = [f"{office} {monday:%d.%m}.xlsx", f"ket qua {office} {monday} (1).xlsx", f"Bản sao của {office}-{monday}.xlsx"]
    first = write_list(here / draw.choice(names), rows, opinions, draw)
    meant.hear(rows)
    back = [(day, first)]
    if draw.random() < _TWICE:
        copy = here / f"gửi lại {office} {monday}.xlsx"
        copy.write_bytes(first.path.read_bytes())
        back.append((day + timedelta(days=draw.choice([0, 3])), Written(copy, first.rows, first.n_list_rows, "same file again")))
    if draw.random() < _TWO_PEOPLE:
        other = [answered(row.code, _choice(target, draw), monday, draw) for row, target in zip(rows[:6], targets, strict=False)]
        back.append((day, write_results(here / f"tổ 2 {office} {monday}.xlsx", other, "filled in by two people")))
        meant.hear(other)
    pending = [row for row in rows if row.choice == PENDING]
    if pending and draw.random() < _LATER * 10:
        later = [Row(row.code, FOUND, {"code": row.code, "result": FOUND}) for row in pending]
        back.append((day + timedelta(days=20), write_results(here / f"bổ sung {office} {monday}.xlsx", later, "pending decided later")))
        meant.hear(later)
    return back


def _choice(target: dict[str, Any], draw: random.Random) -> str | None:
    """What an officer finds: the truth nine times of ten, where anybody looks and the premises are there."""
    guilty = (target["behaviour"] is not None) != (draw.random() < 0.05)
    options = [None, NOT_YET, NOT_THERE, PENDING, REFERRED, OTHER, FOUND if guilty else CLEAN]
    return draw.choices(options, [8, 4, 5, 5, 2, 3, 73])[0]


def _saved_by_libreoffice(folder: Path, some: Sequence[Written]) -> int:
    """Let LibreOffice open and save a sample of the workbooks; returns how many."""
    some = [one for one in some if one.rows]
    if shutil.which("soffice") is None or not some:
        return 0
    out = folder / "libreoffice"
    for number, one in enumerate(some):
        shutil.copy(one.path, folder / f"lo{number}.xlsx")
    told = ["soffice", f"-env:UserInstallation=file://{folder / 'profile'}", "--headless", "--convert-to", "xlsx:Calc MS Excel 2007 XML"]
    books = [str(folder / f"lo{number}.xlsx") for number in range(len(some))]
    subprocess.run([*told, "--outdir", str(out), *books], check=True, capture_output=True, timeout=600)
    for number, one in enumerate(some):
        shutil.copy(out / f"lo{number}.xlsx", one.path)
    return len(some)


def _by_mess(written: Sequence[Written], files: Sequence[Any]) -> Counter[tuple[str, str]]:
    """Fates of rows on result sheets by what was odd about them."""
    found: Counter[tuple[str, str]] = Counter()
    by_path = {one.path: one for one in files}
    for one in written:
        fates = {(row.row.sheet, row.row.number): row.fate for row in by_path[one.path].rows}
        for sheet, number, row in one.rows:
            fate = fates.get((sheet, number), "known before" if by_path[one.path].known else "UNACCOUNTED")
            found[row.mess if row.mess != "plain" else one.mess, fate] += 1
    return found


def _rows(connection: Connection, written: Sequence[Written], known: set[Path]) -> dict[str, Any]:
    """What was written against what was recorded, counted apart."""
    files = pd.DataFrame(connection.execute(RETURN_FILES.select()).all())
    recorded = pd.DataFrame(connection.execute(RETURNED_ROWS.select()).all())
    in_books = sum(one.n_rows for one in written)
    repeated = sum(one.n_rows for one in written if one.path in known)
    return {
        "written by people": in_books,
        "in files whose bytes had been taken before": repeated,
        "read": int(files["n_read"].sum()),
        **{fate: int(files[f"n_{fate}"].sum()) for fate in ("taken", "returned", "untouched")},
        "recorded one by one": len(recorded),
        "unaccounted": in_books - repeated - len(recorded),
        "returned without a reason": int((recorded["fate"].eq(RETURNED) & recorded["reason"].isna()).sum()),
        "files": len(files),
        "files taken before": len(known),
    }


def _facts(connection: Connection, meant: Meant) -> dict[str, Any]:
    """What stands against what writers meant: a code must say one of the things written for it, or nothing."""
    rows = issued_rows(connection)
    code = dict(zip(rows["first_id"], rows["code"], strict=True))
    stands = standing(connection, OUTCOMES)
    told = [(code[int(row.issued_row_id)], row.status) for row in stands.itertuples()]
    allowed = {one: {RESULT_CHOICES[choice] for choice in choices} for one, choices in meant.said.items()}
    one_thing = {one for one, choices in meant.said.items() if len(choices) == 1}
    kept = {one for one, _ in told}
    recorded = pd.DataFrame(connection.execute(RETURNED_ROWS.select()).all())
    back = set(recorded.loc[recorded["fate"].eq(RETURNED), "issued_row_id"].dropna().map(code))
    return {
        "outcomes that stand": len(told),
        "saying what nobody wrote": sum(status not in allowed.get(one, set()) for one, status in told),
        "codes with one good answer": len(one_thing),
        "of them neither recorded nor returned": len(one_thing - kept - back),
        "rows taken": int(recorded["fate"].eq(TAKEN).sum()),
    }


def _coverage(connection: Connection, today: date) -> dict[str, Any]:
    """Counts of `soihang outcomes status`, and whether they add up by authority, by list, and against a count made from the rows apart."""
    found = coverage(connection, today=today)
    whole, offices, lists = found.by().iloc[0], found.by("authority"), found.by("number")
    codes = issued_rows(connection)
    due = codes[codes["standing"].eq("Chính thức")]
    stands = standing(connection, OUTCOMES)
    answered_ids = set(stands.loc[~stands["status"].isin(["not_inspected"]), "issued_row_id"].astype(int))
    n_answered = int(due["first_id"].isin(answered_ids).sum())
    sums = all(int(table[name].sum()) == int(whole[name]) for table in (offices, lists) for name in [*COUNTS, "answered", "overdue"])
    return {
        **{name: int(whole[name]) for name in [*COUNTS, "answered", "overdue"]},
        "coverage": round(float(whole["coverage"]), 4),
        "usefulness": round(float(whole["usefulness"]), 2),
        "reconcile": {
            "authorities and lists sum to the whole": sums,
            "issued = the six states": int(whole["issued"]) == sum(int(whole[name]) for name in COUNTS[1:]),
            "answered counted apart": n_answered == int(whole["answered"]),
            "overdue = due and not answered": len(found.overdue()) == int(whole["overdue"]) == len(due) - n_answered,
        },
    }


def _table(mess: Counter[tuple[str, str]]) -> dict[str, dict[str, int]]:
    kinds = sorted({kind for kind, _ in mess})
    return {kind: {fate: count for (one, fate), count in sorted(mess.items()) if one == kind} for kind in kinds}


def _processor_seconds() -> float:
    return sum(one.ru_utime + one.ru_stime for one in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)))


if __name__ == "__main__":
    main()
