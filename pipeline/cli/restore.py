"""``soihang restore``: a backup put back into empty folders and an empty database."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli.backup import SigningKey
from pipeline.cli.database import Database
from pipeline.cli.options import Json, finish
from pipeline.cli.share import By, Log


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command("restore")(restore_command)


def restore_command(
    source: Annotated[Path, typer.Argument(exists=True, file_okay=False, help="A folder that `soihang backup` made.")],
    into: Annotated[Path, typer.Option("--into", file_okay=False, help="Folder for issued, state and configs; these must be missing or empty.")],
    by: By,
    keys: Annotated[Path | None, typer.Option(exists=True, dir_okay=False, help="The file of keys that belongs to it.", show_default=False)] = None,
    signing_key: SigningKey = None,
    database: Database = None,
    log: Log = None,
    as_json: Json = False,
) -> None:
    """Check every file of SOURCE, then put it back; nothing that is there is written over."""
    from pipeline.backup import checked, put_keys, restore
    from pipeline.config import contact_key, key_path
    from pipeline.privacy.access import note_access
    from pipeline.register.connect import database_url

    checked(source)
    url = database_url(database) if database else database_url(str(into / "state" / "soihang.db"))
    if keys is not None:
        put_keys(keys, {"contact.key": key_path()} | ({"signing.key": signing_key} if signing_key else {}))
    key = contact_key() if key_path().exists() else None
    folders = {name: into / name for name in ("issued", "state", "configs")}
    kept = restore(source, folders, database=url.render_as_string(hide_password=False), key=key)
    note_access(log or into / "issued" / "log.jsonl", "backup_restored", by=by, facts={"key": kept.key_id, "rows": sum(kept.rows.values())})
    lines = [f"restored {source} of {kept.made_at} into {into}", *kept.lines()]
    if key is None:
        lines.append("no key is in place yet: give it with --keys before anything is ingested")
    finish(lines, kept.__dict__, as_json=as_json)
