"""``soihang doctor``: is this machine fit?"""

from __future__ import annotations

import typer

from pipeline.cli.options import Json, finish


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command("doctor")(doctor_command)


def doctor_command(as_json: Json = False) -> None:
    """Check machine, packages, settings and that our packages share one home."""
    from pipeline.doctor import examine

    checks = examine()
    failed = any(check.level == "fail" for check in checks)
    lines = [f"{check.level:<5} {check.name:<10} {check.text}" for check in checks]
    finish(lines, [check._asdict() for check in checks], as_json=as_json, code=2 if failed else 0)
