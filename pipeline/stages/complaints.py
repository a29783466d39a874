"""Complaints into the folder of facts, and from there to a run: matched to its listings and sellers, never with a word of who reported."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from features.errors import DataError
from features.seller_complaints import COMPLAINT_FACTS
from pipeline.complaints.reading import Reader
from pipeline.complaints.same import duplicates, text_groups
from pipeline.complaints.settings import load_complaint_settings
from pipeline.manifest import fingerprint
from pipeline.platforms.matching import BY_NOTHING, BY_URL, SUBJECT_COLUMNS, match
from pipeline.sources.readers import read_rows
from pipeline.state_folder import ANSWERS, COMPLAINTS, INFORMANTS, grow, grow_private, read_private, read_table
from pipeline.store import parts, read_json, read_parquet, write_json, write_parquet
from pipeline.tables.complaints import ANSWER_COLUMNS, COLUMNS, validate_complaints
from pipeline.tables.complaints import ANSWERS as ANSWER_SCHEMA

__all__ = [
    "complaint_features", "complaint_inputs", "complaint_lines", "complaint_report", "forget_complaints", "import_complaints",
    "load_complaint_settings", "overdue", "use_complaints",
]  # fmt: skip
_TYPES: dict[str, Any] = {name: kind for name, (kind, _, _) in COLUMNS.items()}


@dataclass(frozen=True)
class ImportReport:
    """What became of a file: read = taken + there before + returned; of the taken ones how many repeat an earlier complaint."""

    file: str
    n_read: int
    n_taken: int
    n_before: int
    n_duplicates: int
    n_anonymous: int
    n_answered: int
    matched_by: dict[str, int]
    returned: list[tuple[int, str]]

    def lines(self) -> list[str]:
        """Return what a terminal says; nobody is named."""
        how = ", ".join(f"{name} {count:,}" for name, count in self.matched_by.items())
        return [
            f"rows read {self.n_read:,} = taken {self.n_taken:,} + there before {self.n_before:,} + returned {len(self.returned):,}",
            f"  of the taken: repeat an earlier one {self.n_duplicates:,}, name no informant {self.n_anonymous:,}; answers noted {self.n_answered:,}",
            f"  about whom: {how or '-'} (addresses and shop names are looked up again in each crawl)",
            *(f"  row {line} returned: {reason}" for line, reason in self.returned[:20]),
        ]

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return asdict(self)


def import_complaints(path: Path, *, state: Path, reader: Reader) -> ImportReport:
    """Add the complaints of ``path`` (CSV, XLSX …) to ``state``; whoever sent them goes into the sealed file there.

    The same file again changes nothing, but for answers that it now names.
    """
    rows, broken = read_rows(path)
    read = reader.read(rows)
    before = read_table(state, COMPLAINTS)
    known = set() if before is None else set(before["complaint_id"])
    ids = [one["complaint_id"] for one in read.who]
    fresh = [at for at, one in enumerate(ids) if one not in known and one not in ids[:at]]
    table = _marked(read.table.iloc[fresh] if len(read.table) else read.table, before, path)
    # Who reported first: a complaint of nobody could not be answered. What an import that was stopped left there stays.
    sealed = {record["complaint_id"] for record in read_private(state, INFORMANTS)}
    grow_private(state, INFORMANTS, [read.who[at] for at in fresh if ids[at] not in sealed])
    if len(table):
        grow(state, COMPLAINTS, table)
    return ImportReport(
        file=path.name,
        n_read=len(rows) + len(broken),
        n_taken=len(table),
        n_before=len(ids) - len(table),
        n_duplicates=int(table["duplicate_of"].notna().sum()),
        n_anonymous=int(table["informant_key"].isna().sum()),
        n_answered=note_answers(state, read.answers),
        matched_by=dict(Counter(table["matched_by"])),
        returned=sorted([*broken, *read.returned]),
    )


def note_answers(state: Path, answers: list[tuple[str, date]]) -> int:
    """Note when complaints were answered; a complaint that was answered keeps its first day. Returns how many are new."""
    there = read_table(state, ANSWERS)
    known = set() if there is None else set(there["complaint_id"])
    new = {identity: day.isoformat() for identity, day in answers if identity not in known}
    if new:
        table = pd.DataFrame(list(new.items()), columns=list(ANSWER_COLUMNS)).astype("str")
        grow(state, ANSWERS, ANSWER_SCHEMA.validate(table))
    return len(new)


def overdue(state: Path, as_of: date) -> pd.DataFrame:
    """Return open complaints by the day their answer is due: ``complaint_id, platform, seller, listing_id, received_on, answer_due_on, days_late``.

    Repeats are left out: the first one's answer answers them. ``days_late`` is negative before the day.
    """
    table = read_table(state, COMPLAINTS)
    if table is None:
        raise DataError(f"{state} holds no complaints; bring some in with soihang complaints import")
    answers = read_table(state, ANSWERS)
    done = set() if answers is None else set(answers.loc[answers["answered_on"].le(as_of.isoformat()), "complaint_id"])
    still = table["duplicate_of"].isna() & ~table["complaint_id"].isin(done) & table["received_on"].le(as_of.isoformat())
    found = table[still].assign(seller=lambda one: one["seller_id"].fillna(one["seller_name"]))
    found["days_late"] = [(as_of - date.fromisoformat(day)).days for day in found["answer_due_on"]]
    columns = ["complaint_id", "platform", "seller", "listing_id", "received_on", "answer_due_on", "days_late"]
    return found.sort_values(["answer_due_on", "received_on", "complaint_id"])[columns].reset_index(drop=True)


def use_complaints(state: Path, *, crawl: Path) -> dict[str, Any]:
    """Match the complaints in ``state`` to the listings and sellers of the run in ``crawl`` and leave them under its ``work`` for scoring.

    Returns counts: complaints, of which repeats, about whom each is in this crawl.
    """
    table = read_table(state, COMPLAINTS)
    if table is None:
        raise DataError(f"{state} holds no complaints ({state / COMPLAINTS} is missing); bring some in with soihang complaints import")
    groups = text_groups(table)
    told = table[SUBJECT_COLUMNS].copy()
    # What an address alone named is looked up again: a site may show another number there than its crawl does.
    told.loc[table["matched_by"].eq(BY_URL), ["listing_id", "seller_id"]] = np.nan
    found = match(told, crawl)
    facts = pd.DataFrame(
        {
            **{name: found[name] for name in ("platform", "listing_id", "seller_id")},
            "known_at": table["known_at"],
            "informant_key": table["informant_key"],
            "text_group": groups,
            "behaviours": table["behaviours"],
        }
    )[COMPLAINT_FACTS]
    about = found["matched_by"].ne(BY_NOTHING)
    here = _in_crawl(found, crawl)
    work = crawl / "work"
    forget_complaints(work)
    write_parquet(facts[about & table["duplicate_of"].isna()].reset_index(drop=True), work / "complaints.parquet")
    report = {
        "file": COMPLAINTS,
        "fingerprint": fingerprint(state / COMPLAINTS),
        "complaints": len(table),
        "repeats": int(table["duplicate_of"].notna().sum()),
        "in_this_crawl": int(here.sum()),
        "matched_by": {str(name): int(count) for name, count in found["matched_by"].value_counts().sort_index().items()},
    }
    write_json(report, work / "complaints.json")
    return report


def forget_complaints(work: Path) -> None:
    """Remove the complaints that an earlier run left under ``work``."""
    for name in ("complaints.json", "complaints.parquet"):
        (work / name).unlink(missing_ok=True)


def complaint_features(work: Path) -> pd.DataFrame | None:
    """Return the matched complaints under ``work``, ``None`` where there are none; the report comes last, so half a set is none."""
    return read_parquet(work / "complaints.parquet") if (work / "complaints.json").is_file() else None


def complaint_inputs(work: Path) -> list[str]:
    """Return name and SHA-256 of the complaints under ``work``, one line, or nothing."""
    known = complaint_report(work)
    return [f"{known['file']} {known['fingerprint']}"] if known else []


def complaint_report(work: Path) -> dict[str, Any] | None:
    """Return what `use_complaints` said of the complaints under ``work``, ``None`` where there are none."""
    path = work / "complaints.json"
    found: dict[str, Any] | None = read_json(path) if path.is_file() else None
    return found


def complaint_lines(report: dict[str, Any], work: Path) -> list[str]:
    """Return what a terminal says of the complaints that a run was scored with; after scoring also which shops were flooded."""
    how = ", ".join(f"{name} {count:,}" for name, count in report["matched_by"].items())
    head = f"complaints {report['complaints']:,}, of which repeats {report['repeats']:,} and about this crawl {report['in_this_crawl']:,}"
    rows = [f"{head}; told by: {how}"]
    flooded = flooded_sellers(work)
    rows += [f"  flood of like complaints, see whether it was staged: {seller}" for seller in flooded[:20]]
    return rows


def flooded_sellers(work: Path) -> list[str]:
    """Return ``platform|seller`` of the shops that were flooded by their latest capture, by name."""
    found: set[str] = set()
    for part in parts(work / "listings"):
        flood = read_parquet(work / "market" / part.name, columns=["complaint_flood"])["complaint_flood"].eq(1.0)
        if flood.any():
            rows = read_parquet(part, columns=["platform", "seller_id", "seller_name"])[flood.to_numpy(dtype=np.bool_)]
            found |= set(rows["platform"] + "|" + rows["seller_id"].fillna(rows["seller_name"]))
    return sorted(found)


def _in_crawl(found: pd.DataFrame, crawl: Path) -> pd.Series:
    """Which complaints are about a listing or a seller that the crawl shows."""
    wanted = {name: found["platform"] + "|" + found[name] for name in ("listing_id", "seller_id")}
    asked = {name: set(keys.dropna()) for name, keys in wanted.items()}
    seen: dict[str, set[str]] = {name: set() for name in wanted}
    for part in parts(crawl / "work" / "listings"):
        table = read_parquet(part, columns=["platform", *wanted])
        for name in wanted:
            keys = table["platform"] + "|" + table[name]
            seen[name] |= set(keys[keys.isin(asked[name])])
    return wanted["listing_id"].isin(seen["listing_id"]) | wanted["seller_id"].isin(seen["seller_id"])


def _marked(rows: pd.DataFrame, before: pd.DataFrame | None, path: Path) -> pd.DataFrame:
    """The new rows as the table holds them, repeats of those there before or of each other marked."""
    if not len(rows):
        return pd.DataFrame(columns=list(COLUMNS)).astype(_TYPES)
    new = rows.assign(duplicate_of=None, source_file=path.name, file_sha256=fingerprint(path))
    new["known_at"] = pd.to_datetime(new["known_at"], utc=True).astype("datetime64[us, UTC]")
    new = new[list(COLUMNS)].astype(_TYPES)
    whole = new.reset_index(drop=True) if before is None else pd.concat([before, new], ignore_index=True)
    same = duplicates(whole, text_groups(whole))
    return validate_complaints(new.assign(duplicate_of=same.iloc[len(whole) - len(new) :].to_numpy()).astype(_TYPES))
