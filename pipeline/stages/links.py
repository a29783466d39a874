"""The crawl to links: near-duplicates, relistings and networks as market columns, and the tables that say what ties whom.

``work/links`` holds ``links.parquet`` (edges with their evidence), ``networks.parquet``, ``hubs.parquet`` and ``groups.parquet`` (sellers that
training must keep on one side), all as of the last day of the crawl; ``summary.json`` is what the terminal and ``run.json`` say.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from features.days import Ints, first_days
from features.errors import ConfigError, DataError
from features.link_rows import LinkRows, link_rows
from features.near_duplicates import near_duplicates
from features.neighbours import Neighbourhood, first_found, neighbourhood, network_id
from features.network_ids import lasting_ids
from features.networks import Linked, LinkWeights, Networks, first_official_day
from features.relisting import relistings, removed_listings, time_to_relist
from features.signatures import WIDTH, Signatures, from_bytes
from features.ties import KINDS, Ties, find_ties
from pipeline.config import load_yaml
from pipeline.store import read_json, read_parquet, write_json, write_parquet
from pipeline.tables.links import HUB_COLUMNS, HUBS, LINK_COLUMNS, LINKS, NETWORK_COLUMNS, NETWORKS, validated

_DAY_US = 86_400_000_000
_OFFSET_US = 7 * 3_600_000_000


@dataclass(frozen=True)
class Links:
    """``columns``: one row a row of the crawl; the rest as of its last day. ``groups``: ``seller, group`` of sellers once linked."""

    columns: pd.DataFrame
    links: pd.DataFrame
    networks: pd.DataFrame
    hubs: pd.DataFrame
    groups: pd.DataFrame
    relisted: dict[str, dict[str, float]]


@lru_cache(maxsize=1)
def load_link_weights() -> LinkWeights:
    """Read ``configs/links.yaml``; raises `ConfigError` naming the key that is missing or unknown."""
    given: dict[str, Any] = load_yaml("links.yaml")
    try:
        points, most = (tuple(given[name].pop(kind) for kind in KINDS) for name in ("points", "most_sellers"))
        if left := [*given.pop("points"), *given.pop("most_sellers")]:
            raise ConfigError(f"links.yaml: unknown kinds {left}; known: {', '.join(KINDS)}")
        catalogue = given.pop("catalogue")
        if given.pop("config_version") != 1:
            raise ConfigError("links.yaml: config_version must be 1")
        return LinkWeights(
            points=points,
            most_sellers=most,
            catalogue_points=catalogue["points"],
            catalogue_least=catalogue["least"],
            catalogue_share=catalogue["share"],
            catalogue_sellers=catalogue["sellers"],
            **given,
        )
    except (KeyError, TypeError) as error:
        raise ConfigError(f"links.yaml: {error}; it needs every key that the one we ship has, and no other") from error


def find_links(
    crawl: pd.DataFrame, *, signatures: Signatures | None = None, outcomes: pd.DataFrame | None = None, weights: LinkWeights | None = None
) -> Links:
    """Return the links of ``crawl`` (`features.link_rows.LINK_COLUMNS`; RangeIndex).

    ``signatures``, in the order of ``crawl``, stand in its column ``signature`` where they are not given; without either no text counts as
    copied. ``outcomes`` are what was found before (`pipeline.tables.outcomes`).
    """
    signed = _signatures(crawl) if signatures is None else signatures
    rows, shingles = link_rows(crawl, signed), signed[:, 0].astype(np.int64)
    # They are most of what links are made from, and nothing below compares texts.
    del signed, signatures
    ties = find_ties(crawl, rows)
    n = len(rows.sellers)
    at = rows.seller >= 0
    first_day = first_days(rows.seller[at], rows.day[at], n)
    networks = Networks(ties, n, first_official_day(rows.seller, rows.official, rows.day, n), first_day, weights or load_link_weights())
    near = neighbourhood(rows, networks, first_found(outcomes, crawl, rows))
    back = relistings(rows, crawl, shingles, removed_listings(outcomes))
    columns = pd.concat([near_duplicates(rows, crawl["platform"], crawl["price_vnd"]), near.columns, back], axis=1)
    return Links(
        columns, _edges(near.linked, rows, first_day), _members(near.linked, rows), _hubs(near.linked, ties, rows), _groups(near, rows),
        time_to_relist(crawl, back),
    )  # fmt: skip


def write_links(found: Links, folder: Path, *, previous: Path | None = None) -> None:
    """Write the tables and the summary into ``folder``; ``previous`` is an earlier run's output folder whose network ids are kept.

    Raises `DataError` where ``previous`` holds no networks.
    """
    before = _networks_of(previous) if previous is not None else found.networks.iloc[:0]
    renamed = lasting_ids(found.networks, before)
    links = found.links.assign(network=found.links["network"].map(renamed.ids).astype("str"))
    networks = found.networks.assign(network=found.networks["network"].map(renamed.ids).astype("str"))
    write_parquet(validated(links, LINKS), folder / "links.parquet")
    write_parquet(validated(networks.sort_values(["network", "seller"]), NETWORKS), folder / "networks.parquet")
    write_parquet(validated(found.hubs, HUBS), folder / "hubs.parquet")
    write_parquet(found.groups, folder / "groups.parquet")
    sizes = networks["network"].value_counts()
    write_json(
        {
            "networks": len(sizes),
            "sellers_in_networks": int(sizes.sum()),
            "largest_network": int(sizes.max()) if len(sizes) else 0,
            "links": len(links),
            "hubs": len(found.hubs),
            "texts_shared": int(found.columns["dup_n_sellers"].gt(0).sum()),
            "relisted_listings": int(found.columns["relisted_from"].notna().sum()),
            "relisted_by_platform": found.relisted,
            "kept_ids": int(sum(renamed.ids.get(one) == one or one in set(before["network"]) for one in renamed.ids.values())) if len(before) else 0,
            "merges": renamed.merges,
            "splits": renamed.splits,
        },
        folder / "summary.json",
    )


def link_lines(summary: dict[str, Any]) -> list[str]:
    """Return what a terminal says about the links."""
    rows = [
        f"networks {summary['networks']:,} of {summary['sellers_in_networks']:,} sellers, the largest {summary['largest_network']}; "
        f"{summary['hubs']:,} shared keys tie nobody (hotlines, couriers, suppliers)"
    ]
    rows += [f"  merged: {text}" for text in summary["merges"][:10]] + [f"  split: {text}" for text in summary["splits"][:10]]
    rows += [
        f"  came back on {platform}: {one['n']} listings, half of them within {one['median_days']:g} days, 90 % within {one['p90_days']:g}"
        for platform, one in summary["relisted_by_platform"].items()
    ]
    return rows


def read_link_summary(work: Path) -> dict[str, Any]:
    """Return the summary that `write_links` left under ``work``."""
    summary: dict[str, Any] = read_json(work / "links" / "summary.json")
    return summary


def linked_groups(work: Path, sellers: pd.Series) -> pd.Series:
    """Return for each of ``sellers`` (keys) the group of all that it was ever linked with, missing where it always stood alone."""
    groups = read_parquet(work / "links" / "groups.parquet").set_index("seller")["group"]
    return sellers.map(groups).astype("Int64").astype("str").where(sellers.isin(groups.index))


def _signatures(crawl: pd.DataFrame) -> Signatures:
    if "signature" not in crawl:
        return np.zeros((len(crawl), WIDTH), dtype=np.uint16)
    return from_bytes(b"".join(crawl["signature"]))


def _networks_of(out: Path) -> pd.DataFrame:
    path = out / "work" / "links" / "networks.parquet"
    if not path.is_file():
        raise DataError(f"{out} holds no networks ({path.relative_to(out)} is missing); --previous wants the --out folder of an earlier run")
    return read_parquet(path)


def _edges(linked: Linked, rows: LinkRows, first_day: Ints) -> pd.DataFrame:
    table = pd.DataFrame({"seller_a": rows.sellers[linked.a], "seller_b": rows.sellers[linked.b], "points": linked.points / 1000})
    table["strong"] = linked.strong
    same = linked.network[linked.a] == linked.network[linked.b]
    table["network"] = pd.Series(_ids(linked.network[linked.a], rows)).where(same)
    for kind, name in enumerate(KINDS):
        table[f"n_{name}"] = linked.shared[:, kind]
    since = np.maximum(first_day[linked.a], first_day[linked.b]) * _DAY_US - _OFFSET_US
    table["since"] = pd.Series(since.astype("datetime64[us]")).dt.tz_localize("UTC")
    order = np.lexsort((linked.b, linked.a, -linked.points))
    return table[list(LINK_COLUMNS)].iloc[order].reset_index(drop=True)


def _members(linked: Linked, rows: LinkRows) -> pd.DataFrame:
    sizes = np.bincount(linked.network, minlength=len(rows.sellers))[linked.network]
    at = np.flatnonzero(sizes > 1)
    sellers = pd.Series(rows.sellers[at], dtype="str")
    table = pd.DataFrame({"network": _ids(linked.network[at], rows), "seller": sellers, "platform": sellers.str.split("|").str[0]})
    table["n_sellers"], table["oldest"] = sizes[at], linked.network[at] == at
    table["ties"] = linked.ties(len(rows.sellers))[at]
    return table[list(NETWORK_COLUMNS)]


def _hubs(linked: Linked, ties: Ties, rows: LinkRows) -> pd.DataFrame:
    order = np.argsort(ties.key, kind="stable")
    first = order[np.searchsorted(ties.key[order], linked.hub)] if len(linked.hub) else linked.hub
    table = pd.DataFrame({"kind": [KINDS[kind] for kind in ties.kind[linked.hub]], "key": [f"{one:016x}" for one in ties.value[linked.hub]]})
    table["n_sellers"], table["why"], table["example"] = linked.hub_sellers, linked.why, rows.sellers[ties.seller[first]]
    return table[list(HUB_COLUMNS)]


def _groups(near: Neighbourhood, rows: LinkRows) -> pd.DataFrame:
    sizes = np.bincount(near.ever)[near.ever] if len(near.ever) else near.ever
    at = np.flatnonzero(sizes > 1)
    return pd.DataFrame({"seller": pd.Series(rows.sellers[at], dtype="str"), "group": near.ever[at].astype(np.int64)})


def _ids(oldest: Ints, rows: LinkRows) -> list[str]:
    codes, found = pd.factorize(oldest)
    names = np.array([network_id(rows.sellers[one]) for one in found], dtype=object)
    return list(names[codes]) if len(codes) else []
