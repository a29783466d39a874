"""How good a ranked list was, whoever drew it up, judged the way an agency is: what was found where it sent people, and how much of what is known.

What nobody looked at is no miss and no find: precision is among looked-at targets, with the bounds it would have if every unseen one were innocent
or guilty. Two lists are compared at the same length, under the same resamples of targets.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from models.metrics import interval, verdict
from models.reliability import wilson

Floats = npt.NDArray[np.float64]
LENGTHS = (10, 20, 50, 100, 200, 500, 1000)


def list_quality(order: pd.Index, found: pd.Series, lengths: tuple[int, ...] = LENGTHS) -> list[dict[str, Any]]:
    """Return figures of the first ``k`` targets for each length up to the whole list.

    ``order``: target keys, best first, without repeats. ``found``: True or False by key, for every target that somebody looked at.
    """
    looked = found.reindex(order)
    known = looked.notna().to_numpy()
    hits = looked.fillna(False).astype(bool).to_numpy()
    total = int(found.sum())
    out = []
    for k in sorted({min(k, len(order)) for k in lengths} | {len(order)}):
        n, finds = int(known[:k].sum()), int(hits[:k].sum())
        low, high = wilson(finds, n)
        out.append(
            {
                "k": k, "looked_at": n, "finds": finds, "precision": finds / n if n else None, "ci": [low, high] if n else None,
                "if_unseen_innocent": finds / k, "if_unseen_guilty": (finds + k - n) / k, "recall": finds / total if total else None,
            }
        )  # fmt: skip
    return out


def compare_lists(
    left: pd.Index, right: pd.Index, found: pd.Series, *, n_resamples: int, seed: int, groups: pd.Series | None = None
) -> dict[str, Any]:
    """Return both lists cut to the shorter one's length: overlap, finds, and the paired difference of finds and of precision with intervals.

    ``groups``: which targets rise and fall together (sellers), by key; by default each on its own.
    """
    k = min(len(left), len(right))
    keys = left[:k].union(right[:k])
    looked = found.reindex(keys)
    known, hit = looked.notna().to_numpy().astype(float), looked.fillna(False).astype(bool).to_numpy().astype(float)
    sides = [keys.isin(one[:k]).astype(float) for one in (left, right)]
    codes = np.unique((groups.reindex(keys) if groups is not None else pd.Series(keys, index=keys)).astype(str), return_inverse=True)[1]
    generator = np.random.default_rng(seed)
    n = int(codes.max()) + 1 if len(codes) else 0
    draws = [generator.multinomial(n, np.full(n, 1 / n))[codes].astype(float) for _ in range(n_resamples)] if n else []

    def finds(weight: Floats) -> float:
        return float((sides[0] - sides[1]) @ (weight * hit))

    def precision(weight: Floats) -> float:
        parts = [(float(side @ (weight * hit)), float(side @ (weight * known))) for side in sides]
        return parts[0][0] / parts[0][1] - parts[1][0] / parts[1][1] if all(seen for _, seen in parts) else float("nan")

    ones = np.ones(len(keys))
    out: dict[str, Any] = {"k": k, "overlap": len(left[:k].intersection(right[:k]))}
    out["finds"] = [int(side @ hit) for side in sides]
    out["looked_at"] = [int(side @ known) for side in sides]
    for name, difference in (("finds_difference", finds), ("precision_difference", precision)):
        bounds = interval([difference(weight) for weight in draws])
        value = difference(ones)
        out[name] = {"difference": value if np.isfinite(value) else None, "ci": bounds, "verdict": verdict(bounds)}
    return out
