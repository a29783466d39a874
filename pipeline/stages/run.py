"""The whole way in one call: crawl files in, a ranked list of targets out.

The four steps can also be run one by one (``soihang ingest``, ``score``, ``plan``, ``report``): each leaves what the next one needs in
``OUT/work`` and the results in ``OUT``.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pandas as pd

from features.errors import DataError, ModelError
from models.artifact import Model
from pipeline.config import RunConfig, configs_hash
from pipeline.labels import Labels
from pipeline.law import load_law
from pipeline.manifest import code_hash, run_id, versions
from pipeline.parallel import preparing
from pipeline.planning.inputs import read_inputs
from pipeline.planning.issued import ISSUED, last_list
from pipeline.planning.seller_models import read_scores, read_seller_models, write_seller_models
from pipeline.reference import load_reference
from pipeline.sources.mapping import SourceMapping
from pipeline.sources.times import VIETNAM
from pipeline.stages.complaints import complaint_inputs, complaint_lines, complaint_report, use_complaints
from pipeline.stages.dataset import build_dataset
from pipeline.stages.features import build_features
from pipeline.stages.ingest import IngestReport
from pipeline.stages.issue import LOG, note_made
from pipeline.stages.learned_rows import LEARNED_FILE, learned_rows
from pipeline.stages.links import link_lines, read_link_summary
from pipeline.stages.market import build_market
from pipeline.stages.plan import Plan, plan
from pipeline.stages.plan_report import plan_facts, plan_lines, plan_summary
from pipeline.stages.report import report_folder
from pipeline.stages.reviews import ReviewReport, review_inputs, review_report, take_reviews
from pipeline.stages.score import ScoreReport, import_scoring, score
from pipeline.stages.take_in import Progress, ingest_lines, silent, take_in
from pipeline.stages.train import Trained, train
from pipeline.store import parts, read_json, read_parquet, write_json, write_parquet

#: Fewest control rows from which a firing rate is judged.
_ENOUGH_CONTROL = 1000


@dataclass
class Timings:
    """Seconds spent per stage, in order."""

    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time the block as stage ``name``."""
        begun = time.perf_counter()
        yield
        self.seconds[name] = round(time.perf_counter() - begun, 2)


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
    ``previous`` an earlier run's output, whose networks keep their ids.
    ``as_of`` (the list's date) defaults to the day of the latest capture, Vietnamese time. ``today`` only decides whether the data are
    old; without it they count as fresh.
    """
    timings = Timings()
    with timings.stage("ingest"):
        taken = take_in(files, out=out, config=config, mappings=mappings, key=key, source=source, on_rows=on_rows)
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


def judge(
    out: Path,
    *,
    config: RunConfig,
    model: Model | None = None,
    timings: Timings | None = None,
    on_rows: Progress = silent,
    features_done: bool = False,
    outcomes: pd.DataFrame | None = None,
    previous: Path | None = None,
) -> ScoreReport:
    """Read and score what `take_in` left; leaves ``out/scores.parquet`` and ``out/reasons.parquet``.

    ``outcomes`` and ``previous`` as for `run`.
    """
    work, timings = out / "work", timings or Timings()
    if model is not None and model.tokenizer != config.text.tokenizer:
        raise ModelError(
            f"model {model.version} reads words by {model.tokenizer!r}, the settings say {config.text.tokenizer!r}; change text.tokenizer or --model"
        )
    total = IngestReport.from_json(read_json(work / "ingest.json")).n_listings
    inputs = read_json(work / "inputs.json")
    asked = f"{config.model_dump_json()} {inputs['source']} {model.version if model else ''}"
    # What was erased since changes what the same files hold.
    asked += "".join(inputs.get("erased", [])) + outcomes_id(outcomes)
    identity = run_id(inputs["files"] + review_inputs(work) + complaint_inputs(work), seed=config.seed, settings=asked)
    if not features_done:
        with timings.stage("features"):
            read_features(out, config=config, n_listings=total, with_text=model is not None, on_rows=on_rows)
    reference = load_reference()
    with timings.stage("market"), preparing(import_scoring, len(parts(work / "listings"))):
        build_market(work / "listings", work, reference, outcomes=outcomes, previous=previous)
    with timings.stage("score"):
        scored = score(
            work / "listings",
            work,
            out=out,
            reference=reference,
            run_id=identity,
            model=model,
            past_known=outcomes is not None,
            on_rows=lambda rows: on_rows("score", rows, total),
        )
        write_json(scored.to_json(), work / "score.json")
        write_seller_models(model, work)
        write_json({"run_id": identity}, work / "run_id.json")
    return scored


def read_features(out: Path, *, config: RunConfig, n_listings: int, with_text: bool = False, on_rows: Progress = silent) -> None:
    """Read text, brand, kind and cues of what `take_in` left; leaves ``out/work/rows``, ``out/work/hits`` and, for a model, ``out/work/text``."""
    work = out / "work"
    build_features(
        work / "listings",
        out=work,
        tokenizer=config.text.tokenizer,
        with_text=with_text,
        on_rows=lambda rows: on_rows("features", rows, n_listings),
    )


def learn(out: Path, labels: Labels, *, config: RunConfig) -> Trained:
    """Train on what `take_in` and `read_features` left; leaves ``out/model``, its card, its evaluation and which rows it
    learned from.
    """
    work = out / "work"
    reference = load_reference()
    data = build_dataset(work, labels, reference)
    digest = hashlib.sha256("\n".join(read_json(work / "inputs.json")["files"]).encode())
    digest.update(pd.util.hash_pandas_object(data.labels.table, index=False).to_numpy().tobytes())
    trained = train(
        data,
        out / "model",
        config=config,
        goods_groups=sorted(reference.goods_groups["group"].astype(str)),
        fingerprint=digest.hexdigest(),
        synthetic=bool("x_synthetic" in data.rows and data.rows["x_synthetic"].eq(True).any()),
    )
    seen = learned_rows(data, {name: one.learned for name, one in trained.judged.items()})
    write_parquet(seen, out / LEARNED_FILE)
    return trained


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


def tell(out: Path) -> None:
    """Write workbooks, pages, situation report and CSV from what `choose` left."""
    told = report_folder(out)
    write_json(told, out / "work" / "situation.json")


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


def score_lines(scored: ScoreReport, max_strong_rate: float) -> list[str]:
    """Return what a terminal says about the scores and the negative control."""
    bands = ", ".join(f"{name} {number:,}" for name, number in scored.bands.items())
    how = f"model {scored.model_version} for {', '.join(scored.learned)}" if scored.learned else "evidence (a priority, not a probability)"
    rows = [f"scored {scored.n_scored:,} by {how}: {bands}"]
    if not scored.n_control:
        return [*rows, "negative control: no official shops or retailers in these files"]
    rows.append(f"negative control ({scored.n_control:,} listings of official shops and retailers, flags masked):")
    rows += [
        f"  {row.sign_id:<28} {row.strength or '-':<7} {row.fired:>6,}  {100 * row.rate:.3f} %" for row in scored.control.itertuples()
    ] or ["  nothing fired"]
    return rows + [f"  too often for a strong cue: {name}" for name in noisy_cues(scored, max_strong_rate)["sign_id"]]


def noisy_cues(scored: ScoreReport, max_strong_rate: float) -> pd.DataFrame:
    """Strong cues above the allowed firing rate on the negative control, where there are rows enough to judge."""
    table = scored.control
    if scored.n_control < _ENOUGH_CONTROL:
        return table.iloc[:0]
    return table[table["strength"].eq("strong") & table["rate"].gt(max_strong_rate)]


def outcomes_id(outcomes: pd.DataFrame | None) -> str:
    """Return a hash of what was known before, for the run's id; empty where nothing was."""
    return "" if outcomes is None else hashlib.sha256(pd.util.hash_pandas_object(outcomes, index=False).to_numpy().tobytes()).hexdigest()


def _day(when: datetime) -> date:
    return when.astimezone(VIETNAM).date()
