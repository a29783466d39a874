"""A night in figures, taken once while its tables are there: some kilobytes of counts, no listing's words, fit to be kept for years."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from pipeline.crawl_changes import CrawlChanges
from pipeline.monitor.title_words import new_words
from pipeline.reports.safe_text import one_line
from pipeline.store import parts, read_json, read_parquet, write_json
from pipeline.tables.listings import COLUMNS
from pipeline.tables.targets import CHOSEN

FILE = "monitor.json"
VERSION = 1
#: Fixed for ever under `VERSION`, so that any two nights can be compared: risk from 0 to 1, and VND, four steps a power of ten.
SCORE_EDGES = (0.02, 0.03, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 0.9)
PRICE_EDGES = tuple(float(round(10 ** (step / 4))) for step in range(12, 33))
#: Fields that a listing may lack; of each the listings of a platform that have it are counted.
FIELDS = [name for name, (_, optional, _) in COLUMNS.items() if optional and name not in {"flags"}]
_MOST_NAMES, _NAME_LENGTH, REST = 40, 60, "…"


def take_figures(out: Path, *, day: date, before: Path | None, changes: CrawlChanges, review_slots: int | None = None) -> dict[str, Any]:
    """Count what the finished run in ``out`` holds into ``out/monitor.json`` and return it; ``before`` is the night before it, for new words."""
    run = read_json(out / "run.json")
    listings = out / "work" / "listings"
    crawl, prices = _crawl(listings)
    earlier = before / "work" / "listings" if before else None
    words = new_words(listings, earlier) if earlier and earlier.is_dir() else None
    figures = {
        "version": VERSION,
        "night": day.isoformat(),
        "ended_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "run_id": run["run_id"],
        "score_kind": run["score_kind"],
        "model_version": run["model"]["version"],
        "configs_hash": run["configs_hash"],
        "code_hash": run["code_hash"],
        "review_slots": review_slots,
        "counts": {name: run["counts"][name] for name in ("read", "listings", "quarantined", "scored", "targets", "chosen")}
        | {"red": run["counts"]["bands"].get("red", 0), **changes._asdict()},
        "score": _histogram(read_parquet(out / "scores.parquet", ["risk"])["risk"], SCORE_EDGES),
        "price": prices,
        "goods": _goods(out / "work" / "rows"),
        "list": list_mix(read_parquet(out / "work" / "targets.parquet", ["behaviours", "goods", "platform", "standing"])),
        "new_words": None if words is None or before is None else {**words._asdict(), "against": before.name},
        "platforms": crawl,
        "sources": _sources(run["sources"]),
    }
    write_json(figures, out / FILE)
    return figures


def _histogram(values: pd.Series, edges: tuple[float, ...]) -> list[int]:
    """Counts below the first edge, between each two, and from the last on; what is missing is in none."""
    known = values.dropna().to_numpy(dtype=float)
    return [int(n) for n in np.bincount(np.searchsorted(edges, known, side="right"), minlength=len(edges) + 1)]


def _crawl(listings: Path) -> tuple[dict[str, Any], list[int]]:
    """By platform: listings, how many have each field, which mappings read them; and the prices of all."""
    n: dict[str, int] = defaultdict(int)
    present: dict[str, dict[str, int]] = defaultdict(lambda: dict.fromkeys(FIELDS, 0))
    sources: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    prices = np.zeros(len(PRICE_EDGES) + 1, dtype=int)
    for part in parts(listings):
        rows = read_parquet(part, ["platform", "source", *FIELDS])
        prices += _histogram(rows["price_vnd"], PRICE_EDGES)
        for platform, has in rows[FIELDS].notna().groupby(rows["platform"]).sum().iterrows():
            for name in FIELDS:
                present[str(platform)][name] += int(has[name])
        for (platform, source), number in rows.groupby(["platform", "source"]).size().items():
            n[str(platform)] += int(number)
            sources[str(platform)][str(source)] += int(number)
    # The largest are told apart; a crawl that names thousands of "platforms" must not fill the disk.
    largest = sorted(n, key=lambda name: (-n[name], name))[:_MOST_NAMES]
    told: dict[str, Any] = {_name(one): {"listings": n[one], "present": present[one], "sources": dict(sources[one])} for one in largest}
    return told, [int(one) for one in prices]


def _goods(rows: Path) -> dict[str, int]:
    counts: pd.Series = pd.concat([read_parquet(part, ["goods_group"])["goods_group"].fillna("").value_counts() for part in parts(rows)])
    return _largest(counts.groupby(level=0).sum())


def list_mix(targets: pd.DataFrame) -> dict[str, dict[str, int]]:
    """Return how many targets within capacity there are by leading behaviour, by goods group and by platform."""
    chosen = targets[targets["standing"].eq(CHOSEN)]
    return {
        "behaviours": _largest(chosen["behaviours"].str[0].fillna("").value_counts()),
        "goods": _largest(chosen["goods"].fillna("").str.split(", ").str[0].value_counts()),
        "platforms": _largest(chosen["platform"].value_counts()),
    }


def _sources(files: list[Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """By mapping: rows read and quarantined, and the least confidence with which one of its files was recognised."""
    found: dict[str, dict[str, Any]] = {}
    for file in files:
        if file["mapping"] is None or file["passed_over"]:
            continue
        one = found.setdefault(file["mapping"], {"read": 0, "quarantined": 0, "confidence": 1.0})
        one["read"] += file["read"]
        one["quarantined"] += sum(file["quarantined"].values())
        one["confidence"] = min(one["confidence"], file["confidence"])
    return found


def _largest(counts: pd.Series) -> dict[str, int]:
    ordered = sorted(counts.items(), key=lambda one: (-int(one[1]), str(one[0])))
    told: dict[str, int] = defaultdict(int)
    for place, (name, number) in enumerate(ordered):
        told[_name(str(name)) if place < _MOST_NAMES else REST] += int(number)
    return dict(told)


def _name(text: str) -> str:
    return one_line(text)[:_NAME_LENGTH]
