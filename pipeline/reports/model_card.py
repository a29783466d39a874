"""The model card, written from the run: what the model is for, what it learned from, how it was judged, where it is weak, what it is not for.

Every figure comes from the evaluation that trained the model; nothing is written down by hand.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from models.artifact import Model

_MEASURES = (("PR-AUC", "pr_auc", None), ("ROC-AUC", "roc_auc", None), ("P@1 %", "precision_at", "0.01"), ("P@5 %", "precision_at", "0.05"))
#: Parts of an evaluation that say for whom the figures hold.
_PARTS = {"populations": "By population", "definitions": "By what counts as negative", "slices": "By slice (– where finds are too few)"}
_PART_HEAD = "| rows | n | positive | PR-AUC | P@5 % | found over promised |"
_NOT_FOR = [
    "a finding about anybody: a listing shows signs, a person decides",
    "a ground for an inspection or a sanction by itself, nor the only reason of any decision about a person or a shop",
    "a statement about listings that nobody would have looked at: labels exist only where somebody did",
    "sources that lack price and seller where the training had them, other languages, or goods that no label speaks of",
    "ranking inspectors, platforms or places",
]


def model_card(model: Model, verdict: Mapping[str, str]) -> str:
    """Return the card as Markdown; ``verdict`` says for each behaviour why it takes over or not."""
    facts = model.facts
    evaluation: Mapping[str, Any] = facts.get("evaluation", {})
    lines = [
        f"# Model {model.version}",
        "",
        *(["**SYNTHETIC: learned from an invented market. Its figures say nothing about a real one.**", ""] if facts["synthetic"] else []),
        "## Intended use",
        "Puts listings in the order in which people should look at them, behaviour by behaviour, within what a team can visit in a week.",
        "It is no finding about anybody, and no ground for an inspection by itself.",
        f"Orders lists for: {', '.join(model.takes_over) or 'nothing; the evidence score orders everything'}.",
        "",
        "| behaviour | verdict |",
        "|---|---|",
        *(f"| {name} | {text} |" for name, text in verdict.items()),
        "",
        "## Data",
        f"- {facts['n_labels']:,} listings that somebody looked at; fingerprint of crawl and labels `{facts['data'][:16]}`",
        f"- settings `{facts['configs_hash']}`, code `{facts['code_hash']}`, seed {facts['seed']}, "
        + ", ".join(f"{name} {version}" for name, version in facts["versions"].items()),
        *(line for name, summary in evaluation.items() for line in _data_lines(name, summary)),
        "",
        "## How it was judged",
        *(line for name, summary in evaluation.items() for line in _judged(name, summary)),
        *([] if evaluation else ["No behaviour had labels enough to be judged."]),
        "",
        "## Limits",
        *(f"- {note}" for note in _limits(evaluation)),
        "- Market references are fitted on the whole crawl; they use no label.",
        "- The bounds of a probability say how far the fits differ, not how far the world may drift.",
        "",
        "## Not for",
        *(f"- {one}" for one in _NOT_FOR),
    ]
    return "\n".join(lines) + "\n"


def _data_lines(name: str, summary: Mapping[str, Any]) -> Iterator[str]:
    split = summary["split"]
    yield f"- {name}: judged on {summary['n']:,} rows, {summary['n_positive']:,} positive; split by {split['kind']} ({split['why']})"


def _judged(name: str, summary: Mapping[str, Any]) -> Iterator[str]:
    yield from ["", f"### {name}", "", "| scorer | " + " | ".join(title for title, _, _ in _MEASURES) + " |", "|---|" + "---|" * len(_MEASURES)]
    for scorer, one in {"model": summary["model"], **summary.get("baselines", {})}.items():
        yield f"| {scorer} | " + " | ".join(_figure(_measure(one, key, share)) for _, key, share in _MEASURES) + " |"
    model = summary["model"]
    promised = model.get("observed_over_expected_at")
    if isinstance(promised, Mapping):
        said = ", ".join(f"top {float(share):.0%} {value:.2f}" for share, value in promised.items() if isinstance(value, (int, float)))
        yield from ["", f"Finds over promised finds: {said}. Brier skill {_figure(model.get('brier_skill'))}."]
    for part, title in _PARTS.items():
        rows = list(_part_rows(summary.get(part)))
        if rows:
            yield from ["", f"{title}:", "", _PART_HEAD, "|---|---|---|---|---|---|", *rows]


def _part_rows(part: Any, path: str = "") -> Iterator[str]:
    """One table row for every group of rows within ``part``; a group with too few finds has counts and no figure."""
    if not isinstance(part, Mapping):
        return
    if "n" in part and "n_positive" in part:
        figures = part.get("model", part)
        precision = figures.get("precision_at_0.05", _measure(figures, "precision_at", "0.05"))
        said = " | ".join(_figure(one) for one in (figures.get("pr_auc"), precision, figures.get("observed_over_expected")))
        yield f"| {path} | {part['n']:,} | {part['n_positive']:,} | {said} |"
        return
    for name, inner in part.items():
        yield from _part_rows(inner, f"{path}: {name}" if path else str(name))


def _limits(evaluation: Mapping[str, Any]) -> list[str]:
    """The notes of the evaluations, each once, and the baselines that the model does not beat."""
    notes = list(dict.fromkeys(str(note) for summary in evaluation.values() for note in summary.get("notes", [])))
    for name, summary in evaluation.items():
        tied = [rival for rival, gaps in summary.get("paired", {}).items() if not _beats(gaps.get("pr_auc", {}))]
        if tied:
            notes.append(f"{name}: no better than {', '.join(tied)} outside the noise")
    return notes


def _beats(gap: Mapping[str, Any]) -> bool:
    bounds = gap.get("ci")
    return bool(bounds and bounds[0] > 0)


def _measure(one: Any, key: str, share: str | None) -> Any:
    found = one.get(key) if isinstance(one, Mapping) else None
    return found.get(share) if share is not None and isinstance(found, Mapping) else found


def _figure(found: Any) -> str:
    if isinstance(found, Mapping):
        bounds = found.get("ci")
        return _figure(found.get("value")) + (f" [{bounds[0]:.3f}, {bounds[1]:.3f}]" if bounds else "")
    return f"{found:.3f}" if isinstance(found, (int, float)) else "–"
