"""Communities from weighed edges: the strongest edges first, and none that would make a community too large.

That is Kruskal's (1956) order with a bound: what connected components would glue into one lump stays apart at its weakest edges. It needs no
seed and no resolution, and an edge more or less changes nothing elsewhere.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from features.segment.decide import compiled

Ints = npt.NDArray[np.int64]


def communities(a: Ints, b: Ints, points: Ints, first_day: Ints, *, largest: int) -> Ints:
    """Return for each seller (``len(first_day)``) the oldest of its community: the first seen, of equals the first in order.

    Edges of equal ``points`` are taken in the order of their sellers, so the result does not depend on how they are listed.
    """
    order = np.lexsort((b, a, -points))
    parent = np.arange(len(first_day), dtype=np.int64)
    _join(a[order], b[order], first_day, parent, np.ones(len(parent), dtype=np.int64), largest)
    return parent


@compiled
def _root(parent: Ints, at: int) -> int:
    while parent[at] != at:
        parent[at] = parent[parent[at]]
        at = parent[at]
    return at


@compiled
def _join(a: Ints, b: Ints, first_day: Ints, parent: Ints, size: Ints, largest: int) -> None:
    """Fill ``parent``: the root is always the oldest member."""
    for edge in range(len(a)):
        x, y = _root(parent, a[edge]), _root(parent, b[edge])
        if x != y and size[x] + size[y] <= largest:
            if first_day[y] < first_day[x] or (first_day[y] == first_day[x] and y < x):
                x, y = y, x
            parent[y] = x
            size[x] += size[y]
    for at in range(len(parent)):
        parent[at] = _root(parent, at)
