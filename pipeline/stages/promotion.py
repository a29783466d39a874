"""May the challenger order lists? Both models judge the same later rows and score the same batch; rules decide, a person may overrule.

Nothing is switched here: `promote` says what it found, and the command acts on it.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from models.artifact import Model
from models.comparison import Comparison, Said, compare
from pipeline.config import RunConfig
from pipeline.promotion_rules import PromotionRules
from pipeline.stages.batch_comparison import BatchComparison
from pipeline.stages.dataset import Dataset
from pipeline.stages.learned_rows import Unseen, unseen_rows
from pipeline.stages.score import fill_columns

_SLICES = ("platform", "goods_group", "shop")


@dataclass(frozen=True)
class Verdict:
    """One rule: ``said`` gives the figures it was judged by."""

    rule: str
    holds: bool
    said: str


@dataclass(frozen=True)
class Promotion:
    """The comparison and what follows from it; ``champion`` is ``None`` where evidence orders now."""

    challenger: str
    champion: str | None
    rows: str
    later: list[Comparison]
    batch: BatchComparison
    verdicts: list[Verdict]
    decision: str = "undecided"
    reason: str = ""

    @property
    def allowed(self) -> bool:
        """True where every rule holds."""
        return all(one.holds for one in self.verdicts)

    def decided(self, decision: str, reason: str) -> Promotion:
        """Return the same comparison with what was decided and why."""
        return replace(self, decision=decision, reason=reason)

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
        rows = [f"challenger {self.challenger} against {self.champion or 'evidence (no champion)'}", f"later rows: {self.rows}"]
        for one in self.later:
            rows.append(
                f"{one.behaviour:<12} {one.n:,} rows, {one.n_positive:,} positive: PR-AUC {one.champion['pr_auc']['value']:.3f} -> "
                f"{one.challenger['pr_auc']['value']:.3f}, {_gap(one.pr_auc_gap)}"
            )
        rows += self.batch.lines()
        rows += [f"{'holds' if one.holds else 'FAILS':<6} {one.rule:<12} {one.said}" for one in self.verdicts]
        return [*rows, f"{self.decision}: {self.reason}" if self.reason else self.decision]


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
    fresh = unseen_rows(data, learned)
    later, thin = compare_later(data, fresh, challenger, champion, rules=rules, seed=config.seed)
    verdicts = [
        _enough(later, thin, rules),
        _gains(later, rules),
        _calibrated(later, rules),
        _no_slice_lost(later, rules),
        _fast(challenger, data, rules),
    ]
    said = f"{len(fresh.rows):,} of {len(data.rows):,} labelled rows: {fresh.why}"
    return Promotion(challenger.version, champion.version if champion else None, said, later, batch, verdicts)


def compare_later(
    data: Dataset, fresh: Unseen, challenger: Model, champion: Model | None, *, rules: PromotionRules, seed: int
) -> tuple[list[Comparison], list[str]]:
    """Compare on the behaviours that either model takes over; also returns, in words, those with too few finds to judge."""
    taken = set(challenger.takes_over) | set(champion.takes_over if champion else [])
    found, thin = [], []
    for behaviour in [name for name in challenger.learners if name in taken] + sorted(taken - set(challenger.learners)):
        y = data.labels.positive(behaviour).to_numpy(dtype=bool)[fresh.rows]
        if y.sum() < rules.min_later_positives or y.all():
            thin.append(f"{behaviour} {int(y.sum())} of {rules.min_later_positives}")
            continue
        old, new = (_says(model, behaviour, data, fresh.rows) for model in (champion, challenger))
        found.append(
            compare(
                behaviour, y, old, new, data.groups[fresh.rows], _slices(data, fresh.rows),
                top_share=rules.calibration.top_share, least_positives=rules.slices.min_positives, n_resamples=rules.resamples, seed=seed,
            )
        )  # fmt: skip
    return found, thin


def _says(model: Model | None, behaviour: str, data: Dataset, rows: npt.NDArray[np.int64]) -> Said:
    if model is None or behaviour not in model.takes_over:
        return Said(data.points[rows], None)
    learner = model.learners[behaviour]
    table = fill_columns(data.table.iloc[rows].reset_index(drop=True), [learner])
    probability = learner.predict(table, data.text[rows])["probability"].to_numpy()
    return Said(probability, probability)


def _slices(data: Dataset, rows: npt.NDArray[np.int64]) -> dict[str, pd.Series]:
    table = data.table.iloc[rows].reset_index(drop=True)
    goods = table[[name for name in table if name.startswith("goods=")]]
    group = goods.idxmax(axis=1).str.removeprefix("goods=").where(goods.max(axis=1).gt(0))
    listed = np.expm1(table["log_seller_n_collected"])
    shop = pd.cut(listed, [-np.inf, 3, 20, np.inf], labels=["up to 3 listings", "4 to 20", "over 20"]).astype("str")
    platform = data.rows["platform"].iloc[rows].reset_index(drop=True)
    return dict(zip(_SLICES, (platform, group, shop), strict=True))


def _enough(later: list[Comparison], thin: list[str], rules: PromotionRules) -> Verdict:
    said = ", ".join(f"{one.behaviour} {one.n_positive}" for one in later) or "none"
    return Verdict("enough finds", bool(later), f"later finds {said}" + (f"; too few: {', '.join(thin)}" if thin else ""))


def _gains(later: list[Comparison], rules: PromotionRules) -> Verdict:
    better = [one.behaviour for one in later if one.pr_auc_gap["ci"] and one.pr_auc_gap["ci"][0] > rules.min_gain]
    worse = [one.behaviour for one in later if one.pr_auc_gap["ci"] and one.pr_auc_gap["ci"][1] < 0]
    said = "; ".join(f"{one.behaviour} {_gap(one.pr_auc_gap)}" for one in later) or "nothing to judge by"
    return Verdict("gain", bool(better) and not worse, said)


def _calibrated(later: list[Comparison], rules: PromotionRules) -> Verdict:
    limits = rules.calibration
    holds, said = bool(later), []
    for one in later:
        new, old = one.observed_over_expected["challenger"], one.observed_over_expected["champion"]
        if new is None:
            continue
        # Distances on the log scale: half as many finds as promised is as wrong as twice as many.
        inside = limits.lowest <= new <= limits.highest
        holds &= inside or (old is not None and 0 < new and abs(np.log(new)) <= abs(np.log(max(old, 1e-9))))
        words = f"{one.behaviour} finds over promised {new:.2f}" + (f" (champion {old:.2f})" if old is not None else "")
        if one.brier_gap is not None:
            bounds = one.brier_gap["ci"]
            holds &= one.brier_gap["difference"] <= limits.max_brier_loss or bounds is None or bounds[0] <= limits.max_brier_loss
            words += f", Brier {_gap(one.brier_gap)}"
        said.append(words)
    return Verdict("calibration", holds, "; ".join(said) or "nothing is promised")


def _no_slice_lost(later: list[Comparison], rules: PromotionRules) -> Verdict:
    gaps = [(one.behaviour, gap) for one in later for gap in one.slices]
    lost = [f"{name} {gap.slice} {gap.value} {gap.difference:+.3f}" for name, gap in gaps if _collapsed(gap.difference, gap.ci, rules)]
    worst = min(gaps, key=lambda item: item[1].difference, default=None)
    if lost:
        return Verdict("slices", False, f"lost: {'; '.join(lost)}")
    said = f"{len(gaps)} slices" + (f", worst {worst[1].slice} {worst[1].value} {worst[1].difference:+.3f}" if worst else ": none is large enough")
    return Verdict("slices", bool(later), said)


def _collapsed(difference: float, ci: list[float] | None, rules: PromotionRules) -> bool:
    return difference < -rules.slices.max_drop and ci is not None and ci[1] < 0


def _fast(model: Model, data: Dataset, rules: PromotionRules) -> Verdict:
    """Time the learned score of every labelled row, at least two thousand of them, on this machine."""
    learners = [model.learners[name] for name in model.takes_over]
    rows = np.resize(np.arange(len(data.rows)), max(len(data.rows), 2000))
    table, text = data.table.iloc[rows].reset_index(drop=True), data.text[rows]
    begun = time.process_time()
    for learner in learners:
        learner.predict(fill_columns(table, [learner]), text)
    each = 1000 * (time.process_time() - begun) / len(rows)
    return Verdict("speed", each <= rules.speed.max_ms_per_listing, f"{each:.3f} ms a listing of {rules.speed.max_ms_per_listing:g} allowed")


def _gap(gap: dict[str, Any]) -> str:
    ci = gap["ci"]
    if ci is None:
        return f"{gap['difference']:+.3f} (no interval)"
    word = "a tie" if ci[0] <= 0 <= ci[1] else ""
    return f"{gap['difference']:+.3f} [{ci[0]:+.3f}, {ci[1]:+.3f}]" + (f" {word}" if word else "")
