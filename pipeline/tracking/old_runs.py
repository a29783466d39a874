"""Logged trainings that nothing rests on any more."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from pipeline.tracking.connection import REGISTERED, connected, has_registry
from pipeline.tracking.registry import CHALLENGER, CHAMPION, COLDSTART, champion_history, find_version

_PAGE = 500
#: So many of the newest stay whatever the clock says: it may be wrong by years.
_KEPT = 7
_PARENT = "mlflow.parentRunId"


def delete_old_runs(*, before: datetime, keep_days: int, dry_run: bool, folder: Path | None = None) -> list[str]:
    """Mark runs that ended more than ``keep_days`` days before ``before`` as deleted, with the model versions they made; return their names.

    The seven newest stay (of fewer days asked for, as many), and so do champion, challenger, coldstart and every champion that a rollback can
    still reach, all with the runs under and over theirs. `mlflow gc` frees the files. Without a registry there is nothing to do. Raises
    `TrackingAway`.
    """
    if not has_registry(folder):
        return []
    limit = (before - timedelta(days=keep_days)).timestamp() * 1000
    with connected(folder) as (_, client):
        versions = client.search_model_versions(f"name='{REGISTERED}'")
        held = {version.run_id for version in versions if str(version.version) in _held(client)}
        runs = _all_runs(client)
        tops = [run for run in runs if not run.data.tags.get(_PARENT)]
        newest = sorted(tops, key=lambda run: run.info.start_time)[max(0, len(tops) - min(keep_days, _KEPT)) :]
        family = _with_kin(held | {run.info.run_id for run in newest}, runs)
        old = [run for run in runs if run.info.end_time and run.info.end_time < limit and run.info.run_id not in family]
        if not dry_run:
            gone = {run.info.run_id for run in old}
            for version in versions:
                if version.run_id in gone:
                    client.delete_model_version(REGISTERED, version.version)
            for run in old:
                client.delete_run(run.info.run_id)
    return sorted(f"{run.info.run_id} {run.info.run_name or ''}".strip() for run in old)


def _held(client: Any) -> set[str]:
    named = [find_version(client, alias) for alias in (CHAMPION, CHALLENGER, COLDSTART)]
    return {str(version.version) for version in named if version is not None} | set(champion_history(client))


def _with_kin(held: set[str], runs: list[Any]) -> set[str]:
    """Runs that hold or are held by one of ``held``, by their tags."""
    parents = {run.info.run_id: run.data.tags.get(_PARENT) for run in runs}
    over = {parents[run_id] for run_id in held if parents.get(run_id)}
    return {*held, *over, *(run_id for run_id, parent in parents.items() if parent in held)}  # type: ignore[arg-type]


def _all_runs(client: Any) -> list[Any]:
    experiments = [one.experiment_id for one in client.search_experiments()]
    found: list[Any] = []
    token = None
    while experiments:
        page = client.search_runs(experiments, max_results=_PAGE, page_token=token)
        found += page
        token = page.token
        if not token:
            break
    return found
