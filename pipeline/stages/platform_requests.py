"""Targets without an address to letters: one a platform, with the list of shops to fill in, and a table of what was asked."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import pandas as pd

from features.errors import DataError, NothingNew
from features.fold import fold, plain
from pipeline.law import Citation, Law
from pipeline.platforms.registry import Registry
from pipeline.reports.request_letter import SUBJECT, Request, write_request
from pipeline.reports.request_list import write_request_list
from pipeline.reports.wording import SYNTHETIC, format_date
from pipeline.sources.times import VIETNAM
from pipeline.state_folder import REQUESTS, grow, read_table
from pipeline.store import read_json, read_parquet
from pipeline.tables.platform_requests import COLUMNS, validate_requests
from pipeline.tables.targets import CHOSEN, QUEUE_PLATFORM, RESERVE, with_lists

#: Whom platforms are asked about: what is worked on this week.
ASKED_STANDINGS = (CHOSEN, RESERVE)
_HOURS = re.compile(r"(\d+)\s*giờ")


@dataclass(frozen=True)
class Drafted:
    """One letter: where it and its list lie, how many shops and listings it asks about, whether the day's law names a term."""

    platform: str
    letter: Path
    list_file: Path
    n_sellers: int
    n_listings: int
    due_hours: int | None

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return {name: str(value) if isinstance(value, Path) else value for name, value in self.__dict__.items()}


def read_plan(folder: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return targets and their listings of an issued list (a folder ``ban-1``) or of the current plan (a run's output folder)."""
    where = _where(folder)
    if not (where / "targets.parquet").is_file():
        raise DataError(f"{folder} holds no plan (neither targets.parquet nor work/targets.parquet); give an issued list or the --out of a run")
    return with_lists(read_parquet(where / "targets.parquet")), with_lists(read_parquet(where / "target_listings.parquet"))


def is_synthetic(folder: Path) -> bool:
    """Say whether the plan that `read_plan` reads was made of an invented crawl."""
    summary = _where(folder) / "summary.json"
    return summary.is_file() and bool(read_json(summary).get("synthetic"))


def _where(folder: Path) -> Path:
    return folder if (folder / "targets.parquet").is_file() else folder / "work"


def subjects_to_ask(targets: pd.DataFrame, listings: pd.DataFrame) -> pd.DataFrame:
    """Return ``platform, seller_id, seller_name, listing_id, url, last_seen, code``: every shop of the targets that wait for a platform, once.

    A network's shops are asked about one by one, each at its own platform; where a crawl shows no seller's id, about one of its listings.
    """
    waiting = targets[targets["queue"].eq(QUEUE_PLATFORM) & targets["standing"].isin(ASKED_STANDINGS)]
    below = dict(iter(listings.groupby("code", sort=False)))
    rows = [row for target in waiting.itertuples() for row in _members(target, below.get(target.code, listings.iloc[:0]))]
    columns = ["platform", "seller_id", "seller_name", "listing_id", "url", "last_seen", "code"]
    table = pd.DataFrame(rows, columns=columns)
    return table.drop_duplicates(["platform", "seller_id", "listing_id"]).sort_values(["platform", "code"], kind="stable").reset_index(drop=True)


def draft_requests(
    folder: Path, *, out: Path, state: Path, as_of: date, law: Law, registry: Registry, authority: str | None = None, again: bool = False
) -> list[Drafted]:
    """Write a letter and a list a platform into ``out`` and note in ``state`` what was asked; returns them by platform.

    Shops that were asked about before are left out unless ``again``. ``authority`` keeps one authority's rows and names it as the sender.
    Raises `NothingNew` where there is nobody to ask about.
    """
    targets, listings = read_plan(folder)
    if authority is not None:
        known = sorted(set(targets["authority"].dropna()))
        if authority not in known:
            raise DataError(f"the plan in {folder} has no authority {authority!r}; it has {', '.join(known)}")
        targets = targets[targets["authority"].eq(authority)]
    asked = subjects_to_ask(targets, listings)
    before = read_table(state, REQUESTS)
    if before is not None and not again:
        asked = asked[~_keys(asked).isin(set(_keys(before)))]
    if not len(asked):
        raise NothingNew(f"nobody to ask about: no target in {folder} waits for a platform that was not asked already")
    out.mkdir(parents=True, exist_ok=True)
    grounds, personal = law.procedure("ask_platform", as_of=as_of), law.procedure("personal_data", as_of=as_of)
    done = []
    for platform, rows in asked.groupby("platform", sort=True):
        drafted, noted = _draft(str(platform), rows, out, as_of, grounds, personal, registry, authority, is_synthetic(folder))
        grow(state, REQUESTS, noted)
        done.append(drafted)
    return done


def due_by_law(grounds: Sequence[Citation]) -> tuple[int | None, str]:
    """Return the hours that the first ground with a term names, and the article; ``None`` where no row of the table has one."""
    for one in grounds:
        if (hours := _HOURS.search(one.says_vi)) is not None:
            return int(hours[1]), one.text_vi + ("" if one.verified else " (chưa kiểm chứng)")
    return None, ""


def _draft(
    platform: str, rows: pd.DataFrame, out: Path, as_of: date, grounds: Sequence[Citation], personal: Sequence[Citation], registry: Registry,
    authority: str | None, synthetic: bool,
) -> tuple[Drafted, pd.DataFrame]:  # fmt: skip
    hours, basis = due_by_law(grounds)
    known = registry.get(platform, as_of)
    # The code of a platform comes out of a crawl: no path is made of what it may hold.
    safe = re.sub(r"[^a-z0-9]+", "-", plain(fold(platform))).strip("-") or "san"
    name = _free_name(out, f"{as_of:%Y%m%d}-{safe}")
    listed = [{"number": number, **row} for number, row in enumerate(rows.to_dict("records"), start=1)]
    request = Request(
        platform=known,
        name_vi=registry.name(platform),
        type=registry.type_of(known, as_of) if known else None,
        drafted_on=as_of,
        rows=[(one["number"], _shown(one), _text(one["seller_name"]), one["code"]) for one in listed],
        n_listings=int(rows["seller_id"].isna().sum()),
        grounds=grounds,
        personal_data=personal,
        due_hours=hours,
        due_basis=basis,
        list_file=f"{name}.xlsx",
        authority=authority,
        synthetic=synthetic,
    )
    title = (f"{SYNTHETIC} – " if synthetic else "") + f"{SUBJECT.removeprefix('V/v ').capitalize()} – {request.name_vi} – {format_date(as_of)}"
    write_request_list(listed, out / f"{name}.xlsx", title=title, made=datetime.combine(as_of, time(), VIETNAM))
    write_request(request, out / f"{name}.docx")
    noted = rows.assign(letter=name, drafted_on=as_of.isoformat(), due_hours=float("nan") if hours is None else float(hours))
    drafted = Drafted(platform, out / f"{name}.docx", out / f"{name}.xlsx", len(rows) - request.n_listings, request.n_listings, hours)
    return drafted, validate_requests(noted[list(COLUMNS)].astype(_TYPES))


_TYPES: dict[str, Any] = {name: kind for name, (kind, _, _) in COLUMNS.items()}


def _members(target: Any, below: pd.DataFrame) -> Iterator[Mapping[str, Any]]:
    for key in list(target.members) or [target.subject]:
        platform, kind, value = (str(key).split("|", 2) + ["", ""])[:3]
        if kind not in ("id", "name", "listing"):
            platform, kind, value = target.platform, "id" if isinstance(target.seller_id, str) else "name", target.seller_id or target.seller_name
        name = value if kind == "name" else target.seller_name if value == target.seller_id else None
        own = below[below["platform"].eq(platform)]
        if kind == "listing":
            own = own[own["listing_id"].eq(value)]
        elif isinstance(name, str):
            own = own[own["seller_name"].eq(name)]
        one = own.iloc[0] if len(own) else None
        listing = value if kind == "listing" else None if one is None else one["listing_id"]
        yield {
            "platform": platform,
            "seller_id": value if kind == "id" else None,
            "seller_name": name,
            # Where the shop's id is known a listing is only an example; it is left to the target's own rows.
            "listing_id": listing if kind != "id" else None,
            "url": target.subject_url if kind == "id" and name else None if one is None else one["url"],
            "last_seen": None if one is None else one["captured_at"].to_pydatetime(),
            "code": target.code,
        }


def _keys(table: pd.DataFrame) -> pd.Series:
    return table["platform"] + "|" + table["seller_id"].fillna("") + "|" + table["listing_id"].fillna("")


def _free_name(out: Path, name: str) -> str:
    """A name that no letter in ``out`` bears: what was drafted is never written over."""
    number = 1
    while (out / f"{name if number == 1 else f'{name}-{number}'}.docx").exists():
        number += 1
    return name if number == 1 else f"{name}-{number}"


def _shown(row: Mapping[str, Any]) -> str:
    return _text(row["seller_id"]) or f"tin {_text(row['listing_id'])}"


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
