"""The whole way in one call: crawl files in, a ranked list of targets out.

The four steps can also be run one by one (``soihang ingest``, ``score``, ``plan``, ``report``): each leaves what the next one needs in
``OUT/work`` and the results in ``OUT``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from pipeline.config import RunConfig, configs_hash
from pipeline.manifest import code_hash, versions
from pipeline.planning.issued import ISSUED
from pipeline.sources.mapping import SourceMapping
from pipeline.stages.choose import choose
from pipeline.stages.complaints import complaint_inputs, complaint_lines, complaint_report, use_complaints
from pipeline.stages.ingest import IngestReport
from pipeline.stages.issue import LOG, note_made
from pipeline.stages.judge import judge, noisy_cues, score_lines
from pipeline.stages.links import link_lines, read_link_summary
from pipeline.stages.plan import Plan
from pipeline.stages.plan_report import plan_lines
from pipeline.stages.report import tell
from pipeline.stages.reviews import ReviewReport, review_inputs, review_report, take_reviews
from pipeline.stages.score import ScoreReport
from pipeline.stages.take_in import Progress, ingest_lines, silent, take_in
from pipeline.stages.timings import Timings
from pipeline.store import read_json, write_json

if TYPE_CHECKING:
    from models.artifact import Model


@dataclass(frozen=True)
class RunReport:
    """What a run did; ``to_json`` is what ``run.json`` holds, ``lines`` what a person reads."""

    out: Path
    ingest: IngestReport
    score: ScoreReport
    plan: Plan
    summary: dict[str, Any]
    max_strong_rate: float
    details: dict[str, Any]

    @property
    def exit_code(self) -> int:
        """0, or 3 where outputs are valid but a file was unreadable or a strong cue fires too often on the control."""
        return 3 if self.ingest.unreadable or len(noisy_cues(self.score, self.max_strong_rate)) else 0

    def to_json(self) -> dict[str, Any]:
        """Return plain values; counts per source reconcile (read = listings + quarantined, listings = scored)."""
        return {
            "run_id": self.summary["run_id"],
            "counts": {
                "read": self.ingest.n_read,
                "listings": self.ingest.n_listings,
                "quarantined": self.ingest.n_quarantined,
                "scored": self.score.n_scored,
                "bands": self.score.bands,
                "targets": len(self.plan.targets),
                "chosen": int((~self.plan.targets["reserve"]).sum()),
            },
            "sources": [one.to_json() for one in self.ingest.files],
            "waiting": self.ingest.waiting,
            "synthetic": self.summary["synthetic"],
            "control": {"n": self.score.n_control, "signs": self.score.control.to_dict("records")},
            "score_kind": self.score.score_kind,
            "model": {"version": self.score.model_version, "takes_over": self.score.learned, "unfed": self.score.unfed},
            "warnings": self.score.warnings,
            "priority_rank_correlation_with_shop_size": self.plan.size_correlation,
            "as_of": self.summary["as_of"],
            "data_is_old": self.summary["is_old"],
            **self.details,
        }

    def lines(self) -> list[str]:
        """Return the summary for a terminal."""
        counts = self.to_json()["counts"]
        rows = [
            *ingest_lines(self.ingest),
            *(ReviewReport(**self.details["reviews"]).lines() if self.details["reviews"] else []),
            *(complaint_lines(self.details["complaints"], self.out / "work") if self.details["complaints"] else []),
            *score_lines(self.score, self.max_strong_rate),
            *link_lines(self.details["links"]),
            f"targets {counts['targets']:,}, of which {counts['chosen']:,} within capacity",
        ]
        rows += plan_lines(self.plan)
        rows.append("seconds: " + ", ".join(f"{name} {seconds:g}" for name, seconds in self.details["seconds"].items()))
        rows += self.score.warnings
        rows.append(f"open {self.out / 'plan.xlsx'} or {self.out / 'index.html'}")
        return rows


def run(
    files: Sequence[Path],
    *,
    out: Path,
    config: RunConfig,
    mappings: dict[str, SourceMapping],
    key: bytes,
    source: str = "auto",
    reviews: Path | None = None,
    complaints: Path | None = None,
    outcomes: pd.DataFrame | None = None,
    previous: Path | None = None,
    as_of: date | None = None,
    today: date | None = None,
    capacity: pd.DataFrame | None = None,
    model: Model | None = None,
    on_rows: Progress = silent,
) -> RunReport:
    """Ingest, read, score, plan and report into ``out``, whose lock the caller holds.

    ``reviews`` is a file of what buyers wrote (`pipeline.stages.reviews`), ``complaints`` the folder that complaints were imported into
    (`pipeline.stages.complaints`), ``outcomes`` what was found before (`pipeline.tables.outcomes`),
    ``previous`` an earlier run's output, whose networks keep their ids and whose work is taken over where it would be the same.
    ``as_of`` (the list's date) defaults to the day of the latest capture, Vietnamese time. ``today`` only decides whether the data are
    old; without it they count as fresh.
    """
    timings = Timings()
    with timings.stage("ingest"):
        taken = take_in(files, out=out, config=config, mappings=mappings, key=key, source=source, on_rows=on_rows, previous=previous)
        if reviews is not None:
            take_reviews(reviews, work=out / "work", key=key)
        if complaints is not None:
            use_complaints(complaints, crawl=out)
    return finish_run(
        out, taken, config=config, model=model, timings=timings, as_of=as_of, today=today, capacity=capacity, on_rows=on_rows,
        outcomes=outcomes, previous=previous,
    )  # fmt: skip


def finish_run(
    out: Path,
    taken: IngestReport,
    *,
    config: RunConfig,
    model: Model | None = None,
    timings: Timings | None = None,
    as_of: date | None = None,
    today: date | None = None,
    capacity: pd.DataFrame | None = None,
    on_rows: Progress = silent,
    features_done: bool = False,
    outcomes: pd.DataFrame | None = None,
    previous: Path | None = None,
) -> RunReport:
    """Do what comes after `take_in`, up to ``run.json``."""
    timings = timings or Timings()
    scored = judge(
        out, config=config, model=model, timings=timings, on_rows=on_rows, features_done=features_done, outcomes=outcomes, previous=previous
    )
    with timings.stage("plan"):
        made, summary = choose(out, config=config, as_of=as_of, today=today, capacity=capacity)
        note_made((config.plan.issued or out / ISSUED) / LOG, made.targets, summary)
    with timings.stage("report"):
        tell(out)
    details = {
        "inputs": read_json(out / "work" / "inputs.json")["files"] + review_inputs(out / "work") + complaint_inputs(out / "work"),
        "reviews": review_report(out / "work"),
        "complaints": complaint_report(out / "work"),
        "links": read_link_summary(out / "work"),
        "plan": read_json(out / "work" / "plan.json"),
        "situation": read_json(out / "work" / "situation.json"),
        "versions": versions(),
        "configs_hash": configs_hash(),
        "code_hash": code_hash(),
        "seed": config.seed,
        "seconds": timings.seconds,
    }
    result = RunReport(out, taken, scored, made, summary, config.control.max_strong_rate, details)
    write_json(result.to_json(), out / "run.json")
    return result
