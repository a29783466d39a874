"""``soihang labels``: what people have found so far, and what to look at next."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli.options import AsOf, Config, Folder, Json, day, finish


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command("labels")(labels_command)


def labels_command(
    folder: Folder,
    outcomes: Annotated[list[Path], typer.Option(help="CSV or Parquet of outcomes; repeat for more files.")],
    as_of: AsOf = None,
    refit: Annotated[Path | None, typer.Option(help="Write the evidence weights as outcomes would have them.", show_default=False)] = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Count labels by source, behaviour, goods and month; say what is missing, which to check again and which next looks would teach most.

    FOLDER is what `soihang score` or `soihang run` left.
    """
    list_day = day(as_of)
    import pandas as pd

    from pipeline.config import load_run_config
    from pipeline.labels import label, read_table
    from pipeline.reference import load_reference
    from pipeline.reports.label_text import label_lines
    from pipeline.stages.label_report import report_labels, write_refitted

    read = [read_table(path) for path in outcomes]
    notes = [f"{path.name}: {note}" if len(read) > 1 else note for path, one in zip(outcomes, read, strict=True) for note in one.notes]
    labels = label(pd.concat([one.table for one in read], ignore_index=True), as_of=list_day, notes=notes)
    reference = load_reference()
    report = report_labels(folder, labels, config=load_run_config(config), reference=reference)
    finish(label_lines(report.said), report.said, as_json=as_json)
    if refit is not None:
        write_refitted(report, reference.weights, refit)
