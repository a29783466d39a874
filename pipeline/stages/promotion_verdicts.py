"""The five rules of ``configs/promotion.yaml``, each judged by figures that it names."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import numpy as np

from models.artifact import Model
from models.comparison import Comparison
from pipeline.promotion_rules import PromotionRules
from pipeline.stages.dataset import Dataset
from pipeline.stages.score import fill_columns

#: Fewer rows than this are timed too roughly.
_TIMED_ROWS = 2000


@dataclass(frozen=True)
class Verdict:
    """One rule: ``said`` gives the figures it was judged by."""

    rule: str
    holds: bool
    said: str


def verdicts(later: list[Comparison], thin: list[str], challenger: Model, data: Dataset, rules: PromotionRules) -> list[Verdict]:
    """Return every rule's verdict; ``later`` compares behaviours on later rows, ``thin`` names those with too few finds to compare.

    Without a comparison no rule about it holds: a model is not promoted for want of evidence against it.
    """
    return [
        _enough(later, thin),
        _gains(later, rules),
        _calibrated(later, rules),
        _no_slice_lost(later, rules),
        _fast(challenger, data, rules),
    ]


def _enough(later: list[Comparison], thin: list[str]) -> Verdict:
    said = ", ".join(f"{one.behaviour} {one.n_positive}" for one in later) or "none"
    return Verdict("enough finds", bool(later), f"later finds {said}" + (f"; too few: {', '.join(thin)}" if thin else ""))


def _gains(later: list[Comparison], rules: PromotionRules) -> Verdict:
    better = [one.behaviour for one in later if one.pr_auc_gap["ci"] and one.pr_auc_gap["ci"][0] > rules.min_gain]
    worse = [one.behaviour for one in later if one.pr_auc_gap["ci"] and one.pr_auc_gap["ci"][1] < 0]
    said = "; ".join(f"{one.behaviour} {said_gap(one.pr_auc_gap)}" for one in later) or "nothing to judge by"
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
            words += f", Brier {said_gap(one.brier_gap)}"
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
    """Time the learned score of every labelled row on this machine, some of them again where they are few."""
    learners = [model.learners[name] for name in model.takes_over]
    rows = np.resize(np.arange(len(data.rows)), max(len(data.rows), _TIMED_ROWS))
    table, text = data.table.iloc[rows].reset_index(drop=True), data.text[rows]
    begun = time.process_time()
    for learner in learners:
        learner.predict(fill_columns(table, [learner]), text)
    each = 1000 * (time.process_time() - begun) / len(rows)
    return Verdict("speed", each <= rules.speed.max_ms_per_listing, f"{each:.3f} ms a listing of {rules.speed.max_ms_per_listing:g} allowed")


def said_gap(gap: dict[str, Any]) -> str:
    """Return a difference with its interval; one whose interval holds zero is called a tie."""
    ci = gap["ci"]
    if ci is None:
        return f"{gap['difference']:+.3f} (no interval)"
    word = "a tie" if ci[0] <= 0 <= ci[1] else ""
    return f"{gap['difference']:+.3f} [{ci[0]:+.3f}, {ci[1]:+.3f}]" + (f" {word}" if word else "")
