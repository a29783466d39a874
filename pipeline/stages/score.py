"""Row and market features to scores and reasons: each part is weighed alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from features.seller import seller_key
from features.text_hashes import from_lists
from models.control import CONTROL_COLUMNS, count_control
from models.evidence import SIGN_COLUMNS, combine, weigh
from models.matrix import matrix
from models.weights import BEHAVIOURS, EvidenceWeights
from pipeline.config import configs_hash
from pipeline.manifest import code_hash, versions
from pipeline.parallel import on_processes
from pipeline.reasons import reasons_table
from pipeline.reference import Reference, load_reference
from pipeline.stages.market import join_rows
from pipeline.stages.scored_parts import PartCounts, drop_old_parts, hashed, kept_part, put_together, write_part
from pipeline.stages.unfed import as_if_new, unfed_columns, warn_unfed
from pipeline.store import parts, read_parquet
from pipeline.tables.scores import validate_scores

if TYPE_CHECKING:
    from models.artifact import Model
    from models.learner import Learner

MODEL_VERSION = "evidence-1"
_BANDS = ("red", "amber", "green")


@dataclass(frozen=True)
class ScoreReport:
    """How many listings were scored, by band, what fired on the negative control, and by behaviour which columns the model learned from (``unfed``)
    although nobody said what was found before. ``read_anew``: of how many listings the text was read for this run, where that is known.
    """

    n_scored: int
    bands: dict[str, int]
    control: pd.DataFrame
    n_control: int
    sellers_seen: bool
    n_synthetic: int
    learned: list[str]
    model_version: str
    unfed: dict[str, list[str]] = field(default_factory=dict)
    read_anew: int | None = None

    @property
    def warnings(self) -> list[str]:
        """What a reader must know before using the scores; one line each."""
        return warn_unfed(self.unfed, self.model_version)

    @property
    def score_kind(self) -> str:
        """``probability`` where a calibrated model orders at least one behaviour, else ``evidence``."""
        return "probability" if self.learned else "evidence"

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return {**self.__dict__, "control": self.control.to_dict("records")}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> ScoreReport:
        """Return what `to_json` described."""
        return cls(**{**values, "control": pd.DataFrame(values["control"], columns=CONTROL_COLUMNS)})


def score(
    listings: Path,
    features: Path,
    *,
    out: Path,
    reference: Reference,
    run_id: str,
    model: Model | None = None,
    past_known: bool = True,
    on_rows: Callable[[int], None] | None = None,
) -> ScoreReport:
    """Write ``out/scores.parquet`` and ``out/reasons.parquet``; returns counts and the negative control.

    Rows come out in the order of the parts, one per listing. ``model`` orders the behaviours that it takes over; without one, or for the
    others, the evidence does. ``past_known`` says whether the market features were made with what was found before. Parts that an earlier, perhaps
    stopped, run judged by the same are kept (``out/work/scored``).
    """
    todo, folder = parts(listings), out / "work" / "scored"
    drop_old_parts(folder, {part.name for part in todo})
    judge = _Judge(features, folder, reference, model if model is not None and model.takes_over else None, run_id, past_known)
    counts, made = PartCounts(), judge.made_by()
    for done in on_processes(partial(_judge_part, judge=judge, made=made), todo):
        counts = counts.add(done)
        if on_rows is not None:
            on_rows(done.n_scored)
    put_together(folder, [part.name for part in todo], out)
    return ScoreReport(
        counts.n_scored,
        {band: counts.bands.get(band, 0) for band in _BANDS},
        counts.control.table(),
        counts.control.n_rows,
        counts.sellers_seen,
        counts.n_synthetic,
        judge.model.takes_over if judge.model else [],
        judge.model.version if judge.model else MODEL_VERSION,
        unfed_columns(judge.model) if judge.model and not past_known else {},
    )


@dataclass(frozen=True)
class _Judge:
    """Everything that one part is judged by; it travels to the worker, the part does not. ``model`` is ``None`` where evidence orders all.

    ``folder`` takes the judged parts; ``past_known`` as for `score`.
    """

    features: Path
    folder: Path
    reference: Reference
    model: Model | None
    run_id: str
    past_known: bool

    def made_by(self) -> str | None:
        """Return an id of what parts are judged by, nothing where the model or the tables are somebody's own and have none."""
        if self.reference is not load_reference() or (self.model is not None and self.model.version == type(self.model).version):
            return None
        model = f"{self.model.version} {self.model.takes_over}" if self.model is not None else MODEL_VERSION
        return f"{model} {self.run_id} {self.past_known} {configs_hash()} {code_hash()} {sorted(versions().items())}"

    def __call__(self, part: Path) -> tuple[pd.DataFrame, pd.DataFrame, PartCounts]:
        """Return scores, reasons and counts of ``part``."""
        rows = join_rows(part, self.features)
        hits = with_lexicon(read_parquet(self.features / "hits" / part.name), self.reference)
        weights = self.reference.weights
        evidence = weigh(rows, hits, weights)
        learned: dict[str, pd.DataFrame] = {}
        signs = evidence.signs
        combined = evidence.scores
        if self.model is not None:
            text = self.features / "text" / part.name
            learned = predict(self.model, rows, hits, evidence.scores, text, past_known=self.past_known)
            combined = combine(evidence.scores, {name: one["probability"] for name, one in learned.items()}, weights)
            signs = pd.concat([signs, model_signs(self.model, learned, combined, signs, weights)], ignore_index=True)
            signs = signs.sort_values(["row", "points", "sign_id"], ascending=[True, False, True], kind="stable").reset_index(drop=True)
        scores = _score_rows(rows, combined, learned, self.run_id, self.model.version if self.model else MODEL_VERSION)
        counts = PartCounts(
            len(scores),
            {band: int((scores["band"] == band).sum()) for band in _BANDS},
            count_control(rows, hits, weights),
            int(rows["x_synthetic"].eq(True).sum()) if "x_synthetic" in rows else 0,
            bool(seller_key(rows).notna().any()),
        )
        return validate_scores(scores), reasons_table(rows, signs, self.reference), counts


def _judge_part(part: Path, *, judge: _Judge, made: str | None) -> PartCounts:
    """Judge ``part`` and write what came of it, or keep what an earlier run wrote from the same."""
    tables = ["rows", "hits", "market", *(["text"] if judge.model is not None else [])]
    source = hashed(made, [part, *(judge.features / table / part.name for table in tables)]) if made is not None else None
    if source is not None and (kept := kept_part(judge.folder, part.name, source=source)) is not None:
        return kept
    scores, reasons, counts = judge(part)
    write_part(scores, reasons, counts, judge.folder, part.name, source=source)
    return counts


def import_scoring() -> None:
    """Nothing but what a process has loaded once it knows this function: LightGBM above all."""


def with_lexicon(hits: pd.DataFrame, reference: Reference) -> pd.DataFrame:
    cues = reference.cues[["cue_id", "behaviour", "strength", "meaning_vi"]].drop_duplicates("cue_id")
    joined = hits.drop(columns=[name for name in ("behaviour", "strength", "meaning_vi") if name in hits])
    joined = joined.merge(cues, how="left", on="cue_id")
    joined["family"] = joined["behaviour"].map({"scam": "contact"}).fillna("words")
    return joined


def predict(
    model: Model, rows: pd.DataFrame, hits: pd.DataFrame, evidence: pd.DataFrame, text: Path, *, past_known: bool = True
) -> dict[str, pd.DataFrame]:
    """Return ``probability, low, high`` by behaviour that ``model`` takes over, missing outside its support; ``text`` is the part of hashed words.

    Where ``past_known`` is false no shop counts as found or cleared before.
    """
    table = matrix(rows, hits, evidence, model.goods_groups)
    counts = from_lists(read_parquet(text)["columns"].tolist())
    table = fill_columns(table, model.learners.values())
    tables = {name: table if past_known else as_if_new(table, model.learners[name]) for name in model.takes_over}
    said = {name: model.learners[name].predict(tables[name], counts) for name in model.takes_over}
    outside = {name: ~model.learners[name].support.inside(rows) for name in said}
    return {name: one.mask(np.repeat(outside[name][:, None], one.shape[1], axis=1)) for name, one in said.items()}


def fill_columns(table: pd.DataFrame, learners: Iterable[Learner]) -> pd.DataFrame:
    """Return ``table`` with the columns that ``learners`` know and it lacks (an ``x_NAME`` that this source does not have), all missing."""
    kinds = {name: "str" if name in one.categories else "float32" for one in learners for name in sorted(set(one.columns) - set(table))}
    return table.assign(**{name: pd.Series(np.nan, index=table.index, dtype=kind) for name, kind in kinds.items()})


def model_signs(
    model: Model, learned: dict[str, pd.DataFrame], combined: pd.DataFrame, signs: pd.DataFrame, weights: EvidenceWeights
) -> pd.DataFrame:
    """One sign a listing that stands high by the model alone, so that no target is without a reason."""
    spoken = set(signs.loc[signs["points"].gt(0), "row"])
    rows = [row for row in np.flatnonzero(combined["points"].ge(weights.bands.amber_points)) if row not in spoken]
    best = pd.DataFrame({name: one["probability"] for name, one in learned.items()}).fillna(-1.0)
    table = pd.DataFrame({"row": rows, "sign_id": "model", "behaviour": [best.loc[row].idxmax() for row in rows], "family": "model"})
    table["points"] = combined["points"].to_numpy()[rows]
    for name, kind in (("field", "str"), ("quote", "str"), ("start", "float64"), ("end", "float64")):
        table[name] = pd.Series(np.nan, index=table.index).astype(kind)
    return table[SIGN_COLUMNS]


def _score_rows(
    rows: pd.DataFrame, combined: pd.DataFrame, learned: dict[str, pd.DataFrame], run_id: str, version: str
) -> pd.DataFrame:
    table = pd.concat(
        [rows[["platform", "listing_id", "captured_at", "seller_id"]], combined.drop(columns=["n_families"])], axis=1
    )
    for behaviour in BEHAVIOURS[:3]:
        for part, column in (("", "probability"), ("_low", "low"), ("_high", "high")):
            table[f"probability{part}_{behaviour}"] = learned[behaviour][column].to_numpy() if behaviour in learned else float("nan")
    spoken = np.zeros(len(rows), dtype=bool)
    for one in learned.values():
        spoken |= one["probability"].notna().to_numpy()
    kind = np.where(spoken, "probability", "evidence")
    return table.assign(score_kind=kind, expected_harm=float("nan"), model_version=version, run_id=run_id)
