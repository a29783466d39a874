"""A hundred thousand malformed inputs through ingest and score: ``python -m benchmarks.fuzz``. Prints one JSON document.

What is counted: that nothing crashes, that for every file rows read = listings + quarantined and the tables on disk say the same, that every
listing is scored once with a band, and what an input costs in processor time and memory. A round that fails is sent again file by file; the
files that are to blame are kept under ``--keep`` and named, and the exit code is 1.
"""

from __future__ import annotations

import argparse
import json
import logging
import resource
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, get_args

import pandas as pd

from benchmarks.dirt import SHARES, Dirt, DirtyFile, samples
from benchmarks.dirt_bombs import BOMBS
from features.errors import SoiHangError
from pipeline.config import DEMO_KEY, load_run_config
from pipeline.sources.mapping import Format, SourceMapping, load_mappings
from pipeline.stages.ingest import IngestReport, ingest
from pipeline.stages.judge import judge
from pipeline.store import read_parquet, write_json
from pipeline.tables.quarantine import RULES

TOTAL, A_ROUND, SEED = 100_000, 5_000, 20261125
MAX_PEAK = 2_000_000_000
"""Bytes a worker may take at most (the promise of the design)."""
MAX_BOMB_SECONDS = 60.0
MAX_INPUT_MS = 20.0


@dataclass
class Seen:
    """What became of the inputs: by kind how many were sent, how many rows they were read as, what those became, and what failed."""

    kinds: dict[str, Counter[str]] = field(default_factory=dict)
    rules: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)
    worst_ms: float = 0.0

    def count(self, files: Sequence[DirtyFile], report: IngestReport) -> None:
        """Take in what an ingest reported of the files sent."""
        for one in files:
            self.kinds.setdefault(one.name.partition("-")[0], Counter())["inputs"] += one.inputs
        for file in report.files:
            counts = self.kinds.setdefault(file.file.partition("-")[0], Counter())
            counts.update(read=file.read, listings=file.listings, quarantined=sum(file.quarantined.values()))
            counts.update(files_refused=bool(file.error), files_passed_over=bool(file.passed_over))
            self.rules.update(file.quarantined)

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        total = sum((counts for counts in self.kinds.values()), Counter())
        return {
            "inputs": total["inputs"],
            "rows_read": total["read"],
            "listings": total["listings"],
            "quarantined": total["quarantined"],
            "rules": dict(self.rules.most_common()),
            "kinds": {kind: dict(sorted(counts.items())) for kind, counts in sorted(self.kinds.items())},
            "worst_round_ms_an_input": round(self.worst_ms, 2),
            "failures": self.failures,
        }


@lru_cache(maxsize=1)
def any_format() -> dict[str, SourceMapping]:
    """Return every mapping, for files of every format: dirt of all payloads comes as lines, whatever they came as."""
    return {name: one.model_copy(update={"formats": get_args(Format)}) for name, one in load_mappings().items()}


def write(files: Sequence[DirtyFile], folder: Path) -> None:
    """Lay files and links into a crawl folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for one in files:
        path = folder / one.name
        if one.link is not None:
            path.symlink_to(one.link)
        else:
            path.write_bytes(one.content)


def check_ingest(report: IngestReport, work: Path) -> None:
    """Raise `AssertionError` unless report and tables agree, file by file, and nothing came from outside the folder."""
    parts = [read_parquet(path, ["source_file"]) for path in sorted((work / "listings").glob("part-*.parquet"))]
    listings = pd.concat(parts)["source_file"].value_counts().to_dict() if parts else {}
    quarantine = read_parquet(work / "quarantine.parquet")
    rules = quarantine.groupby(["source_file", "rule"]).size().to_dict()
    for one in report.files:
        if one.read != one.listings + sum(one.quarantined.values()) or one.listings != listings.get(one.file, 0):
            raise AssertionError(f"{one.file}: {one} but {listings.get(one.file, 0)} listings on disk")
        if any(rules.get((one.file, rule), 0) != n for rule, n in one.quarantined.items()):
            raise AssertionError(f"{one.file}: {one.quarantined} but quarantine holds others")
    if sum(listings.values()) != report.n_listings or len(quarantine) != report.n_quarantined or not set(quarantine["rule"]) <= set(RULES):
        raise AssertionError(f"{report.n_listings} + {report.n_quarantined} reported, {sum(listings.values())} + {len(quarantine)} on disk")


def check_scores(out: Path, n_listings: int) -> None:
    """Raise `AssertionError` unless every listing has one score with a band and a risk."""
    scores = read_parquet(out / "scores.parquet")
    if len(scores) != n_listings or not scores["band"].isin(["red", "amber", "green"]).all() or not scores["risk"].between(0, 1).all():
        raise AssertionError(f"{len(scores)} scores of {n_listings} listings, bands {scores['band'].value_counts().to_dict()}")


def send(files: Sequence[DirtyFile], folder: Path, *, source: str = "auto", scored: bool = True) -> IngestReport:
    """Send files through ingest and score, and check what must always hold; returns what ingest reported."""
    write(files, folder / "crawl")
    out = folder / "out"
    report = ingest([folder / "crawl"], mappings=any_format(), out=out / "work", key=DEMO_KEY, source=source)
    check_ingest(report, out / "work")
    if report.n_listings and scored:
        write_json(report.to_json(), out / "work" / "ingest.json")
        write_json({"files": [], "source": source}, out / "work" / "inputs.json")
        judge(out, config=load_run_config())
        check_scores(out, report.n_listings)
    return report


def blamed(files: Sequence[DirtyFile], keep: Path, *, source: str) -> list[str]:
    """Send each file alone; keep and name those that fail."""
    found = []
    for one in files:
        with tempfile.TemporaryDirectory() as folder:
            try:
                send([one], Path(folder), source=source)
            except SoiHangError:
                pass  # refused in words: nothing but that file was there
            except Exception as error:
                keep.mkdir(parents=True, exist_ok=True)
                (keep / one.name).write_bytes(one.content)
                where = traceback.extract_tb(error.__traceback__)[-1]
                found.append(f"{one.name} ({source}): {type(error).__name__}: {str(error)[:200]} at {Path(where.filename).name}:{where.lineno}")
    return found


def fuzz(total: int, *, number: int = SEED, real: bool = True, keep: Path, a_round: int = A_ROUND) -> Seen:
    """Send about ``total`` inputs of every kind in rounds; every fourth round insists on one mapping, whatever the files are."""
    seen, sound = Seen(), samples(real=real)
    for at in range(max(1, round(total / a_round))):
        dirt = Dirt(number + at, sound)
        wanted = min(total, a_round)
        files = [
            file
            for kind, share in SHARES.items()
            for file in dirt.make(kind, max(1, round(wanted * share / sum(SHARES.values()))), named=f"{at:03d}")
        ]
        source = "listing_table" if at % 4 == 3 else "auto"
        begun = time.process_time()
        with tempfile.TemporaryDirectory() as folder:
            try:
                seen.count(files, send(files, Path(folder), source=source))
            except Exception as error:  # whatever it is: that is what is looked for
                seen.failures += blamed(files, keep, source=source) or [
                    f"round {at} ({source}), no file alone: {type(error).__name__}: {str(error)[:300]}"
                ]
        seen.worst_ms = max(seen.worst_ms, 1_000 * (time.process_time() - begun) / sum(one.inputs for one in files))
    return seen


def explode(name: str) -> dict[str, Any]:
    """Send one bomb through ingest; returns seconds of processor time, the rise of peak memory and what became of it."""
    content = BOMBS[name]()
    before, begun = _peak(), time.process_time()
    with tempfile.TemporaryDirectory() as folder:
        source = "generic_csv" if name.endswith("xlsx") else "listing_table"
        report = send([DirtyFile(f"bomb-{name}", content, 1)], Path(folder), source=source, scored=False)
    one = report.files[0]
    return {
        "bytes": len(content),
        "seconds": round(time.process_time() - begun, 2),
        "peak_rise_mb": round((_peak() - before) / 1e6),
        "listings": one.listings,
        "quarantined": dict(one.quarantined),
        "refused": (one.error or one.passed_over or "")[:160],
    }


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--inputs", type=int, default=TOTAL)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--keep", type=Path, default=Path("out/fuzz"), help="where files that fail are kept")
    parser.add_argument("--bombs", action="store_true", help="the bombs alone")
    arguments = parser.parse_args()
    logging.disable(logging.WARNING)
    begun = time.process_time()
    seen = Seen() if arguments.bombs else fuzz(arguments.inputs, number=arguments.seed, keep=arguments.keep)
    calm = _peak()
    bombs = {name: explode(name) for name in BOMBS}
    slow = [name for name, one in bombs.items() if one["seconds"] > MAX_BOMB_SECONDS]
    seconds = round(time.process_time() - begun, 1)
    result = {
        **seen.to_json(),
        "bombs": bombs,
        "peak_mb": round(calm / 1e6),
        "peak_mb_with_bombs": round(_peak() / 1e6),
        "processor_seconds": seconds,
    }
    json.dump(result, sys.stdout, ensure_ascii=False, indent=1)
    return 1 if seen.failures or slow or seen.worst_ms > MAX_INPUT_MS or _peak() > MAX_PEAK else 0


if __name__ == "__main__":
    sys.exit(main())
