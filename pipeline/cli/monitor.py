"""``soihang monitor``: whether the nights still look like the nights before, and a person's yes to reading more at random."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from pipeline.cli.database import Database
from pipeline.cli.options import Config, Json, finish
from pipeline.cli.share import By, Log

if TYPE_CHECKING:
    from pipeline.monitor.calibration import Promise


class _ShowFirst(TyperGroup):
    """``soihang monitor RUNS`` is ``soihang monitor show RUNS``."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if args and args[0] not in self.commands and args[0] not in ("--help", "--show-completion", "--install-completion"):
            args = ["show", *args]
        return super().parse_args(ctx, args)


_app = typer.Typer(
    cls=_ShowFirst, no_args_is_help=True,
    help="Watch the nights: drift, health of the crawl, promises against finds. `monitor RUNS` is `monitor show RUNS`.",
)  # fmt: skip

Runs = Annotated[Path, typer.Argument(exists=True, file_okay=False, help="Folder of nights that `soihang night --runs` fills.")]

Rules = Annotated[
    Path | None, typer.Option("--rules", exists=True, dir_okay=False, help="Rules instead of configs/monitor.yaml.", show_default=False)
]


def register(app: typer.Typer) -> None:
    """Add the commands to ``app``."""
    app.add_typer(_app, name="monitor")


@_app.command("show")
def show_command(
    runs: Runs,
    max_age: Annotated[
        str | None, typer.Option(metavar="SPAN", help="Exit 3 where nothing ended well for so long: 26h, 90m, 2d.", show_default=False)
    ] = None,
    rules: Rules = None,
    database: Database = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Hold the last night against those before it and write RUNS/monitor.html. Exit code 3 where there is an alert or nothing ran."""
    from datetime import UTC, datetime

    from pipeline.config import load_run_config
    from pipeline.monitor.lines import log_alerts, watched_json, watched_lines
    from pipeline.monitor.page import PAGE, write_page
    from pipeline.monitor.settings import load_monitor_rules
    from pipeline.monitor.watching import age, watch

    longest = age(max_age) if max_age else None
    held, now = load_monitor_rules(rules), datetime.now(UTC)
    usual = load_run_config(config).plan.review_slots
    watched = watch(runs, held, usual=usual, now=now, promises=_promises(database), max_age=longest)
    page = runs / PAGE if watched.nights else None
    if page:
        write_page(page, watched, held, made_at=now)
    log_alerts(runs, watched)
    finish(watched_lines(watched, page), watched_json(watched), as_json=as_json, code=watched.exit_code)


@_app.command("accept")
def accept_command(
    runs: Runs,
    by: By,
    slots: Annotated[int, typer.Option(min=0, max=1000, help="Desk reviews drawn by lot, an authority and week, from now on.")],
    log: Log = None,
    rules: Rules = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Accept a share of random desk reviews, as drift proposed it or another; `night` and `plan` use it from then on."""
    from datetime import UTC, datetime

    from pipeline.config import load_run_config
    from pipeline.monitor.exploration import FILE, accept
    from pipeline.monitor.settings import load_monitor_rules
    from pipeline.monitor.watching import watch

    now = datetime.now(UTC)
    seen = watch(runs, load_monitor_rules(rules), usual=load_run_config(config).plan.review_slots, now=now)
    last = seen.nights[-1]
    line = accept(runs, slots=slots, by=by, at=now, log=log, proposed=seen.proposed, night=last["night"], run_id=last["run_id"])
    before = f"before: {seen.in_force}; proposed: {seen.proposed or 'nothing'}"
    finish([f"{slots} desk reviews by lot, an authority and week ({before}); noted in {runs / FILE}"], line, as_json=as_json)


@_app.command("log")
def log_command(runs: Runs, as_json: Json = False) -> None:
    """Print what night.log and monitor.log hold, oldest first, each line with the run it speaks of."""
    from pipeline.monitor.lines import log_entries

    entries = log_entries(runs)
    lines = [" ".join(f"{name}={value}" if name != "at" else value for name, value in one.items()) for one in entries]
    finish(lines or ["nothing is logged yet"], entries, as_json=as_json)


def _promises(database: str | None) -> list[Promise]:
    """What was promised and found, from the register where there is one; looking makes none."""
    from datetime import datetime

    from pipeline.monitor.calibration import promises
    from pipeline.register.connect import connected, database_url
    from pipeline.register.coverage import coverage
    from pipeline.register.upgrade import ready
    from pipeline.sources.times import VIETNAM

    where = database_url(database)
    if where.get_backend_name() == "sqlite" and not Path(str(where.database)).is_file():
        return []
    with connected(database) as connection:
        ready(connection)
        return promises(coverage(connection, today=datetime.now(VIETNAM).date()))
