"""Is there room for a run? Asked before anything is written, since a disk that fills up in the small hours costs the night."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from pipeline.remote import is_address
from pipeline.sources.files import expand
from pipeline.store import CannotWrite

#: Most bytes in OUT for each byte of the crawl, by a file's last ending, and for plain text. ``python -m benchmarks.disk`` printed, for the
#: greediest of three real crawls with the words a model reads: .gz 8.64, .zst 7.78, .parquet 5.25, .xlsx 4.67, plain 2.53. Here a sixth to a
#: half more: listings without descriptions take more for each byte.
FACTORS = {".gz": 10.0, ".zst": 10.0, ".parquet": 7.0, ".xlsx": 7.0}
_PLAIN = 4.0
#: Workbooks and pages of a few hundred targets, however few the listings.
_LIST = 10_000_000


def estimate(files: Sequence[Path]) -> int:
    """Return how many bytes a run of crawl files will hold in OUT at most: intermediate tables, results, and a table being written."""
    return _LIST + int(sum(FACTORS.get(path.suffix.lower(), _PLAIN) * path.stat().st_size for path in files))


def check_room(files: Sequence[str | Path], out: Path) -> None:
    """Raise `CannotWrite` where the disk of ``out`` has less room than a run of ``files`` will need; what ``out`` holds already is written over.

    Object storage is not asked: what it holds is weighed by nobody before it is fetched. Raises as `pipeline.sources.files.expand` does.
    """
    here = [Path(one) for one in files if not is_address(str(one))]
    if not here:
        return
    needed = max(0, estimate(expand(here)) - _held(out))
    where = next(folder for folder in (out.resolve(), *out.resolve().parents) if folder.is_dir())
    free = shutil.disk_usage(where).free
    if free < needed:
        raise CannotWrite(
            f"{out} needs about {_told(needed)} and its disk has {_told(free)} free; nothing was written. "
            "Free space (soihang prune RUNS --keep 30d), or choose another folder."
        )


def _held(out: Path) -> int:
    tables = [*out.glob("work/*/*.parquet"), *out.glob("work/*.parquet"), *out.glob("*.parquet")]
    return sum(path.stat().st_size for path in tables if path.is_file())


def _told(size: int) -> str:
    return f"{size / 1e9:,.1f} GB" if size >= 1e8 else f"{size / 1e6:,.1f} MB"
