"""Kill -9 at random moments, then the same command again: does it end in the same bytes? ``make crashes``.

An invented crawl is run once undisturbed. Then, again and again in one folder, a run is started and its whole process group killed at a moment
drawn evenly over the time a run takes; the same command must then end as the undisturbed one did, byte for byte. Every fifth time it
is `soihang plan --issue` that is killed: afterwards either there is no list, or a whole one that verifies. Prints one JSON document and
ends with 1 where anything differs.

``python benchmarks/crashes.py [KILLS]`` (100 by default; some ten seconds each).
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from pipeline.manifest import fingerprint

LISTINGS = 2_000
RESULTS = ("scores.parquet", "reasons.parquet", "quarantine.parquet", "targets.csv", "plan.xlsx", "index.html")
SOIHANG = Path(sys.executable).with_name("soihang")


def started(*arguments: object) -> subprocess.Popen[bytes]:
    """The command in a process group of its own."""
    return subprocess.Popen([SOIHANG, *map(str, arguments)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True)


def killed(child: subprocess.Popen[bytes], after: float) -> bool:
    """Kill the child and all it started after so many seconds; False where it was done before."""
    try:
        child.communicate(timeout=after)
        return False
    except subprocess.TimeoutExpired:
        os.killpg(child.pid, signal.SIGKILL)
        child.communicate()
        return True


def results(out: Path) -> dict[str, str]:
    """Fingerprints of what a run leaves for people and for the next program."""
    return {name: fingerprint(out / name) for name in RESULTS}


def stage_of(out: Path) -> str:
    """The last stage that a killed run had finished in ``out``."""
    marks = {"ingest": "inputs.json", "score": "run_id.json", "plan": "summary.json"}
    return next((stage for stage, mark in reversed(marks.items()) if (out / "work" / mark).exists()), "nothing")


def killed_issue(out: Path, crawl: Path, after: float) -> tuple[bool, str]:
    """Kill an issue of the list; returns whether it was cut, and what is wrong with what is left, empty where nothing is."""
    lists = out / "issued"
    shutil.rmtree(lists, ignore_errors=True)
    cut = killed(started("plan", out, "--issue", "--by", "Người Thử", "--crawl", crawl), after)
    for issued in lists.glob("*/ban-*"):
        if issued.is_dir() and subprocess.run([SOIHANG, "verify", issued], capture_output=True, check=False).returncode:
            return cut, f"{issued.name} does not verify"
    again = subprocess.run([SOIHANG, "plan", out, "--issue", "--by", "Người Thử", "--crawl", crawl], capture_output=True, text=True, check=False)
    stands = [one for one in lists.glob("*/ban-1") if one.is_dir()]
    return cut, "" if stands else f"no list after the same command again: {again.stderr.strip()}"


def main() -> None:
    """Kill, run again, compare."""
    kills = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    draw, wrong, left_at = random.Random(20261125), [], Counter()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ["SOIHANG_KEY_FILE"] = str(folder / "contact.key")
        subprocess.run([SOIHANG, "simulate", "--out", folder / "market", "--listings", str(LISTINGS)], check=True, capture_output=True)
        crawl = folder / "market" / "crawl"
        command = ("run", crawl, "--model", "coldstart", "--out")
        started(*command, folder / "warm").communicate()
        begun = time.monotonic()
        started(*command, folder / "whole").communicate()
        takes, wanted = time.monotonic() - begun, results(folder / "whole")
        done = 0
        while done < kills:
            out = folder / f"again-{done // 10}"
            if done % 5 == 4:
                cut, fault = killed_issue(folder / "whole", crawl, draw.uniform(0, takes))
            else:
                # Half of the folders start from nothing, half from what the kill before left.
                if done % 2 == 0:
                    shutil.rmtree(out, ignore_errors=True)
                cut = killed(started(*command, out), draw.uniform(0, takes))
                left_at[stage_of(out)] += cut
                child = started(*command, out)
                _, said = child.communicate()
                fault = said.decode()[-300:] if child.returncode else ""
                fault = fault or ", ".join(name for name, mark in results(out).items() if mark != wanted[name])
            done += cut
            if fault:
                wrong.append(f"kill {done}: {fault}")
    print(json.dumps({"kills": done, "seconds a run takes": round(takes, 1), "killed after": dict(left_at), "wrong": wrong}, indent=2))
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
