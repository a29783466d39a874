"""How fast are words, and in how much memory? Ours beside ``underthesea.word_tokenize``, on real full listings, from cold.

``python benchmarks/words.py`` prints one JSON document; nothing is asserted. Each run is a fresh process pinned to one core (Linux), the two
alternate, and the ratio is that of the medians, in CPU time. Underthesea remembers nothing between texts, so it is timed on every tenth
listing. Starting up (import, tables, compiled code) is told apart, in seconds on the wall.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

REAL = Path(__file__).resolve().parent.parent.parent / "shared" / "data" / "listings"
FULL = "tiki_200k_vuongthe.parquet"
_AT_ONCE = 1_000


def full_listings(count: int) -> list[str]:
    """Return title and description of the first ``count`` listings that have both, a line feed between; then listings with titles only."""
    import pandas as pd

    texts: list[str] = []
    for file in sorted(REAL.glob("*.parquet"), key=lambda path: (path.name != FULL, path.name)):
        rows = pd.read_parquet(file)
        if "title" not in rows:
            continue
        description = rows["description"] if "description" in rows else pd.Series("", index=rows.index)
        texts += (rows["title"].fillna("") + "\n" + description.fillna("").astype(str)).str.rstrip("\n").tolist()
        if len(texts) >= count:
            break
    return texts[:count]


def time_ours(count: int) -> dict[str, Any]:
    """Time import, first call and ``count`` listings by words and (again from cold) by hashes."""
    texts = full_listings(count)
    before = resident_megabytes()
    start = time.perf_counter()
    from features.segment import pair_hashes, word_hashes, words

    words(["một"])
    word_hashes(["một"])
    first = time.perf_counter() - start
    from features.segment import _installed

    found = {"listings": len(texts), "first_call_s": first, "loaded_mb": resident_megabytes() - before}
    for name, segment in {"words": words, "hashes": lambda part: pair_hashes(word_hashes(part))}.items():
        _installed().chunks.forget()  # type: ignore[attr-defined]
        found[f"{name}_us"] = timed(segment, texts)
    found["words_warm_us"] = timed(words, texts[-_AT_ONCE * 2 :])
    return found


def time_underthesea(count: int) -> dict[str, Any]:
    """Time every tenth of ``count`` listings."""
    texts = full_listings(count)[::10]
    start = time.perf_counter()
    from underthesea import word_tokenize

    word_tokenize("một")
    first = time.perf_counter() - start
    return {"listings": len(texts), "first_call_s": first, "words_us": timed(lambda part: [word_tokenize(text) for text in part], texts)}


def measure_memory(count: int) -> dict[str, Any]:
    """Return the growth of resident memory after every 20,000 of ``count`` listings, the words of each thousand thrown away."""
    texts = full_listings(count)
    from features.segment import words

    words(["một"])
    before = resident_megabytes()
    grown = {}
    for start in range(0, len(texts), _AT_ONCE):
        words(texts[start : start + _AT_ONCE])
        done = min(start + _AT_ONCE, len(texts))
        if done % 20_000 == 0 or done == len(texts):
            grown[str(done)] = round(resident_megabytes() - before)
    return grown


def timed(segment: Any, texts: list[str]) -> float:
    """Return microseconds of this process's CPU a text, a thousand texts a call (one thread; others may use the machine)."""
    start = time.process_time()
    for at in range(0, len(texts), _AT_ONCE):
        segment(texts[at : at + _AT_ONCE])
    return (time.process_time() - start) / len(texts) * 1e6


def resident_megabytes() -> float:
    """Return this process's resident memory (Linux)."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def _in_fresh_process(what: str, count: int, **environment: str) -> dict[str, Any]:
    command = [sys.executable, __file__, "--only", what, "--listings", str(count)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=os.environ | environment)
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def main() -> None:
    """Run all of it and print the medians."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--listings", type=int, default=20_000)
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--only", choices=["ours", "underthesea", "memory"], help="one measurement in this process (what the rounds call)")
    asked = options.parse_args()
    if not (REAL / FULL).exists():
        sys.exit(f"no real listings at {REAL}: nothing to measure")
    if asked.only:
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
        print(json.dumps({"ours": time_ours, "underthesea": time_underthesea, "memory": measure_memory}[asked.only](asked.listings)))
        return
    with tempfile.TemporaryDirectory() as empty:
        never = _in_fresh_process("ours", 100, SOIHANG_CACHE_DIR=empty)["first_call_s"]
    rounds = [(_in_fresh_process("ours", asked.listings), _in_fresh_process("underthesea", asked.listings)) for _ in range(asked.rounds)]
    ours, theirs = [one for one, _ in rounds], [one for _, one in rounds]

    def median(runs: list[dict[str, Any]], name: str) -> float:
        return statistics.median(run[name] for run in runs)

    print(json.dumps(
        {
            "listings": ours[0]["listings"],
            "characters_a_listing": round(statistics.mean(map(len, full_listings(asked.listings)))),
            "rounds": asked.rounds,
            "underthesea_us_a_listing": round(median(theirs, "words_us")),
            "ours_us_a_listing": round(median(ours, "words_us")),
            "ours_each_round": [round(run["words_us"]) for run in ours],
            "times_faster": round(median(theirs, "words_us") / median(ours, "words_us"), 1),
            "ours_warm_us_a_listing": round(median(ours, "words_warm_us")),
            "hashes_and_pairs_us_a_listing": round(median(ours, "hashes_us")),
            "first_call_s": {"state_folder_empty": round(never, 1), "later": round(median(ours, "first_call_s"), 2)},
            "underthesea_first_call_s": round(median(theirs, "first_call_s"), 2),
            "resident_mb": {"loaded": round(median(ours, "loaded_mb")), "more_after_listings": _in_fresh_process("memory", 100_000)},
        },
        indent=2,
    ))  # fmt: skip


if __name__ == "__main__":
    main()
