"""Whether the list's make-up moved since the last one so much that more should be read at random: the monitor's rules, held against that list."""

from __future__ import annotations

from typing import NamedTuple

import pandas as pd

from pipeline.monitor.checks import list_checks
from pipeline.monitor.exploration import proposal
from pipeline.monitor.figures import list_mix
from pipeline.monitor.settings import MonitorRules


class Drift(NamedTuple):
    """``shift``: the largest population stability index of leading behaviour, goods and platform of the targets within capacity, 0 where nothing
    moved; ``slots``: what is proposed, if anything. Only a person changes the setting.
    """

    shift: float
    slots: int | None


def drift_since(targets: pd.DataFrame, before: pd.DataFrame | None, *, slots: int, rules: MonitorRules) -> Drift | None:
    """Return how far the list moved since the last one, and what that proposes instead of ``slots``; ``None`` where the lists are too short for
    the rules to tell.
    """
    if before is None:
        return None
    found = list(list_checks(list_mix(targets), [list_mix(before)], rules))
    spoken = [one.value for one in found if one.state != "silent" and one.value is not None]
    return Drift(max(spoken), proposal(found, usual=slots, in_force=slots, rule=rules.exploration)) if spoken else None
