"""What a plan says of itself: to a terminal, to ``run.json`` and to the reports."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from pipeline.law import Law
from pipeline.planning.inputs import PlanningInputs
from pipeline.planning.issued import list_number
from pipeline.stages.plan import Plan
from pipeline.tables.targets import CHOSEN, REVIEW


def plan_facts(made: Plan, inputs: PlanningInputs, law: Law) -> dict[str, Any]:
    """Return counts, what each limit costs, which inputs and law tables were read: plain values."""
    return {
        "standing": {str(name): int(n) for name, n in made.targets["standing"].value_counts().sort_index().items()},
        "queue": {str(name): int(n) for name, n in made.targets["queue"].value_counts().sort_index().items()},
        "harm_chosen": round(made.harm, 6),
        "integrality_gap": round(made.gap, 6),
        "prices": made.prices.to_dict("records"),
        "left": len(made.left),
        "protected_listings": made.n_protected,
        "compared_with": made.compared_with,
        "rank_correlation_with_shop_size": {"priority": made.size_correlation, "harm": made.harm_size_correlation},
        "drift": made.drift._asdict() if made.drift else None,
        "inputs": inputs.files,
        "law_tables": [version._asdict() for version in law.versions],
    }


def plan_summary(made: Plan, as_of: date) -> dict[str, Any]:
    """Return what the reports add to the summary; ``expected_finds`` is for the leaders' summary only."""
    chosen = made.targets[made.targets["standing"].eq(CHOSEN)]
    known = chosen.dropna(subset=["probability"])
    sums = known.groupby("authority")[["probability_low", "probability", "probability_high"]].sum().round(3)
    return {
        "list": list_number(as_of),
        "compared_with": made.compared_with,
        "n_left": len(made.left),
        "n_review": int(made.targets["standing"].eq(REVIEW).sum()),
        "expected_finds": {
            str(row.Index): {"low": row.probability_low, "expected": row.probability, "high": row.probability_high,
                             "of": int(chosen["authority"].eq(row.Index).sum()), "with_probability": int(known["authority"].eq(row.Index).sum())}
            for row in sums.itertuples()
        },
        "prices": made.prices.to_dict("records"),
    }  # fmt: skip


def plan_lines(made: Plan) -> Iterator[str]:
    """Yield what a terminal says: where targets stand, what limits cost, and whether size decides."""
    counts = made.targets["standing"].value_counts()
    yield "standing: " + ", ".join(f"{name} {counts[name]:,}" for name in counts.index)
    if made.n_protected:
        yield f"left in peace after an appeal: {made.n_protected:,} listings"
    if len(costly := made.prices[made.prices["price"].gt(0) | made.prices["short"].gt(0)]):
        yield f"price of limits (harm that one more place, or one less demanded, would gain; chosen harm {made.harm:.2f}):"
        yield from (_price(row) for row in costly.sort_values(["price", "name"], ascending=[False, True]).head(10).itertuples())
    if made.drift is not None and made.drift.slots is not None:
        yield (
            f"signs and goods moved since {made.compared_with} (index {made.drift.shift:.2f}): "
            f"consider plan.review_slots: {made.drift.slots}; a person decides"
        )
    for name, value in (("priority", made.size_correlation), ("harm", made.harm_size_correlation)):
        if value is not None:
            yield f"rank correlation of {name} with shop size: {value:.2f}"


def _price(row: Any) -> str:
    short = f", {row.short} short" if row.short else ""
    return f"  {row.kind} {row.name}: {'at least' if row.floor else 'at most'} {row.bound}, used {row.used}{short}: {row.price:.3f}"
