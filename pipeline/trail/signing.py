"""Ed25519 signatures of a bundle's manifest: who holds the private key vouches for the whole bundle.

Without a signature a bundle shows slips and clumsy changes; whoever rewrites file and manifest together is caught by the signature, or by
the log that named the manifest. The ``cryptography`` package is an extra: ``pip install 'soihang[sign]'``.
"""

from __future__ import annotations

import hashlib
import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Any

from features.errors import ConfigError, DataError
from pipeline.store import CannotWrite, write_atomically
from pipeline.trail.canonical import read_canonical, readable
from pipeline.trail.manifest import MANIFEST, SIGNATURE, read_manifest

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

#: So that nothing signed for another purpose passes for a manifest.
_PURPOSE = b"soihang bundle manifest, version 1\n"
_ALGORITHM = "Ed25519"
_FIELDS = {"algorithm", "public_key", "signature"}


class WrongSignature(DataError):
    """The signature does not fit the manifest or the key."""


def make_key(path: Path) -> str:
    """Write a new private key to ``path`` (0600) and its public key to ``path.pub``; return the key's id. Never overwrites a key."""
    private = _ed25519().Ed25519PrivateKey.generate()
    from cryptography.hazmat.primitives import serialization as form

    pem = private.private_bytes(form.Encoding.PEM, form.PrivateFormat.PKCS8, form.NoEncryption())
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
            stream.write(pem)
    except FileExistsError:
        raise ConfigError(f"{path} exists; a key is never overwritten, choose another name") from None
    except OSError as error:
        raise CannotWrite(f"cannot write the key {path}: {error.strerror}") from error
    public = export_public(path)
    write_atomically(path.with_name(path.name + ".pub"), lambda partial: partial.write_bytes(public))
    return key_id(private.public_key().public_bytes_raw())


def export_public(private_key: Path) -> bytes:
    """Return the public key of the private key in ``private_key`` as PEM, to be given to whoever verifies."""
    key = _private(private_key).public_key()
    from cryptography.hazmat.primitives import serialization as form

    return key.public_bytes(form.Encoding.PEM, form.PublicFormat.SubjectPublicKeyInfo)


def key_id(public_key: bytes) -> str:
    """Return the short name of a public key (32 raw bytes) that people compare: 16 hex digits of its SHA-256."""
    return hashlib.sha256(public_key).hexdigest()[:16]


def sign_bundle(folder: Path, private_key: Path) -> str:
    """Sign ``folder/manifest.json`` into ``folder/manifest.sig`` and return the key's id. Raises `DataError` where there is no sound manifest."""
    try:
        manifest = (folder / MANIFEST).read_bytes()
    except OSError as error:
        raise DataError(f"{folder} has no {MANIFEST} to sign: {error.strerror}") from error
    read_manifest(manifest)
    key = _private(private_key)
    public = key.public_key().public_bytes_raw()
    value = {"algorithm": _ALGORITHM, "public_key": public.hex(), "signature": key.sign(_PURPOSE + manifest).hex()}
    write_atomically(folder / SIGNATURE, lambda partial: partial.write_bytes(readable(value)))
    return key_id(public)


def check_signature(manifest: bytes, signature: bytes, *, public_key: Path | None) -> str:
    """Return the id of the key that signed ``manifest``. With ``public_key`` (PEM) only that key counts. Raises `WrongSignature`."""
    ed25519 = _ed25519()
    from cryptography.exceptions import InvalidSignature

    value = read_canonical(signature, readable)
    if value is None or set(value) != _FIELDS or value["algorithm"] != _ALGORITHM:
        raise WrongSignature("the signature is not as it was written")
    try:
        raw = bytes.fromhex(value["public_key"])
        key = ed25519.Ed25519PublicKey.from_public_bytes(raw)
        # Hex in capitals reads the same: the file must hold what we would write.
        if raw.hex() != value["public_key"] or bytes.fromhex(value["signature"]).hex() != value["signature"]:
            raise WrongSignature("the signature is not as it was written")
        key.verify(bytes.fromhex(value["signature"]), _PURPOSE + manifest)
    except (ValueError, TypeError, InvalidSignature) as error:
        raise WrongSignature("the signature does not fit the manifest: one of the two was changed") from error
    if public_key is not None and raw != _public(public_key):
        raise WrongSignature(f"signed by key {key_id(raw)}, not by the key of {public_key.name} ({key_id(_public(public_key))})")
    return key_id(raw)


def _private(path: Path) -> Ed25519PrivateKey:
    ed25519 = _ed25519()
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        mode = stat.S_IMODE(path.stat().st_mode)
        pem = path.read_bytes()
    except OSError as error:
        raise ConfigError(f"cannot read the key {path}: {error.strerror}") from error
    if mode & 0o077:
        raise ConfigError(f"the key {path} can be read by others (mode {mode:04o}); chmod 600 it, and make a new one if others have seen it")
    try:
        key = load_pem_private_key(pem, password=None)
    except (ValueError, TypeError) as error:
        raise ConfigError(f"{path} is no private key in PEM without a password") from error
    if not isinstance(key, ed25519.Ed25519PrivateKey):
        raise ConfigError(f"{path} is no Ed25519 key; make one with soihang keys make")
    private: Ed25519PrivateKey = key
    return private


def _public(path: Path) -> bytes:
    ed25519 = _ed25519()
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    try:
        key = load_pem_public_key(path.read_bytes())
    except OSError as error:
        raise ConfigError(f"cannot read the key {path}: {error.strerror}") from error
    except ValueError as error:
        raise ConfigError(f"{path} is no public key in PEM (it begins with -----BEGIN PUBLIC KEY-----)") from error
    if not isinstance(key, ed25519.Ed25519PublicKey):
        raise ConfigError(f"{path} is no Ed25519 public key")
    raw: bytes = key.public_bytes_raw()
    return raw


def _ed25519() -> Any:
    try:
        from cryptography.hazmat.primitives.asymmetric import ed25519
    except ImportError as error:
        raise ConfigError("signatures need the package cryptography: pip install 'soihang[sign]'") from error
    return ed25519
