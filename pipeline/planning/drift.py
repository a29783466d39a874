"""Whether the market moved since the last list so much that more should be read at random. It proposes; only a person changes the setting."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

#: Fewer targets than this in either list say nothing about shares.
_ENOUGH = 30
#: Population stability index from which a shift counts as large, as usual for score cards; below 0.1 nothing moved.
LARGE = 0.25


class Drift(NamedTuple):
    """``shift``: population stability index of leading behaviour and goods, 0 where nothing moved; ``slots``: what is proposed, if anything."""

    shift: float
    slots: int | None


def drift_since(targets: pd.DataFrame, before: pd.DataFrame | None, *, slots: int) -> Drift | None:
    """Return how far the mix of signs and goods moved since the last list, and twice the ``slots`` where that is far; ``None`` where either list
    is too short to tell.
    """
    if before is None or min(len(targets), len(before)) < _ENOUGH:
        return None
    now, then = _mix(targets).align(_mix(before), fill_value=0)
    # Half a target more everywhere, so that a kind seen for the first time counts without being endless.
    p, q = (now + 0.5) / (now + 0.5).sum(), (then + 0.5) / (then + 0.5).sum()
    shift = round(float(((p - q) * np.log(p / q)).sum()), 4)
    return Drift(shift, 2 * max(1, slots) if shift >= LARGE else None)


def _mix(table: pd.DataFrame) -> pd.Series:
    lead = table["behaviours"].str[0].fillna("")
    goods = table["goods"].str.split(", ").str[0].fillna("")
    return (lead + " | " + goods).value_counts()
