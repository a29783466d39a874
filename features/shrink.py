"""Shares and means of a few, pulled towards what is usual: one bad listing of two is no shop of which half is bad."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

#: Until a market has shown anything, its usual share counts as seen in this many cases.
_MARKET_CASES = 100


def shrunken_share(hits: Ints, cases: Ints, usual: Floats, *, prior: float) -> Floats:
    """Return the mean of a beta-binomial share: ``hits`` of ``cases`` as if ``prior`` cases more had been seen with the ``usual`` share.

    >>> shrunken_share(np.array([1]), np.array([2]), np.array([0.02]), prior=20.0).round(4).tolist()
    [0.0636]
    """
    return (hits + prior * usual) / (cases + prior)


def usual_share(hits: Ints, cases: Ints, *, guess: float) -> Floats:
    """Return the share among all others, started from a ``guess`` as strong as 100 cases.

    >>> usual_share(np.array([0, 9]), np.array([0, 100]), guess=0.01).tolist()
    [0.01, 0.05]
    """
    return (hits + _MARKET_CASES * guess) / (cases + _MARKET_CASES)


def shrunken_mean(total: Floats, cases: Ints, usual: Floats | float, *, prior: float) -> Floats:
    """Return ``total`` over ``cases`` as if ``prior`` cases more had been seen at the ``usual`` value."""
    return np.asarray((total + prior * usual) / (cases + prior), dtype=np.float64)
