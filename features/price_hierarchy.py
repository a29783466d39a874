"""One estimate from several levels: what few sellers of the same product ask is drawn towards the model's, the brand's and the kind's middle.

A normal hierarchy, from wide to narrow. At each level the sellers' median estimates the level's own middle, the more surely the more sellers
there are and the closer they lie together; around the level above, a level's middle may lie as far off as that level's prices lie apart. The two
are averaged by their precision. What comes out is the middle that a genuine article's price is expected at, with its own uncertainty.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

#: How far sellers' prices of one kind, brand, model and product usually lie apart (standard deviation of the natural log); it counts as
#: `USUAL_CASES` sellers, so that three equal prices are no certainty. Read off the real listings (groups of five sellers or more, 2022–2026).
USUAL_SPREAD = {"kind": 0.9, "brand": 0.5, "model": 0.2, "product": 0.2}
USUAL_CASES = 4.0
#: The median of a normal sample varies so many times as much as its mean.
_MEDIAN_VARIANCE = np.pi / 2


class Level(NamedTuple):
    """Per row: how many sellers, the middle and the spread (standard deviation) of their log prices; 0 and missing where there are none."""

    name: str
    n: Floats
    middle: Floats
    spread: Floats


def expected(levels: list[Level]) -> tuple[Floats, Floats]:
    """Return mean and standard deviation of the expected log price per row, from ``levels`` ordered wide to narrow; missing where none speaks."""
    size = len(levels[0].n)
    mean, variance, off = np.full(size, np.nan), np.full(size, np.inf), np.zeros(size)
    for level in levels:
        some = (level.n > 0) & np.isfinite(level.middle)
        n, middle, spread = (np.where(some, column, instead) for column, instead in zip(level[1:], (1.0, 0.0, 0.0), strict=True))
        around = (n * spread**2 + USUAL_CASES * USUAL_SPREAD[level.name] ** 2) / (n + USUAL_CASES)
        sampling = _MEDIAN_VARIANCE * around / n
        # Certain of the wider level's middle, one still does not know how far off it this level's lies.
        prior = variance + off
        weight = 1.0 / (1.0 + sampling / prior)  # 1 where nothing wider is known: its variance is infinite
        start = np.where(np.isfinite(mean), mean, 0.0)
        mean = np.where(some, start + weight * (middle - start), mean)
        variance = np.where(some, weight * sampling, variance)
        off = np.where(some, around, off)
    return mean, np.where(np.isfinite(mean), np.sqrt(variance), np.nan)
