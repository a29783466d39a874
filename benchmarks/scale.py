"""The whole way, ``soihang run`` from crawl files to workbooks, at growing sizes: time a row, memory of each process, disk. ``make bench-scale``.

    python -m benchmarks.scale [ROWS ...] [--kind full|mixed] [--one-worker [ROWS]] [--in FOLDER] [--plot SVG]

For each size a crawl is made (`benchmarks.scale_crawl`: what in it is real and what invented), run once as a process of its own with a learned
model on every core, watched, and taken away again. That the model (`benchmarks.scale_model`) orders the list is decided here, for the sake of
timing. ``--one-worker`` runs one size once more with everything on one core, and where there are two cores two such runs at once: how many times
as fast the pair is, where neither waits for the other, is the most that one run can reach on this machine.

Prints one JSON document; each size also on standard error as soon as it is known. Stages are those of ``run.json``, their beginnings counted
back from when it was written; ``start`` is what comes before (imports, the settings, the model). Memory is proportional set size, so pages that
processes share count once; a worker idle in a stage still counts with what it holds. ``--plot`` draws what was measured.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from joblib import cpu_count

from benchmarks.processes import Watched, watch
from benchmarks.scale_crawl import KINDS, REAL, Crawl, write_crawl
from benchmarks.scale_model import levelled_model
from benchmarks.scale_plot import figure

SIZES = (100_000, 1_000_000, 5_000_000)
ONE_WORKER_ROWS = 100_000
ORDER = ("ingest", "features", "market", "score", "plan", "report")
PLOT = Path(__file__).resolve().parent.parent / "docs" / "img" / "scale.svg"
#: Bytes of disk a row for the crawl, the work folder and the results, with room to spare; "disk, GB" says what it came to.
DISK_A_ROW = {"full": 8_000, "mixed": 5_000}
_GB = 1e9


def measure(folder: Path, *, rows: int, kind: str, model: str, cores: int | None = None, real: Path = REAL) -> dict[str, Any]:
    """Make a crawl of ``rows`` rows under ``folder``, run it on ``cores`` cores (all, where missing), take both away; returns what it took."""
    crawl, out = folder / "crawl", folder / "out"
    made = write_crawl(crawl, rows=rows, kind=kind, real=real)
    watched = _run(crawl, out, model=model, cores=None if cores is None else _allowed()[:cores])
    run = json.loads((out / "run.json").read_text(encoding="utf-8"))
    said = _said(made, watched, run, done=(out / "run.json").stat().st_mtime, cores=cores or cpu_count())
    said["disk, GB"] = {"crawl": _gb(made.bytes), "work and results": _gb(_size(out))}
    for gone in (crawl, out):
        shutil.rmtree(gone)
    return said


def crowded(folder: Path, *, rows: int, kind: str, model: str, real: Path = REAL) -> float:
    """Return the minutes of two such runs side by side, each on a core and a crawl of its own: nothing but the machine is shared."""
    for name in ("left", "right"):
        write_crawl(folder / name / "crawl", rows=rows, kind=kind, real=real)
    with ThreadPoolExecutor(2) as threads:
        both = zip(("left", "right"), _allowed(), strict=False)
        runs = [threads.submit(_run, folder / name / "crawl", folder / name / "out", model=model, cores=[core]) for name, core in both]
        walls = [run.result().ended - run.result().begun for run in runs]
    for name in ("left", "right"):
        shutil.rmtree(folder / name)
    return sum(walls) / len(walls) / 60


def _run(crawl: Path, out: Path, *, model: str, cores: Sequence[int] | None) -> Watched:
    errors = out.with_name("errors.txt")
    command: list[str | Path] = [Path(sys.executable).with_name("soihang"), "run", crawl, "--out", out, "--model", model, "--json"]
    watched = watch(command, cores=cores, env={**os.environ, "SOIHANG_KEY_FILE": str(out.with_name("contact.key"))}, errors=errors)
    # 3: done and valid, but a sign fires often on the negative control.
    if watched.code not in (0, 3):
        sys.exit(f"soihang run on {crawl} ended with {watched.code}: {errors.read_text(encoding='utf-8', errors='replace')[-2000:]}")
    return watched


def _allowed() -> list[int]:
    return sorted(os.sched_getaffinity(0))


def stages(seconds: Mapping[str, float], *, begun: float, done: float) -> dict[str, tuple[float, float]]:
    """Return when each stage began and ended: they follow each other, and the last ended at ``done``; ``start`` is what is left before them.

    >>> stages({"score": 3.0, "ingest": 2.0}, begun=100.0, done=106.0)
    {'start': (100.0, 101.0), 'ingest': (101.0, 103.0), 'score': (103.0, 106.0)}
    """
    found, end = {}, done
    # ``run.json`` has its keys by the alphabet.
    for name in sorted(seconds, key=ORDER.index, reverse=True):
        found[name] = (end - seconds[name], end)
        end -= seconds[name]
    return {"start": (begun, end), **dict(reversed(found.items()))}


def _said(made: Crawl, watched: Watched, run: Mapping[str, Any], *, done: float, cores: int) -> dict[str, Any]:
    rows = made.rows
    by_stage = {}
    for name, (begin, end) in stages(run["seconds"], begun=watched.begun, done=done).items():
        took = watched.between(begin, end)
        by_stage[name] = {
            "seconds": round(took.seconds, 1),
            "processor seconds": round(took.processor, 1),
            "µs a row": round(took.seconds / rows * 1e6, 1),
            "processor µs a row": round(took.processor / rows * 1e6, 1),
            "peak, GB": {"parent": _gb(took.parent), "largest worker": _gb(took.worker), "together": _gb(took.together)},
        }
    wall, processor = watched.ended - watched.begun, sum(watched.spent.values())
    return {
        "rows": rows,
        "files": made.files,
        "mean characters": round(made.characters / rows),
        "cores": cores,
        "workers": len(watched.workers),
        "minutes": round(wall / 60, 2),
        "processor minutes": round(processor / 60, 2),
        "µs a row": round(wall / rows * 1e6, 1),
        "processor µs a row": round(processor / rows * 1e6, 1),
        "stages": by_stage,
        # The kernel's own, also between two looks; shared pages count in each.
        "highest resident, GB": {
            "parent": _gb(watched.highest.get(watched.main, 0)),
            "largest worker": _gb(max((watched.highest.get(pid, 0) for pid in watched.workers), default=0)),
        },
        "counts": run["counts"],
        "links": {name: run["links"][name] for name in ("networks", "sellers_in_networks", "largest_network", "hubs", "texts_shared")},
        "looking on, processor seconds": round(watched.watching, 1),
    }


def against_smallest(sizes: list[dict[str, Any]]) -> dict[str, dict[str, float]]:
    """Return for each further size how many times the smallest's time a row each stage and the whole take: 1 is linear."""
    first = sizes[0]
    return {
        f"{one['rows']:,} rows": {
            "whole": round(one["µs a row"] / first["µs a row"], 2),
            "whole, processor": round(one["processor µs a row"] / first["processor µs a row"], 2),
            **{
                name: round(stage["µs a row"] / first["stages"][name]["µs a row"], 2)
                for name, stage in one["stages"].items()
                if first["stages"].get(name, {}).get("µs a row")
            },
        }
        for one in sizes[1:]
    }


def speed_up(one_core: Mapping[str, Any], all_cores: Mapping[str, Any]) -> dict[str, float]:
    """Return how many times as fast all cores are as one, whole and by stage."""
    stages = {
        name: round(one_core["stages"][name]["seconds"] / stage["seconds"], 2)
        for name, stage in all_cores["stages"].items()
        if stage["seconds"] and name in one_core["stages"]
    }
    return {"whole": round(one_core["minutes"] / all_cores["minutes"], 2), **stages}


def hundred_million(sizes: list[dict[str, Any]]) -> dict[str, Any]:
    """Return what a hundred million rows would take by straight lines: time and disk a row as at the largest size, memory through both ends.

    The command's own process is the one whose memory grows; ``bytes a row`` says by how much in each stage.
    """
    first, last = sizes[0], sizes[-1]
    by_stage = {}
    for name, stage in last["stages"].items():
        if name == "start":
            continue
        grown = stage["peak, GB"]["parent"] - first["stages"][name]["peak, GB"]["parent"]
        a_row = grown * _GB / (last["rows"] - first["rows"])
        by_stage[name] = {
            "core-hours": round(stage["processor µs a row"] * 1e8 / 3.6e9, 1),
            "hours as here": round(stage["µs a row"] * 1e8 / 3.6e9, 1),
            "bytes a row": round(a_row),
            "parent, GB": round(stage["peak, GB"]["parent"] + a_row * (1e8 - last["rows"]) / _GB, 1),
        }
    return {
        "stages": by_stage,
        "core-hours": round(last["processor µs a row"] * 1e8 / 3.6e9, 1),
        "disk, GB": {name: round(size * 1e8 / last["rows"]) for name, size in last["disk, GB"].items()},
    }


def _gb(size: float) -> float:
    return round(size / _GB, 3)


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rows", type=int, nargs="*", default=list(SIZES), help="sizes; default: %(default)s")
    parser.add_argument("--kind", choices=KINDS, default="full", help="full: every listing has a long description; mixed: as real files come")
    parser.add_argument(
        "--one-worker", type=int, nargs="?", const=ONE_WORKER_ROWS, metavar="ROWS", help="once more on one core, with so many rows (%(const)s)"
    )
    parser.add_argument("--in", dest="folder", type=Path, help="where the crawls lie while they are used; default: the system's folder")
    parser.add_argument("--plot", type=Path, default=PLOT, help="SVG to write where there are two sizes or more")
    parser.add_argument("--real", type=Path, default=REAL, help="folder of the real listings")
    return parser.parse_args()


def _check(asked: argparse.Namespace, folder: Path) -> None:
    if not asked.real.is_dir():
        sys.exit(f"no real listings at {asked.real}; name their folder with --real")
    largest = max([*asked.rows, asked.one_worker or 0])
    wanted, free = largest * DISK_A_ROW[asked.kind], shutil.disk_usage(folder).free
    if wanted > free:
        sys.exit(f"{largest:,} {asked.kind} rows need {wanted / _GB:.0f} GB in {folder}, {free / _GB:.0f} are free; name another place with --in")


def main() -> None:
    """Measure the sizes asked for, print them, draw them."""
    asked = _asked()
    with tempfile.TemporaryDirectory(dir=asked.folder) as name:
        folder = Path(name)
        _check(asked, folder)
        # In a process of its own, so that what it takes is nobody's here.
        made = get_context("spawn").Process(target=levelled_model, args=(folder / "market",), kwargs={"kind": asked.kind, "real": asked.real})
        made.start()
        made.join()
        if made.exitcode:
            sys.exit(f"the model could not be learned (exit code {made.exitcode})")
        model = folder / "market" / "levelled"
        wanted = {"kind": asked.kind, "model": str(model), "real": asked.real}
        all_rows = sorted({*asked.rows, *([asked.one_worker] if asked.one_worker else [])})
        sizes = [_told(measure(folder, rows=rows, **wanted)) for rows in all_rows]
        said: dict[str, Any] = {"kind": asked.kind, "model, MB": round(_size(model) / 1e6, 1), "sizes": sizes}
        said["time a row against the smallest"] = against_smallest(sizes)
        if asked.one_worker:
            one = _told(measure(folder, rows=asked.one_worker, cores=1, **wanted))
            said["one core"] = one
            said["all cores against one, times as fast"] = speed_up(one, next(two for two in sizes if two["rows"] == asked.one_worker))
            if len(_allowed()) == 2:
                beside = crowded(folder, rows=asked.one_worker, **wanted)
                said["two separate runs at once"] = {"minutes": round(beside, 2), "times as fast": round(2 * one["minutes"] / beside, 2)}
    if len(sizes) > 1:
        said["a hundred million by straight lines"] = hundred_million(sizes)
        asked.plot.write_text(figure(sizes), encoding="utf-8")
    print(json.dumps(said, ensure_ascii=False, indent=2))


def _told(one: dict[str, Any]) -> dict[str, Any]:
    # Hours pass between two sizes; what is known is not kept back.
    print(json.dumps(one, ensure_ascii=False), file=sys.stderr, flush=True)
    return one


if __name__ == "__main__":
    main()
