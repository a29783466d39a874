"""Outcomes to a model: one learner a behaviour, judged on a later block, taking over only where labels suffice and it wins."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from features.errors import DataError
from models.artifact import Model, load_model, save_model
from models.weights import BEHAVIOURS
from pipeline.config import RunConfig, configs_hash
from pipeline.manifest import code_hash, versions
from pipeline.reports.model_card import model_card
from pipeline.simulation.market import simulate
from pipeline.simulation.settings import load_market, load_tactics
from pipeline.stages.dataset import Dataset
from pipeline.stages.evaluate import Judged, evaluate, wins
from pipeline.store import write_json

LEARNED = BEHAVIOURS[:3]
_SELFTEST_ROWS = 64


@dataclass(frozen=True)
class Trained:
    """``summaries`` by behaviour: figures, or why nothing was learned."""

    folder: Path
    model: Model
    summaries: dict[str, dict[str, Any]]
    judged: dict[str, Judged]
    verdict: dict[str, str]

    @property
    def champion(self) -> bool:
        """True where at least one behaviour's learner wins."""
        return bool(self.model.takes_over)

    def lines(self) -> list[str]:
        """Return the summary for a terminal."""
        rows = [f"{name:<12} {text}" for name, text in self.verdict.items()]
        rows.append(f"model {self.model.version} in {self.folder}")
        takes = ", ".join(self.model.takes_over) or "nothing: the evidence score stays (coldstart)"
        return [*rows, f"takes over: {takes}"]


def train(data: Dataset, folder: Path, *, config: RunConfig, goods_groups: list[str], fingerprint: str, synthetic: bool) -> Trained:
    """Fit, judge and save into ``folder`` (replaced). The same data, settings and seed give the same version."""
    judged: dict[str, Judged] = {}
    verdict: dict[str, str] = {}
    takes_over: list[str] = []
    for behaviour in LEARNED:
        y = data.labels.positive(behaviour).to_numpy(dtype=bool)
        n_sellers = len(np.unique(data.groups[y]))
        limits = config.learn
        if y.sum() < limits.min_positives or n_sellers < limits.min_sellers:
            verdict[behaviour] = (
                f"{int(y.sum())} confirmed listings of {n_sellers} sellers; {limits.min_positives} of {limits.min_sellers} are needed"
            )
            continue
        try:
            judged[behaviour] = evaluate(data, y, settings=limits, seed=config.seed)
        except (DataError, ValueError) as error:
            verdict[behaviour] = f"not learned: {error}"
            continue
        summary = judged[behaviour].summary
        gain = summary["paired"]["evidence_only"]["pr_auc"]
        won = wins(summary)
        takes_over += [behaviour] if won else []
        verdict[behaviour] = (
            f"PR-AUC {summary['model']['pr_auc']['value']:.3f}, {gain['difference']:+.3f} against evidence "
            f"{_bounds(gain['ci'])}, {'takes over' if won else 'does not win, stays out'} ({summary['split']['kind']})"
        )
    facts = {
        "data": fingerprint,
        "synthetic": synthetic,
        "n_labels": len(data.labels.table),
        "configs_hash": configs_hash(),
        "code_hash": code_hash(),
        "versions": versions(),
        "seed": config.seed,
        "verdict": verdict,
        "evaluation": {name: one.summary for name, one in judged.items()},
        "importance": {name: one.learner.importance().head(20).round(3).to_dict() for name, one in judged.items()},
    }
    model = Model({name: one.learner for name, one in judged.items()}, takes_over, goods_groups, config.text.tokenizer, facts)
    if folder.exists():
        shutil.rmtree(folder)
    invented = simulate(_SELFTEST_ROWS, market=load_market(), tactics=load_tactics(), seed=config.seed)
    save_model(model, folder, titles=invented.listings["title"].tolist(), seed=config.seed)
    saved = load_model(folder)
    write_json({name: one.summary for name, one in judged.items()}, folder.parent / "evaluation.json")
    (folder.parent / "model_card.md").write_text(model_card(saved, verdict), encoding="utf-8")
    return Trained(folder, saved, {name: one.summary for name, one in judged.items()}, judged, verdict)


def _bounds(ci: list[float] | None) -> str:
    return f"[{ci[0]:+.3f}, {ci[1]:+.3f}]" if ci else "(no interval)"
