"""``soihang plan``: scores to ranked targets within capacity, and the week's list issued."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipeline.cli.options import AsOf, Capacity, Config, Folder, Json, Sources, crawl_files, day, finish

if TYPE_CHECKING:
    from pipeline.config import RunConfig

Inputs = Annotated[
    Path | None,
    typer.Option(exists=True, file_okay=False, help="Folder of planners' files instead of plan.inputs (docs/planning.md).", show_default=False),
]
Issued = Annotated[Path | None, typer.Option(file_okay=False, help="Folder of issued lists instead of plan.issued.", show_default=False)]


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command("plan")(plan_command)


def plan_command(
    folder: Folder,
    as_of: AsOf = None,
    capacity: Capacity = None,
    inputs: Inputs = None,
    issued: Issued = None,
    config: Config = None,
    issue: Annotated[bool, typer.Option("--issue", help="Freeze the week's list: workbooks, forms, raw lines under seal.")] = False,
    alert: Annotated[str | None, typer.Option(metavar="CODE", help="Freeze one target as a quick alert.", show_default=False)] = None,
    by: Annotated[str | None, typer.Option(metavar="NAME", help="Who issues; needed with --issue and --alert.", show_default=False)] = None,
    crawl: Annotated[
        list[str] | None,
        typer.Option(help="Crawl file, folder, glob or address that the run read, for the raw lines; once for each.", show_default=False),
    ] = None,
    sources: Sources = None,
    approver: Annotated[str | None, typer.Option(metavar="NAME", help="Who approved; without it the list is a draft.", show_default=False)] = None,
    approved_on: Annotated[str | None, typer.Option(metavar="YYYY-MM-DD", help="When it was approved.", show_default=False)] = None,
    key: Annotated[Path | None, typer.Option(exists=True, dir_okay=False, help="Private key to sign with.", show_default=False)] = None,
    why: Annotated[str | None, typer.Option(metavar="TEXT", help="Why a list already issued is corrected.", show_default=False)] = None,
    as_json: Json = False,
) -> None:
    """Choose whom to look at among those that `soihang score` found signs at, per authority and within limits.

    With --issue or --alert also freeze what was chosen, once per version, into the folder of issued lists.
    """
    list_day, approval_day = day(as_of), day(approved_on, "--approved-on")
    if (issue or alert) and not (by and crawl):
        raise typer.BadParameter("name who issues (--by) and the crawl files that the run read (--crawl)", param_hint="--issue")
    if (approver is None) != (approval_day is None):
        raise typer.BadParameter("give both --approver and --approved-on, or neither", param_hint="--approver")
    from datetime import UTC, datetime

    from pipeline.config import load_run_config
    from pipeline.lock import lock
    from pipeline.monitor.exploration import runs_of, with_accepted
    from pipeline.planning.issued import ISSUED
    from pipeline.reports.docx_page import Approval
    from pipeline.sources.times import VIETNAM
    from pipeline.stages.choose import choose
    from pipeline.stages.issue import LOG, Issue, note_made
    from pipeline.stages.plan_report import plan_lines
    from pipeline.store import read_json
    from pipeline.tables.capacity import read_capacity

    settings = _with_paths(with_accepted(load_run_config(config), runs_of(folder)), inputs, issued)
    limits = read_capacity(capacity) if capacity else None
    lists = settings.plan.issued or folder / ISSUED
    with lock(folder):
        made, summary = choose(folder, config=settings, as_of=list_day, today=datetime.now(VIETNAM).date(), capacity=limits)
        facts = read_json(folder / "work" / "plan.json")
        note_made(lists / LOG, made.targets, summary, by=by)
        frozen = []
        if issue or alert:
            approval = Approval(approver, approval_day) if approver and approval_day else None
            what = Issue(by or "", datetime.now(UTC), approval, key, why)
            frozen = _freeze(folder, lists, what, settings, crawl or [], sources, issue=issue, alert=alert)
    chosen = int((~made.targets["reserve"]).sum())
    head = f"targets {len(made.targets):,}, of which {chosen:,} within capacity"
    tail = [f"{one.facts['name']}: {one.facts['given']:,} rows given out, in {one.folder}" for one in frozen]
    counts = {"targets": len(made.targets), "chosen": chosen, "as_of": summary["as_of"], "size_correlation": made.size_correlation, **facts}
    counts["issued"] = [one.facts | {"folder": str(one.folder)} for one in frozen]
    finish([head, *plan_lines(made), *tail], counts, as_json=as_json)


def _with_paths(settings: RunConfig, inputs: Path | None, issued: Path | None) -> RunConfig:
    paths = {name: path for name, path in (("inputs", inputs), ("issued", issued)) if path is not None}
    return settings.model_copy(update={"plan": settings.plan.model_copy(update=paths)})


def _freeze(
    folder: Path, lists: Path, what: Any, settings: RunConfig, crawl: list[str], sources: Path | None, *, issue: bool, alert: str | None
) -> list[Any]:
    from pipeline.sources.mapping import load_mappings
    from pipeline.stages.issue import issue_alert, issue_list
    from pipeline.trail.sealed import crawls_of

    work = folder / "work"
    crawls = crawls_of(work, crawl_files(crawl), load_mappings(sources))
    frozen = [issue_list(work, lists, crawls, what)] if issue else []
    if alert:
        limit = settings.plan.alerts_a_week
        frozen.append(issue_alert(work, lists, crawls, what, code=alert, at_most=limit, health=settings.plan.alert_health))
    return frozen
