"""``soihang backup``: the register, issued lists, evidence, state and settings into one folder; keys into a file elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli.database import Database
from pipeline.cli.options import Json, State, finish
from pipeline.cli.share import By, Log

Issued = Annotated[Path, typer.Option(help="Folder of issued lists, with the log.", file_okay=False)]
SigningKey = Annotated[Path | None, typer.Option("--signing-key", help="The key that signs bundles, kept with the others.", show_default=False)]


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command("backup")(backup_command)


def backup_command(
    target: Annotated[Path, typer.Argument(help="Folder to make, best on another disk.")],
    keys: Annotated[Path, typer.Option(help="File to make for the keys, in another place than TARGET.")],
    by: By,
    issued: Issued = Path("issued"),
    state: State = Path("state"),
    configs: Annotated[Path | None, typer.Option(file_okay=False, help="Settings to keep; default: those in use.", show_default=False)] = None,
    signing_key: SigningKey = None,
    database: Database = None,
    log: Log = None,
    as_json: Json = False,
) -> None:
    """Write everything that cannot be made again into TARGET, and the keys into a file apart from it."""
    from pipeline.backup import backup, save_keys
    from pipeline.config import configs_dir, contact_key, key_path
    from pipeline.privacy.access import note_access
    from pipeline.register.connect import database_url

    key = contact_key()
    named = save_keys(keys, {"contact.key": key_path()} | ({"signing.key": signing_key} if signing_key else {}), apart_from=target)
    try:
        kept = backup(
            target, {"issued": issued, "state": state, "configs": configs or configs_dir()},
            database=database_url(database).render_as_string(hide_password=False), key=key,
        )  # fmt: skip
    except BaseException:
        keys.unlink()
        raise
    note_access(log, "backup_made", by=by, facts={"key": kept.key_id, "rows": sum(kept.rows.values()), **kept.files})
    lines = [f"backup {target}", *kept.lines(), f"keys ({', '.join(named)}) {keys}: keep it in another place than the backup"]
    finish(lines, kept.__dict__ | {"keys": named}, as_json=as_json)
