"""One invented market as the closed loop sees it: features read once, and what a look at each listing would bring back, drawn beforehand.

Every policy meets the same luck: how long a visit to a seller takes to be known, whether the premises are found and what an inspector overlooks
are drawn once a seller and listing, so that policies differ only by whom they choose. Rates and delays are those of the simulator's own outcomes.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import scipy.sparse as sp

from features.seller import seller_key
from features.text_hashes import from_lists
from models.evidence import weigh
from models.matrix import matrix
from models.split import group_codes, text_keys
from pipeline.config import DEMO_KEY, load_run_config
from pipeline.lock import lock
from pipeline.reference import Reference, load_reference
from pipeline.simulation.market import simulate
from pipeline.simulation.outcomes import outcomes_of
from pipeline.simulation.settings import load_market, load_tactics
from pipeline.sources.mapping import load_mappings
from pipeline.stages.judge import read_features
from pipeline.stages.links import linked_groups
from pipeline.stages.market import build_market, join_rows
from pipeline.stages.score import with_lexicon
from pipeline.stages.take_in import take_in
from pipeline.store import parts, read_parquet, write_parquet

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]

#: As in pipeline/simulation/outcomes.py, whose own draws choose and find at once and so cannot be asked about another choice.
_MISSED, _NOT_FOUND, _DAYS_TO_KNOWN, _SPREAD, _DESK_DAYS = 0.05, 0.06, 15.0, 0.6, 2
KEY = ["platform", "listing_id"]


@dataclass(frozen=True)
class History:
    """What was found before the loop began, one row an outcome: ``row`` of the market, the days of look and of knowledge, what it said, its
    chance (missing where none was recorded) and whether somebody went there.
    """

    row: Ints
    looked: Ints
    known: Ints
    found: Bools
    chance: Floats
    visit: Bools


@dataclass(frozen=True)
class LoopMarket:
    """Listings in order of capture. Days are counted from the first crawl; ``guilty`` is the truth, everything else what a person could know.

    ``on_visit``, ``on_desk``: what an inspector or a reader would say of each listing; ``delay``, ``there``: by seller code, the days until a
    visit's result is known and whether the premises are found.
    """

    table: pd.DataFrame
    text: sp.csr_matrix
    points: Floats
    seller: Ints
    group: Ints
    day: Ints
    guilty: Bools
    platform: pd.Series
    on_visit: Bools
    on_desk: Bools
    delay: Ints
    there: Bools
    history: History

    @property
    def desk_delay(self) -> int:
        """Days until a reader's answer is known."""
        return _DESK_DAYS


def read_market(n_listings: int, *, seed: int) -> LoopMarket:
    """Invent a market and read its features once. No feature sees an outcome: the outcomes differ from policy to policy."""
    made = simulate(n_listings, market=load_market(), tactics=load_tactics(), seed=seed)
    past = outcomes_of(made.listings, made.truth, seed=seed)
    config, reference = load_run_config(), load_reference()
    with tempfile.TemporaryDirectory() as name, lock(Path(name)):
        out = Path(name)
        write_parquet(made.listings, out / "crawl" / "listings.parquet")
        taken = take_in([out / "crawl"], out=out, config=config, mappings=load_mappings(), key=DEMO_KEY)
        read_features(out, config=config, n_listings=taken.n_listings, with_text=True)
        build_market(out / "work" / "listings", out / "work", reference)
        rows, table, points, text = _read(out / "work", reference)
        sellers = seller_key(rows)
        groups = group_codes(sellers, text_keys(rows["title"], rows["description"]), linked_groups(out / "work", sellers))
    truth = rows[KEY].merge(made.truth, how="left", on=KEY)
    guilty = truth["behaviour"].notna().to_numpy()
    codes = pd.factorize(sellers, sort=True)[0].astype(np.int64)
    first = rows["captured_at"].min()
    luck = np.random.default_rng([seed, 1])
    n_sellers = int(codes.max()) + 1
    return LoopMarket(
        table=table,
        text=text,
        points=points,
        seller=codes,
        group=groups,
        day=_days(rows["captured_at"], first),
        guilty=guilty,
        platform=rows["platform"],
        on_visit=guilty & (luck.random(len(rows)) >= _MISSED),
        on_desk=guilty != (luck.random(len(rows)) < _MISSED / 2),
        delay=luck.integers(0, 7, n_sellers) + np.round(luck.lognormal(np.log(_DAYS_TO_KNOWN), _SPREAD, n_sellers)).astype(np.int64),
        there=luck.random(n_sellers) >= _NOT_FOUND,
        history=_history(past, rows, first),
    )


def _read(work: Path, reference: Reference) -> tuple[pd.DataFrame, pd.DataFrame, Floats, sp.csr_matrix]:
    groups = sorted(reference.goods_groups["group"].astype(str))
    rows, tables, points, texts = [], [], [], []
    for part in parts(work / "listings"):
        joined = join_rows(part, work)
        hits = with_lexicon(read_parquet(work / "hits" / part.name), reference)
        evidence = weigh(joined, hits, reference.weights).scores
        rows.append(joined)
        tables.append(matrix(joined, hits, evidence, groups))
        points.append(evidence["points"].to_numpy(dtype=float))
        texts += read_parquet(work / "text" / part.name)["columns"].tolist()
    everything = pd.concat(rows, ignore_index=True)
    order = everything.sort_values(["captured_at", *KEY], kind="stable").index.to_numpy()
    table = pd.concat(tables, ignore_index=True).iloc[order].reset_index(drop=True)
    return everything.iloc[order].reset_index(drop=True), table, np.concatenate(points)[order], from_lists(texts)[order]


def _history(past: pd.DataFrame, rows: pd.DataFrame, first: pd.Timestamp) -> History:
    past = past[past["status"].isin(["confirmed", "cleared"])]
    placed = past.merge(rows[KEY].assign(row=np.arange(len(rows))), on=KEY)
    return History(
        row=placed["row"].to_numpy(np.int64),
        looked=_days(placed["happened_at"], first),
        known=_days(placed["known_at"], first),
        found=placed["status"].eq("confirmed").to_numpy(),
        chance=placed["selection_probability"].to_numpy(dtype=float),
        visit=placed["source"].eq("inspection").to_numpy(),
    )


def _days(when: pd.Series, first: pd.Timestamp) -> Ints:
    return ((when - first).dt.total_seconds() // 86_400).to_numpy(np.int64)
