"""How a bundle is closed: the log goes in, the manifest is written over all of it, signed where there is a key, and the log says so."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from pipeline.trail.log import append, copy_log
from pipeline.trail.manifest import LOG, Manifest, write_manifest


def close_bundle(
    folder: Path, *, what: Mapping[str, str | int], log: Path, by: str, key: Path | None = None, at: datetime | None = None
) -> Manifest:
    """Close the files in ``folder`` into a bundle that `pipeline.trail.verify` can check, and return its manifest.

    ``what`` says what it is ({"list": "48/2026", "version": 1}); ``log`` is the log of the installation, of which a copy goes in and to which
    one line naming the manifest is added; ``key`` is a private key to sign with. ``at`` is now by default. Anything changed afterwards shows.
    """
    when = at or datetime.now(UTC)
    copy_log(log, folder / LOG)
    manifest = write_manifest(folder, what=what, at=when)
    signer = None
    if key is not None:
        from pipeline.trail.signing import sign_bundle

        signer = sign_bundle(folder, key)
    facts = {"manifest_sha256": manifest.sha256, "files": len(manifest.files), "key": signer}
    append(log, "bundle_sealed", by=by, facts=facts, at=when)
    return manifest
