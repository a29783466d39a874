"""``soihang doctor``: is this machine fit?"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from pipeline.cli.options import Json, finish


class Lang(StrEnum):
    """Languages the checks speak."""

    en = "en"
    vi = "vi"


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command("doctor")(doctor_command)


def doctor_command(
    lang: Annotated[Lang | None, typer.Option(help="Language of the checks; default: the locale's.", show_default=False)] = None,
    as_json: Json = False,
) -> None:
    """Check machine, packages, settings and that our packages share one home; says what to do."""
    import os

    from pipeline.doctor import examine, language_of
    from pipeline.doctor_words import LAST_LINE, LEVELS

    language = lang.value if lang else language_of(os.environ)
    checks = examine(language)
    failed = any(check.level == "fail" for check in checks)
    spoken = ("en", "vi").index(language)
    lines = []
    for check in checks:
        lines.append(f"{LEVELS[check.level][spoken]:<6} {check.name:<10} {check.text}")
        lines += [f"       {'':<10} → {check.to_do}"] if check.to_do else []
    lines.append(LAST_LINE[not failed][spoken])
    finish(lines, [check._asdict() for check in checks], as_json=as_json, code=2 if failed else 0)
