"""The invented market behind `benchmarks/returns.py`: whom the year's lists name, and whether a model trained on what came back is better."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from models.learner import fit_learner
from models.metrics import judge, paired, resamples
from pipeline.config import DEMO_KEY, LearnConfig, load_run_config
from pipeline.labels import Labels, label
from pipeline.labels.reading import read_table
from pipeline.lock import lock
from pipeline.reference import load_reference
from pipeline.simulation.market import simulate
from pipeline.simulation.outcomes import outcomes_of
from pipeline.simulation.settings import load_market, load_tactics
from pipeline.sources.mapping import load_mappings
from pipeline.stages.dataset import Dataset, build_dataset
from pipeline.stages.judge import read_features
from pipeline.stages.take_in import take_in
from pipeline.store import write_parquet

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
_KEY = ["platform", "listing_id"]
#: Weeks of crawls before the first list, and after it; of the year's lists the last quarter is left to judge on.
_BEFORE, _AFTER, _JUDGED = 14, 2, 0.25
_RECENT_DAYS, _BY_CHANCE = 60, 0.3


@dataclass
class Year:
    """``everything``: all listings with their truth; ``past``: the outcomes known before the first list; ``cut``: the day of re-training."""

    everything: Dataset
    past: pd.DataFrame
    first_monday: date
    cut: date
    settings: LearnConfig
    listed: set[int]
    draw: np.random.Generator

    def targets(self, monday: date, n: int) -> list[dict[str, Any]]:
        """Return ``n`` listings for the list of ``monday``, not listed before: most by evidence, the rest by chance among those with a sign."""
        day = pd.Timestamp(monday, tz="Asia/Ho_Chi_Minh")
        when = self.everything.when
        fresh = np.flatnonzero((when < day).to_numpy() & (when >= day - timedelta(days=_RECENT_DAYS)).to_numpy())
        fresh = np.array([row for row in fresh if row not in self.listed], dtype=np.int64)
        by_points = fresh[np.argsort(-self.everything.points[fresh], kind="stable")]
        n_chance = min(round(n * _BY_CHANCE), max(0, len(fresh) - n))
        chosen = by_points[: n - n_chance]
        rest = by_points[n - n_chance :]
        chosen = np.concatenate([chosen, self.draw.choice(rest, n_chance, replace=False)]) if n_chance else chosen
        self.listed |= set(chosen.tolist())
        return [self._target(int(row)) for row in self.draw.permutation(chosen)]

    def _target(self, row: int) -> dict[str, Any]:
        table = self.everything.labels.table.iloc[row]
        behaviour = table["behaviours"] if table["y"] else None
        seller = str(self.everything.sellers.iloc[row]).split("|")[-1]
        return {"platform": table["platform"], "seller_id": seller, "listing_id": table["listing_id"], "behaviour": behaviour, "expected": None}


def invent_year(folder: Path, *, n_listings: int, weeks: int, seed: int) -> Year:
    """Invent a market that lasts as long as the lists, and read its features. No feature sees an outcome, so that both models see the same."""
    config, reference = load_run_config(), load_reference()
    market = load_market().model_copy(update={"weeks": _BEFORE + weeks + _AFTER})
    made = simulate(n_listings, market=market, tactics=load_tactics(), seed=seed)
    write_parquet(made.listings, folder / "crawl" / "listings.parquet")
    out = folder / "out"
    with lock(out):
        taken = take_in([folder / "crawl"], out=out, config=config, mappings=load_mappings(), key=DEMO_KEY)
        read_features(out, config=config, n_listings=taken.n_listings, with_text=True)
        everything = build_dataset(out / "work", _truth(made.listings, made.truth, folder), reference)
    first_monday = market.start + timedelta(weeks=_BEFORE)
    past = outcomes_of(made.listings, made.truth, seed=seed)
    past = past[past["known_at"] < pd.Timestamp(first_monday, tz="UTC")]
    cut = first_monday + timedelta(weeks=round(weeks * (1 - _JUDGED)))
    return Year(everything, past, first_monday, cut, config.learn, set(), np.random.default_rng(seed))


def _truth(listings: pd.DataFrame, truth: pd.DataFrame, folder: Path) -> Labels:
    status = np.where(truth["behaviour"].notna(), "confirmed", "cleared")
    table = truth[_KEY].assign(status=status, behaviours=truth["behaviour"], known_at=listings["captured_at"].to_numpy())
    table["known_at"] = pd.to_datetime(table["known_at"], utc=True)
    table.to_parquet(folder / "truth.parquet")
    labels = label(read_table(folder / "truth.parquet").table)
    # As features outcomes would tell what is to be predicted.
    return replace(labels, outcomes=labels.outcomes.iloc[:0])


def re_trained(year: Year, came_back: pd.DataFrame, *, seed: int) -> dict[str, Any]:
    """Return how the model trained on what was known before the lists, and the one that knows what came back too, order the listings captured after
    the cut that neither has seen an outcome of; paired by seller, and for new sellers alone.
    """
    data = year.everything
    first = _labelled(year, year.past)
    second = _labelled(year, pd.concat([_like(year.past, came_back), came_back], ignore_index=True))
    after = (data.when >= pd.Timestamp(year.cut, tz="Asia/Ho_Chi_Minh")).to_numpy()
    test = np.flatnonzero(after & ~np.isin(np.arange(len(after)), [*first, *second]))
    y = data.labels.table["y"].to_numpy(dtype=bool)
    scores = {"evidence": data.points[test], "first model": _said(year, first, test, seed)}
    scores["trained on what came back"] = _said(year, second, test, seed)
    known = set(data.groups[[*first, *second]].tolist())
    new = np.array([group not in known for group in data.groups[test]])
    out = {
        "labels": {"first": len(first), "with what came back": len(second), "from the register": len(came_back)},
        "listings after the cut": _compare(scores, y[test], data.groups[test], np.ones(len(test), dtype=bool), seed),
    }
    if y[test][new].sum() >= 20:
        out["of new sellers alone"] = _compare(scores, y[test], data.groups[test], new, seed)
    return out


def _like(past: pd.DataFrame, came_back: pd.DataFrame) -> pd.DataFrame:
    return past.reindex(columns=came_back.columns)


def _labelled(year: Year, outcomes: pd.DataFrame) -> dict[int, bool]:
    """Row of the market to what was said of it, by the project's own reading of outcomes."""
    found = label(_read_back(outcomes), as_of=year.cut).table
    place = {key: row for row, key in enumerate(year.everything.labels.table[_KEY].itertuples(index=False, name=None))}
    told = zip(found[_KEY].itertuples(index=False, name=None), found["y"], strict=True)
    return {place[key]: bool(one) for key, one in told if key in place}


def _read_back(outcomes: pd.DataFrame) -> pd.DataFrame:
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "outcomes.parquet"
        outcomes.to_parquet(path)
        return read_table(path).table


def _said(year: Year, labelled: dict[int, bool], test: Ints, seed: int) -> Floats | None:
    """The learner's probabilities, ``None`` where there are too few labels to learn from."""
    data = year.everything
    rows = np.array(sorted(labelled), dtype=np.int64)
    y = np.array([labelled[row] for row in rows.tolist()], dtype=bool)
    if y.sum() < 20:
        return None
    late = (data.when.iloc[rows] >= data.when.iloc[rows].quantile(0.75)).to_numpy()
    learner = fit_learner(
        data.table.iloc[rows].reset_index(drop=True), data.text[rows], y, data.groups[rows], late, seed=seed,
        n_folds=year.settings.text_folds, n_boosters=year.settings.boosters, sources=data.rows["platform"].iloc[rows].reset_index(drop=True),
    )  # fmt: skip
    said: Floats = learner.predict(data.table.iloc[test].reset_index(drop=True), data.text[test])["probability"].to_numpy()
    return said


def _compare(scores: dict[str, Floats | None], y: npt.NDArray[np.bool_], groups: Ints, mine: npt.NDArray[np.bool_], seed: int) -> dict[str, Any]:
    weights = resamples(groups[mine], 200, seed=seed)
    judged = {name: judge(y[mine], score[mine], weights, flagged=0.05) for name, score in scores.items() if score is not None}
    out: dict[str, Any] = {"n": int(mine.sum()), "bad": int(y[mine].sum())}
    for name, (figures, _) in judged.items():
        out[name] = {one: round(figures[one]["value"], 3) for one in ("pr_auc", "precision_at_0.05", "recall_at_0.05")}
    last = "trained on what came back"
    for name in ("first model", "evidence"):
        if name in judged and last in judged:
            for one in ("pr_auc", "recall_at_0.05"):
                gain = judged[last][0][one]["value"] - judged[name][0][one]["value"]
                found = paired(judged[last][1], judged[name][1], one, gain)
                bounds = [round(bound, 3) for bound in found["ci"]] if found["ci"] else None
                out[f"{one} against {name}"] = {"difference": round(gain, 3), "interval": bounds, "verdict": found["verdict"]}
    if "first model" not in judged:
        out["first model"] = "too few outcomes before the lists: the evidence score ordered them"
    return out
