"""Is this machine fit to run SoiHàng? Each check says what is so, and what to do where it is not, in English or Vietnamese (`doctor_words`)."""

from __future__ import annotations

import ctypes
import locale
import os
import platform
import re
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from importlib import import_module, metadata
from pathlib import Path
from typing import Literal, NamedTuple

import psutil
from joblib import cpu_count

from features.errors import SoiHangError
from pipeline.config import configs_dir, configs_hash, key_path, load_run_config
from pipeline.doctor_words import WORDS
from pipeline.reference import load_lexicons
from pipeline.sources.mapping import load_mappings

Language = Literal["en", "vi"]

_PACKAGES = ("features", "models", "pipeline")
_LEAST_FREE_GB = 2.0
_LEAST_MEMORY_GB = 3.5


class Check(NamedTuple):
    """``level`` is ``ok``, ``warn`` (works, but …) or ``fail``; ``text`` says what is so, ``to_do`` what to do (empty where nothing is)."""

    level: str
    name: str
    text: str
    to_do: str


class _Finding(NamedTuple):
    """What a probe found: the ``case`` says which words tell of it, filled in with ``facts``."""

    level: str
    name: str
    case: str
    facts: Mapping[str, object]


def examine(language: Language = "en") -> list[Check]:
    """Run every check; none of them changes anything."""
    return [_told(found, language) for probe in _PROBES for found in probe()]


def language_of(environment: Mapping[str, str]) -> Language:
    """Return the language a person here reads, by the locale's variables, else by the system's own setting.

    >>> language_of({"LANG": "vi_VN.UTF-8"}), language_of({"LC_ALL": "C", "LANG": "vi_VN.UTF-8"})
    ('vi', 'en')
    """
    named = next((environment[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if environment.get(name)), None)
    return "vi" if (named or locale.getlocale()[0] or "").lower().startswith("vi") else "en"


def _told(found: _Finding, language: Language) -> Check:
    words = WORDS[found.case]
    text, to_do = words.vi if language == "vi" else words.en
    return Check(found.level, found.name, text.format(**found.facts), to_do.format(**found.facts))


def _python() -> Iterator[_Finding]:
    fit = sys.version_info >= (3, 11)
    yield _Finding("ok" if fit else "fail", "python", "fact" if fit else "python_old", {"text": platform.python_version()})


def _machine() -> Iterator[_Finding]:
    facts = {"system": platform.system(), "kind": platform.machine(), "cores": cpu_count()}
    yield _Finding("ok", "machine", "machine", facts)
    free = shutil.disk_usage(Path.cwd()).free / 1e9
    yield _Finding("ok" if free >= _LEAST_FREE_GB else "warn", "disk", "disk" if free >= _LEAST_FREE_GB else "disk_full", {"gb": f"{free:.1f}"})
    memory = psutil.virtual_memory().total / 1e9
    fit = memory >= _LEAST_MEMORY_GB
    yield _Finding("ok" if fit else "warn", "memory", "memory" if fit else "memory_small", {"gb": f"{memory:.1f}"})


def _folder() -> Iterator[_Finding]:
    try:
        with tempfile.TemporaryFile(dir=Path.cwd()):
            pass
    except OSError as error:
        yield _Finding("warn", "folder", "folder_closed", {"folder": Path.cwd(), "why": error.strerror})
    else:
        yield _Finding("ok", "folder", "folder", {"folder": Path.cwd()})


def _console() -> Iterator[_Finding]:
    encoding = sys.stdout.encoding or "ascii"
    try:
        "Dấu hiệu".encode(encoding)
    except UnicodeEncodeError:
        yield _Finding("warn", "console", "console_poor", {"encoding": encoding})
    else:
        yield _Finding("ok", "console", "console", {"encoding": encoding})


def _openmp() -> Iterator[_Finding]:
    if platform.system() != "Linux":
        return
    try:
        ctypes.CDLL("libgomp.so.1")
    except OSError:
        yield _Finding("fail", "libgomp1", "libgomp_missing", {})
    else:
        yield _Finding("ok", "libgomp1", "libgomp", {})


def _installed() -> Iterator[_Finding]:
    try:
        needed = metadata.requires("soihang") or []
    except metadata.PackageNotFoundError:
        yield _Finding("warn", "soihang", "not_installed", {})
        return
    missing = []
    names = [re.split(r"[ \[<>=!~;(]", line)[0] for line in needed if "extra ==" not in line and "Windows" not in line]
    for name in names:
        try:
            metadata.version(name)
        except metadata.PackageNotFoundError:
            missing.append(name)
    facts = {"names": ", ".join(missing), "n": len(names)}
    yield _Finding("fail" if missing else "ok", "packages", "packages_missing" if missing else "packages", facts)


def _home() -> Iterator[_Finding]:
    homes = {name: Path(str(import_module(name).__file__)).resolve().parent.parent for name in _PACKAGES}
    if len(set(homes.values())) == 1:
        yield _Finding("ok", "home", "home", {"folder": homes["pipeline"]})
    else:
        yield _Finding("fail", "home", "home_apart", {"places": ", ".join(f"{name} in {home}" for name, home in homes.items())})


def _key() -> Iterator[_Finding]:
    path = key_path()
    if not path.exists():
        yield _Finding("ok", "key", "key_later", {"path": path})
    elif not os.access(path, os.R_OK):
        yield _Finding("fail", "key", "key_closed", {"path": path})
    elif os.name == "posix" and path.stat().st_mode & 0o077:
        yield _Finding("warn", "key", "key_open", {"path": path})
    else:
        yield _Finding("ok", "key", "key", {"path": path})


def _settings() -> Iterator[_Finding]:
    yield _loads("configs", "fact", lambda: f"{configs_dir()} ({configs_hash()})")
    yield _loads("run.yaml", "seed", lambda: str(load_run_config().seed))
    yield _loads("mappings", "mappings", lambda: str(len(load_mappings())))
    yield _loads("reference", "reference", lambda: str(len(load_lexicons().famous)))


def _loads(name: str, case: str, load: Callable[[], str]) -> _Finding:
    try:
        return _Finding("ok", name, case, {"text": load()})
    except SoiHangError as error:
        return _Finding("fail", name, "broken", {"text": str(error)})


_PROBES: tuple[Callable[[], Iterator[_Finding]], ...] = (
    _python, _machine, _folder, _console, _openmp, _installed, _home, _key, _settings,
)  # fmt: skip
