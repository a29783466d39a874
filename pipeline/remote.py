"""Addresses of files that lie elsewhere (``s3://bucket/…``): what is one, how it is opened, and what went wrong in one line.

Rights come from where each filesystem usually looks for them (environment, its own settings file), never from the address, which stands in
process lists and shell histories. No message of ours shows a secret.
"""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from features.errors import ConfigError, DataError, SoiHangError
from pipeline.store import CannotWrite

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]+://")
_LOCAL = ("file://", "local://")
_USER = re.compile(r"(?<=://)[^\s@]*:[^\s@]*@")
_QUERY = re.compile(r"\?[^\s\"'?]*=[^\s\"']*")
_PORT = re.compile(r"[^:@]*(:\d*)?|\[[0-9A-Fa-f:.]+\](:\d*)?")
_SECRETS = ("SECRET", "TOKEN", "PASSWORD", "ACCESS_KEY", "ACCOUNT_KEY", "CREDENTIAL")
_LONGEST = 300
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
#: One stream an object and eight objects at once: s3fs would hold ten parts of 50 MB of each in memory, and of 128 objects.
_OPTIONS: dict[str, dict[str, Any]] = {"s3": {"max_concurrency": 1}}
_AT_ONCE = 8


class StorageAway(SoiHangError):
    """A store cannot be reached, or broke off."""

    exit_code = 6


def is_address(name: str) -> bool:
    """Say whether ``name`` is an address of another filesystem.

    >>> [is_address(name) for name in ("s3://crawl/2026-11-24", "crawls/2026-11-24", "C:/crawls", "file:///crawls")]
    [True, False, False, False]
    """
    return _SCHEME.match(name) is not None and not name.lower().startswith(_LOCAL)


def shown(text: str) -> str:
    """Return ``text`` as a message may show it: one short line without passwords, signatures and what the environment keeps secret.

    >>> shown("https://x.vn/a.csv?Expires=5&Signature=abc"), shown("sftp://an:matkhau@x.vn/a")
    ('https://x.vn/a.csv?…', 'sftp://…@x.vn/a')
    """
    for name, value in os.environ.items():
        if len(value) >= 8 and any(word in name.upper() for word in _SECRETS):
            text = text.replace(value, "…")
    text = _QUERY.sub("?…", _USER.sub("…@", text))
    line = " ".join("".join(one if one.isprintable() else " " for one in text).split())
    return line if len(line) <= _LONGEST else line[:_LONGEST] + "…"


def opened(address: str) -> tuple[Any, str]:
    """Return the fsspec filesystem of ``address`` (or of a local path) and the path in it.

    Raises `ConfigError` where its package is missing, its kind is unknown, or a password stands in the address.
    """
    scheme, _, rest = address.partition("://") if "://" in address else ("file", "", "")
    if _has_password(rest):
        raise ConfigError(
            f"{scheme}://…: a password stands in the address, where others can read it; give it as its filesystem's environment or settings say "
            "(docs/storage.md)"
        )
    import fsspec

    scheme = scheme.lower()
    with speaking(address):
        try:
            filesystem, path = fsspec.core.url_to_fs(address, **_OPTIONS.get(scheme, {}))
            filesystem.batch_size = _AT_ONCE
            filesystem.invalidate_cache()
        except ImportError as error:
            package = "pip install 'soihang[s3]'" if scheme == "s3" else "install the package that fsspec names"
            raise ConfigError(f"{scheme}://: {shown(str(error))}; {package}") from error
        except ValueError as error:
            raise ConfigError(f"{shown(address)}: {shown(str(error))}; kinds of address: docs/storage.md") from error
    return filesystem, str(path)


@contextmanager
def speaking(address: str) -> Iterator[None]:
    """Turn what a filesystem raises into one line that names ``address``: for calls into the filesystem alone, whose errors are of any kind."""
    try:
        yield
    except SoiHangError:
        raise
    except FileNotFoundError as error:
        raise DataError(f"no such bucket, folder or object: {shown(address)}") from error
    except ValueError as error:
        raise DataError(f"{shown(address)} is no address that can be used: {shown(str(error))}") from error
    except Exception as error:
        raise _said(error, shown(address), shown(f"{type(error).__name__}: {error}")) from error


def _said(error: Exception, where: str, what: str) -> SoiHangError:
    # What a store says of itself names no file of this machine.
    if isinstance(error, OSError) and (error.errno in _FULL or error.filename is not None):
        return CannotWrite(f"cannot write {where}: {error.strerror}. Free space or choose another place.")
    if isinstance(error, PermissionError) or "Credential" in type(error).__name__ or "ProfileNotFound" in type(error).__name__:
        return ConfigError(f"no right to {where} ({what}); rights come from the environment or the filesystem's own settings (docs/storage.md)")
    return StorageAway(f"{where} cannot be reached ({what}); see to network and address, then the same command again")


def _has_password(rest: str) -> bool:
    """Whether what follows ``://`` begins with a name and a password; a secret may hold a slash, and then no ``@`` stands in the first part."""
    user, _, host = rest.split("/", 1)[0].rpartition("@")
    return ":" in user or not _PORT.fullmatch(host)
