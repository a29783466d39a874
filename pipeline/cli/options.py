"""Options and endings that several commands share."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

# Text, not paths, which make one slash of the two in s3://; `crawl_files` makes them paths.
Files = Annotated[list[str], typer.Argument(help="Crawl files, folders, globs, addresses (s3://…): CSV, XLSX, JSONL, JSON, Parquet, .gz, .zst.")]
Out = Annotated[Path, typer.Option("--out", "-o", help="Folder for the results; made where it is missing.")]
Folder = Annotated[Path, typer.Argument(help="The --out folder of the step before.")]
Source = Annotated[str, typer.Option(help="Name of a mapping in configs/sources, or auto to recognise each file.")]
Sources = Annotated[
    Path | None, typer.Option(help="Folder of further mappings (NAME.yaml); one of the same name replaces ours.", show_default=False)
]
Config = Annotated[Path | None, typer.Option(help="Settings instead of configs/run.yaml.", show_default=False)]
AsOf = Annotated[
    str | None, typer.Option(metavar="YYYY-MM-DD", help="The list's date; default: the day of the latest capture.", show_default=False)
]
Reviews = Annotated[
    Path | None,
    typer.Option(exists=True, dir_okay=False, help="What buyers wrote: CSV, XLSX, JSONL, JSON or Parquet (docs/sellers.md).", show_default=False),
]
Complaints = Annotated[
    Path | None,
    typer.Option(exists=True, file_okay=False, help="Folder that `soihang complaints import` filled (docs/complaints.md).", show_default=False),
]
Capacity = Annotated[
    Path | None, typer.Option(help="CSV don_vi,doi,tuan,so_luot_kiem_tra,so_luot_xac_minh: what each team can take.", show_default=False)
]
Known = Annotated[
    Path | None,
    typer.Option("--outcomes", exists=True, dir_okay=False, help="What was found before (`soihang schema outcomes`).", show_default=False),
]
Previous = Annotated[
    Path | None,
    typer.Option(exists=True, file_okay=False, help="The --out folder of an earlier run, whose networks keep their ids.", show_default=False),
]
Model = Annotated[
    str, typer.Option(help="auto: the registry's champion, else coldstart; coldstart: evidence only; or a folder that `soihang train` left.")
]
State = Annotated[
    Path, typer.Option("--state", envvar="SOIHANG_STATE", help="Folder of facts that people brought in; several runs share it.", file_okay=False)
]
Wait = Annotated[float, typer.Option("--wait", min=0, metavar="MINUTES", help="Wait so long where another run holds the folder.")]
Cluster = Annotated[
    str | None,
    typer.Option("--cluster", metavar="tcp://HOST:8786", help="Dask scheduler whose workers do the work; default: cores here.", show_default=False),
]
Json = Annotated[bool, typer.Option("--json", help="Print the summary as JSON.")]


def day(text: str | None, option: str = "--as-of") -> date | None:
    """Return the date an option names; raises a usage error on anything else."""
    if text is None:
        return None
    try:
        return datetime.strptime(text, "%Y-%m-%d").date()
    except ValueError:
        raise typer.BadParameter(f"{text!r} is no date; write it as 2026-11-24", param_hint=option) from None


def crawl_files(names: Sequence[str]) -> list[Path]:
    """Return where crawl files lie on this machine; those named by address are fetched first, with progress where a terminal watches."""
    from pipeline.progress import RowProgress
    from pipeline.sources.remote_files import local_files

    with RowProgress() as progress:
        return local_files(names, on_files=progress)


def wanted_model(choice: str) -> Any:
    """Return the model that ``--model`` names, or ``None`` for the evidence score."""
    if choice == "coldstart":
        return None
    if choice != "auto":
        from models.artifact import load_model

        return load_model(Path(choice))
    from pipeline.tracking import has_registry, load_champion

    return load_champion() if has_registry() else None


def finish(lines: Iterable[str], values: Any, *, as_json: bool, code: int = 0) -> None:
    """Print a summary for people or machines and leave with ``code``."""
    try:
        print(json.dumps(values, ensure_ascii=False, indent=2, default=str) if as_json else "\n".join(lines), flush=True)
    except BrokenPipeError:
        # The reader (head, less) has seen enough; nothing may be written at exit either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    if code:
        raise typer.Exit(code)
