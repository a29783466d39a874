"""Names of networks that outlast a run: most of its members decide which earlier network it is, and merges and splits are said.

A new network is named by its oldest seller, so that two runs that know nothing of each other agree.
"""

from __future__ import annotations

from typing import NamedTuple

import pandas as pd


class Renamed(NamedTuple):
    """``ids``: the lasting id of each network; ``merges`` and ``splits``: what became of earlier networks, in words that name ids."""

    ids: dict[str, str]
    merges: list[str]
    splits: list[str]


def lasting_ids(networks: pd.DataFrame, before: pd.DataFrame) -> Renamed:
    """Return ids for ``networks`` (``network, seller``) that keep those of ``before`` (the same columns, of an earlier run).

    A network takes the earlier id that most of its members had, an earlier id goes to the network that holds most of its members (of equals
    the one whose own id comes first), and no id is used twice.
    """
    both = networks.merge(before.rename(columns={"network": "old"}), on="seller")
    counts = both.groupby(["old", "network"], sort=True).size().rename("n").reset_index()
    ids: dict[str, str] = {}
    taken: set[str] = set()
    # The largest overlaps choose first.
    for old, network, _ in counts.sort_values(["n", "old", "network"], ascending=[False, True, True]).itertuples(index=False):
        if network not in ids and old not in taken:
            ids[network] = old
            taken.add(old)
    known = set(before["network"])
    for network in sorted(set(networks["network"]) - set(ids)):
        name, number = network, 1
        while name in taken or name in known:
            number += 1
            name = f"{network}.{number}"
        ids[network] = name
        taken.add(name)
    merges = [
        f"{', '.join(sorted(group['old']))} are now one: {ids[str(network)]}"
        for network, group in counts.groupby("network", sort=True)
        if len(group) > 1
    ]
    splits = [
        f"{old} is now {len(group)}: {', '.join(sorted(ids[one] for one in group['network']))}"
        for old, group in counts.groupby("old", sort=True)
        if len(group) > 1
    ]
    return Renamed(ids, merges, splits)
