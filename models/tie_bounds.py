"""How much of a budget's precision hangs on how tied rows are ordered: with the best luck, with the worst, and on average."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from models.metrics import Ranked

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


def tie_bounds(y: Bools, score: Floats, size: int) -> dict[str, Any]:
    """Return precision of the top ``size`` rows: ``best``, ``worst``, ``random`` order of tied rows, and ``n_tied`` at the budget's edge."""
    ranked = Ranked.of(y, score)
    rows, hits = ranked.curve(np.ones(len(y)))
    size = min(max(1, size), len(y))
    block = int(np.searchsorted(rows, size))
    before, sure = (rows[block - 1], hits[block - 1]) if block else (0.0, 0.0)
    tied, positive, slots = rows[block] - before, hits[block] - sure, size - before
    best = min(positive, slots)
    worst = max(0.0, slots - (tied - positive))
    return {
        "best": float((sure + best) / size),
        "worst": float((sure + worst) / size),
        "random": float((sure + positive * slots / tied) / size),
        "n_tied": int(tied) if tied > 1 else 0,
    }
