"""What a run was made of: its inputs, settings, code and machine, and an id that is the same for the same work."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Sequence
from functools import lru_cache
from importlib import metadata
from pathlib import Path

from pipeline.config import configs_hash

_PACKAGES = ("soihang", "numpy", "pandas", "pyarrow", "underthesea", "scikit-learn", "pandera")
_ROOT = Path(__file__).resolve().parent.parent


def fingerprint(path: Path) -> str:
    """Return the SHA-256 of a file, hex."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


@lru_cache(maxsize=1)
def code_hash() -> str:
    """Return a hash over the source of our three packages (16 hex digits)."""
    digest = hashlib.sha256()
    for package in ("features", "models", "pipeline"):
        for path in sorted((_ROOT / package).rglob("*.py")):
            digest.update(path.relative_to(_ROOT).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]


def run_id(inputs: Sequence[str], *, seed: int, settings: str) -> str:
    """Return the id of a run: a hash of its inputs' fingerprints, configs, code, seed and command settings."""
    content = "\n".join([*inputs, configs_hash(), code_hash(), str(seed), settings])
    return hashlib.sha256(content.encode()).hexdigest()[:16]


def versions() -> dict[str, str]:
    """Return the versions a result depends on."""
    found = {"python": platform.python_version()}
    for name in _PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = "not installed"
    return found
