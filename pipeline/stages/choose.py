"""What `judge` left, made into a list: targets, and what the reports say about the whole run."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any

import pandas as pd

from features.errors import DataError
from pipeline.config import RunConfig
from pipeline.law import load_law
from pipeline.manifest import versions
from pipeline.planning.inputs import read_inputs
from pipeline.planning.issued import ISSUED, last_list
from pipeline.planning.seller_models import read_scores, read_seller_models
from pipeline.reference import load_reference
from pipeline.sources.times import VIETNAM
from pipeline.stages.ingest import IngestReport
from pipeline.stages.plan import Plan, plan
from pipeline.stages.plan_report import plan_facts, plan_summary
from pipeline.stages.score import ScoreReport
from pipeline.store import read_json, read_parquet, write_json, write_parquet


def choose(
    out: Path, *, config: RunConfig, as_of: date | None = None, today: date | None = None, capacity: pd.DataFrame | None = None
) -> tuple[Plan, dict[str, Any]]:
    """Choose targets from what `judge` left; leaves the tables of targets and the summary for `tell`."""
    work = out / "work"
    taken = IngestReport.from_json(read_json(work / "ingest.json"))
    scored = ScoreReport.from_json(read_json(work / "score.json"))
    if taken.latest_capture is None:
        raise DataError(f"{work / 'ingest.json'} names no capture; ingest again")
    data_day = _day(taken.latest_capture)
    list_day = as_of or data_day
    # What was captured after the list's day is not in it.
    data_day = min(data_day, list_day)
    inputs, law = read_inputs(config.plan.inputs), load_law(config.law_tables)
    made = plan(
        work / "listings",
        work,
        read_scores(out / "scores.parquet"),
        read_parquet(out / "reasons.parquet"),
        as_of=list_day,
        settings=config.plan,
        capacity=capacity,
        reference=load_reference(),
        inputs=inputs,
        last=last_list(config.plan.issued or out / ISSUED, list_day),
        law=law,
        seller_models=read_seller_models(work),
        seed=config.seed,
    )
    write_parquet(made.targets, work / "targets.parquet")
    write_parquet(made.listings, work / "target_listings.parquet")
    write_parquet(made.left, work / "left.parquet")
    write_json(plan_facts(made, inputs, law), work / "plan.json")
    is_old = today is not None and (today - data_day).days > config.old_after_days
    identity = str(read_json(work / "run_id.json")["run_id"])
    summary = summarise(taken, scored, as_of=list_day, data_day=data_day, is_old=is_old, run_id=identity) | plan_summary(made, list_day)
    summary["flagged_points"] = config.plan.flagged_points
    write_json(summary, work / "summary.json")
    return made, summary


def summarise(taken: IngestReport, scored: ScoreReport, *, as_of: date, data_day: date, is_old: bool, run_id: str) -> dict[str, Any]:
    """Return what the reports say about the whole run, as plain values."""
    return {
        "as_of": as_of.isoformat(),
        "data_date": data_day.isoformat(),
        "is_old": is_old,
        "n_files": len(taken.files),
        "n_read": taken.n_read,
        "n_listings": taken.n_listings,
        "n_quarantined": taken.n_quarantined,
        "n_scored": scored.n_scored,
        "bands": scored.bands,
        "score_kind": scored.score_kind,
        "model_version": scored.model_version,
        "run_id": run_id,
        "version": versions()["soihang"],
        "synthetic": scored.n_synthetic > 0,
        "sources": [one.to_json() for one in taken.files],
        "control": scored.control.to_dict("records"),
        "cue_terms": dict(zip(load_reference().cues["cue_id"], load_reference().cues["term"], strict=True)),
        "n_control": scored.n_control,
        "sellers_seen": scored.sellers_seen,
    }


def _day(when: datetime) -> date:
    return when.astimezone(VIETNAM).date()
