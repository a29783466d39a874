"""Time the whole way on the real listings beside the repository and print what the README says of them: ``make bench``.

Prints one JSON document; nothing is asserted. Peak memory adds up the main process and its workers (Linux).
"""

from __future__ import annotations

import json
import os
import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from pipeline.config import DEMO_KEY, load_run_config
from pipeline.lock import lock
from pipeline.sources.mapping import load_mappings
from pipeline.stages.run import run

REAL = Path(__file__).resolve().parent.parent.parent / "shared" / "data" / "listings"


def peak_gigabytes() -> Iterator[float]:
    """Yield the peak resident memory of every process of our group."""
    for status in Path("/proc").glob("[0-9]*/status"):
        with suppress(OSError):
            peak = re.search(r"VmHWM:\s+(\d+) kB", status.read_text())
            if peak and os.getpgid(int(status.parent.name)) == os.getpgrp() and b"python" in (status.parent / "cmdline").read_bytes():
                yield int(peak[1]) / 1e6


def main() -> None:
    """Run everything once, cold, and print counts, seconds, rates and the negative control."""
    files = [Path(name) for name in sys.argv[1:]] or sorted(REAL.glob("*.parquet"))
    if not files:
        sys.exit(f"no real listings at {REAL}; name files to measure others")
    with tempfile.TemporaryDirectory() as folder, lock(Path(folder)):
        done = run(files, out=Path(folder), config=load_run_config(), mappings=load_mappings(), key=DEMO_KEY)
    said = done.to_json()
    seconds = sum(said["seconds"].values())
    peaks = list(peak_gigabytes())
    print(json.dumps(
        {
            "cores": os.cpu_count(),
            "counts": said["counts"],
            "seconds": said["seconds"] | {"all": round(seconds, 1)},
            "listings_per_second": round(said["counts"]["listings"] / seconds),
            "peak_memory_gb": round(sum(peaks), 2),
            "processes": len(peaks),
            "control": {one["sign_id"]: f"{one['fired']} of {said['control']['n']}" for one in said["control"]["signs"]},
            "priority_rank_correlation_with_shop_size": said["priority_rank_correlation_with_shop_size"],
        },
        ensure_ascii=False, indent=2,
    ))  # fmt: skip


if __name__ == "__main__":
    main()
