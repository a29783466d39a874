"""An earlier run's listings scored again by today's code, settings and model: which scores moved, and who would enter and leave its list.

Nothing of the earlier run is changed. What compares listings with each other (`pipeline.stages.market`) is taken as that run left it, so
that a thousand listings suffice; a change in how markets are read shows only in a run of its own.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from features.errors import DataError
from pipeline.config import RunConfig, configs_hash
from pipeline.law import load_law
from pipeline.manifest import code_hash
from pipeline.planning.inputs import read_inputs
from pipeline.planning.issued import ISSUED, last_list
from pipeline.planning.pool import KEY
from pipeline.planning.seller_models import read_scores, read_seller_models, write_seller_models
from pipeline.reference import load_reference
from pipeline.reports.safe_text import one_line
from pipeline.stages.features import build_features
from pipeline.stages.plan import plan
from pipeline.stages.score import MODEL_VERSION, ScoreReport, score
from pipeline.store import parts, read_json, read_parquet, write_parquet

if TYPE_CHECKING:
    from models.artifact import Model

_PART = "part-00000.parquet"
_SHOWN = 20
#: Sums of floats may differ in the last digits between machines.
_SAME = 1e-9
_WHO = ["code", "seller_name", "subject_url", "platform", "authority", "rank", "signs"]


@dataclass(frozen=True)
class RunComparison:
    """``rows``: one a listing scored again, ``platform, listing_id, risk, points, band`` before and ``…_now``; ``on_list`` of them were shown on the
    list. ``moves``: targets within capacity that enter or leave by the new scores (``move, code, seller_name, subject_url, platform, authority,
    rank, signs``); ``replanned``: those that enter or leave by today's planning of the old scores. ``versions`` maps what made the run to
    before and now.
    """

    folder: Path
    run_id: str
    n_listings: int
    on_list: int
    flagged_points: float
    rows: pd.DataFrame
    moves: pd.DataFrame
    replanned: pd.DataFrame
    versions: dict[str, tuple[str, str]]

    @property
    def changed(self) -> pd.Series:
        """By row, whether risk, points or band are others now."""
        far = [(self.rows[f"{name}_now"] - self.rows[name]).abs().gt(_SAME) for name in ("risk", "points")]
        return far[0] | far[1] | self.rows["band_now"].ne(self.rows["band"])

    @property
    def exit_code(self) -> int:
        """3 where a score or the list moved, else 0."""
        return 3 if self.changed.any() or len(self.moves) or len(self.replanned) else 0

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        moved = self.rows[self.changed]
        by = (moved["risk_now"] - moved["risk"]).abs()
        bands = (moved["band"] + " to " + moved["band_now"])[moved["band"].ne(moved["band_now"])].value_counts()
        over, was_over = (self.rows[name].ge(self.flagged_points) for name in ("points_now", "points"))
        return {
            "run": str(self.folder), "run_id": self.run_id, "listings": self.n_listings,
            "scored_again": len(self.rows), "shown_on_its_list": self.on_list,
            "versions": {name: {"before": before, "now": now} for name, (before, now) in self.versions.items()},
            "changed": len(moved),
            "risk_moved_by": {"median": float(by.median()), "most": float(by.max())} if len(by) else None,
            "bands": {str(name): int(n) for name, n in sorted(bands.items())},
            "line_points": self.flagged_points,
            "now_over_the_line": int((over & ~was_over).sum()), "now_under_the_line": int((was_over & ~over).sum()),
            "moves": _plain(self.moves), "moves_by_planning_alone": _plain(self.replanned),
        }  # fmt: skip

    def lines(self) -> list[str]:
        """Return the summary for a terminal."""
        said = self.to_json()
        other = [f"{name} {before} -> {now}" for name, (before, now) in self.versions.items() if before != now]
        rows = [
            f"{len(self.rows):,} of {self.n_listings:,} listings of {self.folder} (run {self.run_id}) scored again: "
            f"{self.on_list:,} shown on its list, the rest drawn by hash",
            "made by the same code, settings and model" if not other else "changed since: " + "; ".join(other),
        ]
        if not said["changed"]:
            rows.append("scores: none changed")
        else:
            by, bands = said["risk_moved_by"], ", ".join(f"{name} {n:,}" for name, n in said["bands"].items())
            far = f"risk by {by['median']:.4f} in the middle and {by['most']:.4f} at most"
            rows.append(f"scores: {said['changed']:,} changed, {far}; bands: {bands or 'none'}")
            rows.append(
                f"  the line of {self.flagged_points:g} points, from which a listing has signs: "
                f"{said['now_over_the_line']:,} now over it, {said['now_under_the_line']:,} now under"
            )
        rows += _told(self.moves, "the list, by the new scores")
        planning = "today's planning of the old scores (other code, settings, or inputs and --capacity not named again)"
        rows += _told(self.replanned, f"the list, by {planning}")
        return rows


def compare_run(
    folder: Path, *, config: RunConfig, model: Model | None = None, capacity: pd.DataFrame | None = None, at_most: int = 1000
) -> RunComparison:
    """Score up to ``at_most`` listings of the finished run in ``folder`` again: those shown under its targets within capacity, then under the
    others, then by a hash of their key, so that the same run gives the same ones.

    A table that an older version wrote is filled or refused as `pipeline.store.read_parquet` says. Raises `DataError` where the run is not
    finished, or where its ``work`` is gone.
    """
    work = folder / "work"
    if not (folder / "run.json").is_file() or not (work / "listings").is_dir():
        raise DataError(f"{folder} holds no finished run with its work/ (soihang prune takes that away); name a younger one")
    ran, summary = read_json(folder / "run.json"), read_json(work / "summary.json")
    targets, shown = read_parquet(work / "targets.parquet"), read_parquet(work / "target_listings.parquet", ["code", *KEY])
    keys = pd.concat([read_parquet(part, KEY) for part in parts(work / "listings")], ignore_index=True)
    rows, on_list = _chosen_rows(keys, shown, targets, at_most)
    before = read_parquet(folder / "scores.parquet", ["risk", "points", "band"]).iloc[rows].reset_index(drop=True)
    past_known = not ScoreReport.from_json(read_json(work / "score.json")).unfed
    with tempfile.TemporaryDirectory(prefix="soihang-compare-") as name:
        again = Path(name)
        _score_again(work, again, rows, config=config, model=model, past_known=past_known)
        scores, reasons = read_parquet(again / "scores.parquet"), read_parquet(again / "reasons.parquet")
        write_seller_models(model, again)
        old, old_reasons = read_scores(folder / "scores.parquet"), read_parquet(folder / "reasons.parquet")
        day = date.fromisoformat(summary["as_of"])
        by_old = _planned(folder, old, old_reasons, work, day, config, capacity)
        by_new = _planned(folder, _laid_over(old, scores, rows), _exchanged(old_reasons, reasons, keys.iloc[rows]), again, day, config, capacity)
    now = scores[["risk", "points", "band"]].add_suffix("_now")
    versions = {
        "settings": (str(ran.get("configs_hash")), configs_hash()), "code": (str(ran.get("code_hash")), code_hash()),
        "model": (str(ran["model"]["version"]), model.version if model is not None and model.takes_over else MODEL_VERSION),
    }  # fmt: skip
    return RunComparison(
        folder, str(ran["run_id"]), len(keys), on_list, config.plan.flagged_points,
        pd.concat([keys.iloc[rows].reset_index(drop=True)[["platform", "listing_id"]], before, now], axis=1),
        _moves(by_old, by_new), _moves(targets[~targets["reserve"]], by_old), versions,
    )  # fmt: skip


def _chosen_rows(keys: pd.DataFrame, shown: pd.DataFrame, targets: pd.DataFrame, at_most: int) -> tuple[np.ndarray, int]:
    """Positions of the listings to score again, in order, and how many of them were shown on the list."""
    place = shown.merge(targets[["code", "reserve", "rank"]], on="code")
    place = place.sort_values(["reserve", "rank", *KEY], kind="stable").drop_duplicates(KEY)
    order = pd.Series(range(len(place)), index=pd.MultiIndex.from_frame(place[KEY])).reindex(pd.MultiIndex.from_frame(keys)).to_numpy(dtype=float)
    drawn = pd.util.hash_pandas_object(keys[["platform", "listing_id"]], index=False).to_numpy()
    first = np.lexsort((drawn, order))[:at_most]
    return np.sort(first), int(np.isfinite(order[first]).sum())


def _score_again(work: Path, into: Path, rows: np.ndarray, *, config: RunConfig, model: Model | None, past_known: bool) -> None:
    """Leave scores and reasons of the listings at ``rows`` in ``into``; their text is read anew, their market is that of ``work``."""
    begin, listings, market = 0, [], []
    for part in parts(work / "listings"):
        table = read_parquet(part)
        here = rows[(rows >= begin) & (rows < begin + len(table))] - begin
        begin += len(table)
        if len(here):
            listings.append(table.iloc[here])
            market.append(read_parquet(work / "market" / part.name).iloc[here])
    write_parquet(pd.concat(listings, ignore_index=True), into / "listings" / _PART)
    write_parquet(pd.concat(market, ignore_index=True), into / "market" / _PART)
    tokenizer = model.tokenizer if model is not None else config.text.tokenizer
    build_features(into / "listings", out=into, tokenizer=tokenizer, with_text=model is not None)
    score(into / "listings", into, out=into, reference=load_reference(), run_id="comparison", model=model, past_known=past_known)


def _planned(
    folder: Path, scores: pd.DataFrame, reasons: pd.DataFrame, seller_models: Path, day: date, config: RunConfig, capacity: pd.DataFrame | None
) -> pd.DataFrame:
    """The targets within capacity that today's planning makes of scores."""
    made = plan(
        folder / "work" / "listings", folder / "work", scores, reasons,
        as_of=day, settings=config.plan, capacity=capacity, reference=load_reference(), inputs=read_inputs(config.plan.inputs),
        last=last_list(config.plan.issued or folder / ISSUED, day), law=load_law(config.law_tables),
        seller_models=read_seller_models(seller_models), seed=config.seed,
    )  # fmt: skip
    return made.targets[~made.targets["reserve"]]


def _laid_over(old: pd.DataFrame, new: pd.DataFrame, rows: np.ndarray) -> pd.DataFrame:
    names = ["points", "band", *(name for name in new if name.startswith("probability"))]
    table = old.reindex(columns=list(dict.fromkeys([*old, *names])))
    for name in names:
        table.iloc[rows, table.columns.get_loc(name)] = new[name].to_numpy()
    return table


def _exchanged(old: pd.DataFrame, new: pd.DataFrame, keys: pd.DataFrame) -> pd.DataFrame:
    again = pd.MultiIndex.from_frame(old[KEY]).isin(pd.MultiIndex.from_frame(keys))
    return pd.concat([old[~again], new], ignore_index=True)


def _moves(before: pd.DataFrame, after: pd.DataFrame) -> pd.DataFrame:
    enters = after[~after["subject"].isin(before["subject"])].assign(move="enters")
    leaves = before[~before["subject"].isin(after["subject"])].assign(move="leaves")
    return pd.concat([enters, leaves])[["move", *_WHO]].sort_values(["move", "authority", "rank"], kind="stable").reset_index(drop=True)


def _told(moves: pd.DataFrame, what: str) -> list[str]:
    if moves.empty:
        return [f"{what.partition(' (')[0]}: nobody enters or leaves"]
    counts = moves["move"].value_counts()
    lines = [f"{what}: {counts.get('enters', 0)} enter, {counts.get('leaves', 0)} leave"]
    for row in moves.head(_SHOWN).itertuples():
        name = row.seller_name if pd.notna(row.seller_name) else row.subject_url
        lines.append(one_line(f"  {row.move} {row.code} {name} ({row.platform}; {row.authority}, {row.rank}): {row.signs}"))
    return lines + ([f"  … and {len(moves) - _SHOWN} more: --json"] if len(moves) > _SHOWN else [])


def _plain(moves: pd.DataFrame) -> list[dict[str, Any]]:
    table = moves.astype("object").where(moves.notna(), None)
    return [{str(name): value for name, value in row.items()} for row in table.to_dict("records")]
