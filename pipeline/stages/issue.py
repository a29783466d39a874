"""The week's list frozen: rows, workbooks, forms and raw lines in one closed bundle that nobody changes; a correction is the next version.

What is frozen is what `soihang plan` left in ``OUT/work``. Whether to issue, and who approves, is a person's choice.
"""

from __future__ import annotations

import getpass
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pandas as pd

from features.errors import DataError
from pipeline.manifest import fingerprint
from pipeline.planning.changes import CHANGE_COLUMNS, GIVEN, SAME
from pipeline.planning.issued import IssuedList, alerts, list_number, versions, week_name
from pipeline.reports.docx_page import Approval
from pipeline.reports.wording import LEVEL_ONE
from pipeline.store import read_json, read_parquet, write_json, write_parquet
from pipeline.tables.targets import CHOSEN, HELD, QUEUE_REFER, RESERVE, with_lists
from pipeline.trail.log import append
from pipeline.trail.sealed import Crawl, Sealed, seal

LOG = "log.jsonl"
#: What a correction must differ in from the version before.
_TOLD = ["code", "subject", "standing", "queue", "authority", "signs", "n_flagged", "n_collected", "level", "action", "seller_name"]


@dataclass(frozen=True)
class Issue:
    """Who issues, when and with what: ``approval`` where somebody approved, ``key`` to sign with, ``why`` a list already issued is corrected."""

    by: str
    at: datetime
    approval: Approval | None = None
    key: Path | None = None
    why: str | None = None


@dataclass(frozen=True)
class _Made:
    """What a plan left in its work folder."""

    targets: pd.DataFrame
    listings: pd.DataFrame
    left: pd.DataFrame
    summary: dict[str, Any]

    @property
    def as_of(self) -> date:
        return date.fromisoformat(self.summary["as_of"])


def issue_list(work: Path, issued: Path, crawls: Mapping[str, Crawl], issue: Issue) -> IssuedList:
    """Freeze the list of the plan in ``work`` under ``issued`` and return it; ``crawls`` are the files it was read from (`crawls_of`).

    Raises `DataError` where the week's list was issued before and nothing differs or no reason is given, or where evidence cannot be sealed;
    nothing is issued then.
    """
    made = _read(work)
    before = versions(issued, week_name(made.as_of))
    if before:
        _check_correction(made, before[-1], issue)
    version = len(before) + 1
    facts = {
        "name": f"Danh sách số {list_number(made.as_of)}, bản {version}",
        "list": list_number(made.as_of), "version": version, "kind": "list",
        "replaces": before[-1].facts["name"] if before else None, "why": issue.why,
    }  # fmt: skip
    return _freeze(made, made.targets, facts, issued / week_name(made.as_of) / f"ban-{version}", issued / LOG, crawls, issue)


def issue_alert(work: Path, issued: Path, crawls: Mapping[str, Crawl], issue: Issue, *, code: str, at_most: int, health: float) -> IssuedList:
    """Freeze one target as a quick alert; raises `DataError` where ``code`` is none for it or the week has had ``at_most`` already."""
    made = _read(work)
    sent = alerts(issued, week_name(made.as_of))
    number = len(sent) + 1
    if number > at_most:
        raise DataError(f"week {list_number(made.as_of)} has had {len(sent)} quick alerts, and {at_most} are the most; put {code} on the list")
    rows = made.targets[made.targets["code"].eq(code)]
    if not len(rows):
        raise DataError(f"no target {code!r} in {work / 'targets.parquet'}; codes are in targets.csv")
    row = rows.iloc[0]
    if row["level"] != LEVEL_ONE or row["factor_health"] < health or row["standing"] == HELD or row["queue"] == QUEUE_REFER:
        raise DataError(
            f"{code} is no case for a quick alert: it wants {LEVEL_ONE}, goods of a health factor of {health} or more (it has "
            f"{row['factor_health']}), and a target that is neither held nor another authority's"
        )
    facts = {
        "name": f"Cảnh báo nhanh số {number}, tuần {list_number(made.as_of)}",
        "list": f"CB{number}-{list_number(made.as_of)}", "version": 1, "kind": "alert", "replaces": None, "why": issue.why,
    }  # fmt: skip
    # Whatever its place in the list: an alert is given to somebody.
    alone = rows.assign(standing=CHOSEN, reserve=False)
    return _freeze(made, alone, facts, issued / week_name(made.as_of) / f"canh-bao-{number}", issued / LOG, crawls, issue)


def note_made(log: Path, targets: pd.DataFrame, summary: Mapping[str, Any], *, by: str | None = None) -> None:
    """Write into the log that a list was made: its week, run and counts; ``by`` is the account's name where nobody is named."""
    given = int(targets["standing"].isin(GIVEN).sum())
    facts = {"list": summary["list"], "run_id": summary["run_id"], "rows": len(targets), "given": given}
    append(log, "list_made", by=by or _account(), facts=facts)


def _account() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "unnamed"


def _read(work: Path) -> _Made:
    tables = {name: with_lists(read_parquet(work / f"{name}.parquet")) for name in ("targets", "target_listings")}
    return _Made(tables["targets"], tables["target_listings"], read_parquet(work / "left.parquet"), read_json(work / "summary.json"))


def _check_correction(made: _Made, before: IssuedList, issue: Issue) -> None:
    if not issue.why:
        raise DataError(f"{before.label} is issued already; a correction needs its reason (--why)")
    then, now = before.targets(), made.targets
    same = [table[table["standing"].isin(GIVEN)].sort_values("code")[_TOLD].reset_index(drop=True) for table in (then, now)]
    if same[0].equals(same[1]):
        raise DataError(f"nothing differs from {before.label}; a correction must correct something")


def _freeze(
    made: _Made, targets: pd.DataFrame, facts: dict[str, Any], folder: Path, log: Path, crawls: Mapping[str, Crawl], issue: Issue
) -> IssuedList:
    """Build beside, close, and only then give it its name: a stopped issue leaves no list."""
    from pipeline.trail.bundle import pack
    from pipeline.trail.closing import close_bundle

    if folder.exists():
        raise DataError(f"{folder} holds something that was never finished; look at it and move it away")
    partial = folder.with_name(f".{folder.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    told = _facts(made, targets, facts, issue)
    try:
        _fill(partial, made, targets, told, crawls, issue.approval)
        event = {"list": facts["list"], "version": facts["version"], "kind": facts["kind"], "rows": len(targets), "run_id": made.summary["run_id"]}
        event["targets_sha256"] = fingerprint(partial / "targets.parquet")
        index = partial / "evidence" / "index.jsonl"
        if index.is_file():
            sealed = {"list": facts["list"], "version": facts["version"], "index_sha256": fingerprint(index)}
            append(log, "evidence_sealed", by=issue.by, facts=sealed, at=issue.at)
        append(log, "list_changed" if facts["version"] > 1 else "list_issued", by=issue.by, facts=event, at=issue.at)
        what = {"list": facts["list"], "version": facts["version"], "kind": facts["kind"]}
        close_bundle(partial, what=what, log=log, by=issue.by, key=issue.key, at=issue.at)
        partial.rename(folder)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    pack(folder, folder.with_name(f"{folder.name}.zip"))
    return IssuedList(folder, told)


def _facts(made: _Made, targets: pd.DataFrame, facts: dict[str, Any], issue: Issue) -> dict[str, Any]:
    approval = issue.approval
    return {
        **facts,
        "as_of": made.summary["as_of"],
        "data_date": made.summary["data_date"],
        "issued_at": issue.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "issued_by": issue.by,
        "approver": approval.approver if approval else None,
        "approved_on": approval.approved_on.isoformat() if approval else None,
        "run_id": made.summary["run_id"],
        "model_version": made.summary["model_version"],
        "compared_with": made.summary["compared_with"],
        "rows": len(targets),
        "given": int(targets["standing"].isin(GIVEN).sum()),
    }


def _fill(
    folder: Path, made: _Made, targets: pd.DataFrame, facts: dict[str, Any], crawls: Mapping[str, Crawl], approval: Approval | None
) -> None:
    from pipeline.stages.report import write_plans

    given = targets[targets["standing"].isin(GIVEN)]
    listings = made.listings[made.listings["code"].isin(targets["code"])].reset_index(drop=True)
    summary = {**made.summary, "list_name": facts["name"], "approver": facts["approver"], "approved_on": facts["approved_on"]}
    left = made.left if facts["kind"] == "list" else made.left.iloc[:0]
    write_parquet(targets, folder / "targets.parquet")
    write_parquet(listings, folder / "target_listings.parquet")
    write_parquet(_changes(targets, left), folder / "changes.parquet")
    write_json(summary, folder / "summary.json")
    write_json(facts, folder / "issue.json")
    write_plans(folder / "plans", given, listings[listings["code"].isin(given["code"])], summary, left=left)
    used = listings[listings["code"].isin(targets.loc[targets["standing"].isin((CHOSEN, RESERVE)), "code"])].reset_index(drop=True)
    sealed = seal(used, crawls, folder / "evidence") if len(used) else []
    _forms(folder / "forms", targets[targets["standing"].eq(CHOSEN)], used, sealed, summary, approval)


def _changes(targets: pd.DataFrame, left: pd.DataFrame) -> pd.DataFrame:
    """Who entered, moved or left; those that stand as they stood are left out."""
    moved = targets[targets["standing"].isin(GIVEN) & targets["change"].ne(SAME)].assign(previous_standing=None)
    table = pd.concat([moved[CHANGE_COLUMNS].astype("object"), left[CHANGE_COLUMNS].astype("object")], ignore_index=True)
    numbers = {name: table[name].astype("float64") for name in ("rank", "previous_rank")}
    texts = {name: table[name].astype("str") for name in CHANGE_COLUMNS if name not in numbers}
    return table.assign(**numbers, **texts)


def _forms(
    folder: Path, targets: pd.DataFrame, used: pd.DataFrame, sealed: list[Sealed], summary: dict[str, Any], approval: Approval | None
) -> None:
    from pipeline.reports.collection_docx import write_collection
    from pipeline.reports.profile_docx import write_profile

    folder.mkdir()
    for target in targets.itertuples():
        write_profile(target, used, summary, folder / f"{target.code}.docx", approval=approval)
    chosen = used["code"].isin(targets["code"])
    numbers = used.groupby("code", sort=False).cumcount() + 1
    for row, raw, wanted, number in zip(used.itertuples(), sealed, chosen, numbers, strict=True):
        if wanted:
            write_collection(row, summary, folder / f"{row.code}-{number:02d}.docx", raw=raw)
