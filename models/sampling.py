"""Which listings people should read: the highest, some at random, some from every height of score, each with its chance of being chosen.

The highest are certain. Of the rest two samples are drawn independently of each other, one from all, one from each stratum of score, so that
the chance of being in either is known exactly: 1 - (1 - random)(1 - stratum). Only with these chances do the looks speak for the market.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
SAMPLE_COLUMNS = ["row", "drawn_by", "stratum", "selection_probability"]


def draw_sample(score: Floats, *, top: int, random: int, stratified: int, edges: Sequence[float], seed: int) -> pd.DataFrame:
    """Return the rows drawn (``SAMPLE_COLUMNS``), in random order; the same input and seed give the same sample.

    ``score``: higher is riskier; the first of tied rows are taken as the highest. ``edges``: a row belongs to the stratum of how many edges
    are at or below its score, counted from 0. ``drawn_by``: ``top``, ``random``, ``stratum`` or ``random+stratum``.
    """
    generator = np.random.default_rng(seed)
    order = np.argsort(-score, kind="stable")
    highest, rest = order[:top], np.sort(order[top:])
    stratum = np.searchsorted(np.asarray(edges, dtype=float), score, side="right")
    by_chance, chance = _some(rest, random, generator)
    by_stratum = np.zeros(len(score), dtype=bool)
    stratum_chance = np.zeros(len(score))
    sizes = np.bincount(stratum[rest], minlength=len(edges) + 1)
    for code, wanted in enumerate(allocate(sizes, stratified)):
        mine = rest[stratum[rest] == code]
        drawn, share = _some(mine, wanted, generator)
        by_stratum[drawn], stratum_chance[mine] = True, share
    randomly = np.zeros(len(score), dtype=bool)
    randomly[by_chance] = True
    probability = 1 - (1 - chance) * (1 - stratum_chance)
    probability[highest] = 1.0
    rows = np.concatenate([highest, np.flatnonzero(randomly | by_stratum)])
    names = np.select([randomly & by_stratum, randomly, by_stratum], ["random+stratum", "random", "stratum"], "top")
    table = pd.DataFrame({"row": rows, "drawn_by": names[rows], "stratum": stratum[rows], "selection_probability": probability[rows]})
    # Whoever reads must not learn from the order which are the highest.
    return table.iloc[generator.permutation(len(table))].reset_index(drop=True)


def allocate(sizes: Ints, wanted: int) -> Ints:
    """Share ``wanted`` looks equally among strata of these sizes; what a small stratum cannot take goes to the others."""
    given = np.zeros(len(sizes), dtype=np.int64)
    while (left := min(wanted, int(sizes.sum())) - int(given.sum())) > 0:
        open_ = np.flatnonzero(given < sizes)
        each = max(1, left // len(open_))
        for code in open_[: left if each == 1 else None]:
            given[code] += min(each, sizes[code] - given[code], wanted - given.sum())
    return given


def _some(rows: Ints, wanted: int, generator: np.random.Generator) -> tuple[Ints, float]:
    """Rows drawn without replacement, and the chance each of them had."""
    n = min(wanted, len(rows))
    return generator.choice(rows, size=n, replace=False), n / len(rows) if len(rows) else 0.0
