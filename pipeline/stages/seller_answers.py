"""A platform's answer into the folder of facts: the plain record apart and private, hashes and the province for everybody else.

The next plan moves a target to the queue of known addresses by a row of ``addresses.csv`` among the planners' inputs (docs/planning.md); that
row names the authority and the source, never the address.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd

from pipeline.manifest import fingerprint
from pipeline.platforms.answers import RETURNED, TAKEN, UNTOUCHED, Answer, AnswerReader
from pipeline.reports.safe_text import for_csv
from pipeline.reports.wording import platform_name
from pipeline.sources.readers import read_rows
from pipeline.state_folder import ADDRESSES, PRIVATE_ADDRESSES, grow, grow_private, read_private, read_table
from pipeline.store import write_atomically
from pipeline.tables.planning_inputs import ADDRESSES as INPUT_COLUMNS
from pipeline.tables.planning_inputs import read_input
from pipeline.tables.seller_addresses import COLUMNS, validate_addresses

#: What the plan shows beside the place. Nobody has been there yet.
SOURCE = "theo trả lời của sàn {name}, chưa kiểm tra tại chỗ"


@dataclass(frozen=True)
class AnswersReport:
    """What became of a file: read = taken + taken before + returned + untouched. ``returned``: line and reason of each."""

    file: str
    n_read: int
    n_taken: int
    n_before: int
    n_untouched: int
    n_with_address: int
    n_to_plan: int
    returned: list[tuple[int, str]]
    to_look_at: list[tuple[int, str]]

    def lines(self) -> list[str]:
        """Return what a terminal says; no cell of the file is repeated."""
        rows = [
            f"rows read {self.n_read:,} = taken {self.n_taken:,} + taken before {self.n_before:,} + returned {len(self.returned):,} "
            f"+ not filled in {self.n_untouched:,}",
            f"  with an address {self.n_with_address:,}; moved to the visitable queue at the next plan {self.n_to_plan:,}",
        ]
        rows += [f"  row {line} returned: {reason}" for line, reason in self.returned[:20]]
        return rows + [f"  row {line}: {reason}" for line, reason in self.to_look_at[:20]]

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return asdict(self)


def take_answers(path: Path, *, state: Path, reader: AnswerReader, plan_inputs: Path | None = None) -> AnswersReport:
    """Add the rows of ``path`` (CSV, XLSX …) to ``state`` and, for those whose province is known, to ``plan_inputs/addresses.csv``.

    The same row again changes nothing. What others may read holds no name, address or number in plain.
    """
    records, rejected = read_rows(path)
    answers = reader.read(records)
    there = read_table(state, ADDRESSES)
    known = set() if there is None else set(there["record_id"])
    told = {one.row["record_id"]: one for one in answers if one.fate == TAKEN}
    taken = {identity: one for identity, one in told.items() if identity not in known}
    table = _table(list(taken.values()), path)
    # The private record first: a row that leads to no record would be an address lost. What an import that was stopped left there stays.
    sealed = {record["record_id"] for record in read_private(state, PRIVATE_ADDRESSES)}
    grow_private(state, PRIVATE_ADDRESSES, [one.private for identity, one in taken.items() if identity not in sealed])
    if len(table):
        grow(state, ADDRESSES, table)
    return AnswersReport(
        file=path.name,
        n_read=len(answers) + len(rejected),
        n_taken=len(taken),
        n_before=sum(one.fate == TAKEN for one in answers) - len(taken),
        n_untouched=sum(one.fate == UNTOUCHED for one in answers),
        n_with_address=int(table["has_address"].sum()),
        n_to_plan=_to_plan(_table(list(told.values()), path), plan_inputs, reader.received) if plan_inputs is not None else 0,
        returned=[*rejected, *((one.line, one.reason) for one in answers if one.fate == RETURNED)],
        to_look_at=[(one.line, one.reason) for one in taken.values() if one.reason],
    )


def latest_answers(state: Path, as_of: date) -> pd.DataFrame:
    """Return the rows of ``seller_addresses`` that were known on a day, of each seller the one that came last."""
    table = read_table(state, ADDRESSES)
    if table is None:
        return validate_addresses(_table([], Path("-")))
    known = table[table["answered_on"].le(as_of.isoformat())]
    return known.drop_duplicates(["platform", "seller_id", "seller_name"], keep="last").reset_index(drop=True)


def _table(answers: list[Answer], path: Path) -> pd.DataFrame:
    sha = fingerprint(path) if answers else ""
    rows = [{**one.row, "source_file": path.name, "source_line": one.line, "file_sha256": sha} for one in answers]
    types: dict[str, Any] = {name: kind for name, (kind, _, _) in COLUMNS.items()}
    return validate_addresses(pd.DataFrame(rows, columns=list(COLUMNS)).astype(types))


def _to_plan(table: pd.DataFrame, folder: Path, received: date) -> int:
    """Add one row a seller to the planners' addresses; a row that a person wrote for the same seller stays, and none is added beside it."""
    names = [column.name for column in INPUT_COLUMNS]
    path = folder / "addresses.csv"
    before = read_input(path, INPUT_COLUMNS)[names] if path.is_file() else pd.DataFrame(columns=names)
    there = set(zip(before["san"], before["ma_nguoi_ban"], strict=True))
    rows = []
    for one in table[table["authority_code"].notna()].itertuples():
        seller = one.seller_id if isinstance(one.seller_id, str) else one.seller_name
        # A spreadsheet would take some names for formulas; such a shop is left for a person to enter.
        if (one.platform, seller) not in there and for_csv(str(seller)) == seller:
            there.add((one.platform, seller))
            source = SOURCE.format(name=platform_name(one.platform))
            rows.append([one.platform, seller, one.authority_code, None, one.province, source, received.isoformat()])
    if rows:
        whole = pd.concat([before, pd.DataFrame(rows, columns=names)], ignore_index=True)
        write_atomically(path, lambda partial: whole.to_csv(partial, index=False, encoding="utf-8-sig"))
    return len(rows)
