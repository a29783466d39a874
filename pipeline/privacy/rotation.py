"""A new key for the installation's hashes. What was hashed with the old one is made again by ingest; nothing is wrapped (docs/privacy.md)."""

from __future__ import annotations

import os
import secrets
from datetime import date
from pathlib import Path

from features.errors import ConfigError
from pipeline.config import contact_key, key_path
from pipeline.privacy.access import installation_id
from pipeline.privacy.tombstones import read_tombstones


def rotate(*, state: Path, today: date, forget_tombstones: bool = False) -> tuple[str, str, Path]:
    """Put a new key in place and the old one aside; returns both public ids and where the old key lies.

    Raises `ConfigError` where tombstones are keyed with the old key and nobody said that they may lose their hold, or a key was put aside today.
    """
    stones = read_tombstones(state)
    if stones and not forget_tombstones:
        raise ConfigError(
            f"{len(stones)} tombstones are keyed with the present key: under a new one, old crawls would bring back what was erased. "
            "Remove those crawls, then run it again with --forget-tombstones"
        )
    old, path = contact_key(), key_path()
    aside = path.with_name(f"{path.name}.{today:%Y%m%d}")
    if aside.exists():
        raise ConfigError(f"{aside} exists: a key was put aside today; move it to where keys are kept first")
    new = path.with_name(path.name + ".partial")
    with open(os.open(new, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as stream:
        stream.write(secrets.token_bytes(32))
        stream.flush()
        os.fsync(stream.fileno())
    os.link(path, aside)
    os.replace(new, path)
    return installation_id(old), installation_id(contact_key()), aside
