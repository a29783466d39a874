"""What labels there are, what is missing before a model may take over, which are doubtful, and where the next look would teach most."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml

from features.errors import DataError
from models.label_doubt import doubtful, enough, fit_expectation, next_looks
from models.prevalence import prevalence, sensitivity
from models.refit_weights import Refit, refit, weight_points
from models.sign_quality import sign_pairs, sign_quality
from models.weights import BEHAVIOURS, EvidenceWeights
from pipeline.config import RunConfig
from pipeline.labels import KEY, Labels
from pipeline.labels.definition import DESK, FINDING, positive
from pipeline.reference import Reference
from pipeline.sources.times import VIETNAM
from pipeline.stages.label_data import LabelledCrawl, load_labelled
from pipeline.store import read_json, write_atomically
from pipeline.tables.outcomes import DESK_REVIEW

LEARNED = BEHAVIOURS[:3]
_SHOWN, _NEXT = 20, 20
#: Unlabelled listings without any sign that are considered for the next looks, drawn at random.
_PLAIN = 2_000
_DECIDED = {"confirmed": 1.0, "cleared": 0.0, "worth_a_look": 1.0, "innocent": 0.0}


@dataclass(frozen=True)
class LabelReport:
    """``said``: everything as plain values; ``refit``: proposed factors for the evidence weights, where there are enough outcomes."""

    said: dict[str, Any]
    refit: Refit | None


def report_labels(out: Path, labels: Labels, *, config: RunConfig, reference: Reference) -> LabelReport:
    """Look at ``labels`` beside the scored crawl that `soihang score` left in ``out``."""
    crawl = load_labelled(out, labels)
    kind = _kind(crawl)
    proposed = _refit(crawl, kind, reference, seed=config.seed)
    said = {
        "listings": len(crawl.listings),
        "counts": counts(labels, crawl),
        "definitions": definitions(labels, crawl),
        "missing": missing(crawl, config),
        "gaps": gaps(labels, crawl),
        "prevalence": market_share(labels, len(crawl.listings)),
        "signs": signs(crawl, kind, reference, read_json(out / "work" / "score.json")),
        "refit": None if proposed is None else {"factors": proposed.factors.to_dict("records"), "gain": proposed.gain, "wins": proposed.wins},
        "doubtful": doubts(labels, crawl, config.seed),
        "next": looks(labels, crawl, reference, config.seed),
        "notes": labels.notes,
    }
    return LabelReport(_plain(said), proposed)


def _kind(crawl: LabelledCrawl) -> str:
    """Findings say more than desk reviews, but a handful of them says less than a hundred."""
    by_kind = {kind: crawl.labels(kind) for kind in (FINDING, DESK)}
    findings = by_kind[FINDING]
    return FINDING if enough(findings["y"].to_numpy(dtype=bool), _groups(findings)) or len(findings) >= len(by_kind[DESK]) else DESK


def counts(labels: Labels, crawl: LabelledCrawl) -> dict[str, Any]:
    """Return outcomes by source and status, and labels by behaviour, goods group and month."""
    outcomes = labels.outcomes
    by_source = outcomes.assign(source=outcomes["source"].fillna("not said")).groupby(["source", "status"]).size()
    table = crawl.labels()
    month = table["happened_at"].fillna(table["known_at"]).dt.tz_convert(VIETNAM).dt.strftime("%Y-%m").fillna("no date")
    return {
        "by_source": {source: {status: int(n) for (_, status), n in one.items()} for source, one in by_source.groupby(level=0)},
        "by_behaviour": {name: int(positive(labels.table, name).sum()) for name in BEHAVIOURS},
        "behaviour_not_said": int((labels.table["y"] & labels.table["behaviours"].isna()).sum()),
        "by_goods_group": _split(table, table["goods_group"].fillna("unknown")),
        "by_month": _split(table, month),
        "not_in_the_crawl": crawl.n_unmatched,
    }


def _split(table: pd.DataFrame, by: pd.Series) -> dict[str, dict[str, int]]:
    bad = table["y"].astype(bool)
    sums = pd.DataFrame({"positive": bad, "negative": ~bad, "strictly_negative": table["strict"].astype(bool) & ~bad}).astype(int)
    grouped = sums.groupby(by.to_numpy()).sum()
    return {str(name): {column: int(value) for column, value in row.items()} for name, row in grouped.to_dict("index").items()}


def definitions(labels: Labels, crawl: LabelledCrawl) -> dict[str, Any]:
    """Return labels under both definitions of negative, by kind, and those of whole sellers."""
    found = {}
    for kind in (FINDING, DESK):
        mine = labels.table[labels.table["kind"].eq(kind)]
        n_positive = int(mine["y"].sum())
        found[kind] = {
            "positive": n_positive,
            "negative_primary": len(mine) - n_positive,
            "negative_strict": int((mine["strict"].astype(bool) & ~mine["y"].astype(bool)).sum()),
            "maturity_days": labels.delays.get(kind),
        }
    sellers = labels.sellers
    found["sellers"] = {"positive": int(sellers["y"].sum()), "negative": int((~sellers["y"].astype(bool)).sum())}
    return found


def missing(crawl: LabelledCrawl, config: RunConfig) -> dict[str, dict[str, int]]:
    """Return, by behaviour that is learned, what there is in the crawl and what a model needs before it may take over."""
    table = crawl.labels()
    found: dict[str, dict[str, int]] = {}
    for name in LEARNED:
        mine = table[positive(table, name).astype(bool)]
        n_sellers = int(mine["seller"].nunique() + mine["seller"].isna().sum())
        found[name] = {
            "positives": len(mine),
            "positives_needed": config.learn.min_positives,
            "sellers": n_sellers,
            "sellers_needed": config.learn.min_sellers,
            "negatives": int((~table["y"].astype(bool)).sum()),
        }
    return found


def gaps(labels: Labels, crawl: LabelledCrawl) -> dict[str, Any]:
    """Return where nobody has looked at all: goods groups and platforms without a label, most signs first, and looks of recorded chance."""
    listings = crawl.listings.assign(goods_group=crawl.listings["goods_group"].fillna("unknown"), signs=crawl.listings["points"].gt(0))
    seen = listings.loc[crawl.found["row"].to_numpy()]
    found: dict[str, Any] = {"looks_of_recorded_chance": int(labels.outcomes["selection_probability"].notna().sum())}
    for name in ("goods_group", "platform"):
        rest = listings[~listings[name].isin(seen[name])].groupby(name)["signs"].agg(["size", "sum"]).reset_index()
        ordered = rest.sort_values(["sum", "size", name], ascending=[False, False, True])
        found[f"{name}s"] = ordered.set_axis([name, "listings", "with_signs"], axis=1).to_dict("records")
    return found


def market_share(labels: Labels, population: int) -> dict[str, Any]:
    """Return how much of the market is bad, by kind of look, or what would follow from assumptions where no chance was recorded."""
    outcomes = labels.outcomes
    desk = outcomes["source"].eq(DESK_REVIEW)
    found: dict[str, Any] = {}
    for kind, mine in ((FINDING, outcomes[~desk]), (DESK, outcomes[desk])):
        drawn = mine[mine["selection_probability"].notna() & mine["listing_id"].notna()]
        y = drawn["status"].map(_DECIDED).to_numpy(dtype=float)
        if np.isfinite(y).any():
            found[kind] = asdict(prevalence(y, drawn["selection_probability"].to_numpy()))
            continue
        table = labels.table[labels.table["kind"].eq(kind)]
        n_positive = int(table["y"].sum())
        if len(table) and len(table) <= population:
            found[kind] = {"value": None} | asdict(sensitivity(n_positive=n_positive, n_negative=len(table) - n_positive, population=population))
    return found


def signs(crawl: LabelledCrawl, kind: str, reference: Reference, scored: dict[str, Any]) -> dict[str, Any]:
    """Return each sign as a rule that speaks or abstains, and the pairs that speak together most; ``scored``: the score's report.

    ``control_rate``: how often it fires on the negative control, missing where the crawl has none.
    """
    mine = crawl.labels(kind).set_index("row")
    facts = [name for name, weight in reference.weights.behaviour_weight.items() if weight == 0]
    quality = sign_quality(crawl.signs, len(crawl.listings), y=mine["y"].astype(float), sellers=mine["seller"], facts=facts)
    fired = {one["sign_id"]: one["rate"] for one in scored["control"]}
    quality["control_rate"] = quality["sign_id"].map(fired).astype(float).fillna(0.0) if scored["n_control"] else float("nan")
    pairs = sign_pairs(crawl.signs, len(crawl.listings), most=10) if len(crawl.signs) else pd.DataFrame()
    return {"precision_of": kind, "each": quality.to_dict("records"), "pairs": pairs.to_dict("records")}


def _refit(crawl: LabelledCrawl, kind: str, reference: Reference, *, seed: int) -> Refit | None:
    mine = crawl.labels(kind)
    points = _weight_points(crawl, reference).iloc[mine["row"].to_numpy()].reset_index(drop=True)
    return refit(points, mine["y"].to_numpy(dtype=bool), _groups(mine), seed=seed)


def _weight_points(crawl: LabelledCrawl, reference: Reference) -> pd.DataFrame:
    strength = reference.cues.drop_duplicates("cue_id").set_index("cue_id")["strength"].to_dict()
    return weight_points(crawl.signs, strength, reference.weights, len(crawl.listings))


def doubts(labels: Labels, crawl: LabelledCrawl, seed: int, *, shown: int = _SHOWN) -> dict[str, Any]:
    """Return listings that one source confirmed and another cleared, and labels that other labels do not believe; at most ``shown`` of each."""
    told = labels.outcomes[labels.outcomes["status"].isin(_DECIDED) & labels.outcomes["listing_id"].notna()]
    told = told.assign(y=told["status"].map(_DECIDED).gt(0))
    split = told.groupby(KEY)["y"].transform("nunique").gt(1)
    who = told[split].assign(said=told["source"].fillna("not said") + ": " + told["status"]).groupby(KEY)["said"].agg(" / ".join).reset_index()
    conflicts = who.merge(crawl.listings[[*KEY, "title"]], how="left", on=KEY)
    table = crawl.labels()
    y, groups = table["y"].to_numpy(dtype=bool), _groups(table)
    found: dict[str, Any] = {"n_conflicts": len(conflicts), "conflicts": conflicts.head(shown).to_dict("records"), "unexpected": None}
    if enough(y, groups):
        points = crawl.listings["points"].to_numpy(dtype=float)[table["row"].to_numpy()][:, None]
        unexpected = doubtful(table["title"].tolist(), points, y, groups, seed=seed)
        known = table.iloc[unexpected["row"]].reset_index(drop=True)[[*KEY, "title", "status", "source"]].assign(expected=unexpected["expected"])
        found |= {"n_unexpected": len(known), "unexpected": known.head(shown).to_dict("records")}
    return found


def looks(labels: Labels, crawl: LabelledCrawl, reference: Reference, seed: int) -> dict[str, Any]:
    """Return the unlabelled listings whose label would teach most, and by what they were chosen."""
    listings, table = crawl.listings, crawl.labels()
    seen = set(table["seller"].dropna()) | set(labels.sellers["platform"] + "|id|" + labels.sellers["seller_id"])
    free = ~listings.index.isin(table["row"]) & ~listings["seller"].isin(seen).to_numpy()
    plain = np.flatnonzero(free & listings["points"].le(0).to_numpy())
    some = np.random.default_rng(seed).choice(plain, min(_PLAIN, len(plain)), replace=False)
    at = np.sort(np.r_[np.flatnonzero(free & listings["points"].gt(0).to_numpy()), some])
    if not len(at):
        return {"by": "every seller has a label already", "listings": []}
    candidates = listings.iloc[at].reset_index(drop=True)
    y, groups = table["y"].to_numpy(dtype=bool), _groups(table)
    if enough(y, groups):
        points = listings["points"].to_numpy(dtype=float)[:, None]
        fitted = fit_expectation(table["title"].tolist(), points[table["row"].to_numpy()], y)
        expected = fitted.probability(candidates["title"].tolist(), points[at])
        uncertainty, by = 4 * expected * (1 - expected), "labels so far leave it open"
    else:
        # Too few labels to be unsure in any informed way: the border of "cannot tell" is where the written judgements are least sure.
        uncertainty = np.exp(-np.abs(candidates["points"].to_numpy(dtype=float) - reference.weights.bands.amber_points))
        by = "points near the border of amber"
    chosen = next_looks(uncertainty, candidates["goods_group"], candidates["seller"], table["goods_group"].fillna("?").value_counts(), n=_NEXT)
    shown = candidates.iloc[chosen["row"]].reset_index(drop=True)[[*KEY, "title", "seller", "band"]]
    return {"by": by, "listings": pd.concat([shown, chosen.drop(columns="row")], axis=1).to_dict("records")}


def _groups(table: pd.DataFrame) -> np.ndarray:
    """One number a seller; a listing without one stands alone."""
    alone = pd.Series(table["row"].map("row {}".format).to_numpy(), index=table.index)
    return np.asarray(pd.factorize(table["seller"].astype("object").where(table["seller"].notna(), alone))[0], dtype=np.int64)


def write_refitted(report: LabelReport, weights: EvidenceWeights, path: Path) -> None:
    """Write ``weights`` times the proposed factors as YAML; raises `DataError` where there are none."""
    if report.refit is None:
        raise DataError(f"{path} was not written: there are too few labels to correct the written weights")
    proposed = _rounded(report.refit.apply(weights).model_dump(mode="json", exclude_defaults=True))
    head = "# Evidence weights as outcomes would have them. A proposal: compare with configs/evidence.yaml and take over what convinces.\n"
    text = head + yaml.safe_dump(proposed, sort_keys=False, allow_unicode=True)
    write_atomically(path, lambda partial: partial.write_text(text, encoding="utf-8"))


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _rounded(one) for key, one in value.items()}
    return round(value, 3) if isinstance(value, float) else value


def _plain(value: Any) -> Any:
    """Values that JSON knows: no numpy number, and missing as null."""
    if isinstance(value, dict):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    value = value.item() if isinstance(value, np.generic) else value
    return None if value is pd.NaT or (isinstance(value, float) and np.isnan(value)) else value
