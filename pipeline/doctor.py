"""Is this machine fit to run SoiHàng? Each check says what is so, and what to do where it is not."""

from __future__ import annotations

import ctypes
import os
import platform
import re
import shutil
import sys
from collections.abc import Callable, Iterator
from importlib import import_module, metadata
from pathlib import Path
from typing import NamedTuple

from features.errors import SoiHangError
from pipeline.config import configs_dir, configs_hash, load_run_config
from pipeline.reference import load_lexicons
from pipeline.sources.mapping import load_mappings

_PACKAGES = ("features", "models", "pipeline")
_LEAST_FREE_GB = 2.0


class Check(NamedTuple):
    """``level`` is ``ok``, ``warn`` (works, but …) or ``fail``; ``text`` says what is so and what to do."""

    level: str
    name: str
    text: str


def examine() -> list[Check]:
    """Run every check; none of them changes anything."""
    return [check for probe in (_python, _machine, _openmp, _installed, _home, _settings) for check in probe()]


def _python() -> Iterator[Check]:
    fit = sys.version_info >= (3, 11)
    yield Check("ok" if fit else "fail", "python", platform.python_version() + ("" if fit else ": install Python 3.11 or later"))


def _machine() -> Iterator[Check]:
    yield Check("ok", "machine", f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores")
    free = shutil.disk_usage(Path.cwd()).free / 1e9
    level = "ok" if free >= _LEAST_FREE_GB else "warn"
    yield Check(level, "disk", f"{free:.1f} GB free in the current folder" + ("" if level == "ok" else ": free some space"))


def _openmp() -> Iterator[Check]:
    if platform.system() != "Linux":
        return
    try:
        ctypes.CDLL("libgomp.so.1")
    except OSError:
        yield Check("fail", "libgomp1", "libgomp.so.1 is missing: apt-get install libgomp1")
    else:
        yield Check("ok", "libgomp1", "found")


def _installed() -> Iterator[Check]:
    try:
        needed = metadata.requires("soihang") or []
    except metadata.PackageNotFoundError:
        yield Check("warn", "soihang", "runs from a folder without being installed: pip install -e .")
        return
    missing = []
    names = [re.split(r"[ \[<>=!~;(]", line)[0] for line in needed if "extra ==" not in line and "Windows" not in line]
    for name in names:
        try:
            metadata.version(name)
        except metadata.PackageNotFoundError:
            missing.append(name)
    if missing:
        yield Check("fail", "packages", f"missing: {', '.join(missing)}: pip install -e . -c constraints.txt")
    else:
        yield Check("ok", "packages", f"{len(names)} of {len(names)} installed")


def _home() -> Iterator[Check]:
    homes = {name: Path(str(import_module(name).__file__)).resolve().parent.parent for name in _PACKAGES}
    if len(set(homes.values())) == 1:
        yield Check("ok", "home", f"features, models and pipeline in {homes['pipeline']}")
    else:
        places = ", ".join(f"{name} in {home}" for name, home in homes.items())
        yield Check("fail", "home", f"{places}: another package shadows ours; use a fresh virtual environment")


def _settings() -> Iterator[Check]:
    yield _loads("configs", lambda: f"{configs_dir()} (hash {configs_hash()})")
    yield _loads("run.yaml", lambda: f"seed {load_run_config().seed}")
    yield _loads("mappings", lambda: f"{len(load_mappings())} sources")
    yield _loads("reference", lambda: f"word tables compile ({len(load_lexicons().famous)} famous brands)")


def _loads(name: str, load: Callable[[], str]) -> Check:
    try:
        return Check("ok", name, load())
    except SoiHangError as error:
        return Check("fail", name, str(error))
