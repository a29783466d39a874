"""``soihang privacy``: find and erase somebody's data, end what was kept long enough, give a role its workbook, change the key (docs/privacy.md)."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli.database import Database
from pipeline.cli.options import AsOf, Folder, Json, State, day, finish
from pipeline.cli.share import Authority, By, Log

_app = typer.Typer(help="Find and erase personal data, end what was kept long enough, give a role its workbook.", no_args_is_help=True)

_Kind = Annotated[str, typer.Argument(help="phone, tax_code or seller.")]
_Value = Annotated[str, typer.Argument(help="The number, or the platform's id of the seller.")]
_Folders = Annotated[list[Path], typer.Option("--in", exists=True, help="Folder to search: runs, issued lists, state; may be given several times.")]
_Platform = Annotated[str | None, typer.Option(help="Of a seller.", show_default=False)]
STILL_THERE = 3
"""What erase and find leave with where the value stands outside sealed evidence."""


def register(app: typer.Typer) -> None:
    """Add the commands to ``app``."""
    app.add_typer(_app, name="privacy")


@_app.command("find")
def find_command(
    kind: _Kind, value: _Value, folders: _Folders, by: By, platform: _Platform = None, database: Database = None, log: Log = None,
    as_json: Json = False,
) -> None:  # fmt: skip
    """Search every file of the folders and the register: Parquet unpacked, workbooks and forms unzipped. Leaves with 3 where it stands unsealed."""
    from pipeline.config import contact_key
    from pipeline.privacy.access import note_access
    from pipeline.privacy.erase import Wish, find
    from pipeline.register.connect import connected
    from pipeline.register.upgrade import ready

    _check(kind)
    with connected(database) as connection:
        ready(connection)
        found = find(Wish(kind, value, platform), folders, connection, key=contact_key())
    note_access(log, "data_read", by=by, facts={"what": f"find_{kind}", "rows": len(found)})
    lines = [f"{'sealed' if one.sealed else 'stands'} {one.where}" for one in found]
    n_open = sum(not one.sealed for one in found)
    summary = f"{len(found):,} places, {n_open:,} of them not sealed"
    finish([*lines, summary], [one._asdict() for one in found], as_json=as_json, code=STILL_THERE if n_open else 0)


@_app.command("erase")
def erase_command(
    kind: _Kind, value: _Value, folders: _Folders, why: Annotated[str, typer.Option(help="The request or rule, without the value.")], by: By,
    platform: _Platform = None, state: State = Path("state"), database: Database = None, log: Log = None, as_json: Json = False,
) -> None:  # fmt: skip
    """Take the value out of all files of the folders, the state folder and the register; leave a tombstone; search everything again."""
    from contextlib import ExitStack

    from pipeline.config import contact_key
    from pipeline.lock import lock
    from pipeline.privacy.erase import Wish, erase
    from pipeline.register.connect import database_url
    from pipeline.sources.times import VIETNAM

    _check(kind)
    everywhere = [*folders, *([state] if state.is_dir() and state not in folders else [])]
    with ExitStack() as held:
        for folder in (one for one in folders if (one / "work").is_dir()):
            # A run that is writing would put back what is taken out.
            held.enter_context(lock(folder))
        done = erase(
            Wish(kind, value, platform), everywhere, database_url(database).render_as_string(hide_password=False), state=state,
            key=contact_key(), log=log, by=by, why=why, today=datetime.now(VIETNAM).date(),
        )  # fmt: skip
    finish(done.lines(), done.to_json(), as_json=as_json, code=STILL_THERE if done.left else 0)


@_app.command("retain")
def retain_command(
    by: By,
    issued: Annotated[Path, typer.Option(help="Folder of issued lists.", file_okay=False)] = Path("issued"),
    state: State = Path("state"),
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would go.")] = False,
    rules: Annotated[Path | None, typer.Option(exists=True, dir_okay=False, help="Instead of configs/retention.yaml.", show_default=False)] = None,
    as_of: AsOf = None,
    database: Database = None,
    log: Log = None,
    as_json: Json = False,
) -> None:
    """Empty or release what has been kept as long as configs/retention.yaml says."""
    from pipeline.privacy.redact_sql import compact
    from pipeline.privacy.retention import apply, due, load_retention
    from pipeline.register.connect import connected, database_url
    from pipeline.register.upgrade import ready
    from pipeline.sources.times import VIETNAM

    today = day(as_of) or datetime.now(VIETNAM).date()
    with connected(database) as connection:
        ready(connection)
        found = due(connection, state=state, issued=issued, rule=load_retention(rules), today=today)
        if not dry_run:
            apply(found, connection, state=state, log=log, by=by)
    if not dry_run and found:
        compact(database_url(database))
    lines = [f"{one.rule}: {len(one.ids):,} in {one.where}" for one in found]
    lines.append(f"{sum(len(one.ids) for one in found):,} records {'would go' if dry_run else 'gone'}")
    finish(lines, [one.__dict__ for one in found], as_json=as_json)


@_app.command("workbook")
def workbook_command(
    out: Folder,
    path: Annotated[Path, typer.Argument(help="Workbook to write (.xlsx).")],
    role: Annotated[str, typer.Option(help="For whom: quan_tri, lap_danh_sach, lanh_dao_duyet or doi (configs/roles.yaml).")],
    by: By,
    authority: Authority = None,
    log: Log = None,
    as_json: Json = False,
) -> None:
    """Write the list of OUT as a role may be given it: its rows, without the columns it does not need."""
    from functools import partial

    from pipeline.privacy.access import note_access
    from pipeline.privacy.role_workbook import for_role
    from pipeline.privacy.roles import role_named
    from pipeline.reports.workbook import write_workbook
    from pipeline.store import read_json, write_atomically

    targets, listings = for_role(out / "work", role_named(role), authority=authority)
    summary = read_json(out / "work" / "summary.json")
    write_atomically(path, partial(write_workbook, targets=targets, listings=listings, summary=summary))
    note_access(log, "list_exported", by=by, facts={"role": role, "rows": len(targets)})
    finish([f"{path}: {len(targets):,} targets for {role}"], {"file": path, "targets": len(targets)}, as_json=as_json)


@_app.command("rotate")
def rotate_command(
    by: By,
    state: State = Path("state"),
    forget_tombstones: Annotated[bool, typer.Option("--forget-tombstones", help="Old crawls are gone; tombstones may lose their hold.")] = False,
    log: Log = None,
    as_json: Json = False,
) -> None:
    """Make a new key for hashes of numbers and put the old one aside. Runs made before must be ingested again to be joined with later ones."""
    from pipeline.privacy.access import note_access
    from pipeline.privacy.rotation import rotate
    from pipeline.sources.times import VIETNAM

    old, new, aside = rotate(state=state, today=datetime.now(VIETNAM).date(), forget_tombstones=forget_tombstones)
    note_access(log, "key_rotated", by=by, facts={"old": old, "new": new})
    lines = [f"new key {new}, old key {old} put aside at {aside}", "ingest crawls and import platforms' answers again; docs/privacy.md"]
    finish(lines, {"old": old, "new": new, "aside": aside}, as_json=as_json)


def _check(kind: str) -> None:
    from pipeline.privacy.subject import KINDS

    if kind not in KINDS:
        raise typer.BadParameter(f"{kind!r}; known: {', '.join(KINDS)}", param_hint="KIND")
