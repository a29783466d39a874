"""What `take_in` left, read and scored."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pandas as pd

from features.errors import ModelError
from models.artifact import Model
from pipeline.config import RunConfig
from pipeline.manifest import run_id
from pipeline.parallel import preparing
from pipeline.planning.seller_models import write_seller_models
from pipeline.reference import load_reference
from pipeline.stages.complaints import complaint_inputs
from pipeline.stages.features import build_features
from pipeline.stages.ingest import IngestReport
from pipeline.stages.market import build_market
from pipeline.stages.reviews import review_inputs
from pipeline.stages.score import ScoreReport, import_scoring, score
from pipeline.stages.take_in import Progress, silent
from pipeline.stages.timings import Timings
from pipeline.store import parts, read_json, write_json

#: Fewest control rows from which a firing rate is judged.
_ENOUGH_CONTROL = 1000


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
