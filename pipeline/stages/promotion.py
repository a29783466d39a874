"""May the challenger order lists? Both models judge the same later rows and score the same batch; rules decide, a person may overrule.

Nothing is switched here: `promote` says what it found, and the command acts on it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from features.errors import DataError
from models.artifact import Model
from models.comparison import Comparison, Said, compare
from models.slices import slice_labels
from pipeline.config import RunConfig
from pipeline.labels import Labels
from pipeline.promotion_rules import PromotionRules
from pipeline.reference import load_reference
from pipeline.sources.times import VIETNAM
from pipeline.stages.batch_comparison import BatchComparison, compare_batch
from pipeline.stages.dataset import Dataset, build_dataset
from pipeline.stages.ingest import IngestReport
from pipeline.stages.learned_rows import Unseen, unseen_rows
from pipeline.stages.promotion_verdicts import Verdict, said_gap, verdicts
from pipeline.stages.score import fill_columns
from pipeline.store import read_json


@dataclass(frozen=True)
class Promotion:
    """The comparison and what follows from it; ``rows`` says for each behaviour which rows judged it; ``champion`` is ``None`` where evidence
    orders now.
    """

    challenger: str
    champion: str | None
    rows: dict[str, str]
    later: list[Comparison]
    batch: BatchComparison
    verdicts: list[Verdict]
    decision: str = "undecided"
    reason: str = ""

    @property
    def allowed(self) -> bool:
        """True where every rule holds."""
        return all(one.holds for one in self.verdicts)

    @property
    def promoted(self) -> bool:
        """True where the challenger becomes the champion."""
        return self.decision in ("promoted", "promoted anyway")

    def decide(self, *, dry_run: bool, anyway: str | None, note: str = "") -> Promotion:
        """Return the comparison with the decision: by the rules, or by the person who gives a reason in ``anyway``."""
        failed = ", ".join(one.rule for one in self.verdicts if not one.holds)
        if dry_run:
            decision, reason = "not promoted (dry run)", f"would fail: {failed}" if failed else "every rule holds"
        elif self.allowed:
            decision, reason = "promoted", "every rule holds"
        elif anyway is not None and anyway.strip():
            decision, reason = "promoted anyway", f"{anyway.strip()} (failed: {failed})"
        else:
            decision, reason = "not promoted", f"failed: {failed}. --anyway REASON overrules, in writing"
        return replace(self, decision=decision, reason=f"{reason}. {note}" if note else reason)

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return {
            "challenger": self.challenger,
            "champion": self.champion,
            "rows": self.rows,
            "later": {one.behaviour: one.to_json() for one in self.later},
            "batch": self.batch.to_json(),
            "rules": [one.__dict__ for one in self.verdicts],
            "allowed": self.allowed,
            "decision": self.decision,
            "reason": self.reason,
        }

    def lines(self) -> list[str]:
        """Return the summary for a terminal."""
        rows = [f"challenger {self.challenger} against {self.champion or 'evidence (no champion)'}"]
        rows += [f"{name:<12} judged on {said}" for name, said in self.rows.items()]
        for one in self.later:
            rows.append(
                f"{one.behaviour:<12} {one.n:,} rows, {one.n_positive:,} positive: PR-AUC {one.champion['pr_auc']['value']:.3f} -> "
                f"{one.challenger['pr_auc']['value']:.3f}, {said_gap(one.pr_auc_gap)}"
            )
        rows += self.batch.lines()
        rows += [f"{'holds' if one.holds else 'FAILS':<6} {one.rule:<12} {one.said}" for one in self.verdicts]
        return [*rows, f"{self.decision}: {self.reason}" if self.reason else self.decision]


def judge_challenger(
    out: Path,
    labels: Labels,
    challenger: Model,
    champion: Model | None,
    learned: Sequence[pd.DataFrame],
    *,
    rules: PromotionRules,
    config: RunConfig,
    capacity: pd.DataFrame | None = None,
) -> Promotion:
    """Compare on what `take_in` and `read_features` left in ``out``; leaves both lists in ``out/promotion``."""
    data = build_dataset(out / "work", labels, load_reference())
    taken = IngestReport.from_json(read_json(out / "work" / "ingest.json"))
    if taken.latest_capture is None:
        raise DataError(f"{out / 'work' / 'ingest.json'} names no capture; ingest again")
    as_of = taken.latest_capture.astimezone(VIETNAM).date()
    batch = compare_batch(out, champion, challenger, config=config, as_of=as_of, capacity=capacity)
    return promote(data, batch, challenger, champion, learned, rules=rules, config=config)


def promote(
    data: Dataset,
    batch: BatchComparison,
    challenger: Model,
    champion: Model | None,
    learned: Sequence[pd.DataFrame],
    *,
    rules: PromotionRules,
    config: RunConfig,
) -> Promotion:
    """Judge ``challenger`` on the rows of ``data`` that are in none of ``learned``; ``batch`` is what both say of a whole crawl."""
    fresh = {name: unseen_rows(data, learned, name) for name in _taken_over(challenger, champion)}
    later, thin = compare_later(data, fresh, challenger, champion, rules=rules, seed=config.seed)
    rulings = verdicts(later, thin, challenger, data, rules)
    rows = {name: f"{len(one.rows):,} of {len(data.rows):,} labelled rows, {one.why}" for name, one in fresh.items()}
    return Promotion(challenger.version, champion.version if champion else None, rows, later, batch, rulings)


def compare_later(
    data: Dataset, fresh: Mapping[str, Unseen], challenger: Model, champion: Model | None, *, rules: PromotionRules, seed: int
) -> tuple[list[Comparison], list[str]]:
    """Compare on the rows that may judge each behaviour; also returns, in words, the behaviours with too few finds to judge."""
    found, thin = [], []
    for behaviour, one in fresh.items():
        y = data.labels.positive(behaviour).to_numpy(dtype=bool)[one.rows]
        if y.sum() < rules.min_later_positives or y.all():
            thin.append(f"{behaviour} {int(y.sum())} of {rules.min_later_positives}")
            continue
        old, new = (_says(model, behaviour, data, one.rows) for model in (champion, challenger))
        labels = slice_labels(data.rows.iloc[one.rows].reset_index(drop=True))
        found.append(
            compare(
                behaviour, y, old, new, data.groups[one.rows], {str(name): labels[name] for name in labels},
                top_share=rules.calibration.top_share, least_positives=rules.slices.min_positives, n_resamples=rules.resamples, seed=seed,
            )
        )  # fmt: skip
    return found, thin


def _taken_over(challenger: Model, champion: Model | None) -> list[str]:
    """The behaviours that either model orders, the challenger's first."""
    return list(dict.fromkeys([*challenger.takes_over, *(champion.takes_over if champion else [])]))


def _says(model: Model | None, behaviour: str, data: Dataset, rows: npt.NDArray[np.int64]) -> Said:
    if model is None or behaviour not in model.takes_over:
        return Said(data.points[rows], None)
    learner = model.learners[behaviour]
    table = fill_columns(data.table.iloc[rows].reset_index(drop=True), [learner])
    probability = learner.predict(table, data.text[rows])["probability"].to_numpy()
    return Said(probability, probability)
