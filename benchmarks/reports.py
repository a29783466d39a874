"""How long the reports take: workbooks and pages of many invented targets, and the situation report of a finished run.

python benchmarks/reports.py [--targets 1000] [--run DIR]
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from pipeline.stages.report import report, report_situation
from pipeline.stages.sightings import with_sightings
from pipeline.store import read_json, read_parquet
from pipeline.tables.targets import with_lists
from tests.invented_targets import SUMMARY, invented

AUTHORITIES = 34
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def main() -> None:
    """Print seconds of processor time and the highest memory so far."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--targets", type=int, default=1000, help="targets an authority")
    parser.add_argument("--run", type=Path, help="folder of a finished run, for the situation report")
    asked = parser.parse_args()
    places = tuple((f"X{_LETTERS[n // 26]}{_LETTERS[n % 26]}", f"Đơn vị thử số {n}", "Hà Nội") for n in range(AUTHORITIES))
    targets, listings = invented(asked.targets, places)
    with TemporaryDirectory() as folder:
        timed(f"{len(targets):,} targets of {AUTHORITIES} authorities", lambda: report(targets, listings, SUMMARY, out=Path(folder)))
    if asked.run:
        of_run(asked.run)


def of_run(out: Path) -> None:
    """Time what reads all listings of a run."""
    work = out / "work"
    targets, listings = (with_lists(read_parquet(work / f"{name}.parquet")) for name in ("targets", "target_listings"))
    timed("sightings", lambda: with_sightings(listings, work))
    told = timed("situation report", lambda: report_situation(out, targets, read_json(work / "summary.json")))
    sys.stdout.write(f"{told}\n")


def timed(name: str, work: Callable[[], Any]) -> Any:
    """Run ``work``, print what it took and return what it gave."""
    begun = time.process_time()
    made = work()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    sys.stdout.write(f"{name}: {time.process_time() - begun:.1f} s of processor time, peak {peak:,} MB\n")
    return made


if __name__ == "__main__":
    main()
