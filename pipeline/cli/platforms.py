"""``soihang platforms``: which sites are known, what imitates them, how far each is trusted."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli.options import AsOf, Folder, Json, Known, State, day, finish

_app = typer.Typer(help="Known platforms and sites, addresses that imitate them, and the internal trust rating.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the commands to ``app``."""
    app.add_typer(_app, name="platforms")


@_app.command("list")
def list_command(as_of: AsOf = None, as_json: Json = False) -> None:
    """Print the registry as it stands on a day (default: today): type under that day's law, status, operator; unverified facts marked."""
    from datetime import datetime

    from pipeline.law.tables import UNVERIFIED
    from pipeline.platforms.registry import STATUSES, load_registry
    from pipeline.sources.times import VIETNAM

    on, registry = day(as_of) or datetime.now(VIETNAM).date(), load_registry()
    lines, values = [], []
    for one in registry.platforms:
        if (found := registry.get(one.code, on)) is None or found != one:
            continue
        kind = registry.type_of(one, on)
        border = "; xuyên biên giới" if one.cross_border else ""
        mark = "" if one.verified else f" {UNVERIFIED}"
        lines.append(f"{one.name_vi} ({', '.join(one.domains)}): {kind.name_vi}; {STATUSES[one.status]}{border}; {one.legal_entity or '–'}{mark}")
        values.append(one._asdict() | {"type_name": kind.name_vi, "type_instrument": kind.instrument})
    finish(lines, values, as_json=as_json)


@_app.command("check")
def check_command(
    addresses: Annotated[list[str] | None, typer.Argument(help="Host names or URLs.", show_default=False)] = None,
    run: Annotated[
        Path | None, typer.Option("--run", exists=True, file_okay=False, help="The --out of a run: addresses in its listings.", show_default=False)
    ] = None,
    as_json: Json = False,
) -> None:
    """Say which addresses are known sites and which look like one: a reason to look, no finding. Nothing is opened."""
    from features.errors import ConfigError
    from pipeline.platforms.hosts import take_apart
    from pipeline.platforms.lookalikes import look_alike
    from pipeline.platforms.registry import load_registry
    from pipeline.platforms.seen_hosts import hosts_shown
    from pipeline.reports.safe_text import one_line

    if not addresses and run is None:
        raise ConfigError("name addresses, or a run with --run OUT whose listings show some")
    shown = hosts_shown(run) if run is not None else {}
    seen = {host: shown.get(host, 0) for host in [*(addresses or []), *shown]}
    registry, lines, values = load_registry(), [], []
    for host, count in seen.items():
        found = look_alike(host)
        if found is not None:
            weak = " (yếu)" if found.weak else ""
            where = f"; thấy ở {count:,} tin" if count else ""
            lines.append(one_line(f"{host}: giống {found.imitates}: {found.why_vi}{weak}{where}"))
            values.append({"address": host, "listings": count, **found._asdict()})
        elif addresses and host in addresses:
            whole = take_apart(host)
            site = registry.of_host(whole.text) if whole else None
            owner = site.name_vi if site else None
            lines.append(one_line(f"{host}: {'trang của ' + owner if owner else 'không có trong danh mục, không giống tên nào'}"))
            values.append({"address": host, "known": owner})
    finish([*lines, f"addresses read {len(seen):,}"], values, as_json=as_json)


@_app.command("trust")
def trust_command(folder: Folder, outcomes: Known = None, state: State = Path("state"), as_of: AsOf = None, as_json: Json = False) -> None:
    """Rate every platform of a scored run by the published method (docs/platforms.md), or say that too little is known."""
    from datetime import datetime

    from pipeline.labels import read_outcomes
    from pipeline.platforms.registry import load_registry
    from pipeline.platforms.trust import load_trust_rule, rate, rating_lines
    from pipeline.sources.times import VIETNAM
    from pipeline.stages.platform_trust import trust_counts
    from pipeline.stages.requests_sent import due_requests
    from pipeline.state_folder import ADDRESSES, read_table

    known = read_outcomes(outcomes).outcomes if outcomes else None
    due = due_requests(state, day(as_of) or datetime.now(VIETNAM).date())
    counts = trust_counts(folder, outcomes=known, requests=due, answers=read_table(state, ADDRESSES))
    ratings = rate(counts, load_trust_rule())
    registry = load_registry()
    values = [{**one.__dict__, "parts": one.parts.to_dict("records")} for one in ratings]
    finish(rating_lines(ratings, {one.platform: registry.name(one.platform) for one in ratings}), values, as_json=as_json)
