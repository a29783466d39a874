"""26 weeks in which what is found decides what is looked for next, on the invented market. Part of ``make bench``.

    .venv/bin/python -m benchmarks.closed_loop [--seeds 6] [--listings 24000] [--every 4] [--visits 8] [--reviews 20]

Each Monday a policy scores the listings captured that day, with what it learned from outcomes known by then, and sends its inspectors to the sellers
that stand highest; what they find is known later, as in the simulator. Nobody is visited twice. All policies start from the same history and have the
same capacity and the same luck:

- ``soihang``: evidence and model; desk reviews drawn by a lottery with recorded chances (`models.sampling`), which never sets a visit
- ``exploitation``: the same model; as many desk reviews, spent on the next highest listings
- ``visits_only``: the same model; no desk reviews
- ``evidence``: the evidence score, which learns nothing
- ``random``: sellers drawn by lot
- ``ceiling``: whoever knows the truth

A find is a visit from which at least one listing comes back confirmed. Differences are paired by seed, their intervals are Student's over seeds;
where one holds zero it is **a tie**. The market is synthetic: figures compare policies, they promise no rate of finds in a real one. Features are
read once and see no outcome, so what the sellers' own past would add is left out of every policy; prices are fitted on the whole crawl. One learner
speaks for all behaviours, and it decides by its own ladder whether the evidence orders.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import stats

from benchmarks.closed_loop_market import Bools, Floats, Ints, LoopMarket, read_market
from models.learner import fit_learner
from models.metrics import verdict
from models.sampling import draw_sample
from models.selection import fitting_weights
from pipeline.config import LearnConfig, configs_dir, load_run_config
from pipeline.reference import load_reference
from pipeline.simulation import settings as simulator
from pipeline.stages.review_sample import strata

POLICIES = ("soihang", "exploitation", "visits_only", "evidence", "random", "ceiling")
_LEARNS = POLICIES[:3]
#: Of the desk reviews drawn by lot, one in three from all listings and two from every height of score, as in configs/run.yaml.
_AT_RANDOM = 1 / 3
#: Listings of a seller that a visit looks at, newest first.
_A_VISIT = 6
#: Below this many of either class nothing is learned and the evidence orders.
_LEAST = 20


@dataclass(frozen=True)
class LoopSettings:
    """``first_week`` to ``first_week + weeks``; capacities a week; a model is fitted anew every ``every`` weeks."""

    learn: LearnConfig
    first_week: int = 6
    weeks: int = 26
    visits: int = 8
    reviews: int = 20
    every: int = 4
    seed: int = 1


@dataclass(frozen=True)
class Ledger:
    """Outcomes as they come in, one entry a look. ``learned_from`` gives nobody a look before it is known."""

    row: Ints
    looked: Ints
    known: Ints
    found: Bools
    chance: Floats
    visit: Bools

    def add(self, row: Ints, looked: int, known: Ints, found: Bools, chance: Floats, visit: bool) -> Ledger:
        """Return the ledger with the looks of one day."""
        n = len(row)
        return Ledger(
            np.r_[self.row, row], np.r_[self.looked, np.full(n, looked)], np.r_[self.known, known], np.r_[self.found, found],
            np.r_[self.chance, chance], np.r_[self.visit, np.full(n, visit)],
        )  # fmt: skip

    def learned_from(self, day: int) -> Ints:
        """Return positions of what is known by ``day``, one a listing: a visit goes before a desk review, then the later one; by listing."""
        known = np.flatnonzero(self.known <= day)
        order = known[np.lexsort((known, self.known[known], self.visit[known], self.row[known]))]
        last = np.r_[self.row[order][1:] != self.row[order][:-1], True] if len(order) else np.zeros(0, dtype=bool)
        return order[last]


@dataclass(frozen=True)
class Week:
    """What a policy did in one week: the sellers visited, how many of them were finds, which listings were read at a desk, what was known."""

    day: int
    visited: Ints
    finds: int
    read: Ints
    chance: Floats
    labels: int
    positives: int
    rung: str


def run_policy(market: LoopMarket, policy: str, settings: LoopSettings) -> list[Week]:
    """Return the weeks of one policy; the same market, policy and settings give the same weeks."""
    past = market.history
    begin = 7 * settings.first_week
    # What was looked at before the loop stands for everybody, also where its result comes in later.
    before = past.looked < begin
    ledger = Ledger(past.row[before], past.looked[before], past.known[before], past.found[before], past.chance[before], past.visit[before])
    visited = np.zeros(len(market.delay), dtype=bool)
    visited[market.seller[ledger.row[ledger.visit]]] = True
    learner, weeks = None, []
    for number in range(settings.weeks):
        day = begin + 7 * number
        known = ledger.learned_from(day)
        if policy in _LEARNS and number % settings.every == 0:
            learner = _fit(market, ledger, known, settings)
        fresh = np.flatnonzero((market.day == day) & ~visited[market.seller])
        score = _score(market, policy, learner, fresh, [settings.seed, number])
        sellers = _highest_sellers(market, fresh, score, settings.visits)
        visited[sellers] = True
        left = ~np.isin(market.seller[fresh], sellers)
        read, chance = _reviews(market, policy, fresh[left], score[left], settings, number)
        seen = _seen(market, sellers, day)
        found = market.on_visit[seen]
        finds = len(np.unique(market.seller[seen][found]))
        y = ledger.found[known]
        weeks.append(Week(day, sellers, finds, read, chance, len(known), int(y.sum()), learner.rung if learner else "evidence"))
        ledger = ledger.add(seen, day, day + market.delay[market.seller[seen]], found, np.full(len(seen), np.nan), True)
        ledger = ledger.add(read, day, np.full(len(read), day + market.desk_delay), market.on_desk[read], chance, False)
    return weeks


def _fit(market: LoopMarket, ledger: Ledger, known: Ints, settings: LoopSettings) -> Any:
    rows, y = ledger.row[known], ledger.found[known]
    if min(y.sum(), (~y).sum()) < _LEAST:
        return None
    day, chance = market.day[rows], ledger.chance[known]
    return fit_learner(
        market.table.iloc[rows].reset_index(drop=True), market.text[rows], y, np.unique(market.group[rows], return_inverse=True)[1],
        day >= np.quantile(day, 0.75), seed=settings.seed, n_folds=settings.learn.text_folds, n_boosters=settings.learn.boosters,
        weight=fitting_weights(chance) if np.isfinite(chance).any() else None, sources=market.platform.iloc[rows].reset_index(drop=True),
    )  # fmt: skip


def _score(market: LoopMarket, policy: str, learner: Any, rows: Ints, draw: Sequence[int]) -> Floats:
    if policy == "random":
        return np.random.default_rng([*draw, 7]).random(len(rows))
    if policy == "ceiling":
        return market.guilty[rows].astype(float)
    if learner is None or not len(rows):
        return market.points[rows]
    said: Floats = learner.predict(market.table.iloc[rows].reset_index(drop=True), market.text[rows])["probability"].to_numpy()
    return said


def _highest_sellers(market: LoopMarket, rows: Ints, score: Floats, wanted: int) -> Ints:
    """A seller stands where its highest listing stands; ties by evidence, then by seller."""
    order = np.lexsort((market.seller[rows], -market.points[rows], -score))
    sellers = market.seller[rows][order]
    _, first = np.unique(sellers, return_index=True)
    return sellers[np.sort(first)[:wanted]]


def _reviews(market: LoopMarket, policy: str, rows: Ints, score: Floats, settings: LoopSettings, number: int) -> tuple[Ints, Floats]:
    """Listings read at a desk and the recorded chance of each, missing where it was chosen and not drawn."""
    if policy == "exploitation":
        order = np.lexsort((rows, -market.points[rows], -score))[: settings.reviews]
        return rows[order], np.full(len(order), np.nan)
    if policy != "soihang":
        return rows[:0], np.zeros(0)
    at_random = round(_AT_RANDOM * settings.reviews)
    edges = strata(load_reference().weights.bands)
    drawn = draw_sample(
        market.points[rows], top=0, random=at_random, stratified=settings.reviews - at_random, edges=edges, seed=1000 * settings.seed + number
    )
    return rows[drawn["row"].to_numpy()], drawn["selection_probability"].to_numpy(dtype=float)


def _seen(market: LoopMarket, sellers: Ints, day: int) -> Ints:
    """The newest listings of visited sellers up to ``day``; none where the premises are not found."""
    theirs = np.flatnonzero((market.day <= day) & np.isin(market.seller, sellers[market.there[sellers]]))
    order = theirs[np.lexsort((theirs, -market.day[theirs], market.seller[theirs]))]
    codes = market.seller[order]
    first = np.r_[True, codes[1:] != codes[:-1]] if len(codes) else np.zeros(0, dtype=bool)
    place = np.arange(len(codes)) - np.maximum.accumulate(np.where(first, np.arange(len(codes)), 0)) if len(codes) else np.zeros(0)
    return order[place < _A_VISIT]


def compare(runs: list[dict[str, list[Week]]], settings: LoopSettings) -> dict[str, Any]:
    """Return finds per visit in sum and by week, and what ``soihang`` gains on each other policy, paired by seed."""
    rates = {name: np.array([[week.finds / max(1, len(week.visited)) for week in run[name]] for run in runs]) for name in POLICIES}
    late = settings.weeks // 2
    out: dict[str, Any] = {"visits a seed": int(sum(len(week.visited) for week in runs[0]["soihang"])), "finds per visit": {}, "soihang against": {}}
    for name in POLICIES:
        out["finds per visit"][name] = {"all weeks": _mean(rates[name]), "second half": _mean(rates[name][:, late:])}
    for name in POLICIES[1:]:
        gain = rates["soihang"] - rates[name]
        out["soihang against"][name] = {"all weeks": _paired(gain), "second half": _paired(gain[:, late:])}
    out["finds per visit by week"] = {name: [round(float(one), 3) for one in rates[name].mean(axis=0)] for name in POLICIES}
    for title, field in (("labels known in the last week", "labels"), ("positives among them", "positives")):
        out[title] = {name: round(float(np.mean([getattr(run[name][-1], field) for run in runs])), 1) for name in POLICIES[:-1]}
    return out


def _mean(rates: npt.NDArray[np.float64]) -> float:
    return round(float(rates.mean()), 3)


def _paired(gain: npt.NDArray[np.float64]) -> dict[str, Any]:
    """Mean over seeds of the difference in finds per visit, Student's 95 % interval, and a verdict; no interval from fewer than three seeds."""
    each = gain.mean(axis=1)
    bounds = None
    if len(each) >= 3 and each.std() > 0:
        half = float(stats.t.ppf(0.975, len(each) - 1) * each.std(ddof=1) / np.sqrt(len(each)))
        bounds = [round(float(each.mean()) - half, 3), round(float(each.mean()) + half, 3)]
    return {"difference": round(float(each.mean()), 3), "ci": bounds, "verdict": verdict(bounds), "by seed": each.round(3).tolist()}


def simulator_hash() -> str:
    """Return a hash over the simulator's code and settings, so that figures name what they were measured on."""
    files = sorted([*Path(simulator.__file__).parent.glob("*.py"), *(configs_dir() / "simulation").glob("*")])
    digest = hashlib.sha256()
    for path in files:
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]


def main(arguments: Sequence[str] | None = None) -> None:
    """Print one JSON document; processor seconds go to standard error."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, value in (("--seeds", 6), ("--listings", 24_000), ("--every", 4), ("--visits", 8), ("--reviews", 20)):
        parser.add_argument(name, type=int, default=value)
    asked = parser.parse_args(arguments)
    runs, begun = [], time.process_time()
    for seed in range(1, asked.seeds + 1):
        settings = LoopSettings(load_run_config().learn, visits=asked.visits, reviews=asked.reviews, every=asked.every, seed=seed)
        market = read_market(asked.listings, seed=seed)
        runs.append({policy: run_policy(market, policy, settings) for policy in POLICIES})
        sys.stderr.write(f"seed {seed}: {time.process_time() - begun:.0f} processor seconds so far\n")
    said = {"synthetic": True, "simulator": simulator_hash(), "seeds": asked.seeds, "listings a seed": asked.listings, "weeks": settings.weeks}
    said |= {"visits a week": asked.visits, "desk reviews a week": asked.reviews, "fitted every so many weeks": asked.every}
    json.dump(said | compare(runs, settings), sys.stdout, ensure_ascii=False, indent=2)
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()
