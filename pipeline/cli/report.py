"""``soihang report``: targets to workbooks, pages, situation report and CSV."""

from __future__ import annotations

import typer

from pipeline.cli.options import Folder, Json, finish


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command("report")(report_command)


def report_command(folder: Folder, as_json: Json = False) -> None:
    """Write plans/CODE.xlsx and .html, plan.xlsx, index.html, thuc-trang.xlsx and targets.csv from what `soihang plan` left in FOLDER."""
    from pipeline.lock import lock
    from pipeline.stages.report import tell

    with lock(folder):
        tell(folder)
    written = [str(folder / name) for name in ("plan.xlsx", "index.html", "thuc-trang.xlsx", "targets.csv", "plans")]
    finish([f"wrote {path}" for path in written], {"written": written}, as_json=as_json)
