"""Two samples held against each other: how far apart, and how far chance alone would have moved them. Pure arithmetic on counts.

Where nothing moved, the population stability index of samples of n and m falls as ``design_effect * (1/n + 1/m) * chi2`` with one degree of
freedom less than there are bins (its second-order expansion; docs/monitoring.md), and a difference of shares as a normal.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import lru_cache
from statistics import median
from typing import NamedTuple

import numpy as np
from scipy.special import chdtri, ndtri

from pipeline.monitor.settings import SamplingRule

#: Bins with a smaller share in the mean of both sides are told together: a handful of listings must not decide.
_SMALL_BIN = 0.01


class Shift(NamedTuple):
    """``value``: how far apart; ``chance``: how far chance alone goes but for the rate of false alarms; ``n``: the smaller sample."""

    value: float
    chance: float
    n: int


def psi(now: Sequence[float], before: Sequence[Sequence[float]], sampling: SamplingRule, *, effect: float | None = None) -> Shift | None:
    """Return the population stability index of counts ``now`` against the mean shares of the nights ``before``; ``None`` where a side is empty.

    The nights before count as one sample of their median size, since they saw mostly the same listings. ``effect`` replaces the design effect.
    """
    sizes = [float(sum(one)) for one in before]
    n, m = float(sum(now)), median(sizes) if sizes else 0.0
    if not n or not m or not all(sizes):
        return None
    p = np.asarray(now, dtype=float) / n
    q = np.mean([np.asarray(one, dtype=float) / size for one, size in zip(before, sizes, strict=True)], axis=0)
    small = (p + q) / 2 < _SMALL_BIN
    p, q = (np.append(one[~small], one[small].sum()) for one in (p, q))
    # Half a listing more everywhere, so that an empty bin is not endless; and a rest that nobody is in is no bin.
    held = (p + q) > 0
    p, q = ((one[held] + 0.5 / min(n, m)) / (one[held] + 0.5 / min(n, m)).sum() for one in (p, q))
    value = float(((p - q) * np.log(p / q)).sum())
    factor = sampling.design_effect if effect is None else effect
    chance = factor * (1 / n + 1 / m) * _chi2(sampling.false_alarm, len(p))
    return Shift(round(value, 4), round(chance, 4), int(min(n, m)))


def aligned(now: Mapping[str, int], before: Sequence[Mapping[str, int]]) -> tuple[list[float], list[list[float]]]:
    """Return counts by name as counts in one order, for `psi`."""
    names = sorted({*now, *(name for one in before for name in one)})
    return [float(now.get(name, 0)) for name in names], [[float(one.get(name, 0)) for name in names] for one in before]


def rise(now: tuple[float, float], before: Sequence[tuple[float, float]], sampling: SamplingRule) -> Shift | None:
    """Return by how much a share rose, from ``(count, of how many)``, against the median share of the nights ``before``."""
    held = [(count, n) for count, n in before if n]
    if not now[1] or not held:
        return None
    n, m = now[1], median(size for _, size in held)
    share, was = now[0] / n, median(count / size for count, size in held)
    # Pooled, and never 0 or 1: a field that all had yesterday still had a chance of being missing.
    pooled = min(max((share * n + was * m) / (n + m), 1 / (n + m)), 1 - 1 / (n + m))
    spread = math.sqrt(sampling.design_effect * pooled * (1 - pooled) * (1 / n + 1 / m))
    return Shift(round(share - was, 4), round(_z(sampling.false_alarm) * spread, 4), int(min(n, m)))


def ratio(now: int, before: Sequence[int], sampling: SamplingRule) -> Shift | None:
    """Return tonight's number as a multiple of the nights' median; ``chance`` is how far below or above 1 a count of that size falls."""
    middle = float(median(before)) if before else 0.0
    if not middle:
        return None
    chance = _z(sampling.false_alarm) * math.sqrt(2 * sampling.design_effect / middle)
    return Shift(round(now / middle, 4), round(chance, 4), int(middle))


def needed_for_psi(threshold: float, bins: int, sampling: SamplingRule, *, effect: float | None = None) -> int:
    """Return how large both samples must be before ``threshold`` is further than chance goes.

    >>> needed_for_psi(0.25, 10, SamplingRule(false_alarm=0.001, design_effect=1))
    224
    """
    factor = sampling.design_effect if effect is None else effect
    return math.ceil(2 * factor * _chi2(sampling.false_alarm, bins) / threshold)


def needed_for_rise(threshold: float, share: float, sampling: SamplingRule) -> int:
    """Return how large both samples must be before a rise by ``threshold`` of about ``share`` is further than chance goes.

    >>> needed_for_rise(0.1, 0.5, SamplingRule(false_alarm=0.001, design_effect=1))
    478
    """
    return math.ceil(2 * _z(sampling.false_alarm) ** 2 * sampling.design_effect * share * (1 - share) / threshold**2)


def needed_for_ratio(distance: float, sampling: SamplingRule) -> int:
    """Return how many listings a night must bring before a ratio ``distance`` away from 1 is further than chance goes.

    >>> needed_for_ratio(0.5, SamplingRule(false_alarm=0.001, design_effect=1))
    77
    """
    return math.ceil(2 * _z(sampling.false_alarm) ** 2 * sampling.design_effect / distance**2)


@lru_cache(maxsize=8)
def _z(false_alarm: float) -> float:
    return float(-ndtri(false_alarm))


@lru_cache(maxsize=256)
def _chi2(false_alarm: float, bins: int) -> float:
    return float(chdtri(max(1, bins - 1), false_alarm))
