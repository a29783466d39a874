"""What `take_in` left, read and scored."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from features.errors import ModelError
from pipeline.config import RunConfig
from pipeline.manifest import run_id
from pipeline.parallel import preparing
from pipeline.planning.seller_models import write_seller_models
from pipeline.reference import load_reference
from pipeline.stages.complaints import complaint_inputs
from pipeline.stages.features import Read, build_features
from pipeline.stages.ingest import IngestReport
from pipeline.stages.kept_market import is_kept, market_source, note_market
from pipeline.stages.market import build_market
from pipeline.stages.reviews import review_inputs
from pipeline.stages.score import ScoreReport, import_scoring, score
from pipeline.stages.take_in import Progress, silent
from pipeline.stages.timings import Timings
from pipeline.store import parts, read_json, write_json

if TYPE_CHECKING:
    from models.artifact import Model

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

    ``outcomes`` and ``previous`` as for `run`; what the earlier run read of listings that say the same is not read again.
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
    read = None
    if not features_done:
        with timings.stage("features"):
            read = read_features(out, config=config, n_listings=total, with_text=model is not None, previous=previous, on_rows=on_rows)
    reference = load_reference()
    with timings.stage("market"), preparing(import_scoring, len(parts(work / "listings"))):
        # What others read before may have been changed since: only of what was just read, or just found unchanged, it is known.
        source = market_source(work, outcomes=outcomes_id(outcomes), previous=previous) if read is not None else None
        if source is None or not is_kept(work, source):
            build_market(work / "listings", work, reference, outcomes=outcomes, previous=previous)
        if source is not None:
            note_market(work, source)
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
        scored = replace(scored, read_anew=read.n_anew if read is not None else None)
        write_json(scored.to_json(), work / "score.json")
        write_seller_models(model, work)
        write_json({"run_id": identity}, work / "run_id.json")
    return scored


def read_features(
    out: Path, *, config: RunConfig, n_listings: int, with_text: bool = False, previous: Path | None = None, on_rows: Progress = silent
) -> Read:
    """Read text, brand, kind and cues of what `take_in` left; leaves ``out/work/rows``, ``out/work/hits`` and, for a model, ``out/work/text``.

    What the run in ``previous`` read of listings that say the same is taken over.
    """
    work = out / "work"
    return build_features(
        work / "listings",
        out=work,
        tokenizer=config.text.tokenizer,
        with_text=with_text,
        previous=previous / "work" if previous is not None else None,
        on_rows=lambda rows: on_rows("features", rows, n_listings),
    )


def score_lines(scored: ScoreReport, max_strong_rate: float) -> list[str]:
    """Return what a terminal says about the scores and the negative control."""
    bands = ", ".join(f"{name} {number:,}" for name, number in scored.bands.items())
    how = f"model {scored.model_version} for {', '.join(scored.learned)}" if scored.learned else "evidence (a priority, not a probability)"
    rows = [f"scored {scored.n_scored:,} by {how}: {bands}"]
    if scored.read_anew is not None and scored.read_anew < scored.n_scored:
        rows.append(f"read anew {scored.read_anew:,}; the other {scored.n_scored - scored.read_anew:,} say what an earlier run had read")
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
