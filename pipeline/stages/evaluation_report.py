"""An evaluation for people: lines for a terminal, and its plots."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from models.metrics import BUDGETS, CAPACITY
from pipeline.reports.charts import curve
from pipeline.store import write_atomically, write_json


def write_evaluation(summary: dict[str, Any], out: Path) -> list[Path]:
    """Write ``evaluation.json`` and the reliability plot into ``out``; returns what was written."""
    out.mkdir(parents=True, exist_ok=True)
    write_json(summary, out / "evaluation.json")
    points = [(one["promised"], one["found"]) for one in summary["model"]["reliability"]]
    svg = curve("reliability", points, across="promised", up="found")
    write_atomically(out / "reliability.svg", lambda partial: partial.write_text(svg, encoding="utf-8"))
    return [out / "evaluation.json", out / "reliability.svg"]


def evaluate_lines(summary: dict[str, Any]) -> list[str]:
    """Return the summary for a terminal."""
    split, capacity = summary["split"], summary["capacity"]
    return [
        f"{summary['n']:,} labelled test rows, {summary['n_positive']:,} positive",
        f"split: {split['kind']} ({split['why']}); {split['purged']:,} look-alike training rows purged",
        f"capacity: {capacity['rows']:,} rows ({capacity['a_week']} a week, {capacity['weeks']} weeks)",
        *_table(summary),
        *_comparisons(summary),
        *_promises(summary["model"]),
        *_parts(summary),
        *(f"note: {note}" for note in summary["notes"]),
    ]


def _table(summary: dict[str, Any]) -> list[str]:
    heads = [f"P@{share:.0%}" for share in BUDGETS] + ["P@cap", "harm5%"]
    lines = [f"{'':<18} {'PR-AUC':>22} {'ROC-AUC':>8} " + " ".join(f"{head:>6}" for head in heads)]
    for name, one in {"model": summary["model"], **summary["baselines"]}.items():
        values = [one["precision_at"][str(share)]["value"] for share in (*BUDGETS, CAPACITY)] + [one["harm_at"]["0.05"]["value"]]
        figures = " ".join(f"{value:>6.3f}" for value in values)
        lines.append(f"{name:<18} {one['pr_auc']['value']:>6.3f}{_bounds(one['pr_auc']['ci']):<16} {one['roc_auc']['value']:>8.3f} {figures}")
    return lines


def _comparisons(summary: dict[str, Any]) -> list[str]:
    said = {"tie": "a tie (inside the noise)", "better": "better", "worse": "WORSE"}
    return [
        f"model against {name:<18} PR-AUC {one['pr_auc']['difference']:+.3f}{_bounds(one['pr_auc']['ci'])} {said[one['pr_auc']['verdict']]}"
        for name, one in summary["paired"].items()
    ]


def _promises(model: dict[str, Any]) -> list[str]:
    tops = ", ".join(
        f"{name if name == CAPACITY else f'top {float(name):.0%}'} {one['value']:.2f}{_bounds(one['ci'], 2)}"
        for name, one in model["observed_over_expected"].items()
    )
    steps = " → ".join(f"{step['rung']} {step['pr_auc']:.3f}" for step in model["steps"])
    return [
        f"found over promised: {tops}",
        f"calibration slope {model['calibration_slope']:.2f}{_bounds(model['calibration_slope_ci'], 2)}, Brier skill {model['brier_skill']:.2f}",
        f"ladder (on rows apart): {steps}; kept: {model['rung']}",
    ]


def _parts(summary: dict[str, Any]) -> list[str]:
    lines = []
    for kind in ("populations", "definitions"):
        for name, one in summary[kind].items():
            figure = f", PR-AUC {one['model']['pr_auc']['value']:.3f}{_bounds(one['model']['pr_auc']['ci'])}" if "model" in one else " (too few)"
            lines.append(f"{name}: {one['n']:,} rows, {one['n_positive']:,} positive{figure}")
    worst = [
        (one["pr_auc"]["value"], f"{name}={value}", one)
        for name, values in summary["slices"].items()
        for value, one in values.items()
        if "pr_auc" in one
    ]
    lines += [
        f"weakest slice {name}: PR-AUC {value:.3f} ({one['n']:,} rows, {one['n_positive']:,} positive, "
        f"found over promised {one['observed_over_expected']:.2f})"
        for value, name, one in sorted(worst, key=lambda item: item[:2])[:3]
    ]
    if summary["within_source"]:
        lines.append(_within(summary["within_source"]))
    if "pr_auc" in summary["sellers"]:
        one = summary["sellers"]
        promised = ", ".join(f"top {float(share):.0%} {value:.2f}" for share, value in one["observed_over_expected_at"].items())
        lines.append(
            f"sellers: {one['n']:,}, {one['n_positive']:,} positive, PR-AUC {one['pr_auc']['value']:.3f}{_bounds(one['pr_auc']['ci'])}, "
            f"slope {one['calibration_slope']:.2f}, found over promised {promised}, rank correlation with size {one['rank_correlation_with_size']}"
        )
    tie = summary["ties"]["model"]["0.05"]
    lines.append(f"ties at 5 %: precision {tie['worst']:.3f} to {tie['best']:.3f} by their order ({tie['n_tied']:,} rows tied)")
    if summary["timeline"]:
        days = summary["timeline"]["days_earlier"]["model"]
        if days["n_found"]:
            lines.append(
                f"weekly lists: {days['n_found']:,} of {days['n_positive']:,} finds, {days['n_earlier']:,} before history; "
                f"median {days['median_days']} days earlier, at least {days['at_least_median_days']} "
                f"({days['n_censored']:,} were last seen before their outcome)"
            )
    if summary["selection"]:
        lines += _selection(summary["selection"])
    return lines


def _within(one: dict[str, Any]) -> str:
    figures = ", ".join(f"{name} {said['value']:.3f}{_bounds(said['ci'])}" for name, said in one["pr_auc"].items() if name in _WITHIN)
    left = f"; too few finds in {', '.join(one['left_out'])}" if one["left_out"] else ""
    return f"within each of {', '.join(one['sources'])}: PR-AUC {figures}{left}"


def _selection(one: dict[str, Any]) -> list[str]:
    lines = [f"for all listings, from {one['n']:,} looks of recorded chance ({one['n_positive']:,} positive):"]
    for name in ("prevalence", "precision_at_0.1", "precision_at_0.05"):
        forms = [f"{form.replace('_', ' ')} {one[name][form]['value']:.3f}{_bounds(one[name][form]['ci'])}" for form in _FORMS if form in one[name]]
        lines.append(f"  {name}: {'; '.join(forms)}")
    return lines


_WITHIN = ("model", "evidence_only", "missingness_only")
_FORMS = ("naive", "inverse_propensity", "doubly_robust")


def _bounds(ci: list[float] | None, digits: int = 3) -> str:
    return f" [{ci[0]:.{digits}f}, {ci[1]:.{digits}f}]" if ci else ""
