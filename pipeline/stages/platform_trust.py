"""A finished run and what came back to the counts that a platform's rating rests on."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from features.relisting import removed_listings
from features.seller import seller_key
from pipeline.platforms.trust import COUNT_COLUMNS
from pipeline.store import parts, read_parquet

_LISTING = ["platform", "listing_id", "seller_id", "seller_name"]


def trust_counts(
    out: Path,
    *,
    outcomes: pd.DataFrame | None = None,
    requests: pd.DataFrame | None = None,
    answers: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Return ``COUNT_COLUMNS`` for every platform that the run in ``out`` scored; inputs that nothing is known of count 0 things.

    ``outcomes`` are what was found and removed, ``requests`` shops whose answers are due (`pipeline.stages.requests_sent`), ``answers`` those
    that were answered for (`pipeline.tables.seller_addresses`).
    """
    rows = _rows(out)
    counts = [_by_seller(rows), _found(outcomes), _returned(rows, outcomes), _answered(requests, answers)]
    table = pd.concat([one for one in counts if len(one)], ignore_index=True)[COUNT_COLUMNS]
    return table[table["platform"].isin(rows["platform"])].reset_index(drop=True)


def _rows(out: Path) -> pd.DataFrame:
    frames = []
    for part in parts(out / "work" / "listings"):
        market = read_parquet(out / "work" / "market" / part.name)
        wanted = [name for name in ("seller_identity_share", "relisted_from", "complaint_voices") if name in market]
        frames.append(pd.concat([read_parquet(part, columns=_LISTING), market[wanted]], axis=1))
    table = pd.concat(frames, ignore_index=True)
    scores = read_parquet(out / "scores.parquet", columns=["band"])
    return table.assign(seller=seller_key(table), red=scores["band"].eq("red").to_numpy())


def _by_seller(rows: pd.DataFrame) -> pd.DataFrame:
    named = rows[rows["seller"].notna()].assign(shown=lambda table: table["seller_identity_share"])
    voices = named["complaint_voices"] if "complaint_voices" in named else pd.Series(float("nan"), index=named.index)
    sellers = named.assign(voices=voices).groupby(["platform", "seller"], sort=True).agg(
        red=("red", "max"), shown=("shown", "max"), voices=("voices", "max")
    ).reset_index()  # fmt: skip
    # Whether a source can show particulars at all is told by a share that is there.
    told = sellers[sellers["shown"].notna()]
    heard = sellers[sellers["voices"].notna()]
    return pd.concat(
        [
            _count(sellers["platform"], sellers["red"], "signs"),
            _count(told["platform"], told["shown"].gt(0), "identified"),
            _count(heard["platform"], heard["voices"].ge(2), "complained"),
        ]
    )


def _found(outcomes: pd.DataFrame | None) -> pd.DataFrame:
    if outcomes is None:
        return pd.DataFrame(columns=COUNT_COLUMNS)
    decided = outcomes[outcomes["status"].isin(["confirmed", "cleared"]) & ~outcomes["source"].eq("desk_review")]
    return _count(decided["platform"], decided["status"].eq("confirmed"), "found")


def _returned(rows: pd.DataFrame, outcomes: pd.DataFrame | None) -> pd.DataFrame:
    gone = removed_listings(outcomes)
    # Only what the crawl had seen can be recognised when it comes back.
    seen = set((rows["platform"] + ":" + rows["listing_id"]).dropna())
    gone = gone.assign(key=gone["platform"] + ":" + gone["listing_id"])
    gone = gone[gone["key"].isin(seen)]
    back = set(rows["relisted_from"].dropna()) if "relisted_from" in rows else set()
    return _count(gone["platform"], gone["key"].isin(back), "returned")


def _answered(requests: pd.DataFrame | None, answers: pd.DataFrame | None) -> pd.DataFrame:
    if requests is None or not len(requests):
        return pd.DataFrame(columns=COUNT_COLUMNS)
    asked = requests[requests["seller_id"].notna()].drop_duplicates(["platform", "seller_id"])
    known = set() if answers is None else set((answers["platform"] + "|" + answers["seller_id"]).dropna())
    return _count(asked["platform"], (asked["platform"] + "|" + asked["seller_id"]).isin(known), "answered")


def _count(platform: pd.Series, hit: pd.Series, name: str) -> pd.DataFrame:
    table = pd.DataFrame({"platform": platform.to_numpy(), "hits": hit.to_numpy(dtype=bool).astype(int)})
    counted = table.groupby("platform")["hits"].agg(["size", "sum"]).reset_index()
    return counted.rename(columns={"size": "n", "sum": "hits"}).assign(input=name)[COUNT_COLUMNS]
