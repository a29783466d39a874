"""``soihang template``: a form for links collected by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli.options import Json, finish


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command("template")(template_command)


def template_command(
    path: Annotated[Path, typer.Argument(help="Workbook to write.")] = Path("mau-tin-dang.xlsx"), as_json: Json = False
) -> None:
    """Write a workbook for 20 to 200 links collected by hand; `soihang run` takes it back as it is."""
    from pipeline.reference import load_reference
    from pipeline.reports.template_workbook import write_template
    from pipeline.store import CannotWrite, write_atomically

    if path.suffix.lower() != ".xlsx":
        raise typer.BadParameter(f"{path} must end in .xlsx", param_hint="PATH")
    if path.exists():
        raise CannotWrite(f"{path} is there already, perhaps filled in; choose another name")
    groups = sorted(load_reference().goods_groups["group"].astype(str))
    write_atomically(path, lambda partial: write_template(partial, goods_groups=groups))
    finish([f"wrote {path}: fill in the sheet 'Tin đăng', then: soihang run {path} --out DIR"], {"template": str(path)}, as_json=as_json)
