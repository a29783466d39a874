"""The whole way in one call: crawl files in, a ranked list of targets out."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd

from pipeline.config import RunConfig, configs_hash
from pipeline.manifest import code_hash, fingerprint, lock, run_id, versions
from pipeline.reference import load_reference
from pipeline.sources.files import expand
from pipeline.sources.mapping import SourceMapping
from pipeline.stages.features import build_features
from pipeline.stages.ingest import IngestReport, ingest
from pipeline.stages.plan import Plan, plan
from pipeline.stages.report import report
from pipeline.stages.score import ScoreReport, score
from pipeline.store import read_parquet, write_json, write_parquet

VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")
Progress = Callable[[str, int], None]


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
    run_id: str
    ingest: IngestReport
    score: ScoreReport
    plan: Plan
    timings: dict[str, float]
    as_of: date
    is_old: bool
    max_strong_rate: float
    details: dict[str, Any]

    @property
    def exit_code(self) -> int:
        """0, or 3 where outputs are valid but a file was unreadable or a strong cue fires too often on the control."""
        return 3 if self.ingest.unreadable or len(self.noisy_cues) else 0

    @property
    def noisy_cues(self) -> pd.DataFrame:
        """Strong cues above the allowed firing rate on the negative control (needs 1,000 control rows to judge)."""
        table = self.score.control
        if self.score.n_control < 1000:
            return table.iloc[:0]
        return table[table["strength"].eq("strong") & table["rate"].gt(self.max_strong_rate)]

    def to_json(self) -> dict[str, Any]:
        """Return plain values; counts per source reconcile (read = listings + quarantined, listings = scored)."""
        return {
            "run_id": self.run_id,
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
            "control": {"n": self.score.n_control, "signs": self.score.control.to_dict("records")},
            "score_kind": "evidence",
            "priority_rank_correlation_with_shop_size": self.plan.size_correlation,
            "as_of": self.as_of.isoformat(),
            "data_is_old": self.is_old,
            "seconds": self.timings,
            **self.details,
        }

    def lines(self) -> list[str]:
        """Return the summary for a terminal."""
        counts = self.to_json()["counts"]
        rows = [
            f"read {counts['read']:,} = listings {counts['listings']:,} + quarantined {counts['quarantined']:,}",
            f"scored {counts['scored']:,} by evidence (a priority, not a probability): "
            + ", ".join(f"{name} {number:,}" for name, number in counts["bands"].items()),
            f"targets {counts['targets']:,}, of which {counts['chosen']:,} within capacity",
        ]
        if self.plan.size_correlation is not None:
            rows.append(f"rank correlation of priority with shop size: {self.plan.size_correlation:.2f}")
        rows += self._control_lines()
        rows += [f"could not read {one.file}: {one.error}" for one in self.ingest.unreadable]
        rows.append("seconds: " + ", ".join(f"{name} {seconds:g}" for name, seconds in self.timings.items()))
        rows.append(f"open {self.out / 'plan.xlsx'} or {self.out / 'index.html'}")
        return rows

    def _control_lines(self) -> list[str]:
        if not self.score.n_control:
            return ["negative control: no official shops or retailers in these files"]
        head = f"negative control ({self.score.n_control:,} listings of official shops and retailers, flags masked):"
        body = [
            f"  {row.sign_id:<28} {row.strength or '-':<7} {row.fired:>6,}  {100 * row.rate:.3f} %"
            for row in self.score.control.itertuples()
        ]
        noisy = [f"  too often for a strong cue: {name}" for name in self.noisy_cues["sign_id"]]
        return [head, *(body or ["  nothing fired"]), *noisy]


def run(
    files: Sequence[Path],
    *,
    out: Path,
    config: RunConfig,
    mappings: dict[str, SourceMapping],
    key: bytes,
    source: str = "auto",
    as_of: date | None = None,
    today: date,
    capacity: pd.DataFrame | None = None,
    on_rows: Progress | None = None,
) -> RunReport:
    """Ingest, read, score, plan and report; leaves the outputs in ``out`` and the tables between in ``out/work``.

    ``as_of`` defaults to the day of the latest capture (Vietnamese time). ``today`` only decides whether the data are old.
    """
    told = on_rows or (lambda stage, rows: None)
    timings = Timings()
    work = out / "work"
    with lock(out):
        with timings.stage("fingerprint"):
            inputs = [f"{path.name} {fingerprint(path)}" for path in expand(files)]
        reference = load_reference()
        with timings.stage("ingest"):
            taken = ingest(
                files, mappings=mappings, out=work, key=key, source=source, partition_rows=config.partition_rows,
                on_rows=lambda rows: told("ingest", rows),
            )  # fmt: skip
        data_day = _day(taken.latest_capture) if taken.latest_capture else today
        list_day = as_of or data_day
        identity = run_id(inputs, seed=config.seed, settings=f"{config.model_dump_json()} {source} {list_day}")
        with timings.stage("features"):
            build_features(
                work / "listings", out=work, segment_titles=config.segment_titles, on_rows=lambda rows: told("features", rows)
            )
        with timings.stage("score"):
            scored = score(
                work / "listings", work, out=out, reference=reference, run_id=identity, on_rows=lambda rows: told("score", rows)
            )
        with timings.stage("plan"):
            made = plan(
                work / "listings", work, read_parquet(out / "scores.parquet"), read_parquet(out / "reasons.parquet"),
                as_of=list_day, settings=config.plan, capacity=capacity, reference=reference,
            )  # fmt: skip
            write_parquet(made.targets, work / "targets.parquet")
            write_parquet(made.listings, work / "target_listings.parquet")
        is_old = (today - data_day).days > config.old_after_days
        summary = summarise(taken, scored, as_of=list_day, data_day=data_day, is_old=is_old, run_id=identity)
        with timings.stage("report"):
            write_json(summary, work / "summary.json")
            report(made.targets, made.listings, summary, out=out)
        write_parquet(read_parquet(work / "quarantine.parquet"), out / "quarantine.parquet")
        details = {
            "inputs": inputs, "versions": versions(), "configs_hash": configs_hash(), "code_hash": code_hash(), "seed": config.seed,
        }  # fmt: skip
        result = RunReport(
            out, identity, taken, scored, made, timings.seconds, list_day, is_old, config.control.max_strong_rate, details
        )
        write_json(result.to_json(), out / "run.json")
    return result


def summarise(
    taken: IngestReport, scored: ScoreReport, *, as_of: date, data_day: date, is_old: bool, run_id: str
) -> dict[str, Any]:
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
        "score_kind": "evidence",
        "run_id": run_id,
        "version": versions()["soihang"],
        "synthetic": scored.n_synthetic > 0,
        "sources": [one.to_json() for one in taken.files],
        "control": scored.control.to_dict("records"),
        "n_control": scored.n_control,
        "sellers_seen": scored.sellers_seen,
    }


def _day(when: datetime) -> date:
    return when.astimezone(VIETNAM).date()
