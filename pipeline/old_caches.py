"""Caches (``~/.cache/soihang``, ``SOIHANG_CACHE_DIR``) that nothing has used for long: each can be made, or fetched, again."""

from __future__ import annotations

import os
from datetime import date, timedelta
from pathlib import Path

from pipeline.prune import Old, old_entry
from pipeline.sources.remote_cache import prune_cache

#: Compiled functions by state of the code, and word tables by their sources.
_KINDS = {"numba-*": "compiled functions of other code", "words/*": "word tables of other sources"}


def old_caches(*, keep_days: int, today: date) -> list[Old]:
    """Return what was made more than ``keep_days`` ago; the newest of each kind stays, since a process may be using it."""
    found = []
    for root in _roots():
        for pattern, what in _KINDS.items():
            made = sorted(root.glob(pattern), key=lambda path: path.lstat().st_mtime)[:-1]
            found += [old_entry(path, f"a cache: {what}") for path in made if _day(path) < today - timedelta(days=keep_days)]
    return found


def drop_fetched(*, keep_days: int, dry_run: bool) -> list[Old]:
    """Remove crawl files fetched from object storage that no run has used for ``keep_days``, and return them; with ``dry_run`` only say so."""
    folders = [root / "fetched" for root in _roots() if (root / "fetched").is_dir()]
    gone = [one for folder in folders for one in prune_cache(folder, keep_days=keep_days, dry_run=dry_run)]
    return [Old(path, size, "a fetched crawl file") for path, size in gone]


def _roots() -> list[Path]:
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "soihang"
    named = [Path(value) for name in ("SOIHANG_CACHE_DIR",) if (value := os.environ.get(name))]
    return list(dict.fromkeys([*named, home]))


def _day(path: Path) -> date:
    return date.fromtimestamp(path.lstat().st_mtime)
