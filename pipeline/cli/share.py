"""``soihang share``: decisions in force for other installations, and theirs for us (docs/sharing.md)."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli.database import Database
from pipeline.cli.options import AsOf, Json, day, finish

_app = typer.Typer(help="Give decisions in force to other installations, take theirs, and show who may be called a violator.", no_args_is_help=True)

Log = Annotated[Path | None, typer.Option(help="The installation's log; default SOIHANG_LOG, else issued/log.jsonl.", show_default=False)]
By = Annotated[str, typer.Option(help="Who does this, for the log.")]
Role = Annotated[str, typer.Option(help="For whom: quan_tri, lap_danh_sach, lanh_dao_duyet or doi (configs/roles.yaml).")]
Authority = Annotated[str | None, typer.Option(help="Whose rows, for a role with rows of its own.", show_default=False)]


def register(app: typer.Typer) -> None:
    """Add the commands to ``app``."""
    app.add_typer(_app, name="share")


@_app.command("export")
def export_command(
    path: Annotated[Path, typer.Argument(help="File to write: .json, or .csv with the named only.")],
    unit: Annotated[str, typer.Option(help="Our authority, as the reader will see it.")],
    by: By,
    role: Role = "lap_danh_sach",
    authority: Authority = None,
    as_of: AsOf = None,
    database: Database = None,
    log: Log = None,
    as_json: Json = False,
) -> None:
    """Write who was sanctioned by a decision in force, by name and until it expires; everyone else is counted without name."""
    from features.errors import DataError
    from pipeline.config import contact_key
    from pipeline.privacy.access import note_access
    from pipeline.privacy.roles import role_named
    from pipeline.register.connect import connected
    from pipeline.register.upgrade import ready
    from pipeline.sharing.expiry import load_sharing_rule
    from pipeline.sharing.export import make_package
    from pipeline.sharing.package import to_csv, to_json
    from pipeline.sources.times import VIETNAM
    from pipeline.store import write_atomically
    from pipeline.trail.canonical import sha256

    if path.suffix.lower() not in (".json", ".csv"):
        raise DataError(f"{path}: a package is .json, or .csv with the named only")
    chosen = role_named(role)
    today = day(as_of) or datetime.now(VIETNAM).date()
    with connected(database) as connection:
        ready(connection)
        package = make_package(
            connection, role_name=role, role=chosen, unit=unit, authority=authority, as_of=today, key=contact_key(), rule=load_sharing_rule()
        )
    content = to_csv(package) if path.suffix.lower() == ".csv" else to_json(package)
    write_atomically(path, lambda partial: partial.write_bytes(content))
    counts = {"named": len(package.violators), "suspected": len(package.suspected), "withdrawn": len(package.withdrawn)}
    note_access(log, "share_exported", by=by, facts={"role": role, **counts, "sha256": sha256(content)})
    lines = [f"{path}: named {counts['named']:,}, counted without name {counts['suspected']:,}, withdrawn {counts['withdrawn']:,}"]
    finish(lines, counts | {"file": str(path), "sha256": sha256(content)}, as_json=as_json)


@_app.command("import")
def import_command(
    files: Annotated[list[Path], typer.Argument(help="Packages (.json or .csv) of other installations.", exists=True, dir_okay=False)],
    by: By,
    database: Database = None,
    log: Log = None,
    as_json: Json = False,
) -> None:
    """Take packages into the register: new and changed records are added, expired ones are not, withdrawn ones end."""
    from pipeline.config import contact_key
    from pipeline.privacy.access import installation_id, note_access
    from pipeline.register.connect import connected
    from pipeline.register.upgrade import ready
    from pipeline.sharing.package import from_csv, from_json
    from pipeline.sharing.take import take_package
    from pipeline.sources.times import VIETNAM
    from pipeline.trail.canonical import sha256

    lines, values = [], []
    for file in files:
        content = file.read_bytes()
        read = from_csv if file.suffix.lower() == ".csv" else from_json
        package = read(content, where=str(file))
        with connected(database) as connection:
            ready(connection)
            taken = take_package(
                connection, package, sha256=sha256(content), own_id=installation_id(contact_key()), today=datetime.now(VIETNAM).date()
            )
        note_access(log, "share_imported", by=by, facts={"origin": package.origin, "sha256": sha256(content), **taken.__dict__})
        lines += [f"{file} from {package.unit} ({package.origin}), as of {package.as_of:%d/%m/%Y}", *(f"  {line}" for line in taken.lines())]
        values.append({"file": str(file), "origin": package.origin, **taken.__dict__})
    finish(lines, values, as_json=as_json)


@_app.command("show")
def show_command(by: By, as_of: AsOf = None, database: Database = None, log: Log = None, as_json: Json = False) -> None:
    """Print who may be called a violator on the day, by whose decision, until when and where that is known from."""
    from pipeline.privacy.access import note_access
    from pipeline.register.connect import connected
    from pipeline.register.upgrade import ready
    from pipeline.reports.safe_text import one_line
    from pipeline.sharing.expiry import load_sharing_rule
    from pipeline.sharing.take import known_violators
    from pipeline.sources.times import VIETNAM

    today = day(as_of) or datetime.now(VIETNAM).date()
    with connected(database) as connection:
        ready(connection)
        table = known_violators(connection, today=today, rule=load_sharing_rule())
    note_access(log, "data_read", by=by, facts={"what": "violators", "rows": len(table)})
    lines = [
        one_line(
            f"{row['platform']} {row['seller_id'] or row['listing_id']} {row['seller_name'] or ''} – QĐ {row['number']} ngày "
            f"{row['decided_on']:%d/%m/%Y} – đến {row['expires_on']:%d/%m/%Y} – {row['unit'] or 'đơn vị mình'}"
        )
        for row in table.to_dict("records")
    ]
    finish([*lines, f"{len(table):,} in all"], table.to_dict("records"), as_json=as_json)


@_app.command("schema")
def schema_command(as_json: Json = False) -> None:
    """Print the JSON Schema of a package (the same stands in configs/share.schema.json)."""
    import json

    from pipeline.sharing.package import json_schema

    finish([json.dumps(json_schema(), ensure_ascii=False, indent=1)], json_schema(), as_json=as_json)
